// Which part of a long conversation is in the page. Places are counted from the
// first message that was ever there, so that they stay the same when the oldest
// ones are forgotten.

const SHOWN = 300 // messages in the page
const LEEWAY = 20 // more than that before the far end is cut, so that not every message cuts one
const STEP = 100 // messages that come in on scrolling

export class Window {
  start = 0
  end = 0 // the place after the last one
  #length = 0

  /** True if the newest message is in the page. */
  get isLatest() {
    return this.end === this.#length
  }

  /**
   * The reader is at the end: show what has come.
   * @param {number} first the oldest place in memory
   * @param {number} length the place after the newest
   */
  follow(first, length) {
    this.#length = this.end = length
    if (this.#size > SHOWN + LEEWAY) this.start = this.end - SHOWN
    this.#within(first)
  }

  /**
   * The reader is somewhere else: add below what has come, as long as there is
   * room, and take away nothing.
   * @param {number} first @param {number} length
   */
  hold(first, length) {
    if (this.isLatest) this.end = Math.max(this.end, Math.min(length, this.start + SHOWN + LEEWAY))
    this.#length = length
    this.#within(first)
  }

  /**
   * The reader comes to the upper edge.
   * @param {number} first
   */
  older(first) {
    this.start = Math.max(first, this.start - STEP)
    if (this.#size > SHOWN + LEEWAY) this.end = this.start + SHOWN
  }

  /** The reader comes to the lower edge. */
  newer() {
    this.end = Math.min(this.#length, this.end + STEP)
    if (this.#size > SHOWN + LEEWAY) this.start = this.end - SHOWN
  }

  /**
   * The reader returns to the newest message.
   * @param {number} first
   */
  latest(first) {
    if (!this.isLatest) this.start = this.#length - SHOWN
    this.end = this.#length
    this.#within(first)
  }

  /**
   * The reader wants to see one message, with as much before it as after it.
   * @param {number} place @param {number} first @param {number} length
   */
  around(place, first, length) {
    this.#length = length
    this.start = place - SHOWN / 2
    this.end = place + SHOWN / 2
    this.#within(first)
  }

  /**
   * The same messages have other places.
   * @param {number} by @param {number} first @param {number} length
   */
  move(by, first, length) {
    this.#length = length
    this.start += by
    this.end += by
    this.#within(first)
  }

  get #size() {
    return this.end - this.start
  }

  /** @param {number} first */
  #within(first) {
    if (this.end <= first) this.end = first + SHOWN // all of it has been forgotten meanwhile
    this.end = Math.min(this.end, this.#length)
    this.start = Math.min(Math.max(this.start, first), this.end)
  }
}
