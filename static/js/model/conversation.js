// The conversation of one room: the messages of its log, in their order, then
// own messages that are not in the log yet.
//
// An own message is `sending` when it is written, `sent` once the log has it
// (by an ack or the message itself, whichever comes first), and `failed` when
// it is given up. Order is by seq, never by time. A message is shown once: its
// seq identifies it within an epoch, its id from one epoch to the next. Ids
// belong to authors: the same id from another author is another message.

import { Authors } from './authors.js'
import { Breaks } from './breaks.js'
import { Cursor } from './cursor.js'
import { Memory } from './memory.js'
import { blank, isSame, quoting } from './places.js'
import { Reactions } from './reactions.js'
import { Revisions } from './revisions.js'

/** @typedef {import('../../types.js').Item} Item */
/** @typedef {import('../../types.js').MessageItem} MessageItem */
/** @typedef {import('../../types.js').FileInfo} FileInfo */
/** @typedef {Pick<MessageItem, 'id' | 'text' | 'reply' | 'files' | 'name' | 'at'>} Written */
/** @typedef {import('../../types.js').MessageFrame} MessageFrame */

export class Conversation {
  #memory = new Memory()
  #breaks = new Breaks(this.#memory)
  /** @type {Set<string>} ours */
  #sessions
  #me
  #author = '' // of our messages; '' if the server does not tell
  authors = new Authors()
  revisions = new Revisions()
  reactions
  /** @type {Set<string>} messages whose place is known from an ack only */
  #guessed = new Set()
  #counter = 0
  #cursor = new Cursor()

  /**
   * @param {Iterable<string>} [sessions] earlier sessions of this window
   * @param {string} [me] a name that is ours alone
   * @param {import('../../types.js').OwnReactions} [reacted] to which messages we have
   */
  constructor(sessions = [], me = '', reacted) {
    this.#sessions = new Set(sessions)
    this.#me = me
    this.reactions = new Reactions(reacted)
  }

  // ---- Reading ----

  /** The place of the oldest item in memory. Grows as older ones are forgotten. */
  get first() {
    return this.#memory.first
  }

  /** The place after the newest item. */
  get length() {
    return this.#memory.length
  }

  at = (/** @type {number} */ place) => this.#memory.at(place)
  find = (/** @type {string} */ id) => this.#memory.find(id)

  /**
   * The last message seen, to resume after it; null if there is none and the
   * log was not empty.
   * @returns {import('../../types.js').Position | null}
   */
  get position() {
    return this.#cursor.position
  }

  /**
   * True if a message of the log is the item with the same id.
   * @param {MessageItem} item
   * @param {import('./places.js').Texts} message
   */
  isSame(item, message) {
    return isSame(item, message, this.#author)
  }

  /** @param {string} session @param {string} [name] @param {string} [author] */
  isOwn(session, name = '', author = '') {
    return this.#sessions.has(session) || this.authors.isOwn(name, author)
      || (name !== '' && name === this.#me)
  }

  /** @param {string} author of a message, or of a reaction */
  isUs = (author) => author !== '' && author === this.#author

  get sessions() {
    return [...this.#sessions]
  }

  // ---- What the reader does ----

  /**
   * @param {Written & {session: string}} message
   */
  compose(message) {
    this.#memory.addToTail({ ...blank(message.id, this.#cursor.era), ...message })
  }

  /**
   * Puts messages from before a reload in front of those written since.
   * @param {(Written & {reason: string | null})[]} messages those with a reason have failed
   */
  restore(messages) {
    this.#memory.tail.unshift(...messages.map(({ id, text, reply, files, name, at, reason }) => {
      const state = reason === null ? 'sending' : 'failed'
      return this.#memory.remember({
        ...blank(id, this.#cursor.era), text, ...(reply && { reply }), ...(files && { files }), name, at,
        state, reason: reason ?? '',
      })
    }))
  }

  /** @param {string} id of a message that is not in the log @param {readonly FileInfo[]} files */
  attach(id, files) {
    this.#memory.revise((item) => (item.id === id && item.seq === null ? { ...item, files } : item))
  }

  /** After a catch-up: failed messages get their place after what was missed. */
  settleFailed() {
    for (const item of this.#memory.tail.filter((item) => item.state === 'failed')) {
      this.#memory.remove(item)
      this.#memory.settle(item)
    }
  }

  /** @param {string} id @param {string} reason */
  fail(id, reason) {
    const item = this.#memory.find(id)
    if (item?.state !== 'sending') return
    this.#memory.remove(item)
    this.#memory.settle({ ...item, state: 'failed', reason })
  }

  /** @param {string} id @param {number} now */
  retry(id, now) {
    const item = this.#memory.takeFailed(id)
    if (item) this.#memory.addToTail({ ...item, state: 'sending', reason: '', at: now })
  }

  /** @param {string} id */
  discard(id) {
    if (this.#memory.takeFailed(id)) this.#memory.discard(id)
  }

  // ---- Frames ----

  /** @param {import('../../types.js').WelcomeFrame} frame @param {number} now */
  welcome(frame, now) {
    this.#sessions.add(frame.session)
    this.#author = frame.author ?? ''
    this.authors.own(frame.name, this.#author)
    if (this.#cursor.welcome(frame)) this.#breakOff(now)
  }

  /**
   * Takes a message of the log.
   * @param {MessageFrame} frame
   * @returns {MessageItem | null} the item if this message is new to the reader
   */
  message(frame) {
    const { seq, id } = frame
    const twice = this.#cursor.has(seq)
    const holder = this.#memory.find(id)
    const known = holder && this.isSame(holder, frame) ? holder : undefined
    const missing = this.#cursor.holeBefore(seq)
    this.#cursor.advance(seq)
    const revised = this.revisions.meet(frame)
    if (this.reactions.meet(id, frame.reactions) || revised) this.revise(id)
    if (twice || (known && known.seq !== null && !this.#guessed.delete(id))) return null
    if (known) this.#memory.remove(known)
    const { app, session, author = '', name, text, reply, mentions, at } = frame
    const { edited, deleted, files } = frame
    const own = known !== undefined || this.isOwn(session, name, author)
    const { era } = this.#cursor
    /** @type {MessageItem} */
    const item = this.asNow({
      kind: 'message', key: id && known === holder ? id : `${era}:${seq}`, id, era, seq, missing,
      app, session, author, name, nth: this.authors.nth(name, author), text, at, own, state: 'sent',
      reason: '',
      ...(edited !== undefined && { edited }), ...(deleted && { deleted }), ...(reply && { reply }),
      ...(mentions && { mentions }), ...(files && { files }),
    })
    this.#breaks.close()
    this.#memory.insert(this.#quoting(item))
    this.#forget()
    return own || item.deleted ? null : item
  }

  /** A message with all that is known of it. */
  asNow = (/** @type {MessageItem} */ item) => this.reactions.shown(this.revisions.revised(item))

  /** @param {string} id of a message of which more is known */
  revise(id) {
    this.#memory.revise((item) => (item.id === id ? this.asNow(item) : item))
    this.#memory.revise((item) => (item.reply?.id === id ? this.#quoting(item) : item))
  }

  #quoting = (/** @type {MessageItem} */ item) => quoting(item, this.#memory.find(item.reply?.id ?? ''))

  /** @param {{seq: number}} frame has a number, and nothing to show */
  entry = (frame) => this.#cursor.pass(frame.seq)

  /**
   * Takes what the log says of a message, wherever that one is.
   * @param {import('../../types.js').EditFrame | import('../../types.js').DeleteFrame} frame
   */
  change(frame) {
    this.#cursor.pass(frame.seq)
    const { target, seq, at, author = '', session } = frame
    const { era } = this.#cursor
    const of = { author, session, id: target.id }
    if (frame.type === 'edit') this.revisions.take(of, { text: frame.text, at, seq, era })
    else this.revisions.take(
      of,
      { text: '', at, deleted: true, ...(frame.by !== 'author' && { by: frame.name }) },
    )
    this.revise(target.id)
  }

  /**
   * Takes how often each emoji was given to a message, wherever that one is.
   * @param {import('../../types.js').ReactionsFrame} frame
   */
  react({ seq, target, counts }) {
    this.#cursor.pass(seq)
    return this.reactions.take(target.id, counts, { seq, era: this.#cursor.era })
  }

  /** @param {import('../../types.js').AckFrame} frame */
  ack({ id, seq = 0, duplicate }) {
    const item = this.#memory.find(id)
    if (!item || item.seq !== null) return
    // A new seq below one that we have seen is of an epoch that we have not
    // been told of.
    const newest = this.#cursor.seq
    const passed = duplicate === true && newest !== null && seq <= newest
    if (item.state === 'sent' && !passed) return
    this.#memory.remove(item)
    if (passed) { // its place is before what we received
      this.#guessed.add(item.id)
      this.#cursor.note(seq)
      this.#memory.insert({ ...item, era: this.#cursor.era, seq, state: 'sent', reason: '' })
    } else { // the message itself is about to come, with its place
      this.#memory.addToTail({ ...item, state: 'sent', reason: '' })
    }
  }

  /** @param {import('../../types.js').NoticeFrame} frame @param {number} now */
  notice(frame, now) {
    this.#memory.settle({ kind: 'notice', key: `n${++this.#counter}`, text: frame.text, at: now })
  }

  /** @param {import('../../types.js').GapFrame} frame @param {number} now */
  gap(frame, now) {
    const from = Math.max(frame.from, (this.#cursor.seq ?? -1) + 1)
    if (frame.to >= from) this.#breaks.add(frame.to - from + 1, now)
    this.#cursor.skip(frame.to)
    this.reactions.doubt()
  }

  /** @param {import('../../types.js').ResetFrame} frame @param {number} now */
  reset(frame, now) {
    this.#settleSent()
    if (this.#cursor.reset(frame)) this.#breakOff(now)
    this.#breaks.keep()
  }

  // ---- Places ----

  /** @param {number} now A new epoch begins: how much was missed is not known */
  #breakOff(now) {
    this.reactions.doubt()
    this.#settleSent()
    const last = this.#memory.settled.at(-1)
    if (last?.kind !== 'break' || last.count !== null) this.#breaks.add(null, now)
    this.#breaks.keep()
  }

  /** Messages that the old epoch acked but never delivered keep their place. */
  #settleSent() {
    for (const item of this.#memory.tail.filter((item) => item.state === 'sent')) {
      this.#memory.remove(item)
      this.#memory.settle(item)
    }
  }

  /** The oldest, if there are too many. */
  #forget() {
    const numbers = this.#memory.forget()
      .map((item) => (item.kind === 'message' && item.era === this.#cursor.era ? item.seq ?? -1 : -1))
    if (numbers.length > 0) this.#cursor.forget(numbers.reduce((most, n) => Math.max(most, n), -1))
  }
}
