// The chip that says how the connection is, the banner for what needs a sentence, and both for screen readers.

import { Progress } from '../model/progress.js'
import { chip, whyClosed } from '../model/words.js'
import { NAME_KEPT, NAME_RESERVED } from '../net/closing.js'
import { find, make, write } from './dom.js'

const CALM = 300 // ms that a state has to last before it is shown
const TICK = 250 // ms between two looks at the countdown
const STUCK = 2000 // ms for which nothing goes out over a connection that stands, after which the chip says so
const LONG = 5000 // ms without a connection, or with one over which nothing goes out, after which it gets a sentence

export class StatusView {
  #talk
  #chip
  #label
  #banner
  #spoken
  #onLogin
  #kind = ''
  #pending = 0
  #downSince = 0
  #ticking = 0
  #progress = new Progress()

  /**
   * @param {ParentNode} root @param {import('../../types.js').Talk} talk @param {AbortSignal} signal
   * @param {() => void} onLogin somebody whose name is an account's wants to log in
   */
  constructor(root, talk, signal, onLogin) {
    this.#onLogin = onLogin
    this.#talk = talk
    this.#chip = find(root, '#state', HTMLElement)
    this.#label = find(root, '.chip-label', HTMLElement)
    this.#banner = find(root, '#banner', HTMLElement)
    this.#spoken = find(document, '#announce-state', HTMLElement)
    signal.addEventListener('abort', () => {
      clearTimeout(this.#pending)
      clearTimeout(this.#ticking)
      this.#spoken.textContent = ''
    })
    this.#show()
  }

  /** The state, or the number of unsent messages, has changed. */
  changed() {
    if (this.#current().kind === this.#kind) {
      clearTimeout(this.#pending)
      this.#pending = 0
      this.#show()
    } else if (!this.#pending) {
      this.#pending = window.setTimeout(() => this.#show(), CALM)
    }
  }

  #current() {
    const { state, unsent } = this.#talk
    return chip(state, unsent, Date.now(), !navigator.onLine, this.#idle() > STUCK)
  }

  #idle() {
    return this.#progress.idle(this.#talk.state.kind === 'connected', this.#talk.unsent, Date.now())
  }

  #show() {
    this.#pending = 0
    const { kind, label } = this.#current()
    write(this.#label, label)
    this.#chip.title = label
    if (kind !== this.#kind) {
      if (this.#kind) write(this.#spoken, label)
      this.#kind = this.#chip.dataset.kind = kind
    }
    this.#showBanner()
    clearTimeout(this.#ticking)
    if (this.#talk.state.kind !== 'connected' || this.#talk.unsent > 0) this.#ticking = window.setTimeout(() => this.changed(), TICK)
  }

  #showBanner() {
    const { state } = this.#talk
    if (state.kind === 'connected') this.#downSince = 0
    else this.#downSince ||= Date.now()
    const long = (this.#downSince ? Date.now() - this.#downSince : this.#idle()) > LONG
    const sentence = whyClosed(state, long, !navigator.onLine)
    this.#banner.hidden = !sentence
    const text = find(this.#banner, 'p', HTMLElement)
    if (text.firstChild?.textContent === sentence) return
    text.replaceChildren(make('span', '', sentence))
    if (state.kind !== 'stopped') return
    const reserved = state.code === NAME_RESERVED || state.code === NAME_KEPT
    const again = make('button', 'button primary', state.code === NAME_KEPT ? 'Choose a name' : reserved ? 'Log in' : 'Join again')
    again.type = 'button'
    again.addEventListener('click', () => (reserved ? this.#onLogin() : this.#talk.join()))
    text.append(again)
  }
}
