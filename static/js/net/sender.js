// One's private messages on their way: in each chat one at a time, in the order in which they were written. What does not get through while the
// feed does not stand, either, waits until it does. What the server refuses, or does not take though it is there, has failed until people try again.

import { loseOther, sentMessage as chatsSent } from '../model/chats.js'
import { discardMessage, failMessage, retryMessage, sendMessage, sentMessage, threadOf, unsentOf } from '../model/messages.js'
import { whyNotDelivered } from '../model/answers.js'
import { ApiError } from './api.js'
import { uuid } from './uuid.js'

/** @typedef {import('../model/unsent.js').Unsent} Unsent */

const SHELF = '@private' // no room can be called that
const LOGGED_OUT = 401
const DELETED = 'account_deleted' // the code for a chat in which nobody reads any more

export class Sender {
  #stopped = false
  /** @type {Set<string>} the chats that are being worked on */
  #busy = new Set()
  /** @type {(() => void) | null} null when the way is open */
  #release = null
  /** @type {Promise<unknown>} */
  #opened = Promise.resolve()
  #me
  #api
  #chats
  #messages
  #unsent
  #clock

  /**
   * @param {object} with_
   * @param {string} with_.me the name of the account
   * @param {Pick<import('./api.js').Api, 'send'>} with_.api
   * @param {import('../model/store.js').Store<import('../model/chats.js').ChatsState>} with_.chats
   * @param {import('../model/store.js').Store<import('../model/messages.js').MessagesState>} with_.messages
   * @param {Pick<Unsent, 'take' | 'keep' | 'drop'> | null} with_.unsent what outlives a reload
   * @param {import('../../types.js').Clock} with_.clock
   */
  constructor({ me, api, chats, messages, unsent, clock }) {
    this.#me = me
    this.#api = api
    this.#chats = chats
    this.#messages = messages
    this.#unsent = unsent
    this.#clock = clock
    this.close()
  }

  /** Takes up what was not sent before the page was reloaded. */
  async restore() {
    const kept = await this.#unsent?.take(SHELF, this.#me, this.#clock.now()) ?? []
    if (this.#stopped) return
    for (const { id, chat, text, at, reason } of kept) {
      if (!chat) continue
      this.#messages.do(sendMessage, chat, { id, text, at })
      if (reason !== null) this.#messages.do(failMessage, chat, id, reason)
      this.#work(chat)
    }
  }

  /** The feed stands. */
  open() {
    this.#release?.()
    this.#release = null
  }

  /** It does not. */
  close() {
    if (this.#release) return
    this.#opened = new Promise((resolve) => { this.#release = () => resolve(null) })
  }

  /** Nothing goes out any more. */
  stop() {
    this.#stopped = true
    this.open()
  }

  /** @param {string} chat @param {string} text as the rules want it */
  send(chat, text) {
    const message = { id: uuid(), text, at: this.#clock.now() }
    this.#messages.do(sendMessage, chat, message)
    this.#keep(chat, message, null)
    this.#work(chat)
  }

  /** @param {string} chat @param {string} id of a message that failed */
  retry(chat, id) {
    if (this.#messages.do(retryMessage, chat, id, this.#clock.now())) this.#work(chat)
  }

  /** @param {string} chat @param {string} id of a message that failed */
  discard(chat, id) {
    this.#messages.do(discardMessage, chat, id)
    this.#unsent?.drop(id)
  }

  /**
   * The feed has brought one of ours: it needs no keeping.
   * @param {string} id
   */
  arrived(id) {
    this.#unsent?.drop(id)
  }

  /** @param {string} chat */
  async #work(chat) {
    if (this.#busy.has(chat)) return
    this.#busy.add(chat)
    for (let next, on = true; on && !this.#stopped && (next = this.#next(chat));) on = await this.#post(chat, next)
    this.#busy.delete(chat)
  }

  /** @param {string} chat */
  #next(chat) {
    return unsentOf(threadOf(this.#messages.state, chat))[0]
  }

  /** @param {string} chat @param {{id: string, text: string, at: number}} message @returns {Promise<boolean>} whether to go on */
  async #post(chat, message) {
    try {
      const known = await this.#api.send(chat, message.id, message.text)
      this.#messages.do(sentMessage, chat, known)
      this.#chats.do(chatsSent, chat, known)
      this.#unsent?.drop(message.id)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (this.#stopped) return false // what is kept stays as it is, or was forgotten
      if (error.status === LOGGED_OUT) return false // it waits for whoever logs in under this name
      if (error.passes && this.#release) { // the way is shut: it goes when it is open again
        await this.#opened
        return true
      }
      if (error.code === DELETED) this.#chats.do(loseOther, chat)
      const reason = whyNotDelivered(error)
      this.#messages.do(failMessage, chat, message.id, reason)
      this.#keep(chat, message, reason)
    }
    return true
  }

  /** @param {string} chat @param {{id: string, text: string, at: number}} message @param {string | null} reason */
  #keep(chat, { id, text, at }, reason) {
    this.#unsent?.keep({ id, room: SHELF, chat, name: this.#me, text, at, reason, account: true })
  }
}
