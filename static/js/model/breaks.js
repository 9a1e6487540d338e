// The lines in a conversation where messages are missing.

/** @typedef {import('../../types.js').BreakItem} BreakItem */

export class Breaks {
  #memory
  #counter = 0
  /** @type {BreakItem | null} that the next message of this epoch may replace */
  #open = null

  /** @param {import('./memory.js').Memory} memory of the conversation */
  constructor(memory) {
    this.#memory = memory
  }

  /**
   * @param {number | null} count of what is missing; null if it is not known
   * @param {number} now
   */
  add(count, now) {
    this.close()
    // Nothing is missing after nothing.
    if (!this.#memory.settled.some((item) => item.kind === 'message')) return
    this.#open = { kind: 'break', key: `b${++this.#counter}`, count, at: now }
    this.#memory.settle(this.#open)
  }

  /** The message that follows tells what is missing before it. */
  close() {
    if (this.#open) this.#memory.remove(this.#open)
    this.#open = null
  }

  /** The last one stays. */
  keep() {
    this.#open = null
  }
}
