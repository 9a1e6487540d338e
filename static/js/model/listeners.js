// Objects that want to be told of something, with a method for each kind of
// news, or without it.

/** @template {object} L */
export class Listeners {
  /** @type {Set<L>} */
  #all = new Set()

  /** @param {L} listener @returns {() => void} stops listening */
  add(listener) {
    this.#all.add(listener)
    return () => this.#all.delete(listener)
  }

  clear() {
    this.#all.clear()
  }

  /**
   * @template {keyof L} K
   * @param {K} news
   * @param {NonNullable<L[K]> extends (...args: infer A) => any ? A : never} args
   */
  tell(news, ...args) {
    for (const listener of this.#all) {
      const handle = /** @type {((...args: any[]) => void) | undefined} */ (listener[news])
      handle?.call(listener, ...args)
    }
  }
}
