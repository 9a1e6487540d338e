// A part of a room's archive on its own, far from what the socket brought. Its
// places are counted from where it was opened; those of older messages are
// below, and may be negative.

import { itemsOf, revisedIn, sewn } from './archive.js'

/** @typedef {import('./archive.js').Archived} Archived */
/** @typedef {import('../../types.js').Item} Item */
/** @typedef {import('../../types.js').MessageItem} MessageItem */

export class ArchivedPart {
  /** @type {Archived[]} all of it, the oldest first */
  messages = []
  first = 0
  #conversation
  /** @type {MessageItem[]} */
  #items = []

  /**
   * @param {import('./conversation.js').Conversation} conversation knows whose they are
   */
  constructor(conversation) {
    this.#conversation = conversation
  }

  get items() {
    return this
  }

  get length() {
    return this.first + this.#items.length
  }

  /** @param {number} place @returns {Item | undefined} */
  at(place) {
    return this.#items[place - this.first]
  }

  /** @param {string} id @returns {number | undefined} */
  placeOf(id) {
    const index = this.#items.findIndex((item) => item.id === id)
    return index < 0 ? undefined : this.first + index
  }

  /** The seq of the oldest; null if there is none. */
  get oldest() {
    return this.messages[0]?.seq ?? null
  }

  /** The seq of the newest; null if there is none. */
  get newest() {
    return this.messages.at(-1)?.seq ?? null
  }

  /** @param {Archived[]} messages from before the oldest */
  prepend(messages) {
    const items = this.#items
    this.#items = sewn(this.#newItems(messages), items)
    this.first -= this.#items.length - items.length
    this.messages = [...messages, ...this.messages]
  }

  /** @param {Archived[]} messages from after the newest */
  append(messages) {
    this.#items = sewn(this.#items, this.#newItems(messages))
    this.messages = [...this.messages, ...messages]
  }

  /** @param {string} id of a message of which more is known */
  revise(id) {
    const { asNow, revisions } = this.#conversation
    this.#items = revisedIn(this.#items, id, asNow)
    this.messages = revisedIn(this.messages, id, (message) => revisions.revised(message))
  }

  /** @param {Archived[]} messages */
  #newItems(messages) {
    const known = new Map(this.#items.map((item) => [item.id, item]))
    return itemsOf(messages, this.#conversation, (id) => known.get(id))
  }
}
