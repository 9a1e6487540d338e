// The rules of the room that keep the reader from writing: a mute, slow mode, a
// pause. The server decides; this is its last answer.

const WORDS = 'blocked_words' // of the last text; another may be sent at once
const HOLDS = new Set(['muted', 'paused', 'registered_only', 'slow_mode', WORDS])
const OUTSIDE = new Set(['banned', 'members_only']) // the connection is about to be closed, too
const SLOW = 'slow_mode'
const AGAIN = 10_000 // ms after which it is worth another try: a mute may have been taken back

export class Hold {
  slow = 0 // ms between two messages of the reader, as far as that is known
  #code = ''
  #until = 0 // Unix milliseconds; 0 if nobody knows
  #since = 0
  #clock

  /** @param {import('../../types.js').Clock} clock */
  constructor(clock) {
    this.#clock = clock
  }

  /**
   * The server has refused something that the reader wrote.
   * @param {import('../../types.js').ErrorFrame} error
   * @returns {boolean} whether the rules of the room are why
   */
  refused({ code, retry_after_ms: wait = 0 }) {
    if (HOLDS.has(code)) this.#set(code, wait)
    return HOLDS.has(code) || OUTSIDE.has(code)
  }

  /** The reader has said something. */
  said() {
    this.#code = ''
    if (this.slow > 0) this.#set(SLOW, this.slow)
  }

  clear() {
    this.#code = ''
  }

  /** @returns {import('../../types.js').Held | null} what holds now */
  get now() {
    const now = this.#clock.now()
    if (!this.#code || (this.#until > 0 && this.#until <= now)) return null
    const left = this.#until > 0 ? this.#until - now : 0
    const isFresh = now - this.#since < AGAIN
    return { code: this.#code, left, blocks: this.#code === SLOW || (isFresh && this.#code !== WORDS) }
  }

  /** @param {string} code @param {number} wait ms */
  #set(code, wait) {
    this.#code = code
    this.#since = this.#clock.now()
    this.#until = wait > 0 ? this.#since + wait : 0
  }
}
