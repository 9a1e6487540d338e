// Sends private messages: in each chat one at a time, in order. While the feed is
// down too, messages that do not get through wait for it. Messages that the
// server refuses, or does not take while the feed is up, fail until retried.

import { loseOther, sentMessage as chatsSent } from '../model/chats.js'
import {
  discardMessage, failMessage, retryMessage, sendMessage, sentMessage, threadOf, unsentOf,
} from '../model/messages.js'
import { whyNotDelivered } from '../model/answers.js'
import { ApiError } from '../net/problem.js'
import { uuid } from '../model/uuid.js'

/** @typedef {import('../storage/unsent.js').Unsent} Unsent */

const ROOM = '@private' // not a valid room name
const LOGGED_OUT = 401
const DELETED = 'account_deleted' // the other account

export class Sender {
  #stopped = false
  /** @type {Set<string>} chats with a message in flight */
  #busy = new Set()
  /** @type {(() => void) | null} null while the feed is up */
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
   * @param {Pick<import('../net/api.js').Api, 'send'>} with_.api
   * @param {import('../model/store.js').Store<import('../model/chats.js').ChatsState>} with_.chats
   * @param {import('../model/store.js').Store<import('../model/messages.js').MessagesState>}
   *   with_.messages
   * @param {Pick<Unsent, 'take' | 'keep' | 'drop'> | null} with_.unsent outlives a reload
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

  /** Restores unsent messages from before a reload. */
  async restore() {
    const unsent = await this.#unsent?.take(ROOM, this.#me, this.#clock.now()) ?? []
    if (this.#stopped) return
    for (const { id, chat, text, at, reason } of unsent) {
      if (!chat) continue
      this.#messages.do(sendMessage, chat, { id, text, at })
      if (reason !== null) this.#messages.do(failMessage, chat, id, reason)
      this.#work(chat)
    }
  }

  /** The feed is up. */
  open() {
    this.#release?.()
    this.#release = null
  }

  /** The feed is down. */
  close() {
    if (this.#release) return
    this.#opened = new Promise((resolve) => { this.#release = () => resolve(null) })
  }

  /** Sends nothing any more. */
  stop() {
    this.#stopped = true
    this.open()
  }

  /** @param {string} chat @param {string} text a clean one */
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
   * The feed has brought one of ours, which need not be stored any more.
   * @param {string} id
   */
  arrived(id) {
    this.#unsent?.drop(id)
  }

  /** @param {string} chat */
  async #work(chat) {
    if (this.#busy.has(chat)) return
    this.#busy.add(chat)
    for (let next, on = true; on && !this.#stopped && (next = this.#next(chat));) {
      on = await this.#post(chat, next)
    }
    this.#busy.delete(chat)
  }

  /** @param {string} chat */
  #next(chat) {
    return unsentOf(threadOf(this.#messages.state, chat))[0]
  }

  /**
   * @param {string} chat
   * @param {{id: string, text: string, at: number}} message
   * @returns {Promise<boolean>} whether to go on
   */
  async #post(chat, message) {
    try {
      const known = await this.#api.send(chat, message.id, message.text)
      this.#messages.do(sentMessage, chat, known)
      this.#chats.do(chatsSent, chat, known)
      this.#unsent?.drop(message.id)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (this.#stopped) return false // it stays stored, unless it was forgotten
      if (error.status === LOGGED_OUT) return false // it waits for the next login of this account
      if (error.passes && this.#release) { // the feed is down
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

  /**
   * @param {string} chat
   * @param {{id: string, text: string, at: number}} message
   * @param {string | null} reason
   */
  #keep(chat, { id, text, at }, reason) {
    this.#unsent?.keep({ id, room: ROOM, chat, name: this.#me, text, at, reason, account: true })
  }
}
