// The conversation of one room as this page knows it: what the log holds, in its order, then what is still on its way.
//
// A message of one's own is `sending` from the moment it is written, `sent` once the log has it (an ack or the message itself,
// whichever comes first) and `failed` when it was given up. Order is by seq, never by time; the same message is shown once, told by
// its seq while the numbers of the log go on, and by its id when they have begun anew. An id belongs to its author: what somebody else sends
// under it, or with another text, is another message.

import { Cursor } from './cursor.js'

/** @typedef {import('../../types.js').Item} Item */
/** @typedef {import('../../types.js').MessageItem} MessageItem */
/** @typedef {import('../../types.js').MessageFrame} MessageFrame */

const MEMORY = 5000 // items that are kept; the page shows a part of them
const MEMORY_LEEWAY = 500 // more than that before the oldest go

export class Conversation {
  /** @type {Item[]} what has its place: messages of the log, failed ones, notices and breaks */
  #settled = []
  /** @type {MessageItem[]} own messages that the log does not have yet, as far as we know */
  #tail = []
  /** @type {Map<string, MessageItem>} */ #byId = new Map()
  /** @type {Set<string>} the sessions that were ours */
  #sessions
  #me
  #author = '' // of what we say; '' if the server cannot tell
  /** @type {Set<string>} the messages whose place we know from an ack only */
  #guessed = new Set()
  #forgotten = 0
  #counter = 0
  #cursor = new Cursor()
  /** @type {Item | null} a break that the next message of the same log may explain better */
  #openBreak = null

  /** @param {Iterable<string>} [sessions] earlier sessions of this window @param {string} [me] a name under which nobody else can speak */
  constructor(sessions = [], me = '') {
    this.#sessions = new Set(sessions)
    this.#me = me
  }

  // ---- Reading ----

  /** The place of the oldest item in memory. It grows when older ones are forgotten. */
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
   * The last message seen, to resume after it; null if there is none and the log was not empty.
   * @returns {import('../../types.js').Position | null}
   */
  get position() {
    return this.#cursor.position
  }

  /**
   * Whether a message of the log is one that is known, and not one that another author, or the same one, has put under its id. Of our own that
   * the log does not have yet, the author is who we are.
   * @param {MessageItem} item @param {{author?: string, name: string, text: string}} message with the same id
   */
  isSame(item, { author = '', name, text }) {
    if (item.app === '') return this.#author === '' || author === this.#author
    return (item.author ?? '') === author && item.name === name && item.text === text
  }

  /** @param {string} session @param {string} [name] of who speaks */
  isOwn(session, name = '') {
    return this.#sessions.has(session) || (name !== '' && name === this.#me)
  }

  get sessions() {
    return [...this.#sessions]
  }

  // ---- What the reader does ----

  /** @param {{id: string, text: string, name: string, session: string, at: number}} message */
  compose(message) {
    this.#addToTail({ ...this.#blank(message.id), ...message })
  }

  /**
   * Shows again what was written before the page was reloaded, before what has been written since.
   * @param {{id: string, text: string, name: string, at: number, reason: string | null}[]} messages those with a reason have failed
   */
  restore(messages) {
    this.#tail.unshift(...messages.map(({ id, text, name, at, reason }) => this.#remember(
      { ...this.#blank(id), text, name, at, state: reason === null ? 'sending' : 'failed', reason: reason ?? '' },
    )))
  }

  /** All that was said meanwhile is there: what failed before has its place after it. */
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

  // ---- What the server says ----

  /** @param {import('../../types.js').WelcomeFrame} frame @param {number} now */
  welcome(frame, now) {
    this.#sessions.add(frame.session)
    this.#author = frame.author ?? ''
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
    if (twice || (known && known.seq !== null && !this.#guessed.delete(id))) return null
    if (known) this.#remove(known)
    const { app, session, author = '', name, text, at } = frame
    const own = known !== undefined || this.isOwn(session, name)
    const { era } = this.#cursor
    /** @type {MessageItem} */
    const item = {
      kind: 'message', key: id && known === holder ? id : `${era}:${seq}`, id, era, seq, missing,
      app, session, author, name, text, at, own, state: 'sent', reason: '',
    }
    this.#closeBreak()
    this.#insert(item)
    this.#forget()
    return own ? null : item
  }

  /** @param {import('../../types.js').AckFrame} frame */
  ack(frame) {
    const item = this.#byId.get(frame.id)
    if (!item || item.seq !== null) return
    // Taken now and yet further back than what we have seen: then it is in a log that we have not been told of.
    const newest = this.#cursor.seq
    const passed = frame.duplicate === true && newest !== null && frame.seq <= newest
    if (item.state === 'sent' && !passed) return
    this.#remove(item)
    if (passed) { // it lies before what we were given
      this.#guessed.add(item.id)
      this.#cursor.note(frame.seq)
      this.#insert({ ...item, era: this.#cursor.era, seq: frame.seq, state: 'sent', reason: '' })
    } else {
      this.#addToTail({ ...item, state: 'sent', reason: '' }) // the message itself is about to come, and says where it belongs
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
    this.#openBreak = null // what it says stays
  }

  // ---- Places ----

  /** @param {string} id @returns {MessageItem} one's own message before anybody has it */
  #blank(id) {
    return {
      kind: 'message', key: id, id, era: this.#cursor.era, seq: null, missing: 0, app: '', session: '', name: '', text: '', at: 0, own: true, state: 'sending', reason: '',
    }
  }

  /** @param {number} now when another log began: what was seen stays, and nobody will ever know how much was missed */
  #breakOff(now) {
    this.#settleSent()
    const last = this.#settled.at(-1)
    if (last?.kind !== 'break' || last.count !== null) this.#break(null, now)
    this.#openBreak = null // it stays
  }

  /** What the old log took and never gave out has the place where it stood. */
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

  /** The message that follows says itself what is missing before it. */
  #closeBreak() {
    if (this.#openBreak) this.#remove(this.#openBreak)
    this.#openBreak = null
  }

  /**
   * Puts a message of the log where its seq belongs.
   * @param {MessageItem} item
   */
  #insert(item) {
    const place = this.#placeOf(item)
    const next = this.#settled[place]
    if (next?.kind === 'message' && next.missing > 0) this.#settled[place] = this.#remember({ ...next, missing: next.missing - 1 })
    this.#settled.splice(place, 0, this.#remember(item))
  }

  /** @param {MessageItem} item @returns {number} an index of settled */
  #placeOf(item) {
    let place = this.#settled.length
    for (let i = place - 1; i >= 0; i--) {
      const other = this.#settled[i]
      if (other?.kind !== 'message' || other.seq === null) continue
      if (other.era < item.era || other.seq < /** @type {number} */ (item.seq)) break
      place = i
    }
    return place
  }

  /** @param {Item} item */
  #settle(item) {
    this.#settled.push(item.kind === 'message' ? this.#remember(item) : item)
  }

  /** @param {MessageItem} item */
  #addToTail(item) {
    this.#tail.push(this.#remember(item))
  }

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
