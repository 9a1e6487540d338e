// The feed of an account: the events of its chats. It uses the connection of a
// room, with a ticket for each WebSocket. The feed resumes where it was; if it
// cannot, it asks for a catch-up by HTTP. The catch-up starts after the welcome,
// so every event comes by one of the two, and some by both.

import { Cursor } from '../model/cursor.js'
import { withFiles } from '../model/files.js'
import { Connection } from './connection.js'
import { isCounts } from './frames.js'
import { TicketSocket } from './ticket.js'

/** @typedef {import('../../types.js').ConnectionState} ConnectionState */
/** @typedef {import('../../types.js').Socket} Socket */
/**
 * @typedef {{kind: 'message' | 'edit' | 'delete', chat: string, n: number, id: string,
 *   name: string, text: string, files?: import('../../types.js').FileInfo[], at: number,
 *   deleted?: true}
 *   | {kind: 'reactions', chat: string, n: number, id: string, name: string,
 *     counts: Record<string, number>, place: {era: number, seq: number}}
 *   | {kind: 'read', chat: string, n: number, name: string}
 *   | {kind: 'chat', chat: string, name: string}
 *   | {kind: 'typing', chat: string, name: string}} FeedEvent
 * `edit`: message n has that text. `reactions`: that one has reacted to message
 * n, or has taken that back. `read`: that one has read up to n. `chat`: that one
 * has begun a chat. `typing`: that one is writing, which is in no log.
 */

const LOGGED_OUT = 4001
const SPREAD = 3000 // ms: after a loss in Redis, all pages catch up, but not at once
const MEMORY = 1000 // seqs remembered, to recognize duplicates

export class Feed {
  #url
  #connection
  #cursor = new Cursor()
  #behind = false // whether a catch-up is needed
  #turn = 0
  #hasCaughtUp = false // the first catch-up is not delayed
  /** @type {Pick<import('../../types.js').Limits, 'edit_s' | 'files'>} of the last welcome */
  limits = {}
  /** @type {(() => void) | null} null unless a catch-up is due in a moment */
  #cancelCatchUp = null
  #clock
  #random
  /** @type {ConnectionState | null} */
  #stopped = null
  #on

  /**
   * @param {object} with_
   * @param {string} with_.url of the feed's WebSocket
   * @param {() => Promise<string>} with_.ticket asks for a ticket; its error is an ApiError
   * @param {(url: string, protocols: string[]) => Socket} with_.open
   * @param {import('../../types.js').Clock} with_.clock
   * @param {() => number} [with_.random]
   * @param {object} on
   * @param {(event: FeedEvent) => void} on.event may come again after a catch-up
   * @param {(done: () => void) => void} on.catchUp asks for all past events by HTTP. Repeated
   *   with each connection until done is called; a later catch-up replaces an earlier one
   * @param {() => void} on.loggedOut the session has ended, and with it the feed
   * @param {(state: ConnectionState) => void} on.state
   */
  constructor({ url, ticket, open, clock, random = Math.random }, on) {
    this.#url = url
    this.#clock = clock
    this.#random = random
    this.#on = on
    const unauthorized = () => this.#loggedOut()
    const dial = () => new TicketSocket(() => this.#address(), { ticket, open, unauthorized })
    this.#connection = new Connection({ dial, clock, random }, {
      up: (frame) => this.#up(frame),
      frame: (frame) => this.#received(frame),
      down: () => {},
      state: (state) => on.state(state),
    })
  }

  get state() {
    return this.#stopped ?? this.#connection.state
  }

  start() {
    this.#stopped = null
    this.#connection.start()
  }

  stop() {
    this.#cancelCatchUp?.()
    this.#cancelCatchUp = null
    this.#connection.stop()
  }

  /** Stops waiting. */
  retryNow() {
    this.#connection.retryNow()
  }

  /** The network may have changed. */
  refresh() {
    this.#connection.refresh()
  }

  /** The browser reports no network. */
  doubt() {
    this.#connection.doubt()
  }

  // ---- Inside ----

  #address() {
    const position = this.#cursor.position
    return position
      ? `${this.#url}?${new URLSearchParams({ after: `${position.epoch}:${position.seq}` })}`
      : this.#url
  }

  /** @param {import('../../types.js').WelcomeFrame} frame */
  #up(frame) {
    this.limits = frame.limits
    this.#cursor.welcome(frame)
    if (frame.recovered !== true) { // the catch-up covers all up to the welcome
      this.#cursor.reset({ type: 'reset', epoch: frame.epoch, seq: frame.seq })
      this.#behind = true
    }
    if (this.#behind) this.#fallBehind()
  }

  /** @param {import('../../types.js').ServerFrame} frame */
  #received(frame) {
    if (frame.type === 'reset') {
      const goesOn = frame.seq === this.#cursor.seq // another epoch, and nothing is missing
      this.#cursor.reset(frame)
      if (!goesOn) this.#fallBehind()
    } else if (frame.type === 'gap') {
      if (frame.to <= (this.#cursor.seq ?? -1)) return // the catch-up of the welcome covers it
      this.#cursor.advance(frame.to) // a catch-up covers the rest
      this.#fallBehind()
    } else if (frame.type === 'typing') {
      if (frame.chat !== undefined) this.#on.event({ kind: 'typing', chat: frame.chat, name: frame.name })
    } else if ('seq' in frame && 'at' in frame) { // an entry of the log
      if (this.#cursor.has(frame.seq)) return
      const hole = this.#cursor.holeBefore(frame.seq) > 0
      this.#cursor.advance(frame.seq)
      this.#cursor.forget(frame.seq - MEMORY)
      const event = frame.type === 'message' ? eventOf(frame, this.#cursor.era) : null
      if (event) this.#on.event(event)
      if (hole) this.#fallBehind() // also during a catch-up, which may have asked too early
    }
  }

  #fallBehind() {
    this.#turn++
    this.#behind = true
    if (this.#cancelCatchUp) return // it covers this as well
    const wait = this.#hasCaughtUp ? this.#random() * SPREAD : 0
    if (wait > 0) this.#cancelCatchUp = this.#clock.after(wait, () => this.#catchUp())
    else this.#catchUp()
  }

  #catchUp() {
    this.#cancelCatchUp = null
    const turn = this.#turn
    this.#on.catchUp(() => {
      this.#hasCaughtUp = true
      if (turn === this.#turn) this.#behind = false
    })
  }

  #loggedOut() {
    this.#connection.stop()
    this.#stopped = { kind: 'stopped', code: LOGGED_OUT }
    this.#on.state(this.#stopped)
    this.#on.loggedOut()
  }
}

/**
 * @param {any} frame a message of the feed's log
 * @param {number} [era] of its seq
 * @returns {FeedEvent | null} null if unknown or unreadable
 */
export function eventOf({ seq, event, chat, n, name, text, message, sent, deleted, counts, files }, era = 0) {
  if (typeof chat !== 'string' || !Number.isSafeInteger(n) || n < 0) return null
  switch (event) {
    case 'message':
    case 'edit':
    case 'delete':
      return n > 0 && typeof message === 'string' && Number.isSafeInteger(sent)
        ? {
          kind: event, chat, n, id: message, name, ...withFiles({ text, files }), at: sent,
          ...(deleted && { deleted: true }),
        }
        : null
    case 'reactions':
      return n > 0 && typeof message === 'string' && isCounts(counts)
        ? { kind: event, chat, n, id: message, name, counts, place: { era, seq } }
        : null
    case 'read': return { kind: 'read', chat, n, name }
    case 'chat': return { kind: 'chat', chat, name }
    default: return null
  }
}
