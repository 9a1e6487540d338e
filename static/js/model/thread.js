// The messages of a private chat as the log shows them. A place is the n of a message as long as none is missing, so that places stay the same
// when older ones come in before them.

import { deliveryOf, shown } from './messages.js'

/** @typedef {import('./messages.js').PrivateMessage} PrivateMessage */
/** @typedef {import('./messages.js').Thread} Thread */
/** @typedef {import('../../types.js').MessageItem} MessageItem */

export class ThreadItems {
  /** @type {Thread | null} */
  #thread = null
  #otherRead = -1
  /** @type {MessageItem[]} */
  #items = []
  /** @type {WeakMap<PrivateMessage, MessageItem>} so that the same message is the same item */
  #made = new WeakMap()

  /**
   * What is shown from now on.
   * @param {Thread} thread @param {number} otherRead n up to which the other one has read
   * @param {number} [read] n up to which the reader had read before; 0 if there is nothing to say about it
   */
  take(thread, otherRead, read = 0) {
    if (thread === this.#thread && otherRead === this.#otherRead) return
    const first = read > 0 ? thread.list.find(({ n, own }) => !own && (n ?? 0) > read) : undefined
    this.#items = shown(thread).map((message) => this.#item(message, deliveryOf(message, otherRead), message === first))
    this.#thread = thread
    this.#otherRead = otherRead
  }

  get first() {
    return this.#items[0]?.seq ?? 1
  }

  get length() {
    return this.first + this.#items.length
  }

  /** @param {number} place */
  at(place) {
    return this.#items[place - this.first]
  }

  /** @param {string} id @returns {number | undefined} its place */
  placeOf(id) {
    const index = this.#items.findIndex((item) => item.id === id)
    return index < 0 ? undefined : this.first + index
  }

  /** @param {PrivateMessage} message @param {import('../../types.js').Delivery} state @param {boolean} isNew */
  #item(message, state, isNew) {
    const known = this.#made.get(message)
    if (known?.state === state && known.isNew === isNew) return known
    const { id, n, name, text, at, own, reason } = message
    /** @type {MessageItem} */
    const item = { kind: 'message', key: id, id, era: 0, seq: n, missing: 0, app: '', session: '', name, text, at, own, state: own ? state : 'delivered', reason, private: true, isNew }
    this.#made.set(message, item)
    return item
  }
}
