// The messages of private chats that are asked for by HTTP: the newest when a
// chat is opened, older ones page by page, and those that the feed did not
// bring. For each chat one thing after another, so that no page is asked for
// twice.

import { getAllMessages, historyBefore, holes, noteNewest, threadOf } from '../model/messages.js'

/** @typedef {import('../model/messages.js').KnownMessage} KnownMessage */
/** @typedef {import('../model/messages.js').MessagesState} MessagesState */

const PAGE = 100 // messages

export class History {
  /** @type {Set<string>} the chats whose newest page has come */
  #opened = new Set()
  /**
   * @type {Map<string, Promise<unknown>>} by chat: the last of what is under way
   */
  #turns = new Map()
  /** @type {Set<string>} the chats of which an older page is being asked for */
  #asking = new Set()
  #api
  #store

  /**
   * @param {Pick<import('../net/api.js').Api, 'messages'>} api
   * @param {import('../model/store.js').Store<MessagesState>} store of messages
   */
  constructor(api, store) {
    this.#api = api
    this.#store = store
  }

  /**
   * @param {string} chat
   * @returns {boolean} whether its newest messages have come
   */
  isOpen(chat) {
    return this.#opened.has(chat)
  }

  /**
   * @param {string} chat
   * @returns {boolean} whether there are messages before those that we have
   */
  hasOlder(chat) {
    return this.isOpen(chat) && historyBefore(threadOf(this.#store.state, chat)) !== null
  }

  /**
   * The newest messages, once. Fails as the API does, and may then be asked
   * again.
   * @param {string} chat
   */
  open(chat) {
    return this.#after(chat, async () => {
      if (this.isOpen(chat)) return
      await this.#page(chat, {})
      this.#opened.add(chat)
      await this.#fill(chat)
    })
  }

  /**
   * The page before the oldest message that we have. Nothing happens while one
   * is being asked for.
   * @param {string} chat
   */
  async older(chat) {
    if (this.#asking.has(chat)) return
    this.#asking.add(chat)
    try {
      await this.#after(chat, async () => { await this.#before(chat) })
    } finally {
      this.#asking.delete(chat)
    }
  }

  /**
   * A page of a chat, which is not kept here.
   * @param {string} chat @param {import('../net/api.js').Span} span
   */
  async ask(chat, span) {
    const messages = await this.#api.messages(chat, span)
    const { reactions } = this.#store.state
    // A message without counts has no reactions.
    for (const { id, reactions: counts = {} } of messages) reactions.meet(id, counts)
    return messages
  }

  /**
   * Takes messages that are right before the oldest one, or overlap with it.
   * @param {string} chat @param {KnownMessage[]} messages
   */
  add(chat, messages) {
    this.#store.do(getAllMessages, chat, messages)
  }

  /**
   * Fetches messages and changes that the feed may have missed, of a chat whose
   * messages are known from some number on.
   * @param {string} chat @param {number} newest n of its last message
   */
  catchUp(chat, newest) {
    return this.#after(chat, async () => {
      const { list } = threadOf(this.#store.state, chat)
      const last = list.at(-1)?.n ?? 0
      for (let after = (list[0]?.n ?? 1) - 1; after < last; after += PAGE) {
        await this.#page(chat, { after }) // some may be edited, or deleted
      }
      this.#store.do(noteNewest, chat, newest)
      await this.#fill(chat)
    })
  }

  /** @param {string} chat */
  async #fill(chat) {
    for (let hole; (hole = holes(threadOf(this.#store.state, chat))[0]);) {
      if (await this.#page(chat, { after: hole.from - 1 }) === 0) return // it is not there, whatever was said
    }
  }

  /** @param {string} chat @returns {Promise<boolean>} whether anything came */
  async #before(chat) {
    const before = historyBefore(threadOf(this.#store.state, chat))
    return before !== null && await this.#page(chat, { before }) > 0
  }

  /**
   * @param {string} chat
   * @param {{before?: number, after?: number}} span
   * @returns {Promise<number>} how many messages came
   */
  async #page(chat, span) {
    const messages = await this.ask(chat, { ...span, limit: PAGE })
    this.#store.do(getAllMessages, chat, messages)
    return messages.length
  }

  /**
   * @template T
   * @param {string} chat @param {() => Promise<T>} run
   * @returns {Promise<T>}
   */
  #after(chat, run) {
    const before = this.#turns.get(chat) ?? Promise.resolve()
    const done = before.then(run, run)
    this.#turns.set(chat, done)
    return done
  }
}
