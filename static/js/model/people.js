// The people in a room. The count is that of connections; names are distinct,
// and of very many only the first are known.

const SNAPSHOT_LIMIT = 200 // names that the server gives at most

export class People {
  online = 0
  /** True if there may be names that we were not told. */
  partial = false
  /** @type {Map<string, number>} when they came; 0 if that is not known */
  #names = new Map()
  /** @type {Set<string>} those of them that belong to accounts */
  #accounts = new Set()
  /** @type {Map<string, number>} connections of those with more than one */
  #connections = new Map()
  #order = new Intl.Collator(undefined, { sensitivity: 'base', numeric: true })

  /**
   * @param {import('../../types.js').PresenceFrame} frame
   * @param {number} [now]
   */
  take(frame, now = 0) {
    this.online = frame.online
    if (frame.names) {
      const before = this.#names
      this.#names = new Map(frame.names.map((name) => [name, before.get(name) ?? 0]))
      this.#accounts.clear()
      this.#connections.clear()
      this.partial = frame.names.length >= SNAPSHOT_LIMIT
    }
    for (const name of frame.joined ?? []) {
      this.#names.set(name, this.#names.get(name) ?? now)
      this.#accounts.delete(name)
      this.#connections.delete(name)
    }
    for (const name of frame.accounts ?? []) this.#accounts.add(name)
    for (const [name, count] of Object.entries(frame.connections ?? {})) this.#connections.set(name, count)
    for (const name of frame.left ?? []) {
      this.#names.delete(name)
      this.#accounts.delete(name)
      this.#connections.delete(name)
    }
  }

  /** @param {string} name */
  has(name) {
    return this.#names.has(name)
  }

  /**
   * When we saw somebody come.
   * @param {string} name
   * @returns {number} Unix milliseconds; 0 if they were here before us
   */
  since(name) {
    return this.#names.get(name) ?? 0
  }

  /**
   * True if somebody who is here has that name as an account.
   * @param {string} name
   */
  isAccount(name) {
    return this.#accounts.has(name)
  }

  /**
   * How often somebody with that name is connected: in several windows, or
   * several guests.
   * @param {string} name
   */
  connections(name) {
    return this.#connections.get(name) ?? 1
  }

  /**
   * The names in the order of the alphabet, one's own first.
   * @param {string} own
   */
  names(own) {
    const others = [...this.#names.keys()]
      .filter((name) => name !== own)
      .sort((a, b) => this.#order.compare(a, b) || (a < b ? -1 : 1))
    if (this.#names.has(own)) others.unshift(own)
    this.partial ||= others.length > SNAPSHOT_LIMIT
    return others.slice(0, SNAPSHOT_LIMIT)
  }
}
