// One WebSocket from its handshake to its end. It ends once, whatever happens to it, and says nothing after it was hung up.

import { encode, parse } from './frames.js'

const WELCOME_LIMIT = 10_000 // ms from the start to the welcome: a handshake into the void would take minutes to fail
const ABNORMAL = 1006 // no close frame came
const DONE = 1000

export class Line {
  opened = false
  welcomed = false
  #ended = false
  #socket
  #cancel
  #on

  /**
   * @param {import('../../types.js').Socket} socket
   * @param {import('../../types.js').Clock} clock
   * @param {object} on
   * @param {(line: Line, frame: import('../../types.js').WelcomeFrame) => void} on.welcome
   * @param {(line: Line, frame: import('../../types.js').ServerFrame) => void} on.frame every frame after the welcome, and an error in its place
   * @param {(line: Line, code: number) => void} on.end
   */
  constructor(socket, clock, on) {
    this.#socket = socket
    this.#on = on
    this.#cancel = clock.after(WELCOME_LIMIT, () => this.#end(ABNORMAL))
    socket.onopen = () => { this.opened = true }
    socket.onmessage = (event) => this.#receive(event.data)
    socket.onclose = (event) => this.#end(event.code)
  }

  /** @param {import('../../types.js').ClientFrame} frame */
  send(frame) {
    if (this.welcomed && !this.#ended) this.#socket.send(encode(frame))
  }

  /** Ends the line without a word to its owner. */
  hangUp() {
    this.#release()
    this.#socket.close(DONE)
  }

  /** Gives the line up, as if it had broken. */
  drop() {
    this.#end(ABNORMAL)
  }

  /** @param {unknown} data */
  #receive(data) {
    const frame = this.#ended ? null : parse(data)
    if (!frame) return
    if (frame.type !== 'welcome') return this.welcomed || frame.type === 'error' ? this.#on.frame(this, frame) : undefined
    this.welcomed = true
    this.#cancel()
    this.#on.welcome(this, frame)
  }

  /** @param {number} code */
  #end(code) {
    if (this.#ended) return
    this.#release()
    this.#socket.close(DONE) // does nothing to a socket that is closed already
    this.#on.end(this, code)
  }

  #release() {
    this.#ended = true
    this.#cancel()
    this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null
  }
}
