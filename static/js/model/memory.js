// The items of a conversation in memory: the messages of its log with the lines
// between them, then own messages that are not in the log yet.

import { insert } from './places.js'

/** @typedef {import('../../types.js').Item} Item */
/** @typedef {import('../../types.js').MessageItem} MessageItem */

const MOST = 5000 // items; the page shows some of them
const LEEWAY = 500 // more than that before the oldest go

export class Memory {
  /** @type {Item[]} messages of the log, failed ones, notices and breaks */
  settled = []
  /** @type {MessageItem[]} own messages not in the log, as far as we know */
  tail = []
  /** @type {Map<string, MessageItem>} */ #byId = new Map()
  #forgotten = 0

  /** The place of the oldest item. Grows as older ones are forgotten. */
  get first() {
    return this.#forgotten
  }

  /** The place after the newest item. */
  get length() {
    return this.#forgotten + this.settled.length + this.tail.length
  }

  /** @param {number} place @returns {Item | undefined} */
  at(place) {
    const index = place - this.#forgotten
    return index < this.settled.length ? this.settled[index] : this.tail[index - this.settled.length]
  }

  /** @param {string} id */
  find(id) {
    return this.#byId.get(id)
  }

  /** @param {MessageItem} item of the log */
  insert(item) {
    insert(this.settled, this.remember(item), (next) => this.remember(next))
  }

  settle = (/** @type {Item} */ item) =>
    this.settled.push(item.kind === 'message' ? this.remember(item) : item)
  addToTail = (/** @type {MessageItem} */ item) => this.tail.push(this.remember(item))

  /** @template {MessageItem} T @param {T} item @returns {T} */
  remember(item) {
    if (item.key === item.id) this.#byId.set(item.id, item)
    return item
  }

  /**
   * Gives items another form where they are.
   * @param {(item: MessageItem) => MessageItem} revised the same one if nothing has changed
   */
  revise(revised) {
    for (const list of [this.settled, this.tail]) {
      list.forEach((item, place) => {
        const now = item.kind === 'message' ? revised(item) : item
        if (now !== item && now.kind === 'message') list[place] = this.remember(now)
      })
    }
  }

  /** @param {string} id @returns {MessageItem | undefined} */
  takeFailed(id) {
    const item = this.#byId.get(id)
    if (item?.state !== 'failed') return undefined
    this.remove(item)
    return item
  }

  /** @param {string} id of a message that was taken */
  discard(id) {
    this.#byId.delete(id)
  }

  /** @param {Item} item */
  remove(item) {
    for (const list of [this.tail, this.settled]) {
      const index = list.lastIndexOf(/** @type {any} */ (item))
      if (index >= 0) list.splice(index, 1)
    }
  }

  /** @returns {Item[]} the oldest, if there were too many */
  forget() {
    if (this.settled.length <= MOST + LEEWAY) return []
    const old = this.settled.splice(0, this.settled.length - MOST)
    this.#forgotten += old.length
    for (const item of old) if (item.kind === 'message' && item.key === item.id) this.#byId.delete(item.id)
    return old
  }
}
