// The items of a room, one of which may be the first that the reader had not
// seen. These are the items at the live end, or those of a part of the past.

/** @typedef {import('../../types.js').Item} Item */
/** @typedef {import('../../types.js').MessageItem} MessageItem */

export class NewLine {
  of
  #line
  /** @type {{of: Item | null, item: Item | undefined}} that one, and its copy */
  #copy = { of: null, item: undefined }

  /**
   * @param {import('../../types.js').Items} of
   * @param {{firstNew: MessageItem | null}} line knows the first new one
   */
  constructor(of, line) {
    this.of = of
    this.#line = line
  }

  get first() {
    return this.of.first
  }

  get length() {
    return this.of.length
  }

  /** @param {number} place @returns {Item | undefined} */
  at(place) {
    const item = this.of.at(place)
    return item?.kind === 'message' && item.key === this.#line.firstNew?.key ? this.#marked(item) : item
  }

  /** @param {string} id */
  placeOf(id) {
    return this.of.placeOf(id)
  }

  /** @param {MessageItem} item */
  #marked(item) {
    if (this.#copy.of !== item) this.#copy = { of: item, item: { ...item, isNew: true } }
    return this.#copy.item
  }
}
