// One private chat as the views see it: what Room is for the room.

import { chatOf, isDeleted, titleOf } from '../model/chats.js'
import { BEGINNING } from '../model/strings/messages.js'
import { CHATS } from '../model/strings/people.js'
import { threadOf, unsentOf } from '../model/messages.js'
import { ThreadItems, ThreadPart } from '../model/thread.js'
import { Excerpts } from './excerpts.js'

/** @typedef {import('../../types.js').ConversationSource} ConversationSource */
/** @typedef {import('../../types.js').TalkListener} TalkListener */

/**
 * @type {import('../../types.js').Limits} of the API, which has no frames; it is asked for one
 *   message at a time
 */
const LIMITS = { text: 4000, frame: 65_536, rate: 0, burst: 0 }

/** @implements {ConversationSource} */
export class DirectChat {
  id
  isEager = true
  #directMessages
  #readBefore
  #isPending = false // something came that has not been seen yet
  #count // of what had not been seen
  #last = 0 // n of what came last
  #items = new ThreadItems()
  /**
   * @type {Excerpts<import('../model/messages.js').KnownMessage, ThreadPart>}
   */
  #excerpts
  #isDown = false // the API, when we last asked
  #cancel = () => {}

  /**
   * @param {import('./direct-messages.js').DirectMessages} directMessages
   * @param {string} id of a chat that is known
   */
  constructor(directMessages, id) {
    this.id = id
    this.#directMessages = directMessages
    const unread = directMessages.unreadIn(this.#chat)
    this.#readBefore = unread > 0 ? this.#chat?.read ?? 0 : 0
    this.#count = unread
    const { history } = directMessages
    const oldest = () => this.#thread.list[0]?.n ?? null
    this.#excerpts = new Excerpts({
      ask: (span) => history.ask(id, span),
      make: () => new ThreadPart(directMessages.messages.state),
      live: {
        oldest,
        isWhole: () => this.joined && !history.hasOlder(id),
        items: () => this.#live,
        has: ({ n }) => n >= (oldest() ?? Infinity),
        join: (messages) => history.add(id, messages),
      },
    })
  }

  get name() {
    return this.#directMessages.me
  }

  get limits() {
    const { files } = this.#directMessages.limits
    return files ? { ...LIMITS, files } : LIMITS
  }

  get changes() {
    return this.#directMessages.changes.of(this.id)
  }

  get reacting() {
    return this.#directMessages.reactions.of(this.id)
  }

  get title() {
    return titleOf(this.#chat)
  }

  get typing() {
    return this.#directMessages.typing.isIn(this.id) ? [this.title] : []
  }

  /** Why nobody can write here; '' if one can. */
  get closed() {
    if (isDeleted(this.#chat)) return CHATS.closed
    return this.#directMessages.blocked.has(this.#chat?.other ?? '') ? CHATS.blocked(this.title) : ''
  }

  get items() {
    const { part } = this.#excerpts
    part?.take(this.#chat?.otherRead ?? 0, this.#readBefore)
    return part?.items ?? this.#live
  }

  get newFrom() {
    const far = this.#excerpts.part && this.items.firstNew
    const firstNew = far ?? this.#live.firstNew
    // Not merely the first that has come.
    const isIt = far !== null || (this.#thread.list[0]?.n ?? 1) <= this.#readBefore + 1
    if (!firstNew) return null
    return { key: firstNew.key, id: isIt ? firstNew.id : '', n: this.#readBefore, count: this.#count }
  }

  /** True if the newest messages have come. */
  get joined() {
    return this.#directMessages.history.isOpen(this.id)
  }

  get hasOlder() {
    return this.#excerpts.part ? this.#excerpts.hasOlder : this.#directMessages.history.hasOlder(this.id)
  }

  get hasNewer() {
    return this.#excerpts.part !== null
  }

  get beginning() {
    if (!this.joined) return this.#isDown ? BEGINNING.away : ''
    if (this.hasOlder || this.items.length === this.items.first) return ''
    return isDeleted(this.#chat) ? BEGINNING.deleted : BEGINNING.chat(this.title)
  }

  get state() {
    return this.#directMessages.state
  }

  /** @param {import('../../types.js').MessageItem} item */
  hides({ own, name }) {
    return !own && this.#directMessages.hidden.has({ name, author: `@${name}` })
  }

  get unsent() {
    return unsentOf(this.#thread).length + this.#directMessages.sender.waiting(this.id)
  }

  /** @param {TalkListener} listener @returns {() => void} stops listening */
  listen(listener) {
    const unlisten = this.#directMessages.listen({
      changed() {
        listener.items()
        listener.unsent()
      },
      received: (chat, { n }) => {
        if (chat !== this.id) return
        this.#last = n
        listener.received()
      },
      revised: (chat, id) => chat === this.id && this.#excerpts.part?.revise(id),
      removed: (chat, item) => {
        if (chat !== this.id) return
        if (this.#count > 0 && (item.seq ?? 0) > this.#readBefore) this.#count--
        listener.removed?.(item)
      },
      state: (state) => {
        if (state.kind === 'connected') this.#open(listener)
        listener.state(state)
      },
      typing: () => listener.typing(),
    })
    this.#directMessages.look(this.id)
    this.#open(listener)
    return () => {
      unlisten()
      this.#cancel()
    }
  }

  // ---- What the reader does ----

  join() {
    this.#directMessages.start()
  }

  /**
   * @param {string} text @param {unknown} [_] nothing is answered here
   * @param {readonly import('../../types.js').FileInfo[]} [files]
   */
  send(text, _, files) {
    this.#directMessages.typing.sent(this.id)
    this.#directMessages.sender.send(this.id, text, files)
  }

  typed() {
    if (this.state.kind === 'connected' && !this.closed) this.#directMessages.typing.typed(this.id)
  }

  /** @param {string} id */
  retry(id) {
    this.#directMessages.sender.retry(this.id, id)
  }

  /** @param {string} id @param {boolean} keepsFiles for another message */
  discard(id, keepsFiles = false) {
    this.#directMessages.sender.discard(this.id, id, keepsFiles)
  }

  older() {
    return this.#excerpts.part ? this.#excerpts.older() : this.#directMessages.history.older(this.id)
  }

  newer() {
    return this.#excerpts.newer()
  }

  /** @param {{n: number, id: string}} message */
  async reach(message) {
    await this.#directMessages.history.open(this.id)
    await this.#excerpts.reach(message)
  }

  /** @param {number} time */
  async reachTime(time) {
    await this.#directMessages.history.open(this.id)
    return this.#excerpts.reachTime(time)
  }

  latest() {
    this.#excerpts.close()
  }

  /** All that is here has been seen. */
  seen() {
    this.#isPending = false
    this.#directMessages.read(this.id)
  }

  /** The message that was just received was not seen. */
  missed() {
    if (!this.#isPending) {
      this.#isPending = true
      this.#readBefore = this.#last - 1
      this.#count = 0
    }
    this.#count++
  }

  // ---- Inside ----

  get #chat() {
    return chatOf(this.#directMessages.chats.state, this.id)
  }

  get #live() {
    this.#items.take(this.#thread, this.#chat?.otherRead ?? 0, this.#readBefore)
    return this.#items
  }

  get #thread() {
    return threadOf(this.#directMessages.messages.state, this.id)
  }

  /** @param {TalkListener} listener */
  async #open(listener) {
    this.#cancel()
    try {
      await this.#directMessages.history.open(this.id)
    } catch {
      this.#isDown = true
      this.#cancel = this.#directMessages.later(() => this.#open(listener))
    }
    listener.items()
  }
}
