// The connection to a room, over as many WebSockets as it takes. When the server asks for it (or the network may have changed under us)
// a second line is opened beside the first and takes over with its welcome: until then the first one goes on, so nothing is missed.

import { delay, isFinal, TOO_SLOW } from './closing.js'
import { Line } from './line.js'
import { Patience } from './patience.js'

/** @typedef {import('../../types.js').ConnectionState} ConnectionState */

const STABLE = 10_000 // ms after which a connection counts as a success, and the next failure as the first

export class Connection {
  /** @type {Line | null} the line whose frames count */
  #line = null
  /** @type {Line | null} the one that is to take over */
  #successor = null
  /** @type {ConnectionState} */
  #state
  #attempt = 0
  #running = false
  #doubted = false
  #patience
  #cancelRetry = () => {}
  #cancelStable = () => {}
  #cancelHandover = () => {}
  #clock
  #random
  #dial
  #on

  /**
   * @param {object} with_
   * @param {() => import('../../types.js').Socket} with_.dial starts a WebSocket to where the conversation goes on
   * @param {import('../../types.js').Clock} with_.clock
   * @param {() => number} with_.random
   * @param {object} on
   * @param {(frame: import('../../types.js').WelcomeFrame) => void} on.up
   * @param {(frame: import('../../types.js').ServerFrame) => void} on.frame
   * @param {(code: number) => void} on.down the line that stood is gone
   * @param {(state: ConnectionState) => void} on.state
   */
  constructor({ dial, clock, random }, on) {
    this.#dial = dial
    this.#clock = clock
    this.#random = random
    this.#patience = new Patience(clock, random)
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
    this.#connect()
  }

  stop() {
    this.#running = false
    this.#cancelAll()
    this.#line?.hangUp()
    this.#successor?.hangUp()
    this.#line = this.#successor = null
  }

  /** @param {import('../../types.js').ClientFrame} frame */
  send(frame) {
    this.#line?.send(frame)
  }

  /** Does not wait any longer if it was waiting, unless it stays away for the server's sake. */
  retryNow() {
    if (this.#running && this.#state.kind === 'waiting' && !this.#state.away) this.#connect()
  }

  /** Moves to a new line while the old one still serves. */
  refresh() {
    if (this.#state.kind === 'connected') this.#handOver()
    else this.retryNow()
  }

  /** Finds out whether the line is still one: if a new one cannot be made, it is not. */
  doubt() {
    if (this.#state.kind !== 'connected') return
    this.#doubted = true
    this.#handOver()
  }

  /** Gives up a line that no longer answers. */
  drop() {
    this.#line?.drop()
  }

  #connect() {
    this.#cancelRetry()
    this.#setState({ kind: 'connecting', since: this.#clock.now() })
    this.#line = this.#open()
  }

  #handOver() {
    this.#cancelHandover()
    if (this.#running && this.#line && !this.#successor) this.#successor = this.#open()
  }

  #open() {
    return new Line(this.#dial(), this.#clock, {
      welcome: (line, frame) => this.#welcomed(line, frame),
      frame: (line, frame) => this.#received(line, frame),
      end: (line, code) => this.#ended(line, code),
    })
  }

  /** @param {Line} line @param {import('../../types.js').WelcomeFrame} frame */
  #welcomed(line, frame) {
    if (line === this.#successor) {
      this.#line?.hangUp()
      this.#line = line
      this.#successor = null
    }
    this.#doubted = false
    this.#cancelStable()
    this.#cancelStable = this.#clock.after(STABLE, () => { this.#attempt = 0 })
    this.#on.up(frame)
    this.#setState({ kind: 'connected', app: frame.app })
  }

  /** @param {Line} line @param {import('../../types.js').ServerFrame} frame */
  #received(line, frame) {
    this.#patience.hear(frame)
    if (line !== this.#line || !line.welcomed) return
    if (frame.type === 'reconnect') {
      this.#cancelHandover()
      this.#cancelHandover = this.#clock.after(frame.after_ms, () => this.#handOver())
    } else {
      this.#on.frame(frame)
    }
  }

  /** @param {Line} line @param {number} code */
  #ended(line, code) {
    if (line === this.#successor) return this.#successorEnded(code)
    if (line !== this.#line) return
    this.#line = null
    this.#doubted = false
    this.#cancelAll()
    if (line.welcomed) this.#on.down(code)
    const away = this.#patience.ended(code)
    if (away > 0 || isFinal(code)) {
      this.#successor?.hangUp()
      this.#successor = null
    }
    if (isFinal(code)) return this.#setState({ kind: 'stopped', code })
    if (this.#successor) return this.#promote()
    const wait = Math.max(away, delay(code, this.#attempt++, this.#random))
    this.#cancelRetry = this.#clock.after(wait, () => this.#connect())
    this.#setState({ kind: 'waiting', until: this.#clock.now() + wait, code: away > 0 ? TOO_SLOW : code, opened: line.opened, away: away > 0 })
  }

  /** The old line broke before the new one stood: the new one is the line now. */
  #promote() {
    this.#line = this.#successor
    this.#successor = null
    this.#setState({ kind: 'connecting', since: this.#clock.now() })
  }

  /**
   * The old line still serves: try again later, until it ends.
   * @param {number} code
   */
  #successorEnded(code) {
    this.#successor = null
    if (this.#doubted) return this.drop()
    const wait = Math.max(this.#patience.ended(code), delay(code, this.#attempt++, this.#random))
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
