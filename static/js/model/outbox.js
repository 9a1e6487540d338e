// The messages that the log does not have yet, in the order in which they were written.
//
// One is on its way at a time and the next goes when it has arrived: so they stay in order whatever is refused or cut off, and when
// the server closes the connection because of a message we know which one it was. All keep their id, so a message that went out twice
// is in the log once.

import { Bucket } from './bucket.js'

/** @typedef {{id: string, text: string, tries: number, sentAt: number | null}} Entry */

const TRIES = 8 // refusals that ask for another try, before people are asked
const AWAY = 'unavailable' // the log cannot be reached: that is no refusal, and lasts as long as it lasts
const ACK_TIMEOUT = 12_000 // ms; longer than the server tries (5 s): after that the connection is not worth waiting for
export const RESEND_SPAN = 15 * 60_000 // ms; the server remembers an id for 20 minutes, then a resent message would appear twice
export const UNKNOWN = 'it is not known whether it arrived'
const PAUSE = 1000 // ms before another try, when the server does not say

export class Outbox {
  /** @type {Entry[]} */
  #entries = []
  /** @type {Entry | null} the one on its way */
  #flying = null
  #open = false
  #pausing = false
  #cancel = () => {}
  #bucket = new Bucket()
  #clock
  #send
  #fail
  #stalled

  /**
   * @param {import('../../types.js').Clock} clock
   * @param {object} to
   * @param {(frame: import('../../types.js').ClientFrame) => void} to.send
   * @param {(id: string, reason: string) => void} to.fail a message was given up
   * @param {() => void} to.stalled no answer came: the connection may be dead
   */
  constructor(clock, { send, fail, stalled }) {
    this.#clock = clock
    this.#send = send
    this.#fail = fail
    this.#stalled = stalled
  }

  get size() {
    return this.#entries.length
  }

  /** @param {string} id @param {string} text */
  add(id, text) {
    this.#entries.push({ id, text, tries: 0, sentAt: null })
    this.#next()
  }

  /**
   * What was written before the page was reloaded goes first. It may have been sent then, so it counts as sent when it was written.
   * @param {{id: string, text: string, at: number}[]} messages
   */
  restore(messages) {
    this.#entries.unshift(...messages.map(({ id, text, at }) => ({ id, text, tries: 0, sentAt: at })))
    this.#next()
  }

  /**
   * The connection stands.
   * @param {import('../../types.js').Limits} limits
   */
  open(limits) {
    this.#open = true
    this.#bucket.fill(limits, this.#clock.now())
    this.#next()
  }

  /** The connection is gone: what was on its way goes again. */
  close() {
    this.#open = this.#pausing = false
    this.#flying = null
    this.#cancel()
  }

  /**
   * The log has it.
   * @param {string} id
   */
  confirm(id) {
    this.#remove(id)
    this.#next()
  }

  /**
   * The server answered this message with an error.
   * @param {import('../../types.js').ErrorFrame} error
   */
  refuse(error) {
    const entry = this.#flying
    if (!entry || entry.id !== error.id) return
    if (error.code !== AWAY) entry.tries++
    if (!error.retryable || entry.tries >= TRIES) return this.#giveUp(entry, error.message)
    this.#flying = null
    this.#pause(error.retry_after_ms || PAUSE)
  }

  /**
   * The server closed the connection because of what was on its way: sent again, it would do so again.
   * @param {string} reason
   */
  refuseFlying(reason) {
    if (this.#flying) this.#giveUp(this.#flying, reason)
  }

  /** @param {Entry} entry @param {string} reason */
  #giveUp(entry, reason) {
    this.#remove(entry.id)
    this.#fail(entry.id, reason)
    this.#next()
  }

  /** @param {string} id */
  #remove(id) {
    this.#entries = this.#entries.filter((entry) => entry.id !== id)
    if (this.#flying?.id !== id) return
    this.#flying = null
    this.#cancel()
  }

  #next() {
    const entry = this.#entries[0]
    if (!entry || !this.#open || this.#pausing || this.#flying) return
    const now = this.#clock.now()
    if (entry.sentAt !== null && now - entry.sentAt > RESEND_SPAN) {
      return this.#giveUp(entry, UNKNOWN)
    }
    const pause = this.#bucket.take(now)
    if (pause > 0) return this.#pause(pause)
    this.#flying = entry
    entry.sentAt ??= now
    this.#wait(ACK_TIMEOUT, () => this.#stalled())
    this.#send({ type: 'message', id: entry.id, text: entry.text })
  }

  /** @param {number} ms */
  #pause(ms) {
    this.#pausing = true
    this.#wait(ms, () => {
      this.#pausing = false
      this.#next()
    })
  }

  /** @param {number} ms @param {() => void} run */
  #wait(ms, run) {
    this.#cancel()
    this.#cancel = this.#clock.after(ms, run)
  }
}
