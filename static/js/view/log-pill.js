// The pill at the lower edge of the log: how much has come that the reader has
// not seen, and the way to the newest.

import { pill } from '../model/strings/messages.js'
import { find, write } from './dom.js'

export class LogPill {
  #button
  #unseen = 0

  /** @param {HTMLButtonElement} button @param {() => void} toEnd @param {AbortSignal} signal */
  constructor(button, toEnd, signal) {
    this.#button = button
    button.addEventListener('click', toEnd, { signal })
  }

  /** Somebody else has said something. */
  received() {
    this.#unseen++
  }

  /**
   * @param {boolean} isAtEnd whether the reader is
   * @param {boolean} isFar whether a way back is offered also if nothing has come
   */
  draw(isAtEnd, isFar) {
    if (isAtEnd) this.#unseen = 0
    const { shown, spoken } = pill(this.#unseen)
    write(find(this.#button, '.pill-label', HTMLElement), shown)
    this.#button.setAttribute('aria-label', spoken)
    this.#button.hidden = this.#unseen === 0 && !isFar
  }
}
