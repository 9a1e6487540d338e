// The connection to a room, over one WebSocket after another. If the server asks
// for it, or the network may have changed, a successor is opened while the first
// socket goes on, and takes over with its welcome: nothing is missed.

import { delay, isFinal, TOO_SLOW } from '../model/close-codes.js'
import { Socket } from './socket.js'
import { SlowBackoff } from './slow-backoff.js'

/** @typedef {import('../../types.js').ConnectionState} ConnectionState */

const STABLE = 10_000 // ms after which the next failure counts as the first

export class Connection {
  /** @type {Socket | null} the socket whose frames count */
  #socket = null
  /** @type {Socket | null} takes over with its welcome */
  #successor = null
  /** @type {ConnectionState} */
  #state
  #attempt = 0
  #running = false
  #doubted = false
  #until = 0 // when what the server refuses is over, as it has said; 0 if it has not
  #slowBackoff
  #cancelRetry = () => {}
  #cancelStable = () => {}
  #cancelHandover = () => {}
  #clock
  #random
  #dial
  #on

  /**
   * @param {object} with_
   * @param {() => import('../../types.js').Socket} with_.dial opens the next WebSocket
   * @param {import('../../types.js').Clock} with_.clock
   * @param {() => number} with_.random
   * @param {object} on
   * @param {(frame: import('../../types.js').WelcomeFrame) => void} on.up
   * @param {(frame: import('../../types.js').ServerFrame) => void} on.frame
   * @param {(code: number) => void} on.down the welcomed socket has ended
   * @param {(state: ConnectionState) => void} on.state
   */
  constructor({ dial, clock, random }, on) {
    this.#dial = dial
    this.#clock = clock
    this.#random = random
    this.#slowBackoff = new SlowBackoff(clock, random)
    this.#on = on
    this.#state = { kind: 'connecting', since: clock.now() }
  }

  get state() {
    return this.#state
  }

  /** Begins, or begins again after the server asked to stay away. */
  start() {
    this.#running = true
    this.#attempt = 0
    this.#until = 0
    this.#connect()
  }

  stop() {
    this.#running = false
    this.#cancelAll()
    this.#socket?.hangUp()
    this.#successor?.hangUp()
    this.#socket = this.#successor = null
  }

  /** @param {import('../../types.js').ClientFrame} frame */
  send(frame) {
    this.#socket?.send(frame)
  }

  /** Stops waiting, unless the server asked for the wait. */
  retryNow() {
    if (this.#running && this.#state.kind === 'waiting' && !this.#state.away) this.#connect()
  }

  /** Moves to a new socket while the old one still serves. */
  refresh() {
    if (this.#state.kind === 'connected') this.#handOver()
    else this.retryNow()
  }

  /** Checks whether the socket is alive: if no successor can be opened, it is not. */
  doubt() {
    if (this.#state.kind !== 'connected') return
    this.#doubted = true
    this.#handOver()
  }

  /** Gives up a socket that no longer answers. */
  drop() {
    this.#socket?.drop()
  }

  #connect() {
    this.#cancelRetry()
    this.#setState({ kind: 'connecting', since: this.#clock.now() })
    this.#socket = this.#open()
  }

  #handOver() {
    this.#cancelHandover()
    if (this.#running && this.#socket && !this.#successor) this.#successor = this.#open()
  }

  #open() {
    return new Socket(this.#dial(), this.#clock, {
      welcome: (socket, frame) => this.#welcomed(socket, frame),
      frame: (socket, frame) => this.#received(socket, frame),
      end: (socket, code) => this.#ended(socket, code),
    })
  }

  /**
   * @param {Socket} socket
   * @param {import('../../types.js').WelcomeFrame} frame
   */
  #welcomed(socket, frame) {
    if (socket === this.#successor) {
      this.#socket?.hangUp()
      this.#socket = socket
      this.#successor = null
    }
    this.#doubted = false
    this.#cancelStable()
    this.#cancelStable = this.#clock.after(STABLE, () => { this.#attempt = 0 })
    this.#on.up(frame)
    this.#setState({ kind: 'connected', app: frame.app })
  }

  /**
   * @param {Socket} socket
   * @param {import('../../types.js').ServerFrame} frame
   */
  #received(socket, frame) {
    this.#slowBackoff.hear(frame)
    if (frame.type === 'error' && !frame.id && frame.retry_after_ms) {
      this.#until = this.#clock.now() + frame.retry_after_ms
    }
    if (socket !== this.#socket || !socket.welcomed) return
    if (frame.type === 'reconnect') {
      this.#cancelHandover()
      this.#cancelHandover = this.#clock.after(frame.after_ms, () => this.#handOver())
    } else {
      this.#on.frame(frame)
    }
  }

  /** @param {Socket} socket @param {number} code */
  #ended(socket, code) {
    if (socket === this.#successor) return this.#successorEnded(code)
    if (socket !== this.#socket) return
    this.#socket = null
    this.#doubted = false
    this.#cancelAll()
    if (socket.welcomed) this.#on.down(code)
    const away = this.#slowBackoff.ended(code)
    if (away > 0 || isFinal(code)) {
      this.#successor?.hangUp()
      this.#successor = null
    }
    const until = this.#until && { until: this.#until }
    if (isFinal(code)) return this.#setState({ kind: 'stopped', code, ...until })
    if (this.#successor) return this.#promote()
    const wait = Math.max(away, delay(code, this.#attempt++, this.#random))
    this.#cancelRetry = this.#clock.after(wait, () => this.#connect())
    const { opened } = socket
    const due = this.#clock.now() + wait
    this.#setState({ kind: 'waiting', until: due, code: away > 0 ? TOO_SLOW : code, opened, away: away > 0 })
  }

  /**
   * The socket broke before its successor was welcomed, which replaces it.
   */
  #promote() {
    this.#socket = this.#successor
    this.#successor = null
    this.#setState({ kind: 'connecting', since: this.#clock.now() })
  }

  /**
   * The old socket still serves: try again later, until it ends.
   * @param {number} code
   */
  #successorEnded(code) {
    this.#successor = null
    if (this.#doubted) return this.drop()
    const wait = Math.max(this.#slowBackoff.ended(code), delay(code, this.#attempt++, this.#random))
    this.#cancelHandover = this.#clock.after(wait, () => this.#handOver())
  }

  #cancelAll() {
    this.#cancelRetry()
    this.#cancelStable()
    this.#cancelHandover()
  }

  /** @param {ConnectionState} state */
  #setState(state) {
    this.#state = state
    this.#on.state(state)
  }
}
