// The private chats of an account: one store of chats, one of messages, and what changes them: the feed, the API, and the reader. It knows no
// document; the views listen to it.

import {
  addMessageFromSocket as chatsHeard, chatOf, createChat, draftOf, getAllChats, markRead, markReadFromSocket, noChats, setDraft,
} from '../model/chats.js'
import { Listeners } from '../model/listeners.js'
import { addMessageFromSocket, noMessages, shown, threadOf } from '../model/messages.js'
import { Store } from '../model/store.js'
import { Feed } from './feed.js'
import { History } from './history.js'
import { Marks } from './marks.js'
import { Sender } from './sender.js'

const RETRY = 5000 // ms, by half of it more or less: the API has tried for some seconds by itself, and not for this page alone

/** @typedef {import('../model/chats.js').Chat} Chat */
/** @typedef {import('../model/messages.js').KnownMessage} KnownMessage */
/** @typedef {import('./feed.js').FeedEvent} FeedEvent */
/**
 * @typedef {object} PrivatesListener
 * @property {() => void} changed something in chats or messages
 * @property {(chat: string, message: KnownMessage) => void} heard somebody else has just said this
 * @property {(state: import('../../types.js').ConnectionState) => void} state of the feed
 */

export class Privates {
  me
  chats
  messages
  history
  sender
  #api
  #feed
  #marks
  #clock
  #random
  #isStopped = false
  #cancelCatchUp = () => {}
  /** @type {Listeners<PrivatesListener>} */
  #listeners = new Listeners()
  /** @type {Map<string, Promise<void>>} chats that are being asked for */
  #asking = new Map()

  /**
   * @param {object} with_
   * @param {string} with_.me the name of the account
   * @param {import('./api.js').Api} with_.api
   * @param {string} with_.url of the feed's WebSocket
   * @param {(url: string, protocols: string[]) => import('../../types.js').Socket} with_.open
   * @param {import('../../types.js').Clock} with_.clock
   * @param {import('../model/unsent.js').Unsent | null} [with_.unsent]
   * @param {Record<string, string>} [with_.drafts] from before the page was reloaded
   * @param {() => number} [with_.random]
   */
  constructor({ me, api, url, open, clock, unsent = null, drafts = {}, random = Math.random }) {
    this.me = me
    this.#api = api
    this.#clock = clock
    this.#random = random
    this.chats = new Store({ ...noChats(me), drafts })
    this.messages = new Store(noMessages(me))
    this.history = new History(api, this.messages)
    this.sender = new Sender({ me, api, chats: this.chats, messages: this.messages, unsent, clock })
    this.#marks = new Marks((chat, n) => api.read(chat, n))
    this.#feed = new Feed({ url, ticket: () => api.ticket(), open, clock, random }, {
      event: (event) => this.#happened(event),
      catchUp: (done) => this.#catchUp(done),
      loggedOut: () => {}, // the API says so, too
      state: (state) => this.#feedIs(state),
    })
    for (const store of [this.chats, this.messages]) store.listen(() => this.#listeners.tell('changed'))
  }

  /** @param {PrivatesListener} listener @returns {() => void} stops listening */
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
   * Runs something again that failed for want of an answer.
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
   * Asks anew with whom a chat is: the feed does not tell that an account was deleted.
   * @param {string} id
   */
  look(id) {
    this.#ask(id)
  }

  /** @param {string} id @returns {string} what is begun to be written there */
  draft(id) {
    return draftOf(this.chats.state, id)
  }

  /** @param {string} id @param {string} text */
  setDraft(id, text) {
    this.chats.do(setDraft, id, text)
  }

  /**
   * All that is here of a chat has been seen.
   * @param {string} id
   */
  read(id) {
    const newest = threadOf(this.messages.state, id).list.filter(({ own }) => !own).at(-1)?.n ?? 0
    if (newest <= (chatOf(this.chats.state, id)?.read ?? newest)) return
    this.chats.do(markRead, id, newest)
    this.#marks.tell(id, newest)
  }

  /** How many messages and drafts are nowhere but here. */
  get unsent() {
    const tails = Object.values(this.messages.state.threads).map(({ tail }) => tail.length)
    return { messages: tails.reduce((sum, length) => sum + length, 0), drafts: Object.values(this.chats.state.drafts).filter((text) => text.trim()).length }
  }

  /** @param {string} words */
  search(words) {
    return this.#api.search(words)
  }

  // ---- What the server says ----

  /** @param {FeedEvent} event */
  #happened(event) {
    const known = chatOf(this.chats.state, event.chat) !== undefined
    if (event.kind === 'message') this.#message(event)
    else if (event.kind === 'read') this.chats.do(markReadFromSocket, event)
    if (!known) this.#ask(event.chat)
  }

  /** @param {KnownMessage & {chat: string}} event */
  #message({ chat, n, id, name, text, at }) {
    const message = { n, id, name, text, at }
    const isNew = !shown(threadOf(this.messages.state, chat)).some((one) => one.id === id)
    this.messages.do(addMessageFromSocket, { ...message, chat })
    this.chats.do(chatsHeard, { ...message, chat })
    if (name === this.me) this.sender.arrived(id)
    else if (isNew) this.#listeners.tell('heard', chat, message)
  }

  /**
   * Asks for a chat. What the feed says of it meanwhile is news to the answer.
   * @param {string} id
   */
  #ask(id) {
    const asking = this.#asking.get(id) ?? this.#api.chat(id).then((chat) => {
      this.chats.do(createChat, chat)
      for (const { n, ...message } of threadOf(this.messages.state, id).list) if (n !== null) this.chats.do(chatsHeard, { ...message, n, chat: id })
    }).catch(() => {}).finally(() => this.#asking.delete(id)) // the next event of it asks again, and so does the next catch-up
    this.#asking.set(id, asking)
  }

  /**
   * Asks for the list, and for what is missing of the chats that were opened.
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
    this.#listeners.tell('state', state)
  }
}
