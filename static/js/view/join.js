// The card: a name and a button, or an account. Problems with it, or with the
// way to the server, are described under the field.

import { cleanAccountName, cleanName } from '../model/rules.js'
import { whyNotJoined } from '../model/status.js'
import { CARD } from '../model/strings/card.js'
import { settings } from '../storage/settings.js'
import { find, stamp, write } from './dom.js'
import { EntryForm } from './entry.js'
import { GlanceView } from './glance.js'

/** @typedef {import('../../types.js').Address} Address */
/** @typedef {import('./entry.js').Way} Way */

export class JoinView {
  #onJoin
  #onCancel
  #form
  #field
  #error
  #button
  #glance
  #entry
  #entryForm
  #cancelled = 0 // tries
  #life = new AbortController()

  /**
   * @param {Element} stage @param {string} room @param {Address} address
   * @param {object} on
   * @param {(name: string) => void} on.join as a guest
   * @param {() => void} on.cancel what is being tried: another name is typed
   * @param {(way: Way, name: string, password: string) => Promise<void>} on.enter with an
   *   account; fails as the API does
   */
  constructor(stage, room, address, { join, cancel, enter }) {
    const root = stamp('join-view')
    this.#onJoin = join
    this.#onCancel = cancel
    this.#form = find(root, '#join', HTMLFormElement)
    this.#field = find(root, '#name', HTMLInputElement)
    this.#error = find(root, '#name-error', HTMLElement)
    this.#button = find(root, '#subscribe', HTMLButtonElement)
    find(root, '#join', HTMLFormElement).after(stamp('entry-view'))
    this.#entryForm = find(root, '#account-form', HTMLFormElement)
    this.#entryForm.hidden = true
    this.#entry = new EntryForm(root, enter)
    find(root, '#join-room', HTMLElement).textContent = room
    this.#field.value = settings.name
    find(root, '#join-about', HTMLElement).hidden = settings.name !== '' // not the first visit
    this.#field.addEventListener('input', () => this.#typed())
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault()
      this.#submit()
    })
    find(root, '#account-open-login', HTMLButtonElement).addEventListener(
      'click', () => this.account('login'),
    )
    find(root, '#account-open-register', HTMLButtonElement).addEventListener(
      'click', () => this.account('register'),
    )
    find(root, '#account-back', HTMLButtonElement).addEventListener('click', () => this.#guest())
    this.#glance = new GlanceView(root, room, address, this.#life.signal)
    stage.replaceChildren(root)
    this.#focus()
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

  /** True if nobody has turned to the form of accounts. */
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

  /**
   * Connecting failed, and will be tried again.
   * @param {number} code with which the connection closed
   */
  async failed(code) {
    const offline = !navigator.onLine
    const cancelled = this.#cancelled
    if (offline) this.#glance.nothing()
    const isReachable = !offline && await this.#glance.look()
    if (this.#life.signal.aborted || cancelled !== this.#cancelled) return
    this.note(whyNotJoined(code, offline, isReachable))
  }

  /**
   * The server has refused for good.
   * @param {string} sentence
   */
  refused(sentence) {
    this.#say(sentence)
    this.#isJoining(false)
    if (this.#form.hidden) return
    this.#field.select()
    this.#field.focus()
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
    this.#isJoining(true)
    this.#onJoin(name)
  }

  /** Typing counts: nobody joins under the name that stood there before. */
  #typed() {
    this.#say('')
    if (this.#button.dataset.busy === undefined) return
    this.#isJoining(false)
    this.#cancelled++
    this.#onCancel()
  }

  /** @param {boolean} busy */
  #isJoining(busy) {
    write(this.#button, busy ? CARD.joining : CARD.subscribe)
    if (busy) this.#button.dataset.busy = ''
    else delete this.#button.dataset.busy
  }

  /** @param {string} sentence @param {'name' | 'waiting'} kind */
  #say(sentence, kind = 'name') {
    if (this.#form.hidden) return this.#entry.say(sentence, kind)
    write(this.#error, sentence)
    this.#error.dataset.kind = kind
    if (sentence && kind === 'name') this.#field.setAttribute('aria-invalid', 'true')
    else this.#field.removeAttribute('aria-invalid')
  }
}
