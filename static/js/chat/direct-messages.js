// The private chats of an account: a store of chats, one of messages, and what
// changes them: the feed, the API, and the reader. It does not know the document;
// the views listen to it.

import {
  addMessageFromSocket as chatsHeard, chatOf, createChat, getAllChats, markRead,
  markReadFromSocket, noChats, reviseLast, totalUnread,
} from '../model/chats.js'
import { Hidden } from '../model/hidden.js'
import { Listeners } from '../model/listeners.js'
import { Reactions } from '../model/reactions.js'
import { addMessageFromSocket, noMessages, reviseMessage, shown, threadOf } from '../model/messages.js'
import { Store } from '../model/store.js'
import { Feed } from '../net/feed.js'
import { Blocked } from './blocked.js'
import { DirectChanges } from './direct-changes.js'
import { DirectReactions } from './direct-reactions.js'
import { DirectTyping } from './direct-typing.js'
import { History } from './history.js'
import { ReadMarks } from './read-marks.js'
import { Sender } from './sender.js'

const RETRY = 5000 // ms, ± 50 % so that pages do not retry together

/** @typedef {import('../model/chats.js').Chat} Chat */
/** @typedef {import('../model/messages.js').KnownMessage} KnownMessage */
/** @typedef {import('../net/feed.js').FeedEvent} FeedEvent */
/** @typedef {import('../../types.js').DirectMessagesListener} DirectMessagesListener */

export class DirectMessages {
  me
  chats
  messages
  /** @type {DirectChanges} */
  changes
  /** @type {DirectReactions} */
  reactions
  history
  /** @type {Sender} */
  sender
  typing
  hidden
  blocked
  #unlisten // to both
  #api
  #feed
  #marks
  #clock
  #random
  #isStopped = false
  #cancelCatchUp = () => {}
  /** @type {Listeners<DirectMessagesListener>} */
  #listeners = new Listeners()
  /** @type {Map<string, Promise<void>>} chats that are being asked for */
  #asking = new Map()

  /**
   * @param {object} with_
   * @param {string} with_.me the name of the account
   * @param {import('../net/api.js').Api} with_.api
   * @param {string} with_.url of the feed's WebSocket
   * @param {(url: string, protocols: string[]) => import('../../types.js').Socket} with_.open
   * @param {import('../../types.js').Clock} with_.clock
   * @param {import('../storage/unsent.js').Unsent | null} [with_.unsent]
   * @param {import('../../types.js').FileUploads | null} [with_.uploads]
   * @param {Record<string, string>} [with_.drafts] from before the page was reloaded
   * @param {Blocked} [with_.blocked] accounts that cannot write to this one
   * @param {Hidden} [with_.hidden] people whom the reader has hidden
   * @param {import('../../types.js').OwnReactions} [with_.reacted] outlives a reload
   * @param {() => number} [with_.random]
   */
  constructor({
    me, api, url, open, clock, unsent = null, uploads = null, drafts = {}, hidden = new Hidden(), reacted,
    blocked = new Blocked(), random = Math.random,
  }) {
    this.me = me
    this.#api = api
    this.#clock = clock
    this.#random = random
    this.hidden = hidden
    this.blocked = blocked
    this.#unlisten = [hidden, blocked].map((one) => one.listen(() => this.#listeners.tell('changed')))
    this.chats = new Store({ ...noChats(me), drafts })
    this.messages = new Store(noMessages(me, { reactions: new Reactions(reacted) }))
    this.history = new History(api, this.messages)
    const { chats, messages, history } = this
    const on = {
      sender: () => this.sender,
      revise: (/** @type {string} */ chat, /** @type {string} */ id) => this.#revised(chat, id),
      refused: (/** @type {string} */ sentence) => this.#listeners.tell('refused', sentence),
    }
    const changes = this.changes = new DirectChanges(messages, clock, {
      ...on, limits: () => this.#feed.limits, changed: (one) => this.#changed(one),
      removed: (chat, item) => this.#listeners.tell('removed', chat, item),
    })
    const reactions = this.reactions = new DirectReactions({ me, api, messages, history, reacted, clock }, on)
    this.sender = new Sender({ me, api, chats, messages, unsent, uploads, clock, changes, reactions })
    this.typing = new DirectTyping(api, clock, () => this.#listeners.tell('typing'))
    this.#marks = new ReadMarks((chat, n) => api.read(chat, n))
    this.#feed = new Feed({ url, ticket: () => api.ticket(), open, clock, random }, {
      event: (event) => this.#happened(event),
      catchUp: (done) => this.#catchUp(done),
      loggedOut: () => {}, // the API tells it
      state: (state) => this.#feedIs(state),
    })
    for (const store of [this.chats, this.messages]) store.listen(() => this.#listeners.tell('changed'))
  }

  /**
   * @param {DirectMessagesListener} listener
   * @returns {() => void} stops listening
   */
  listen(listener) {
    return this.#listeners.add(listener)
  }

  get state() {
    return this.#feed.state
  }

  get limits() {
    return this.#feed.limits
  }

  start() {
    this.#isStopped = false
    this.#feed.start()
    this.sender.restore()
  }

  stop() {
    this.#isStopped = true
    this.#cancelCatchUp()
    this.#feed.stop()
    this.changes.flush()
    this.reactions.stop()
    this.sender.stop()
    for (const stop of this.#unlisten) stop()
    this.typing.clear()
    this.#listeners.clear()
  }

  retryNow = () => this.#feed.retryNow()
  refresh = () => this.#feed.refresh()
  doubt = () => this.#feed.doubt()

  /**
   * Retries something that got no answer.
   * @param {() => void} run @returns {() => void} cancels
   */
  later(run) {
    return this.#clock.after(RETRY * (0.5 + this.#random()), run)
  }

  // ---- What the reader does ----

  /** @param {string} name of the other one @returns {Promise<Chat>} */
  async open(name) {
    const chat = await this.#api.createChat(name)
    this.chats.do(createChat, chat)
    return chat
  }

  /**
   * Reloads a chat: the feed does not tell when an account is deleted.
   * @param {string} id
   */
  look(id) {
    this.#ask(id)
  }

  /**
   * The reader has seen all messages of a chat.
   * @param {string} id
   */
  read(id) {
    const newest = threadOf(this.messages.state, id).list.filter(({ own }) => !own).at(-1)?.n ?? 0
    if (newest <= (chatOf(this.chats.state, id)?.read ?? newest)) return
    this.chats.do(markRead, id, newest)
    this.#marks.tell(id, newest)
  }

  /**
   * How much of a chat is unread; nothing of what the reader does not want to see.
   * @param {Chat | undefined} chat
   */
  unreadIn(chat) {
    return chat && !this.hides(chat) ? chat.unread : 0
  }

  /** Unread messages in all known chats. */
  get unread() {
    return totalUnread(this.chats.state, (chat) => this.unreadIn(chat))
  }

  /** @param {Chat} chat @returns {boolean} whether the reader has hidden the other person */
  hides({ other }) {
    return this.hidden.has({ name: other, author: `@${other}` })
  }

  /** Counts of messages and of chats with drafts that only this page has. */
  get unsent() {
    const tails = Object.values(this.messages.state.threads).map(({ tail }) => tail.length)
    const drafts = Object.entries(this.chats.state.drafts).flatMap(([id, text]) => (text.trim() ? id : []))
    return { messages: tails.reduce((sum, length) => sum + length, 0), drafts }
  }

  // ---- The server ----

  /** @param {FeedEvent} event */
  #happened(event) {
    if (event.kind === 'typing') return this.#typing(event)
    const known = chatOf(this.chats.state, event.chat) !== undefined
    if (event.kind === 'message') this.#message(event)
    else if (event.kind === 'read') this.chats.do(markReadFromSocket, event)
    else if (event.kind === 'reactions') this.reactions.received(event)
    else if (event.kind !== 'chat') this.changes.received({ ...event, kind: event.kind })
    if (!known) this.#ask(event.chat)
  }

  /** @param {{chat: string, name: string}} event */
  #typing({ chat: id, name }) {
    const chat = chatOf(this.chats.state, id)
    if (chat?.other === name && !this.hides(chat)) this.typing.received(id, name)
  }

  /** @param {KnownMessage & {chat: string}} event */
  #message({ chat, n, id, name, text, files, at, deleted }) {
    const message = { n, id, name, text, at, ...(files && { files }), ...(deleted && { deleted }) }
    const isNew = !shown(threadOf(this.messages.state, chat)).some((one) => one.id === id)
    this.messages.do(addMessageFromSocket, { ...message, chat })
    this.chats.do(chatsHeard, { ...message, chat })
    if (name === this.me) return this.sender.arrived(id)
    this.typing.remove(chat)
    if (!isNew || deleted || this.hidden.has({ name, author: `@${name}` })) return
    this.#listeners.tell('received', chat, message)
  }

  /** @param {import('./direct-changes.js').Changed} message */
  #changed({ chat, n, id, name, text, at, deleted }) {
    this.chats.do(reviseLast, { chat, id, text, ...(deleted ? { deleted } : { edited: at }) })
    this.#listeners.tell('edited', { chat, id, name, text, ...(deleted && { deleted }) })
    const read = name === this.me ? n : chatOf(this.chats.state, chat)?.read ?? 0
    if (deleted && n > read) this.#ask(chat) // it counts no more
  }

  /** @param {string} chat @param {string} id of a message of which more is known */
  #revised(chat, id) {
    this.messages.do(reviseMessage, chat, id)
    this.#listeners.tell('revised', chat, id)
    this.#listeners.tell('changed')
  }

  /**
   * Loads a chat, and applies what the feed brings meanwhile.
   * @param {string} id
   */
  #ask(id) {
    const asking = this.#asking.get(id) ?? this.#api.chat(id).then((chat) => {
      this.chats.do(createChat, chat)
      for (const { n, reactions, ...message } of threadOf(this.messages.state, id).list) {
        if (n !== null) this.chats.do(chatsHeard, { ...message, n, chat: id })
      }
    }).catch(() => {}).finally(() => this.#asking.delete(id)) // the next event or catch-up asks again
    this.#asking.set(id, asking)
  }

  /**
   * Loads the list, and what is missing in the opened chats.
   * @param {() => void} done
   */
  async #catchUp(done) {
    this.#cancelCatchUp()
    this.blocked.load()
    this.messages.state.reactions.doubt()
    try {
      /** @type {string | null} */
      let before = null
      do {
        this.chats.do(getAllChats, await this.#api.chats(before))
        before = this.chats.state.next
      } while (before !== null)
      const threads = Object.keys(this.messages.state.threads)
      const newest = (/** @type {string} */ chat) => chatOf(this.chats.state, chat)?.last?.n ?? 0
      await Promise.all(threads.map((chat) => this.history.catchUp(chat, newest(chat))))
      this.#marks.again()
      done()
    } catch {
      if (!this.#isStopped) this.#cancelCatchUp = this.later(() => this.#catchUp(done))
    }
  }

  /** @param {import('../../types.js').ConnectionState} state */
  #feedIs(state) {
    if (state.kind === 'connected') this.sender.open()
    else this.sender.close()
    if (state.kind !== 'connected') this.typing.clear()
    this.#listeners.tell('state', state)
  }
}
