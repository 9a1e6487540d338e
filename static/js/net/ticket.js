// A WebSocket of somebody who is logged in. It begins with a ticket, which is good for one socket and half a minute, so each asks for its own.
// The ticket goes beside the subprotocol, never into an address: addresses stand in logs.

import { ApiError } from './api.js'

/** @typedef {import('../../types.js').Socket} Socket */

const PROTOCOL = 'livechat.user'
const TICKET = 'livechat.ticket.'
const BROKEN = 1006 // no ticket because nobody answered
const OVERLOADED = 1013 // no ticket for now
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
   * @param {() => string} url asked for when there is a ticket: where to go on may be another place by then
   * @param {object} with_
   * @param {() => Promise<string>} with_.ticket asks for a ticket; its error is an ApiError
   * @param {(url: string, protocols: string[]) => Socket} with_.open
   * @param {() => void} [with_.unauthorized] there is no ticket for us any more
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
