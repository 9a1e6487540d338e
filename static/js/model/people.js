// Who is here. The count is that of connections; names are distinct, and of very many only the first are known.

const SNAPSHOT_LIMIT = 200 // names that the server gives at most

export class People {
  online = 0
  /** Whether there may be names that we were not told. */
  partial = false
  /** @type {Set<string>} */
  #names = new Set()
  #order = new Intl.Collator(undefined, { sensitivity: 'base', numeric: true })

  /** @param {import('../../types.js').PresenceFrame} frame */
  take(frame) {
    this.online = frame.online
    if (frame.names) {
      this.#names = new Set(frame.names)
      this.partial = frame.names.length >= SNAPSHOT_LIMIT
    }
    for (const name of frame.joined ?? []) this.#names.add(name)
    for (const name of frame.left ?? []) this.#names.delete(name)
  }

  /**
   * The names in the order of the alphabet, one's own first.
   * @param {string} own
   */
  names(own) {
    const others = [...this.#names].filter((name) => name !== own).sort((a, b) => this.#order.compare(a, b) || (a < b ? -1 : 1))
    if (this.#names.has(own)) others.unshift(own)
    this.partial ||= others.length > SNAPSHOT_LIMIT
    return others.slice(0, SNAPSHOT_LIMIT)
  }
}
