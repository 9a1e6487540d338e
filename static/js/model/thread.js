// The messages of a private chat as items of the log. Places are n where no
// message is missing, so they stay the same as older messages are loaded.

import { deliveryOf, getAllMessages, noMessages, reviseMessage, shown, threadOf } from './messages.js'

/** @typedef {import('./messages.js').PrivateMessage} PrivateMessage */
/** @typedef {import('./messages.js').Thread} Thread */
/** @typedef {import('../../types.js').MessageItem} MessageItem */

export class ThreadItems {
  /** @type {Thread | null} */
  #thread = null
  #otherRead = -1
  #read = 0
  /** @type {MessageItem | null} the first that the reader had not seen */
  firstNew = null
  /** @type {MessageItem[]} */
  #items = []
  /**
   * @type {WeakMap<PrivateMessage, MessageItem>} the same message is the same item
   */
  #made = new WeakMap()

  /**
   * Shows this from now on.
   * @param {Thread} thread
   * @param {number} otherRead n up to which the other one has read
   * @param {number} [read] n up to which the reader had read before; 0 if there is nothing to
   *   say about it
   */
  take(thread, otherRead, read = 0) {
    if (thread === this.#thread && otherRead === this.#otherRead && read === this.#read) return
    const first = read > 0 ? thread.list.find(({ n, own }) => !own && (n ?? 0) > read) : undefined
    this.#items = shown(thread)
      .map((message) => this.#item(message, deliveryOf(message, otherRead), message === first))
    this.#thread = thread
    this.#otherRead = otherRead
    this.#read = read
    this.firstNew = this.#items.find(({ isNew }) => isNew) ?? null
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

  /**
   * @param {PrivateMessage} message
   * @param {import('../../types.js').Delivery} state
   * @param {boolean} isNew
   */
  #item(message, state, isNew) {
    const known = this.#made.get(message)
    if (known?.state === state && known.isNew === isNew) return known
    const item = itemOf(message, state, isNew)
    this.#made.set(message, item)
    return item
  }
}

/**
 * @param {PrivateMessage} message
 * @param {import('../../types.js').Delivery} state
 * @param {boolean} isNew
 * @returns {MessageItem}
 */
export const itemOf = ({ n, ...message }, state, isNew) => ({
  ...message, kind: 'message', key: message.id, era: 0, seq: n, missing: 0, app: '',
  state: message.own ? state : 'delivered', private: true, isNew,
})

/** A part of a chat's past on its own. Its places are n as well. */
export class ThreadPart {
  items = new ThreadItems()
  #state

  /** @param {import('./messages.js').MessagesState} state of the messages of all chats */
  constructor({ me, revisions, reactions }) {
    this.#state = noMessages(me, { revisions, reactions })
  }

  /** @returns {import('./messages.js').KnownMessage[]} */
  get messages() {
    return this.#thread.list.map(({ was, changing, reactions, deleted, edited, ...message }) => ({
      ...message,
      n: message.n ?? 0,
      // what it was before a change that may still be taken back
      ...(was ?? { ...(edited !== undefined && { edited }), ...(deleted && { deleted }) }),
    }))
  }

  get oldest() {
    return this.#thread.list[0]?.n ?? null
  }

  get newest() {
    return this.#thread.list.at(-1)?.n ?? null
  }

  /** @param {import('./messages.js').KnownMessage[]} messages from before the oldest */
  prepend(messages) {
    this.#state = getAllMessages(this.#state, '', messages)
    this.items.take(this.#thread, 0)
  }

  /** @param {import('./messages.js').KnownMessage[]} messages from after the newest */
  append(messages) {
    this.prepend(messages)
  }

  /** @param {string} id of a message of which more is known */
  revise(id) {
    this.#state = reviseMessage(this.#state, '', id)
  }

  /**
   * Shows this from now on.
   * @param {number} otherRead @param {number} read as in ThreadItems
   */
  take(otherRead, read) {
    this.items.take(this.#thread, otherRead, (this.oldest ?? Infinity) <= read + 1 ? read : 0)
  }

  get #thread() {
    return threadOf(this.#state, '')
  }
}
