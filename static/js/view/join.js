// The card: a name, and a button. What is wrong with the name, or with the way to the server, stands under the field in words.

import { cleanName } from '../model/rules.js'
import { plural, whyNotJoined } from '../model/words.js'
import { countOnline } from '../net/address.js'
import { settings } from '../settings.js'
import { find, stamp, write } from './dom.js'

const COUNT_INTERVAL = 10_000 // ms between two looks at how many are in the room

/** @typedef {import('../../types.js').Address} Address */

export class JoinView {
  #room
  #address
  #onJoin
  #field
  #error
  #button
  #count
  #life = new AbortController()

  /**
   * @param {Element} stage @param {string} room @param {Address} address
   * @param {(name: string) => void} onJoin
   */
  constructor(stage, room, address, onJoin) {
    const root = stamp('join-view')
    this.#room = room
    this.#address = address
    this.#onJoin = onJoin
    this.#field = find(root, '#name', HTMLInputElement)
    this.#error = find(root, '#name-error', HTMLElement)
    this.#button = find(root, '#subscribe', HTMLButtonElement)
    this.#count = find(root, '#join-count', HTMLElement)
    find(root, '#join-room', HTMLElement).textContent = room
    this.#field.value = settings.name
    this.#field.addEventListener('input', () => this.#say(''))
    find(root, '#join', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault()
      this.#submit()
    })
    stage.replaceChildren(root)
    if (this.#field.value) this.#button.focus()
    else this.#field.focus()
    this.#lookIn()
  }

  /**
   * Says something that is no mistake in the name.
   * @param {string} sentence
   */
  note(sentence) {
    this.#say(sentence, 'waiting')
  }

  /** The card is gone. */
  end() {
    this.#life.abort()
  }

  /** The connection could not be made, and will be tried again. */
  async failed() {
    const offline = !navigator.onLine
    const online = offline ? null : await countOnline(this.#address, this.#room)
    if (this.#life.signal.aborted) return
    this.#showCount(online)
    this.note(whyNotJoined(offline, online !== null))
  }

  /**
   * The server has refused for good.
   * @param {string} sentence
   */
  refused(sentence) {
    this.#say(sentence)
    write(this.#button, 'SUBSCRIBE')
  }

  #submit() {
    const { name, problem } = cleanName(this.#field.value)
    this.#say(problem)
    if (problem) return this.#field.focus()
    this.#field.value = settings.name = name
    write(this.#button, 'JOINING…')
    this.#onJoin(name)
  }

  /** @param {string} sentence @param {'name' | 'waiting'} kind */
  #say(sentence, kind = 'name') {
    write(this.#error, sentence)
    this.#error.dataset.kind = kind
    if (sentence && kind === 'name') this.#field.setAttribute('aria-invalid', 'true')
    else this.#field.removeAttribute('aria-invalid')
  }

  /** @param {number | null} online nothing is said when nobody answers */
  #showCount(online) {
    const words = online === 0 ? 'Nobody is here yet.' : `${plural(online ?? 0, 'person is', 'people are')} here now.`
    write(this.#count, online === null ? '\u00a0' : words)
  }

  /** Says how many are in the room, again and again. */
  async #lookIn() {
    const online = await countOnline(this.#address, this.#room)
    if (this.#life.signal.aborted) return
    this.#showCount(online)
    const timer = setTimeout(() => this.#lookIn(), COUNT_INTERVAL)
    this.#life.signal.addEventListener('abort', () => clearTimeout(timer))
  }
}
