// The card: a name and a button, or an account. What is wrong with it, or with the way to the server, stands under the field in words.

import { cleanAccountName, cleanName } from '../model/rules.js'
import { plural, whyNotJoined } from '../model/words.js'
import { countOnline } from '../net/address.js'
import { settings } from '../settings.js'
import { find, stamp, write } from './dom.js'
import { EntryForm } from './entry.js'

const COUNT_INTERVAL = 10_000 // ms between two looks at how many are in the room

/** @typedef {import('../../types.js').Address} Address */
/** @typedef {import('./entry.js').Way} Way */

export class JoinView {
  #room
  #address
  #onJoin
  #form
  #field
  #error
  #button
  #count
  #entry
  #entryForm
  #life = new AbortController()

  /**
   * @param {Element} stage @param {string} room @param {Address} address
   * @param {object} on
   * @param {(name: string) => void} on.join as a guest
   * @param {(way: Way, name: string, password: string) => Promise<void>} on.enter with an account; fails as the API does
   */
  constructor(stage, room, address, { join, enter }) {
    const root = stamp('join-view')
    this.#room = room
    this.#address = address
    this.#onJoin = join
    this.#form = find(root, '#join', HTMLFormElement)
    this.#field = find(root, '#name', HTMLInputElement)
    this.#error = find(root, '#name-error', HTMLElement)
    this.#button = find(root, '#subscribe', HTMLButtonElement)
    this.#count = find(root, '#join-count', HTMLElement)
    this.#entryForm = find(root, '#account-form', HTMLFormElement)
    this.#entry = new EntryForm(root, enter)
    find(root, '#join-room', HTMLElement).textContent = room
    this.#field.value = settings.name
    this.#field.addEventListener('input', () => this.#say(''))
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault()
      this.#submit()
    })
    find(root, '#account-open-login', HTMLButtonElement).addEventListener('click', () => this.account('login'))
    find(root, '#account-open-register', HTMLButtonElement).addEventListener('click', () => this.account('register'))
    find(root, '#account-back', HTMLButtonElement).addEventListener('click', () => this.#guest())
    stage.replaceChildren(root)
    this.#focus()
    this.#lookIn()
  }

  /**
   * Turns to the form of accounts.
   * @param {Way} way
   */
  account(way) {
    const { name, problem } = cleanAccountName(this.#field.value)
    this.#form.hidden = true
    this.#entryForm.hidden = false
    this.#entry.open(way, problem ? '' : name)
  }

  /** Whether nobody has turned to the form of accounts. */
  get isForGuests() {
    return !this.#form.hidden
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

  #guest() {
    this.#form.hidden = false
    this.#entryForm.hidden = true
    this.#focus()
  }

  #focus() {
    if (this.#field.value) this.#button.focus()
    else this.#field.focus()
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
    if (this.#form.hidden) return this.#entry.say(sentence, kind)
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
