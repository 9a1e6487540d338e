// The chip that says how the connection is, the banner for what needs a
// sentence, and both for screen readers.

import { Progress } from '../model/progress.js'
import { canTryNow, chip, whyClosed } from '../model/status.js'
import { BANNER } from '../model/strings/connection.js'
import { isDoor, NAME_KEPT, NAME_RESERVED } from '../model/close-codes.js'
import { find, write } from './dom.js'

const CALM = 300 // ms that a state has to last before it is shown
const TICK = 250 // ms between two looks at the countdown
// Milliseconds for which nothing goes out over a connection that stands, after
// which the chip says so.
const STALLED = 2000
// Milliseconds without a connection, or with one over which nothing goes out,
// after which it gets a sentence.
const LONG = 5000

/**
 * @typedef {object} StatusActions
 * @property {(isKept: boolean) => void} login somebody whose name is an account's wants to log in,
 *   or needs another one, if nobody can have it
 * @property {() => void} tryNow nobody wants to wait
 */

export class StatusView {
  #talk
  #chip
  #label
  #short
  #banner
  #spoken
  #button
  #on
  #act = () => {}
  #kind = ''
  #pending = 0
  #downSince = 0
  #ticking = 0
  #progress = new Progress()

  /**
   * @param {ParentNode} root
   * @param {import('../../types.js').ConversationSource} talk
   * @param {AbortSignal} signal
   * @param {StatusActions} on
   */
  constructor(root, talk, signal, on) {
    this.#on = on
    this.#talk = talk
    this.#chip = find(root, '#state', HTMLElement)
    this.#label = find(root, '.chip-label', HTMLElement)
    this.#short = find(root, '.chip-short', HTMLElement)
    this.#banner = find(root, '#banner', HTMLElement)
    this.#button = find(this.#banner, 'button', HTMLButtonElement)
    this.#button.addEventListener('click', () => this.#act(), { signal })
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
    return chip(state, unsent, Date.now(), !navigator.onLine, this.#idle() > STALLED)
  }

  #idle() {
    return this.#progress.idle(this.#talk.state.kind === 'connected', this.#talk.unsent, Date.now())
  }

  #show() {
    this.#pending = 0
    const { kind, label, short } = this.#current()
    write(this.#label, label)
    write(this.#short, short)
    if (kind !== this.#kind) {
      if (this.#kind) write(this.#spoken, label)
      this.#kind = this.#chip.dataset.kind = kind
    }
    this.#showBanner()
    clearTimeout(this.#ticking)
    if (this.#talk.state.kind !== 'connected' || this.#talk.unsent > 0) {
      this.#ticking = window.setTimeout(() => this.changed(), TICK)
    }
  }

  #showBanner() {
    const { state } = this.#talk
    if (state.kind === 'connected') this.#downSince = 0
    else this.#downSince ||= Date.now()
    const long = (this.#downSince ? Date.now() - this.#downSince : this.#idle()) > LONG
    const hasDoor = state.kind === 'stopped' && isDoor(state.code) // which says it
    const sentence = hasDoor ? '' : whyClosed(state, long, !navigator.onLine)
    this.#banner.hidden = !sentence
    write(find(this.#banner, 'span', HTMLElement), sentence)
    const action = this.#action(long)
    this.#button.hidden = !action
    if (action) write(this.#button, action.label)
    this.#act = action?.run ?? (() => {})
  }

  /**
   * @param {boolean} long the connection has been away for a while
   * @returns {{label: string, run: () => void} | null} what the reader can do
   */
  #action(long) {
    const { state } = this.#talk
    if (state.kind === 'stopped') {
      const isKept = state.code === NAME_KEPT
      if (!isKept && state.code !== NAME_RESERVED) {
        return { label: BANNER.rejoin, run: () => this.#talk.join() }
      }
      return { label: isKept ? BANNER.chooseName : BANNER.login, run: () => this.#on.login(isKept) }
    }
    if (!long || !canTryNow(state)) return null
    return { label: state.kind === 'waiting' ? BANNER.tryNow : BANNER.trying, run: this.#on.tryNow }
  }
}
