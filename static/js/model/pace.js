// How fast messages come in, and how often they are drawn: every picture while
// they are few; five times a second above what anybody can read one by one.

const SPAN = 1000 // ms over which they are counted
const MANY = 20 // a second
const PAUSE = 200 // ms between two drawings of many

export class Pace {
  /** @type {{at: number, count: number}[]} */
  #came = []
  #drawnAt = -Infinity

  /**
   * @param {number} count messages that this drawing shows for the first time @param {number}
   *   now ms
   */
  drew(count, now) {
    this.#drawnAt = now
    if (count > 0) this.#came.push({ at: now, count })
    this.#forget(now)
  }

  /** @param {number} now @returns {number} messages in the last second */
  rate(now) {
    this.#forget(now)
    return this.#came.reduce((sum, { count }) => sum + count, 0)
  }

  /** @param {number} now @returns {number} ms until the next drawing */
  wait(now) {
    return this.rate(now) > MANY ? Math.max(0, this.#drawnAt + PAUSE - now) : 0
  }

  /** @param {number} now */
  #forget(now) {
    while (this.#came[0] && this.#came[0].at <= now - SPAN) this.#came.shift()
  }
}
