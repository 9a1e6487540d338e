// The private chats of an account: a store of chats, one of messages, and what
// changes them: the feed, the API, and the reader. It does not know the document;
// the views listen to it.

import {
  addMessageFromSocket as chatsHeard, chatOf, createChat, draftOf, getAllChats, markRead, markReadFromSocket, noChats, setDraft, totalUnread,
} from '../model/chats.js'
import { Hidden } from '../model/hidden.js'
import { Listeners } from '../model/listeners.js'
import { addMessageFromSocket, noMessages, shown, threadOf } from '../model/messages.js'
import { Store } from '../model/store.js'
import { Feed } from '../net/feed.js'
import { DirectTyping } from './direct-typing.js'
import { History } from './history.js'
import { ReadMarks } from './read-marks.js'
import { Sender } from './sender.js'

const RETRY = 5000 // ms, ± 50 % so that pages do not retry together

/** @typedef {import('../model/chats.js').Chat} Chat */
/** @typedef {import('../model/messages.js').KnownMessage} KnownMessage */
/** @typedef {import('../net/feed.js').FeedEvent} FeedEvent */
/**
 * @typedef {object} DirectMessagesListener
 * @property {() => void} changed something in chats or messages
 * @property {(chat: string, message: KnownMessage) => void} received a new message of the other
 *   person
 * @property {(state: import('../../types.js').ConnectionState) => void} state of the feed
 * @property {() => void} [typing] somebody begins to write, or stops
 */

export class DirectMessages {
  me
  chats
  messages
  history
  sender
  typing
  hidden
  #unhide
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
   * @param {Record<string, string>} [with_.drafts] from before the page was reloaded
   * @param {Hidden} [with_.hidden] people whom the reader has hidden
   * @param {() => number} [with_.random]
   */
  constructor({ me, api, url, open, clock, unsent = null, drafts = {}, hidden = new Hidden(), random = Math.random }) {
    this.me = me
    this.#api = api
    this.#clock = clock
    this.#random = random
    this.hidden = hidden
    this.#unhide = hidden.listen(() => this.#listeners.tell('changed'))
    this.chats = new Store({ ...noChats(me), drafts })
    this.messages = new Store(noMessages(me))
    this.history = new History(api, this.messages)
    this.sender = new Sender({ me, api, chats: this.chats, messages: this.messages, unsent, clock })
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

  start() {
    this.#isStopped = false
    this.#feed.start()
    this.sender.restore()
  }

  stop() {
    this.#isStopped = true
    this.#cancelCatchUp()
    this.#feed.stop()
    this.sender.stop()
    this.#unhide()
    this.typing.clear()
    this.#listeners.clear()
  }

  retryNow() {
    this.#feed.retryNow()
  }

  refresh() {
    this.#feed.refresh()
  }

  doubt() {
    this.#feed.doubt()
  }

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

  /** @param {string} id @returns {string} the draft */
  draft(id) {
    return draftOf(this.chats.state, id)
  }

  /** @param {string} id @param {string} text */
  setDraft(id, text) {
    this.chats.do(setDraft, id, text)
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

  /** How many messages and drafts only this page has. */
  get unsent() {
    const tails = Object.values(this.messages.state.threads).map(({ tail }) => tail.length)
    const drafts = Object.values(this.chats.state.drafts).filter((text) => text.trim())
    return { messages: tails.reduce((sum, length) => sum + length, 0), drafts: drafts.length }
  }

  // ---- The server ----

  /** @param {FeedEvent} event */
  #happened(event) {
    if (event.kind === 'typing') return this.#typing(event)
    const known = chatOf(this.chats.state, event.chat) !== undefined
    if (event.kind === 'message') this.#message(event)
    else if (event.kind === 'read') this.chats.do(markReadFromSocket, event)
    if (!known) this.#ask(event.chat)
  }

  /** @param {{chat: string, name: string}} event */
  #typing({ chat: id, name }) {
    const chat = chatOf(this.chats.state, id)
    if (chat?.other === name && !this.hides(chat)) this.typing.received(id, name)
  }

  /** @param {KnownMessage & {chat: string}} event */
  #message({ chat, n, id, name, text, at }) {
    const message = { n, id, name, text, at }
    const isNew = !shown(threadOf(this.messages.state, chat)).some((one) => one.id === id)
    this.messages.do(addMessageFromSocket, { ...message, chat })
    this.chats.do(chatsHeard, { ...message, chat })
    if (name === this.me) return this.sender.arrived(id)
    this.typing.remove(chat)
    if (isNew && !this.hidden.has({ name, author: `@${name}` })) this.#listeners.tell('received', chat, message)
  }

  /**
   * Loads a chat, and applies what the feed brings meanwhile.
   * @param {string} id
   */
  #ask(id) {
    const asking = this.#asking.get(id) ?? this.#api.chat(id).then((chat) => {
      this.chats.do(createChat, chat)
      for (const { n, ...message } of threadOf(this.messages.state, id).list) if (n !== null) this.chats.do(chatsHeard, { ...message, n, chat: id })
    }).catch(() => {}).finally(() => this.#asking.delete(id)) // the next event or catch-up asks again
    this.#asking.set(id, asking)
  }

  /**
   * Loads the list, and what is missing in the opened chats.
   * @param {() => void} done
   */
  async #catchUp(done) {
    this.#cancelCatchUp()
    try {
      /** @type {string | null} */
      let before = null
      do {
        this.chats.do(getAllChats, await this.#api.chats(before))
        before = this.chats.state.next
      } while (before !== null)
      const threads = Object.keys(this.messages.state.threads)
      await Promise.all(threads.map((chat) => this.history.catchUp(chat, chatOf(this.chats.state, chat)?.last?.n ?? 0)))
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
