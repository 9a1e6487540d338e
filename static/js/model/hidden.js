// People whose messages the reader does not want to see. Only this browser
// knows: nothing is sent, and nobody is told.

/** @typedef {{name: string, author?: string}} Someone */
/**
 * @typedef {object} HiddenMemory
 * @property {(of: string) => [string, string][]} hiddenOf the key and the shown name of each
 * @property {(of: string, people: [string, string][]) => void} rememberHidden
 * @property {(run: () => void) => void} watchHidden they change in another window
 */

/**
 * Guests whom nothing else tells apart are known by their name.
 * @param {Someone} someone
 */
const keyOf = ({ name, author }) => author || `=${name}`

export class Hidden {
  #memory
  #of = ''
  /** @type {Map<string, string>} names by key */
  #people = new Map()
  /** @type {Set<() => void>} */
  #listeners = new Set()

  /** @param {HiddenMemory | null} [memory] outlives a reload */
  constructor(memory = null) {
    this.#memory = memory
    memory?.watchHidden(() => this.of(this.#of))
    this.of('')
  }

  /** @param {string} me whose list it is; '' for guests */
  of(me) {
    this.#of = me
    this.#people = new Map(this.#memory?.hiddenOf(me))
    this.#tell()
  }

  /** @returns {{key: string, name: string}[]} who was hidden last at the end */
  get people() {
    return [...this.#people].map(([key, name]) => ({ key, name }))
  }

  /** @param {Someone} someone */
  has(someone) {
    return this.#people.size > 0 && this.#people.has(keyOf(someone))
  }

  /**
   * True if somebody may be hidden of whom only the name is known.
   * @param {string} name
   */
  hasNamed(name) {
    return [...this.#people.values()].some((shown) => shown.replace(/ \(\d+\)$/, '') === name)
  }

  /** @param {Someone} someone @param {string} shown their name as it is shown */
  hide(someone, shown) {
    this.#people.set(keyOf(someone), shown)
    this.#changed()
  }

  /** @param {Someone | string} someone or their key */
  unhide(someone) {
    if (this.#people.delete(typeof someone === 'string' ? someone : keyOf(someone))) this.#changed()
  }

  /** @param {() => void} run after each change @returns {() => void} stops listening */
  listen(run) {
    this.#listeners.add(run)
    return () => this.#listeners.delete(run)
  }

  #changed() {
    this.#memory?.rememberHidden(this.#of, [...this.#people])
    this.#tell()
  }

  #tell() {
    for (const run of this.#listeners) run()
  }
}
