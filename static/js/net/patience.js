// Being too slow for a room. Who is cut off for it comes back and resumes, and that may be too much for it again: then it stays away for a
// while, for as long as the server asks, or by itself when it happens too often.

import { TOO_SLOW } from './closing.js'

const CODE = 'too_slow'
const SPAN = 60_000 // ms in which so many cuts are too many
const CUTS = 3
const PAUSE = 15_000 // ms
const LONGEST = 600_000 // ms; whatever the server asks for
const SPREAD = 0.25 // of the wait, on top: those who were cut off together do not come back together

export class Patience {
  /** @type {number[]} when we were cut off */
  #cuts = []
  #asked = 0
  #clock
  #random

  /** @param {import('../../types.js').Clock} clock @param {() => number} random from 0 to 1 */
  constructor(clock, random) {
    this.#clock = clock
    this.#random = random
  }

  /** @param {import('../../types.js').ServerFrame} frame any; one kind says for how long to stay away, just before the connection is closed */
  hear(frame) {
    if (frame.type === 'error' && frame.code === CODE) this.#asked = Math.min(LONGEST, frame.retry_after_ms || PAUSE)
  }

  /**
   * The connection has ended.
   * @param {number} code
   * @returns {number} milliseconds to stay away; 0 if nothing speaks against coming back
   */
  ended(code) {
    const asked = this.#asked
    this.#asked = 0
    if (code !== TOO_SLOW && asked === 0) return 0
    const now = this.#clock.now()
    this.#cuts = [...this.#cuts.filter((at) => now - at < SPAN), now]
    const often = this.#cuts.length >= CUTS
    const wait = asked || (often ? PAUSE : 0)
    if (wait > 0) this.#cuts = []
    return wait + this.#random() * wait * SPREAD
  }
}
