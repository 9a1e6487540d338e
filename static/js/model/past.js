// What was said in a room before all that came over the socket, put in front of that. Places of the conversation stay as they are; those of the
// past are below them, and negative in the end.

/** @typedef {import('../../types.js').Item} Item */
/** @typedef {import('../../types.js').MessageItem} MessageItem */
/** @typedef {{seq: number, epoch: string, id: string, app: string, session: string, author?: string, name: string, text: string, at: number}} Archived */

const BEFORE_ALL = -1 // the era of what no socket of ours has brought

export class Past {
  #conversation
  /** @type {MessageItem[]} */
  #items = []
  #joint = 0 // where the conversation began when they were put before it
  /** @type {{of: Item | undefined, item: Item | undefined}} the first item of the conversation, and how it looks after the past */
  #seam = { of: undefined, item: undefined }

  /** @param {import('./conversation.js').Conversation} conversation */
  constructor(conversation) {
    this.#conversation = conversation
  }

  get first() {
    return this.#conversation.first - this.#earlier.length
  }

  get length() {
    return this.#conversation.length
  }

  /** @param {number} place @returns {Item | undefined} */
  at(place) {
    const { first } = this.#conversation
    if (place < first) return this.#earlier[place - this.first]
    const item = this.#conversation.at(place)
    return place === first && this.#earlier.length > 0 ? this.#sewn(item) : item
  }

  /** @param {string} id @returns {number | undefined} */
  placeOf(id) {
    for (let place = this.first; place < this.length; place++) {
      const item = this.at(place)
      if (item?.kind === 'message' && item.id === id) return place
    }
    return undefined
  }

  /** The oldest seq that is here; null if there is none. */
  get oldest() {
    for (let place = this.first; place < this.length; place++) {
      const item = this.at(place)
      if (item?.kind === 'message' && item.seq !== null) return item.seq
    }
    return null
  }

  /**
   * A page of the archive.
   * @param {Archived[]} messages from before the oldest, the oldest first
   */
  add(messages) {
    const after = this.#earlier
    const known = new Map(after.map((item) => [item.id, item]))
    /** @type {MessageItem[]} */
    const items = []
    for (const { epoch, ...message } of messages) {
      const holder = known.get(message.id) ?? this.#conversation.find(message.id)
      if (holder && this.#conversation.isSame(holder, message)) continue
      items.push({
        kind: 'message', key: message.id && !holder ? message.id : `${epoch}:${message.seq}`, era: BEFORE_ALL, missing: between(items.at(-1), message.seq),
        own: this.#conversation.isOwn(message.session, message.name), state: 'sent', reason: '', ...message,
      })
    }
    const [next, ...rest] = after
    this.#items = next ? [...items, { ...next, missing: between(items.at(-1), next.seq) }, ...rest] : items
    this.#joint = this.#conversation.first
  }

  /** The past, unless the conversation has forgotten its own beginning: then there is something between the two. */
  get #earlier() {
    if (this.#joint !== this.#conversation.first) this.#items = []
    return this.#items
  }

  /** @param {Item | undefined} item that follows the past */
  #sewn(item) {
    if (this.#seam.of !== item) {
      const missing = item?.kind === 'message' ? Math.max(item.missing, between(this.#items.at(-1), item.seq)) : 0
      this.#seam = { of: item, item: item?.kind === 'message' && missing > 0 ? { ...item, missing } : item }
    }
    return this.#seam.item
  }
}

/**
 * How many messages are missing between two. Numbers that do not go up are those of different logs, which say nothing about one another.
 * @param {MessageItem | undefined} before @param {number | null} seq
 */
const between = (before, seq) => (before?.seq && seq ? Math.max(0, seq - before.seq - 1) : 0)
