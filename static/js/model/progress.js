// Measures for how long nothing has been sent although something should have
// been. A connection may be open while the room at its other end accepts
// nothing.

export class Progress {
  #unsent = 0
  #since = 0

  /**
   * To be asked at every change, and now and then.
   * @param {boolean} connected @param {number} unsent @param {number} now
   * @returns {number} milliseconds for which nothing has gone out over the connection though
   *   something should have
   */
  idle(connected, unsent, now) {
    if (!connected || unsent === 0 || this.#unsent === 0 || unsent < this.#unsent) this.#since = now
    this.#unsent = unsent
    return now - this.#since
  }
}
