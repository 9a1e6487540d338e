// Reactions of the reader: each is shown at once, kept over a reload and sent by
// the outbox. It ends when the log counts it, or when it is given up: then all is
// as it was.

import { KINDS } from '../model/reactions.js'
import { REACTION } from '../model/strings/reactions.js'
import { uuid } from '../model/uuid.js'

const COUNTED = 2000 // ms in which the log counts what it has; it does not if nothing has changed

/** @typedef {import('../../types.js').MessageItem} MessageItem */
/** @typedef {import('../../types.js').UnsentMessage} UnsentMessage */
/**
 * @typedef {Pick<UnsentMessage, 'id' | 'text' | 'at'>
 *   & {change: import('../../types.js').ReactChange}} Own
 */

export class Reacting {
  /** @type {Map<string, Own>} those that the log does not have, by their own ids */
  #own = new Map()
  /** @type {Map<string, () => void>} cancels what waits to be counted */
  #waiting = new Map()
  #conversation
  #reactions
  #clock
  #ask
  #on
  #unwatch

  /**
   * @param {Pick<import('../model/conversation.js').Conversation, 'isUs' | 'react' | 'reactions'>}
   *   conversation
   * @param {import('../../types.js').OwnReactions | undefined} reacted
   * @param {((id: string) => Promise<import('../../types.js').WhoReacted[]>) | null} ask who
   *   reacted to a message; null where nobody can tell
   * @param {import('../../types.js').Clock} clock
   * @param {object} on
   * @param {(id: string) => void} on.revise a message has changed
   * @param {(own: Own) => void} on.keep it has to outlive a reload
   * @param {(own: Own) => void} on.post it has to be sent
   * @param {(id: string) => boolean} on.withdraw it needs not be sent, if it is not on its way
   * @param {(sentence: string) => void} on.refused
   * @param {(own: Own) => void} [on.uncounted] the log was to count it, and has not
   */
  constructor(conversation, reacted, ask, clock, on) {
    this.#conversation = conversation
    this.#reactions = conversation.reactions
    this.#ask = ask
    this.#clock = clock
    this.#on = on
    this.#unwatch = reacted?.watch(() => this.#reactions.refresh().forEach(on.revise))
  }

  /** The room is left. */
  stop() {
    this.#unwatch?.()
    for (const cancel of this.#waiting.values()) cancel()
  }

  // ---- What the reader does ----

  /** @param {MessageItem} item whether one can react to it by now */
  can = (item) => (item.private || item.state === 'sent')
    && item.seq !== null && item.id !== '' && !item.deleted

  /**
   * Gives an emoji to a message, or takes it back.
   * @param {MessageItem} item @param {string} emoji
   */
  toggle(item, emoji) {
    if (!this.can(item)) return
    const { id } = item
    const all = this.#reactions.of(id)
    const known = all.find((one) => one.emoji === emoji)
    if (!known && all.length >= KINDS) return this.#on.refused(REACTION.tooMany(KINDS))
    for (const { id: other, change } of this.#own.values()) {
      const isSame = change.target.id === id && change.emoji === emoji
      if (isSame && this.#on.withdraw(other)) this.#own.delete(other)
    }
    /** @type {Own} */
    const own = {
      id: uuid(), text: '', at: this.#clock.now(),
      change: { kind: 'react', target: { seq: item.seq ?? 0, id }, emoji, on: !known?.own },
    }
    this.#on.keep(own)
    this.#begin(own)
    this.#on.post(own)
  }

  /** True if the server can be asked who reacted. */
  get knowsWho() {
    return this.#ask !== null
  }

  /**
   * Asks who reacted, which also tells which reactions are the reader's. Fails if
   * nobody answers.
   * @param {MessageItem} item
   * @returns {Promise<{emoji: string, count: number, people: {name: string, own: boolean}[]}[]>}
   */
  async who({ id }) {
    const { isUs } = this.#conversation
    const answer = await this.#ask?.(id) ?? []
    if (this.#reactions.correct(id, answer, isUs)) this.#on.revise(id)
    return answer.map(({ people, ...one }) => ({
      ...one, people: people.map(({ name, author = '' }) => ({ name, own: isUs(author) })),
    }))
  }

  // ---- What becomes of it ----

  /** @param {UnsentMessage} record from before a reload */
  restore({ id, text, at, change }) {
    if (change?.kind === 'react') this.#begin({ id, text, at, change })
  }

  /** @param {import('../../types.js').ReactionsFrame} frame */
  received(frame) {
    if (this.#conversation.react(frame)) this.#on.revise(frame.target.id)
  }

  /** @param {Pick<import('../../types.js').AckFrame, 'id'>} frame */
  acked({ id }) {
    const own = this.#own.get(id)
    if (!own) return
    const { target, emoji, on } = own.change
    this.#own.delete(id)
    if (!this.#reactions.acked(target.id, emoji, { id, on })) return
    this.#waiting.set(id, this.#clock.after(COUNTED, () => this.#end(own) && this.#on.uncounted?.(own)))
  }

  /**
   * @param {string} id @param {string} reason @param {string} code of the server
   * @returns {boolean} whether it was a reaction
   */
  failed(id, reason, code) {
    const own = this.#own.get(id)
    if (!own) return false
    this.#on.withdraw(id)
    this.#end(own)
    this.#on.refused(REACTION.refused(code, reason))
    return true
  }

  /** @param {Own} own */
  #begin(own) {
    const { target, emoji, on } = own.change
    this.#own.set(own.id, own)
    if (this.#reactions.begin(target.id, emoji, { id: own.id, on })) this.#on.revise(target.id)
  }

  /**
   * @param {Own} own that is counted by now, or given up
   * @returns {boolean} whether something else is shown without it
   */
  #end({ id, change: { target, emoji } }) {
    this.#own.delete(id)
    this.#waiting.get(id)?.()
    this.#waiting.delete(id)
    const isNews = this.#reactions.end(target.id, emoji, id)
    if (isNews) this.#on.revise(target.id)
    return isNews
  }
}
