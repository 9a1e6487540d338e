// A state that is never changed, only replaced, and that only actions replace:
// pure functions from a state to the next.

/** @template S */
export class Store {
  #state
  /** @type {Set<() => void>} */
  #listeners = new Set()

  /** @param {S} state */
  constructor(state) {
    this.#state = state
  }

  get state() {
    return this.#state
  }

  /**
   * @template {any[]} A
   * @param {(state: S, ...args: A) => S} action
   * @param {A} args what it wants to know beside the state
   * @returns {boolean} whether that changed anything
   */
  do(action, ...args) {
    const next = action(this.#state, ...args)
    if (next === this.#state) return false
    this.#state = next
    for (const run of this.#listeners) run()
    return true
  }

  /**
   * @param {() => void} run after each change
   * @returns {() => void} stops listening
   */
  listen(run) {
    this.#listeners.add(run)
    return () => this.#listeners.delete(run)
  }
}
