// The time between a welcome and the last of what it promised. Until it is over
// nothing of ours goes out: it may be among what comes.

const LIMIT = 2000 // ms after the welcome; then it is over even if not all that was promised has come

export class CatchUp {
  /**
   * True if all has come that was promised, over the connection that stands.
   */
  over = false
  /** True if the messages that come are from before we joined. */
  isHistory = true
  #clock
  #onOver
  /**
   * @type {number | null} the seq that was promised; null when nothing more is awaited
   */
  #target = null
  #cancel = () => {}

  /**
   * @param {import('../../types.js').Clock} clock
   * @param {() => void} onOver
   */
  constructor(clock, onOver) {
    this.#clock = clock
    this.#onOver = onOver
  }

  /** @param {number} seq the newest in the room @param {boolean} isHistory */
  begin(seq, isHistory) {
    this.stop()
    this.isHistory = isHistory
    this.#target = seq
    this.#cancel = this.#clock.after(LIMIT, () => this.#end())
  }

  /** @param {number | undefined} seq of the newest message that we have */
  reached(seq = -1) {
    if (this.#target !== null && seq >= this.#target) this.#end()
  }

  /** There is no connection any more. */
  stop() {
    this.#cancel()
    this.#target = null
    this.over = false
  }

  #end() {
    this.#cancel()
    this.#target = null
    this.over = true
    this.isHistory = false
    this.#onOver()
  }
}
