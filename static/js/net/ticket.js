// A WebSocket of an account. It needs a ticket, which is valid for one socket and
// half a minute. Tickets are sent as a subprotocol, not in the URL, because URLs
// are logged.

import { ApiError } from './problem.js'

/** @typedef {import('../../types.js').Socket} Socket */

const PROTOCOL = 'livechat.user'
const TICKET = 'livechat.ticket.'
const BROKEN = 1006 // no answer
const OVERLOADED = 1013 // the server has no ticket for now
const LOGGED_OUT = 401

/** @implements {Socket} */
export class TicketSocket {
  /** @type {Socket['onopen']} */ onopen = null
  /** @type {Socket['onmessage']} */ onmessage = null
  /** @type {Socket['onclose']} */ onclose = null
  /** @type {Socket | null} */
  #socket = null
  #closed = false

  /**
   * @param {() => string} url called once there is a ticket: the position may change until then
   * @param {object} with_
   * @param {() => Promise<string>} with_.ticket asks for a ticket; its error is an ApiError
   * @param {(url: string, protocols: string[]) => Socket} with_.open
   * @param {() => void} [with_.unauthorized] the session has ended
   */
  constructor(url, { ticket, open, unauthorized = () => {} }) {
    ticket().then((ticket) => {
      if (!this.#closed) this.#begin(open(url(), [PROTOCOL, TICKET + ticket]))
    }, (error) => {
      if (this.#closed) return
      const status = error instanceof ApiError ? error.status : 0
      if (status === LOGGED_OUT) unauthorized()
      else this.onclose?.({ code: status === 0 ? BROKEN : OVERLOADED })
    })
  }

  /** @param {string} data */
  send(data) {
    this.#socket?.send(data)
  }

  /** @param {number} [code] */
  close(code) {
    this.#closed = true
    this.#socket?.close(code)
  }

  /** @param {Socket} socket */
  #begin(socket) {
    this.#socket = socket
    socket.onopen = (event) => this.onopen?.(event)
    socket.onmessage = (event) => this.onmessage?.(event)
    socket.onclose = (event) => this.onclose?.(event)
  }
}
