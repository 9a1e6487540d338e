// The socket that the figures come by, over as many sockets as it takes.

/** @typedef {import('../../types.js').Clock} Clock */
/** @typedef {import('../../types.js').Socket} Socket */
/** @typedef {import('../../types.js').ClusterFrame} ClusterFrame */

// Milliseconds without a frame after which the socket is given up: a server
// that is frozen keeps it open.
const SILENCE = 3500
const FIRST = 150 // ms until the first try to come back
const LONGEST = 8000 // ms

export class Feed {
  /** @type {Socket | null} */
  #socket = null
  #attempt = 0
  #cancel = () => {}
  #open
  #clock
  #random
  #on

  /**
   * @param {{open: () => Socket, clock: Clock, random: () => number}} with_
   * @param {{frame: (frame: ClusterFrame) => void, lost: () => void}} on
   */
  constructor({ open, clock, random }, on) {
    this.#open = open
    this.#clock = clock
    this.#random = random
    this.#on = on
  }

  /** Begins, or does not wait any longer. */
  start() {
    if (this.#socket) return
    const socket = this.#open()
    this.#socket = socket
    socket.onmessage = (event) => this.#receive(event.data)
    socket.onclose = () => this.#lose()
    this.#expect()
  }

  stop() {
    this.#cancel()
    this.#drop()
  }

  #expect() {
    this.#cancel()
    this.#cancel = this.#clock.after(SILENCE, () => this.#lose())
  }

  /** @param {unknown} data */
  #receive(data) {
    const frame = parse(data)
    if (!frame) return
    this.#attempt = 0
    this.#expect()
    this.#on.frame(frame)
  }

  #lose() {
    this.#cancel()
    this.#drop()
    const wait = Math.min(LONGEST, FIRST * 2 ** this.#attempt++) * (0.5 + this.#random())
    this.#cancel = this.#clock.after(wait, () => this.start())
    this.#on.lost()
  }

  #drop() {
    const socket = this.#socket
    this.#socket = null
    if (!socket) return
    socket.onmessage = socket.onclose = null
    socket.close(1000)
  }
}

/**
 * @param {unknown} data
 * @returns {ClusterFrame | null} null for anything else
 */
export function parse(data) {
  try {
    const frame = JSON.parse(String(data))
    return frame?.type === 'cluster' && typeof frame.redis === 'object' && Array.isArray(frame.servers)
      ? frame
      : null
  } catch {
    return null
  }
}
