// Guests may have the same name. The first one of a name that we meet keeps it,
// the next one is `tomas (2)`: their authors tell them apart.

const NAMES = 1000 // that are remembered
const GUESTS = 50 // of one name that are told apart

/**
 * True if that is an account, not a guest.
 * @param {string} author
 */
export const isAccount = (author) => author.startsWith('@')

export class Authors {
  #name = ''
  #author = ''
  /** @type {Map<string, string[]>} authors by name, in the order in which we met them */
  #authors = new Map()

  /**
   * These are ours: we are the first of our name.
   * @param {string} name @param {string} author
   */
  own(name, author) {
    this.#name = name
    this.#author = author
    this.nth(name, author)
  }

  /**
   * True if that is us, perhaps in another window.
   * @param {string} name @param {string} author
   */
  isOwn(name, author) {
    return author !== '' && author === this.#author && name === this.#name
  }

  /**
   * The guests of that name who have written.
   * @param {string} name
   * @returns {string[]} their authors
   */
  known(name) {
    return this.#authors.get(name) ?? []
  }

  /**
   * @param {string} name
   * @param {string} author '' for a guest whom nothing tells from others
   * @returns {number} 1 for the first guest of that name and for accounts, 2 for the second
   */
  nth(name, author) {
    if (isAccount(author) || !author) return 1
    const known = this.#authors.get(name) ?? []
    this.#authors.delete(name)
    this.#authors.set(name, known)
    if (!known.includes(author) && known.length < GUESTS) known.push(author)
    for (const oldest of this.#authors.keys()) if (this.#authors.size > NAMES) this.#authors.delete(oldest)
    return known.indexOf(author) + 1 || GUESTS
  }
}

/**
 * @param {{name: string, nth?: number}} of
 * @returns {string} the name, told from others of the same name
 */
export const numbered = ({ name, nth = 1 }) => (nth > 1 ? `${name} (${nth})` : name)
