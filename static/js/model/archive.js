// Archived messages of a room, put in front of those that came over the socket.
// The conversation keeps its places; archived ones are below, and may be
// negative.

import { withFiles } from './files.js'

/** @typedef {import('../../types.js').Item} Item */
/** @typedef {import('../../types.js').MessageItem} MessageItem */
/**
 * @typedef {{seq: number, epoch: string, id: string, app: string, session: string, author?: string,
 *   name: string, text: string, reply?: import('../../types.js').ReplyTo, mentions?: string[],
 *   files?: MessageItem['files'], at: number,
 *   edited?: number, deleted?: true, reactions?: Record<string, number>, skipped?: number,
 *   passed?: number}} Archived
 * `skipped` and `passed` are how many entries right before and after it are no messages, as far
 * as its page reaches.
 */

const BEFORE_ALL = -1 // the era of archived messages

export class ArchivedItems {
  #conversation
  /** @type {MessageItem[]} */
  #items = []
  #joint = 0 // the first place of the conversation when they were added
  /**
   * The first item of the conversation, and its copy that counts what is missing
   * between the two.
   * @type {{of: Item | undefined, item: Item | undefined}}
   */
  #seam = { of: undefined, item: undefined }

  /** @param {import('./conversation.js').Conversation} conversation */
  constructor(conversation) {
    this.#conversation = conversation
  }

  get first() {
    return this.#conversation.first - this.#archived.length
  }

  get length() {
    return this.#conversation.length
  }

  /** @param {number} place @returns {Item | undefined} */
  at(place) {
    const { first } = this.#conversation
    if (place < first) return this.#archived[place - this.first]
    const item = this.#conversation.at(place)
    return place === first && this.#archived.length > 0 ? this.#sewn(item) : item
  }

  /** @param {string} id @returns {number | undefined} */
  placeOf(id) {
    for (let place = this.first; place < this.length; place++) {
      const item = this.at(place)
      if (item?.kind === 'message' && item.id === id) return place
    }
    return undefined
  }

  /** The oldest seq, or the next one if no message has come; null if there is none. */
  get oldest() {
    const { position } = this.#conversation
    return this.oldestMessage?.seq ?? (position && position.seq + 1)
  }

  /** @returns {MessageItem | null} that has a number */
  get oldestMessage() {
    for (let place = this.first; place < this.length; place++) {
      const item = this.at(place)
      if (item?.kind === 'message' && item.seq !== null) return item
    }
    return null
  }

  /**
   * A page of the archive.
   * @param {Archived[]} messages from before the oldest, the oldest first
   */
  add(messages) {
    const after = this.#archived
    const known = new Map(after.map((item) => [item.id, item]))
    this.#items = sewn(
      itemsOf(messages, this.#conversation, (id) => known.get(id) ?? this.#conversation.find(id)),
      after,
    )
    this.#joint = this.#conversation.first
  }

  /** @param {string} id of a message of which more is known */
  revise(id) {
    this.#items = revisedIn(this.#items, id, this.#conversation.asNow)
  }

  /**
   * None once the conversation has forgotten its own oldest items, as a hole is
   * between the two then.
   */
  get #archived() {
    if (this.#joint !== this.#conversation.first) this.#items = []
    return this.#items
  }

  /** @param {Item | undefined} item that follows them */
  #sewn(item) {
    if (this.#seam.of !== item) {
      const missing = item?.kind === 'message' ? Math.max(item.missing, between(this.#items.at(-1), item)) : 0
      this.#seam = { of: item, item: item?.kind === 'message' && missing > 0 ? { ...item, missing } : item }
    }
    return this.#seam.item
  }
}

/**
 * @param {Archived[]} messages oldest first
 * @param {import('./conversation.js').Conversation} conversation that they are of
 * @param {(id: string) => MessageItem | undefined} known what is shown beside them
 * @returns {MessageItem[]} those that are not shown yet
 */
export function itemsOf(messages, conversation, known) {
  /** @type {MessageItem[]} */
  const items = []
  for (const { epoch, reactions, ...message } of messages) {
    const revised = conversation.revisions.meet(message)
    if (conversation.reactions.meet(message.id, reactions) || revised) conversation.revise(message.id)
    const holder = known(message.id)
    if (holder && conversation.isSame(holder, message)) continue
    items.push(conversation.asNow({
      kind: 'message', key: message.id && !holder ? message.id : `${epoch}:${message.seq}`, era: BEFORE_ALL,
      missing: between(items.at(-1), message),
      own: conversation.isOwn(message.session, message.name, message.author),
      nth: conversation.authors.nth(message.name, message.author ?? ''), state: 'sent', reason: '',
      ...message,
    }))
  }
  return items
}

/**
 * A list with a message as it is now.
 * @template {{id: string}} M
 * @param {M[]} list @param {string} id @param {(message: M) => M} revised
 */
export const revisedIn = (list, id, revised) => (list.some((one) => one.id === id)
  ? list.map((one) => (one.id === id ? revised(one) : one))
  : list)

/**
 * Two lists as one: the first item of the second tells what is missing before
 * it.
 * @param {MessageItem[]} before @param {MessageItem[]} after
 */
export function sewn(before, [next, ...rest]) {
  if (!next) return before
  const missing = between(before.at(-1), next)
  return [...before, missing === next.missing ? next : { ...next, missing }, ...rest]
}

/**
 * How many messages are missing between two. Seqs that do not increase are of
 * different epochs and cannot be compared.
 * @param {MessageItem | undefined} before
 * @param {{seq: number | null, skipped?: number}} next
 */
function between(before, { seq, skipped = 0 }) {
  if (!before?.seq || !seq) return 0
  return Math.max(0, seq - before.seq - 1 - Math.max(skipped, before.passed ?? 0))
}

/**
 * The messages of an answer of the archive.
 * @param {{messages: Archived[], others?: [number, number][]}} page the numbers of `others`,
 *   from the first to the last of each, are no messages
 */
export function messagesOf({ messages, others = [] }) {
  const between = (/** @type {number} */ from, /** @type {number} */ to) =>
    others.reduce((sum, [first, last]) => sum + (first > from && last < to ? last - first + 1 : 0), 0)
  return messages.map((message, i) => ({
    ...withFiles(message),
    ...counted('skipped', between(messages[i - 1]?.seq ?? 0, message.seq)),
    ...counted('passed', between(message.seq, messages[i + 1]?.seq ?? Infinity)),
  }))
}

const counted = (/** @type {string} */ what, /** @type {number} */ n) => (n > 0 ? { [what]: n } : {})
