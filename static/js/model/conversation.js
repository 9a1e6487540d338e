// The conversation of one room: the messages of its log, in their order, then
// own messages that are not in the log yet.
//
// An own message is `sending` when it is written, `sent` once the log has it
// (by an ack or the message itself, whichever comes first), and `failed` when
// it is given up. Order is by seq, never by time. A message is shown once: its
// seq identifies it within an epoch, its id from one epoch to the next. Ids
// belong to authors: the same id from another author is another message.

import { Authors } from './authors.js'
import { Cursor } from './cursor.js'
import { blank, insert, isSame } from './places.js'
import { Revisions } from './revisions.js'

/** @typedef {import('../../types.js').Item} Item */
/** @typedef {import('../../types.js').MessageItem} MessageItem */
/** @typedef {import('../../types.js').MessageFrame} MessageFrame */
/** @typedef {import('../../types.js').ReplyTo} ReplyTo */

const MEMORY = 5000 // items; the page shows some of them
const MEMORY_LEEWAY = 500 // more than that before the oldest go

export class Conversation {
  /** @type {Item[]} messages of the log, failed ones, notices and breaks */
  #settled = []
  /** @type {MessageItem[]} own messages not in the log, as far as we know */
  #tail = []
  /** @type {Map<string, MessageItem>} */ #byId = new Map()
  /** @type {Set<string>} ours */
  #sessions
  #me
  #author = '' // of our messages; '' if the server does not tell
  authors = new Authors()
  revisions = new Revisions()
  /** @type {Set<string>} messages whose place is known from an ack only */
  #guessed = new Set()
  #forgotten = 0
  #counter = 0
  #cursor = new Cursor()
  /** @type {Item | null} a break that the next message of this epoch may replace */
  #openBreak = null

  /**
   * @param {Iterable<string>} [sessions] earlier sessions of this window
   * @param {string} [me] a name that is ours alone
   */
  constructor(sessions = [], me = '') {
    this.#sessions = new Set(sessions)
    this.#me = me
  }

  // ---- Reading ----

  /** The place of the oldest item in memory. Grows as older ones are forgotten. */
  get first() {
    return this.#forgotten
  }

  /** The place after the newest item. */
  get length() {
    return this.#forgotten + this.#settled.length + this.#tail.length
  }

  /** @param {number} place @returns {Item | undefined} */
  at(place) {
    const index = place - this.#forgotten
    return index < this.#settled.length ? this.#settled[index] : this.#tail[index - this.#settled.length]
  }

  /** @param {string} id */
  find(id) {
    return this.#byId.get(id)
  }

  /**
   * The last message seen, to resume after it; null if there is none and the
   * log was not empty.
   * @returns {import('../../types.js').Position | null}
   */
  get position() {
    return this.#cursor.position
  }

  /**
   * Whether a message of the log is the item with the same id.
   * @param {MessageItem} item
   * @param {import('./places.js').Texts} message
   */
  isSame(item, message) {
    return isSame(item, message, this.#author)
  }

  /** @param {string} session @param {string} [name] @param {string} [author] */
  isOwn(session, name = '', author = '') {
    return this.#sessions.has(session) || this.authors.isOwn(name, author) || (name !== '' && name === this.#me)
  }

  get sessions() {
    return [...this.#sessions]
  }

  // ---- What the reader does ----

  /**
   * @param {{id: string, text: string, reply?: ReplyTo, name: string, session: string,
   *   at: number}} message
   */
  compose(message) {
    this.#addToTail({ ...blank(message.id, this.#cursor.era), ...message })
  }

  /**
   * Puts messages from before a reload in front of those written since.
   * @param {{id: string, text: string, reply?: ReplyTo, name: string, at: number,
   *   reason: string | null}[]} messages those with a reason have failed
   */
  restore(messages) {
    this.#tail.unshift(...messages.map(({ id, text, reply, name, at, reason }) => {
      const state = reason === null ? 'sending' : 'failed'
      return this.#remember({ ...blank(id, this.#cursor.era), text, ...(reply && { reply }), name, at, state, reason: reason ?? '' })
    }))
  }

  /** After a catch-up: failed messages get their place after what was missed. */
  settleFailed() {
    for (const item of this.#tail.filter((item) => item.state === 'failed')) {
      this.#remove(item)
      this.#settle(item)
    }
  }

  /** @param {string} id @param {string} reason */
  fail(id, reason) {
    const item = this.#byId.get(id)
    if (item?.state !== 'sending') return
    this.#remove(item)
    this.#settle({ ...item, state: 'failed', reason })
  }

  /** @param {string} id @param {number} now */
  retry(id, now) {
    const item = this.#takeFailed(id)
    if (item) this.#addToTail({ ...item, state: 'sending', reason: '', at: now })
  }

  /** @param {string} id */
  discard(id) {
    if (this.#takeFailed(id)) this.#byId.delete(id)
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
    const holder = this.#byId.get(id)
    const known = holder && this.isSame(holder, frame) ? holder : undefined
    const missing = this.#cursor.holeBefore(seq)
    this.#cursor.advance(seq)
    if (this.revisions.meet(frame)) this.revise(id)
    if (twice || (known && known.seq !== null && !this.#guessed.delete(id))) return null
    if (known) this.#remove(known)
    const { app, session, author = '', name, text, reply, mentions, at } = frame
    const { edited, deleted } = frame
    const own = known !== undefined || this.isOwn(session, name, author)
    const { era } = this.#cursor
    /** @type {MessageItem} */
    const item = this.revisions.revised({
      kind: 'message', key: id && known === holder ? id : `${era}:${seq}`, id, era, seq, missing,
      app, session, author, name, nth: this.authors.nth(name, author), text, at, own, state: 'sent', reason: '',
      ...(edited !== undefined && { edited }), ...(deleted && { deleted }), ...(reply && { reply }), ...(mentions && { mentions }),
    })
    this.#closeBreak()
    this.#insert(this.#quoting(item))
    this.#forget()
    return own || item.deleted ? null : item
  }

  /** @param {string} id of a message of which more is known */
  revise(id) {
    for (const list of [this.#settled, this.#tail]) {
      list.forEach((item, place) => {
        if (item.kind === 'message' && item.id === id) list[place] = this.#remember(this.revisions.revised(item))
      })
    }
    for (const list of [this.#settled, this.#tail]) {
      list.forEach((item, place) => {
        if (item.kind === 'message' && item.reply?.id === id) list[place] = this.#remember(this.#quoting(item))
      })
    }
  }

  /**
   * A message that quotes another one as that is now, if it is here.
   * @param {MessageItem} item
   */
  #quoting(item) {
    const quoted = item.reply && this.#byId.get(item.reply.id)
    if (!quoted || !item.reply || quoted.name !== item.reply.name || (!quoted.deleted && quoted.edited === undefined)) return item
    const text = quoted.deleted ? '' : quoted.text
    return text === item.reply.text ? item : { ...item, reply: { ...item.reply, text } }
  }

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
    else this.revisions.take(of, { text: '', at, deleted: true, ...(frame.by !== 'author' && { by: frame.name }) })
    this.revise(target.id)
  }

  /** @param {import('../../types.js').AckFrame} frame */
  ack(frame) {
    const item = this.#byId.get(frame.id)
    if (!item || item.seq !== null) return
    // A new seq below one that we have seen is of an epoch that we have not
    // been told of.
    const newest = this.#cursor.seq
    const passed = frame.duplicate === true && newest !== null && frame.seq <= newest
    if (item.state === 'sent' && !passed) return
    this.#remove(item)
    if (passed) { // its place is before what we received
      this.#guessed.add(item.id)
      this.#cursor.note(frame.seq)
      this.#insert({ ...item, era: this.#cursor.era, seq: frame.seq, state: 'sent', reason: '' })
    } else { // the message itself is about to come, with its place
      this.#addToTail({ ...item, state: 'sent', reason: '' })
    }
  }

  /** @param {import('../../types.js').NoticeFrame} frame @param {number} now */
  notice(frame, now) {
    this.#settle({ kind: 'notice', key: `n${++this.#counter}`, text: frame.text, at: now })
  }

  /** @param {import('../../types.js').GapFrame} frame @param {number} now */
  gap(frame, now) {
    const from = Math.max(frame.from, (this.#cursor.seq ?? -1) + 1)
    if (frame.to >= from) this.#break(frame.to - from + 1, now)
    this.#cursor.skip(frame.to)
  }

  /** @param {import('../../types.js').ResetFrame} frame @param {number} now */
  reset(frame, now) {
    this.#settleSent()
    if (this.#cursor.reset(frame)) this.#breakOff(now)
    this.#openBreak = null // it stays
  }

  // ---- Places ----

  /** @param {number} now A new epoch begins: how much was missed is not known */
  #breakOff(now) {
    this.#settleSent()
    const last = this.#settled.at(-1)
    if (last?.kind !== 'break' || last.count !== null) this.#break(null, now)
    this.#openBreak = null // it stays
  }

  /** Messages that the old epoch acked but never delivered keep their place. */
  #settleSent() {
    for (const item of this.#tail.filter((item) => item.state === 'sent')) {
      this.#remove(item)
      this.#settle(item)
    }
  }

  /** @param {number | null} count @param {number} now */
  #break(count, now) {
    this.#closeBreak()
    if (!this.#settled.some((item) => item.kind === 'message')) return // nothing is missing after nothing
    this.#openBreak = { kind: 'break', key: `b${++this.#counter}`, count, at: now }
    this.#settle(this.#openBreak)
  }

  /** The message that follows tells what is missing before it. */
  #closeBreak() {
    if (this.#openBreak) this.#remove(this.#openBreak)
    this.#openBreak = null
  }

  /** @param {MessageItem} item of the log */
  #insert(item) {
    insert(this.#settled, this.#remember(item), (next) => this.#remember(next))
  }

  #settle = (/** @type {Item} */ item) => this.#settled.push(item.kind === 'message' ? this.#remember(item) : item)
  #addToTail = (/** @type {MessageItem} */ item) => this.#tail.push(this.#remember(item))

  /** @template {MessageItem} T @param {T} item @returns {T} */
  #remember(item) {
    if (item.key === item.id) this.#byId.set(item.id, item)
    return item
  }

  /** @param {string} id @returns {MessageItem | undefined} */
  #takeFailed(id) {
    const item = this.#byId.get(id)
    if (item?.state !== 'failed') return undefined
    this.#remove(item)
    return item
  }

  /** @param {Item} item */
  #remove(item) {
    for (const list of [this.#tail, this.#settled]) {
      const index = list.lastIndexOf(/** @type {any} */ (item))
      if (index >= 0) list.splice(index, 1)
    }
  }

  #forget() {
    if (this.#settled.length <= MEMORY + MEMORY_LEEWAY) return
    const old = this.#settled.splice(0, this.#settled.length - MEMORY)
    this.#forgotten += old.length
    let newest = -1
    for (const item of old) {
      if (item.kind !== 'message') continue
      if (item.key === item.id) this.#byId.delete(item.id)
      if (item.era === this.#cursor.era && item.seq !== null) newest = Math.max(newest, item.seq)
    }
    this.#cursor.forget(newest)
  }
}
