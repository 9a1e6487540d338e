// How far one has read, told to the server: for each chat one mark at a time,
// and of those that wait only the farthest.

export class ReadMarks {
  /**
   * @type {Map<string, number>} up to where the server knows, or is being told
   */
  #told = new Map()
  /** @type {Map<string, number>} where the mark is to be */
  #wanted = new Map()
  /** @type {Set<string>} */
  #busy = new Set()
  #post

  /** @param {(chat: string, n: number) => Promise<unknown>} post */
  constructor(post) {
    this.#post = post
  }

  /** @param {string} chat @param {number} n */
  tell(chat, n) {
    if (n <= (this.#wanted.get(chat) ?? 0)) return
    this.#wanted.set(chat, n)
    this.#work(chat)
  }

  /** Sends again what the server may not have received. */
  again() {
    for (const chat of this.#wanted.keys()) this.#work(chat)
  }

  /** @param {string} chat */
  async #work(chat) {
    if (this.#busy.has(chat)) return
    this.#busy.add(chat)
    try {
      for (let n; (n = this.#wanted.get(chat) ?? 0) > (this.#told.get(chat) ?? 0);) {
        await this.#post(chat, n)
        this.#told.set(chat, n)
      }
    } catch {
      // Nobody answers: it is told again with the next mark, or when the feed
      // is back.
    } finally {
      this.#busy.delete(chat)
    }
  }
}
