// The accounts that the reader blocks in private chats. The server keeps the
// list; here is what it said last.

/** @typedef {import('../net/api.js').Api['call']} Call */

export class Blocked {
  #call
  /** @type {Set<string>} */
  #accounts = new Set()
  /** @type {Set<() => void>} */
  #listeners = new Set()
  #loads = 0
  #changes = 0

  /** @param {Call | null} [call] null: nobody can be blocked */
  constructor(call = null) {
    this.#call = call
  }

  /** @returns {string[]} their names, in order */
  get names() {
    return [...this.#accounts].sort()
  }

  /** @param {string} name of an account */
  has = (name) => this.#accounts.has(name)

  /**
   * Asks the server. Without an answer what was known stays.
   * @returns {Promise<void>}
   */
  async load() {
    const load = ++this.#loads
    const changes = this.#changes
    /** @type {Set<string>} */
    const accounts = new Set()
    try {
      for (let next = ''; this.#call;) {
        const page = await this.#call('GET', `/blocks/${next && `?after=${encodeURIComponent(next)}`}`)
        for (const { name } of page.blocks) accounts.add(name)
        if (!(next = page.next ?? '')) break
      }
    } catch {
      return // the next time that the feed comes back asks again
    }
    if (load !== this.#loads) return // what a later one gets is newer
    if (changes !== this.#changes) return this.load() // this may be from before the change
    this.#accounts = accounts
    this.#tell()
  }

  /**
   * Fails as the API does.
   * @param {string} name @param {boolean} on whether to block them
   */
  async set(name, on) {
    await this.#call?.(on ? 'PUT' : 'DELETE', `/blocks/${encodeURIComponent(name)}/`)
    this.#changes++
    if (on) this.#accounts.add(name)
    else this.#accounts.delete(name)
    this.#tell()
  }

  /** @param {() => void} run after each change @returns {() => void} stops listening */
  listen(run) {
    this.#listeners.add(run)
    return () => this.#listeners.delete(run)
  }

  #tell() {
    for (const run of this.#listeners) run()
  }
}
