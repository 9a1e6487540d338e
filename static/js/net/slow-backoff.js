// Back-off for connections that are too slow for their room. They resume after a
// cut, which may be too much again. So the page stays away for a while if the
// server asks for it, or after several cuts in a short time.

import { TOO_SLOW } from '../model/close-codes.js'

const CODE = 'too_slow'
const SPAN = 60_000 // ms in which CUTS cuts are too many
const CUTS = 3
const PAUSE = 15_000 // ms
const LONGEST = 600_000 // ms, whatever the server asks for
const SPREAD = 0.25 // of the wait, added at random so that clients do not return together

export class SlowBackoff {
  /** @type {number[]} when we were cut off */
  #cuts = []
  #asked = 0
  #clock
  #random

  /**
   * @param {import('../../types.js').Clock} clock
   * @param {() => number} random from 0 to 1
   */
  constructor(clock, random) {
    this.#clock = clock
    this.#random = random
  }

  /**
   * @param {import('../../types.js').ServerFrame} frame an error before the close may tell the wait
   */
  hear(frame) {
    if (frame.type !== 'error' || frame.code !== CODE) return
    this.#asked = Math.min(LONGEST, frame.retry_after_ms || PAUSE)
  }

  /**
   * The connection has ended.
   * @param {number} code
   * @returns {number} milliseconds to stay away; 0 to return at once
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
