// Where this page stands in the log of its room: which log it is, and which of
// its numbers have been seen.

/** @typedef {import('../../types.js').Position} Position */

export class Cursor {
  #epoch = ''
  #era = 0
  /** @type {number | null} the newest seq seen; null before the first */
  #seq = null
  /** @type {Set<number>} the seqs seen in this era */
  #seqs = new Set()
  #floor = 0 // below this nothing is remembered
  #skipped = 0 // up to here, we were told, nothing more will come
  #carried = 0 // missing before entries that show nothing, since the last message
  /**
   * @type {Position | null} where to resume as long as a new epoch was named, and nothing of
   *   its log has come
   */
  #before = null

  /**
   * Counts the numberings that this page has seen: a seq means something inside
   * its era only.
   */
  get era() {
    return this.#era
  }

  /** The newest seq seen; null before the first. */
  get seq() {
    return this.#seq
  }

  /**
   * The last message seen, to resume after it; null if there is none and the
   * log was not empty.
   * @returns {Position | null}
   */
  get position() {
    return this.#before ?? (this.#seq === null ? null : { epoch: this.#epoch, seq: this.#seq })
  }

  /** @param {number} seq */
  has(seq) {
    return seq < this.#floor || this.#seqs.has(seq)
  }

  /**
   * @param {number} seq
   * @returns {number} how many messages before this one have not been seen
   */
  holeBefore(seq) {
    return this.#seq === null || this.has(seq) || seq < this.#seq ? 0 : seq - this.#seq - 1 + this.#carried
  }

  /**
   * @param {number} seq of a message that has its place, but is not the newest
   */
  note(seq) {
    if (seq >= this.#floor) this.#seqs.add(seq)
  }

  /** @param {number} seq of a message of the log */
  advance(seq) {
    this.#before = null
    this.note(seq)
    if (this.#seq !== null && seq <= this.#seq) return
    this.#seq = seq
    this.#carried = 0
  }

  /**
   * @param {number} seq of an entry that is no message. Messages that are
   *   missing before it are missing before the message that follows
   */
  pass(seq) {
    const missing = this.holeBefore(seq)
    this.advance(seq)
    if (seq === this.#seq) this.#carried = missing || this.#carried
  }

  /** @param {number} seq up to which messages will not come */
  skip(seq) {
    this.#before = null
    this.#skipped = Math.max(this.#skipped, seq)
  }

  /** @param {number} seq up to which this era's messages are forgotten */
  forget(seq) {
    this.#floor = Math.max(this.#floor, seq + 1)
    for (const seen of this.#seqs) if (seen < this.#floor) this.#seqs.delete(seen)
  }

  /**
   * Goes over to the epoch of a new connection. If everything after our
   * position follows, the numbers go on from there, whatever the epoch
   * is called by now; but a reset may be on its way that takes us back, so
   * until something of that log has come we would resume as before.
   * Else it is another log, of which the newest part follows.
   * @param {import('../../types.js').WelcomeFrame} frame
   * @returns {boolean} whether the numbers start again: those seen so far say nothing about them
   */
  welcome({ epoch, seq, recovered }) {
    const known = this.#epoch !== ''
    const goesOn = epoch === this.#epoch || (recovered === true && this.#seq !== null)
    if (epoch !== this.#epoch) this.#before = this.position
    this.#epoch = epoch
    if (!goesOn) this.#begin(seq === 0 ? 0 : null)
    return known && !goesOn
  }

  /**
   * The next message is the one after seq. If that is where we are, the numbers
   * go on. If it is further back, the log has lost the newest that
   * we have seen, and gives their numbers to others; also in the same epoch. If
   * it begins at 0 it is another log, and nobody knows what was in the old one.
   * @param {import('../../types.js').ResetFrame} frame
   * @returns {boolean} whether there may be messages that we have not seen and will not see
   */
  reset({ epoch, seq }) {
    this.#epoch = epoch
    this.#before = null
    const end = this.#seq === null ? null : Math.max(this.#seq, this.#skipped)
    if (seq === end) this.#seq = seq
    else this.#begin(seq)
    return seq !== end && (end === null || seq === 0 || seq > end)
  }

  /** @param {number | null} seq */
  #begin(seq) {
    this.#era++
    this.#before = null
    this.#seq = seq
    this.#seqs.clear()
    this.#floor = this.#skipped = this.#carried = 0
  }
}
