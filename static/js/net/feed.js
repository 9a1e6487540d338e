// The feed of an account: what happens in its chats, as it happens. The connection is that of a room, with all its patience; only each WebSocket
// needs a ticket before it. The feed goes on where it was; whenever it cannot, it says that what happened meanwhile is to be asked for by HTTP.
// That is asked for after the welcome: what is published later comes over the socket, so nothing falls between the two. It may come by both.

import { Cursor } from '../model/cursor.js'
import { Connection } from './connection.js'
import { TicketSocket } from './ticket.js'

/** @typedef {import('../../types.js').ConnectionState} ConnectionState */
/** @typedef {import('../../types.js').Socket} Socket */
/**
 * @typedef {{kind: 'message', chat: string, n: number, id: string, name: string, text: string, at: number}
 *   | {kind: 'read', chat: string, n: number, name: string}
 *   | {kind: 'chat', chat: string, name: string}} FeedEvent
 * `read`: that one has read up to n. `chat`: that one has begun a chat.
 */

const LOGGED_OUT = 4001
const SPREAD = 3000 // ms over which pages ask by HTTP that have lost something at the same moment, as all have whose Redis has
const MEMORY = 1000 // seqs that are remembered; nothing comes again from further back on a connection that goes on

export class Feed {
  #url
  #connection
  #cursor = new Cursor()
  #behind = false // whether something is to be asked for by HTTP
  #turn = 0
  #hasCaughtUp = false // once: whoever has just come waits for nobody
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
   * @param {(done: () => void) => void} on.catchUp what happened up to now is to be asked for by HTTP. It is said again
   *   with each new connection until done is called; a later catch-up takes the place of an earlier one
   * @param {() => void} on.loggedOut the session has ended, and with it the feed
   * @param {(state: ConnectionState) => void} on.state
   */
  constructor({ url, ticket, open, clock, random = Math.random }, on) {
    this.#url = url
    this.#clock = clock
    this.#random = random
    this.#on = on
    const dial = () => new TicketSocket(() => this.#address(), { ticket, open, unauthorized: () => this.#loggedOut() })
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

  /** Does not wait any longer if it was waiting. */
  retryNow() {
    this.#connection.retryNow()
  }

  /** The network may be another one. */
  refresh() {
    this.#connection.refresh()
  }

  /** The browser says that there is no network. */
  doubt() {
    this.#connection.doubt()
  }

  // ---- Inside ----

  #address() {
    const position = this.#cursor.position
    return position ? `${this.#url}?${new URLSearchParams({ after: `${position.epoch}:${position.seq}` })}` : this.#url
  }

  /** @param {import('../../types.js').WelcomeFrame} frame */
  #up(frame) {
    this.#cursor.welcome(frame)
    if (frame.recovered !== true) { // all up to the welcome is asked for by HTTP, so that is where we are
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
      this.#cursor.advance(frame.to) // what is missing up to there is asked for by HTTP
      this.#fallBehind()
    } else if (frame.type === 'message') {
      if (this.#cursor.has(frame.seq)) return
      const hole = this.#cursor.holeBefore(frame.seq) > 0
      this.#cursor.advance(frame.seq)
      this.#cursor.forget(frame.seq - MEMORY)
      const event = eventOf(frame)
      if (event) this.#on.event(event)
      if (hole) this.#fallBehind() // also while a catch-up is under way: that may have asked too early
    }
  }

  #fallBehind() {
    this.#turn++
    this.#behind = true
    if (this.#cancelCatchUp) return // it will ask for this as well
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
 * @returns {FeedEvent | null} null for what this page does not know, or cannot read
 */
export function eventOf({ event, chat, n, name, text, message, sent }) {
  if (typeof chat !== 'string' || !Number.isSafeInteger(n) || n < 0) return null
  switch (event) {
    case 'message':
      return n > 0 && typeof message === 'string' && Number.isSafeInteger(sent) ? { kind: 'message', chat, n, id: message, name, text, at: sent } : null
    case 'read': return { kind: 'read', chat, n, name }
    case 'chat': return { kind: 'chat', chat, name }
    default: return null
  }
}
