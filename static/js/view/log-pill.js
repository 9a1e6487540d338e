// The pill at the lower edge of the log: how much has come that the reader has
// not seen, and the way to the newest.

import { pill } from '../model/strings/messages.js'
import { find, write } from './dom.js'

export class LogPill {
  #button
  /** @type {Set<string>} the keys of what has come */
  #unseen = new Set()

  /** @param {HTMLButtonElement} button @param {() => void} toEnd @param {AbortSignal} signal */
  constructor(button, toEnd, signal) {
    this.#button = button
    button.addEventListener('click', toEnd, { signal })
  }

  /** @param {string} [key] of what somebody else has said */
  received(key = `#${this.#unseen.size}`) {
    this.#unseen.add(key)
  }

  /** @param {string} key of what is deleted */
  removed(key) {
    this.#unseen.delete(key)
  }

  /**
   * @param {boolean} isAtEnd whether the reader is
   * @param {boolean} isFar whether a way back is offered also if nothing has come
   */
  draw(isAtEnd, isFar) {
    if (isAtEnd) this.#unseen.clear()
    const { size } = this.#unseen
    const { shown, spoken } = pill(size)
    write(find(this.#button, '.pill-label', HTMLElement), shown)
    this.#button.setAttribute('aria-label', spoken)
    this.#button.hidden = size === 0 && !isFar
  }
}
