// The people who write in the private chats, and telling them that we write.

import { Typists, TypingPace } from '../model/typists.js'

export class DirectTyping {
  #api
  #clock
  #typists
  /** @type {Map<string, TypingPace>} by chat */
  #paces = new Map()

  /**
   * @param {Pick<import('../net/api.js').Api, 'typing'>} api
   * @param {import('../../types.js').Clock} clock
   * @param {() => void} changed others begin to write, or stop
   */
  constructor(api, clock, changed) {
    this.#api = api
    this.#clock = clock
    this.#typists = new Typists(clock, changed)
  }

  /** @param {string} chat @returns {boolean} whether the other one is writing */
  isIn(chat) {
    return this.#typists.has(chat)
  }

  /** @param {string} chat in which we are writing */
  typed(chat) {
    const pace = this.#paces.get(chat) ?? new TypingPace()
    this.#paces.set(chat, pace)
    if (pace.isDue(this.#clock.now())) this.#api.typing(chat).catch(() => {}) // not worth a retry
  }

  /** @param {string} chat in which what we wrote is sent */
  sent(chat) {
    this.#paces.get(chat)?.reset()
  }

  /** @param {string} chat @param {string} name of who is writing there */
  received(chat, name) {
    this.#typists.add(chat, name)
  }

  /** @param {string} chat whose other one has sent what they wrote */
  remove(chat) {
    this.#typists.remove(chat)
  }

  clear() {
    this.#typists.clear()
  }
}
