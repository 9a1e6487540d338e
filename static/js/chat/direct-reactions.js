// Reactions in private chats: what the feed tells, and what the reader gives,
// which is sent by the API (see sender.js) and counted by the feed.

import { Reacting } from './reacting.js'

/** @typedef {Extract<import('../net/feed.js').FeedEvent, {kind: 'reactions'}>} ReactionsEvent */

export class DirectReactions {
  /** @type {Map<string, Reacting>} by chat */
  #chats = new Map()
  #with
  #on
  #unwatch

  /**
   * @param {object} with_
   * @param {string} with_.me the name of the account
   * @param {Pick<import('../net/api.js').Api, 'whoReacted'>} with_.api
   * @param {import('../model/store.js').Store<import('../model/messages.js').MessagesState>}
   *   with_.messages
   * @param {import('./history.js').History} with_.history
   * @param {import('../../types.js').OwnReactions} [with_.reacted]
   * @param {import('../../types.js').Clock} with_.clock
   * @param {object} on
   * @param {() => import('./sender.js').Sender} on.sender
   * @param {(chat: string, id: string) => void} on.revise more is known of a message
   * @param {(sentence: string) => void} on.refused
   */
  constructor(with_, on) {
    this.#with = with_
    this.#on = on
    this.#unwatch = with_.reacted?.watch(() => {
      for (const id of this.#reactions.refresh()) {
        for (const chat of Object.keys(with_.messages.state.threads)) on.revise(chat, id)
      }
    })
  }

  /** @param {string} chat @returns {Reacting} to its messages */
  of(chat) {
    const known = this.#chats.get(chat)
    if (known) return known
    const { me, api, clock } = this.#with
    const { sender, revise, refused } = this.#on
    const reacting = new Reacting({
      reactions: this.#reactions,
      isUs: (author) => author === `@${me}`,
      react: () => false, // the feed's events tell more: see received
    }, undefined, async (id) => withAuthors(await api.whoReacted(chat, id, 'chats')), clock, {
      revise: (id) => revise(chat, id),
      keep: (own) => sender().keepChange(chat, own),
      post(own) {
        sender().change(chat, own)
        revise(chat, own.change.target.id) // one more waits
      },
      withdraw(id) { // also what is on its way: the next one is sent after it
        sender().drop(id)
        return true
      },
      refused,
      uncounted: ({ change: { target } }) => this.#ask(chat, target),
    })
    this.#chats.set(chat, reacting)
    return reacting
  }

  /** @param {ReactionsEvent} event */
  received({ chat, id, name, counts, place }) {
    if (this.#reactions.take(id, counts, place, name === this.#with.me)) this.#on.revise(chat, id)
  }

  /** Nobody is logged in any more. */
  stop() {
    this.#unwatch?.()
    for (const one of this.#chats.values()) one.stop()
  }

  /**
   * Asks for a message of which the feed has not brought what it was to bring.
   * @param {string} chat @param {import('../../types.js').Target} message
   */
  async #ask(chat, { seq: n, id }) {
    this.#reactions.doubt()
    await this.#with.history.ask(chat, { after: n - 1, limit: 1 }).catch(() => {}) // a catch-up asks again
    this.#on.revise(chat, id)
  }

  get #reactions() {
    return this.#with.messages.state.reactions
  }
}

/**
 * In a private chat are accounts only.
 * @param {import('../../types.js').WhoReacted[]} all
 * @returns {import('../../types.js').WhoReacted[]}
 */
const withAuthors = (all) => all.map(({ people, ...one }) => (
  { ...one, people: people.map(({ name }) => ({ name, author: `@${name}` })) }
))
