// A sentence that stands above the field for a moment.

import { write } from './dom.js'

const SHOWN = 2500 // ms
const PATIENCE = 300 // ms after which it is said that something is awaited

export class Toast {
  #note
  #later

  /** @param {HTMLElement} note @param {import('./later.js').Later} later */
  constructor(note, later) {
    this.#note = note
    this.#later = later
  }

  /** @param {string} sentence '' for nothing @param {number} [ms] for which it is shown */
  say(sentence, ms = SHOWN) {
    write(this.#note, sentence)
    this.#later.run('note', ms, () => write(this.#note, ''))
  }

  /**
   * Says that something is awaited, if it does not come at once; the note stays
   * until something else is said.
   * @param {string} sentence
   */
  wait(sentence) {
    this.#later.run('note', PATIENCE, () => write(this.#note, sentence))
  }
}
