// One private chat as the views see it: what Room is for the room.

import { chatOf, isDeleted, titleOf } from '../model/chats.js'
import { threadOf, unsentOf } from '../model/messages.js'
import { ThreadItems } from '../model/thread.js'

/** @typedef {import('../../types.js').Talk} Talk */
/** @typedef {import('../../types.js').TalkListener} TalkListener */

/** @type {import('../../types.js').Limits} of the API, which has no frames; it is asked for one message at a time */
const LIMITS = { text: 4000, frame: 65_536, rate: 0, burst: 0 }

/** @implements {Talk} */
export class PrivateTalk {
  id
  limits = LIMITS
  typing = /** @type {string[]} */ ([])
  isEager = true
  #privates
  #readBefore
  #items = new ThreadItems()
  #isAway = false // the API, when it was last asked
  #cancel = () => {}

  /** @param {import('./privates.js').Privates} privates @param {string} id of a chat that is known */
  constructor(privates, id) {
    this.id = id
    this.#privates = privates
    this.#readBefore = this.#chat?.unread ? this.#chat.read : 0
  }

  get name() {
    return this.#privates.me
  }

  get title() {
    return titleOf(this.#chat)
  }

  /** Why nobody can write here; '' if one can. */
  get closed() {
    return isDeleted(this.#chat) ? 'This account was deleted. Nobody reads here any more.' : ''
  }

  get items() {
    this.#items.take(this.#thread, this.#chat?.otherRead ?? 0, this.#readBefore)
    return this.#items
  }

  /** Whether the newest messages have come. */
  get joined() {
    return this.#privates.history.isOpen(this.id)
  }

  get hasOlder() {
    return this.#privates.history.hasOlder(this.id)
  }

  get beginning() {
    if (!this.joined) return this.#isAway ? 'These messages cannot be reached at the moment. The page tries again by itself.' : ''
    if (this.hasOlder || this.items.length === this.items.first) return ''
    return isDeleted(this.#chat) ? 'This is where this chat begins.' : `This is where you and ${this.title} begin.`
  }

  get state() {
    return this.#privates.state
  }

  get unsent() {
    return unsentOf(this.#thread).length
  }

  /** @param {TalkListener} listener @returns {() => void} stops listening */
  listen(listener) {
    const unlisten = this.#privates.listen({
      changed() {
        listener.items()
        listener.unsent()
      },
      heard: (chat) => chat === this.id && listener.heard(),
      state: (state) => {
        if (state.kind === 'connected') this.#open(listener)
        listener.state(state)
      },
    })
    this.#privates.look(this.id)
    this.#open(listener)
    return () => {
      unlisten()
      this.#cancel()
    }
  }

  // ---- What the reader does ----

  join() {
    this.#privates.start()
  }

  /** @param {string} text */
  send(text) {
    this.#privates.sender.send(this.id, text)
  }

  typed() {} // nobody is told

  /** @param {string} id */
  retry(id) {
    this.#privates.sender.retry(this.id, id)
  }

  /** @param {string} id */
  discard(id) {
    this.#privates.sender.discard(this.id, id)
  }

  older() {
    return this.#privates.history.older(this.id)
  }

  /** @param {{n: number}} message */
  reach({ n }) {
    return this.#privates.history.reach(this.id, n)
  }

  /** All that is here has been seen. */
  seen() {
    this.#privates.read(this.id)
  }

  // ---- Inside ----

  get #chat() {
    return chatOf(this.#privates.chats.state, this.id)
  }

  get #thread() {
    return threadOf(this.#privates.messages.state, this.id)
  }

  /** @param {TalkListener} listener */
  async #open(listener) {
    this.#cancel()
    try {
      await this.#privates.history.open(this.id)
    } catch {
      this.#isAway = true
      this.#cancel = this.#privates.later(() => this.#open(listener))
    }
    listener.items()
  }
}
