// One WebSocket from its handshake to its end. It ends once, and is silent after
// hangUp.

import { encode, parse } from './frames.js'

const WELCOME_LIMIT = 10_000 // ms to the welcome; an unanswered handshake would take minutes
const ABNORMAL = 1006 // no close frame came
const DONE = 1000

export class Socket {
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
   * @param {(socket: Socket, frame: import('../../types.js').WelcomeFrame) => void} on.welcome
   * @param {(socket: Socket, frame: import('../../types.js').ServerFrame) => void} on.frame
   *   after the welcome, or an error instead of it
   * @param {(socket: Socket, code: number) => void} on.end
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

  /** Closes the socket without telling the owner. */
  hangUp() {
    this.#release()
    this.#socket.close(DONE)
  }

  /** Gives the socket up, as if it had broken. */
  drop() {
    this.#end(ABNORMAL)
  }

  /** @param {unknown} data */
  #receive(data) {
    const frame = this.#ended ? null : parse(data)
    if (!frame) return
    if (frame.type !== 'welcome') {
      if (this.welcomed || frame.type === 'error') this.#on.frame(this, frame)
      return
    }
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
