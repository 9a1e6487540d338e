// How fast this page may send: the server's own limit, kept from this side, so
// that nothing is refused that could have waited.

export class Bucket {
  #rate = 0 // messages a second; 0 = no limit
  #burst = 1
  #tokens = 1
  #at = 0

  /** @param {import('../../types.js').Limits} limits @param {number} now */
  fill(limits, now) {
    this.#rate = limits.rate
    this.#burst = this.#tokens = Math.max(1, limits.burst)
    this.#at = now
  }

  /**
   * Takes a token, or says how long to wait for one.
   * @param {number} now
   * @returns {number} milliseconds; 0 = taken
   */
  take(now) {
    if (this.#rate <= 0) return 0
    this.#tokens = Math.min(this.#burst, this.#tokens + ((now - this.#at) / 1000) * this.#rate)
    this.#at = now
    if (this.#tokens < 1) return Math.ceil(((1 - this.#tokens) / this.#rate) * 1000)
    this.#tokens--
    return 0
  }
}
