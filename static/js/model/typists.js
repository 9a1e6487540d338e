// The people who are writing now: those who said so in the last five seconds
// and have not sent the message yet.

const SPAN = 5000 // ms after which somebody is taken to have stopped

const TELLING = 3000 // ms between two times that we tell that we write

/** When to tell the others that we write. */
export class TypingPace {
  #toldAt = -Infinity

  /** @param {number} now @returns {boolean} whether to tell it; then it counts as told */
  isDue(now) {
    if (now - this.#toldAt < TELLING) return false
    this.#toldAt = now
    return true
  }

  /** The text was sent. */
  reset() {
    this.#toldAt = -Infinity
  }
}

export class Typists {
  /** @type {Map<string, {name: string, until: number}>} by session */
  #typists = new Map()
  #clock
  #changed
  #cancel = () => {}

  /**
   * @param {import('../../types.js').Clock} clock
   * @param {() => void} changed
   */
  constructor(clock, changed) {
    this.#clock = clock
    this.#changed = changed
  }

  /** @param {string} session @param {string} name */
  add(session, name) {
    this.#typists.delete(session)
    this.#typists.set(session, { name, until: this.#clock.now() + SPAN })
    this.#sweepLater()
    this.#changed()
  }

  /** @param {string} session */
  has(session) {
    return this.#typists.has(session)
  }

  /** @param {string} session */
  remove(session) {
    if (this.#typists.delete(session)) this.#changed()
  }

  clear() {
    this.#cancel()
    if (this.#typists.size === 0) return
    this.#typists.clear()
    this.#changed()
  }

  /** Their names, each once, who began first at the front. */
  get names() {
    return [...new Set([...this.#typists.values()].map((typist) => typist.name))]
  }

  #sweepLater() {
    const next = Math.min(...[...this.#typists.values()].map((typist) => typist.until))
    this.#cancel()
    this.#cancel = this.#clock.after(next - this.#clock.now(), () => this.#sweep())
  }

  #sweep() {
    const now = this.#clock.now()
    for (const [session, typist] of this.#typists) if (typist.until <= now) this.#typists.delete(session)
    if (this.#typists.size > 0) this.#sweepLater()
    this.#changed()
  }
}
