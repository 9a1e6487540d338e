// Own messages that are not in the log yet, and changes of those that are, in
// the order in which they were written.
//
// One is sent at a time, and the next after its ack. So they stay in order over
// refusals and lost connections, and if the server closes the connection because
// of a message, we know which. They keep their id, so resending is idempotent.

import { whyRefused } from './answers.js'
import { Bucket } from './bucket.js'
import { REASONS } from './strings/messages.js'

/** @typedef {import('../../types.js').PostedFrame} PostedFrame */
/**
 * @typedef {{id: string, frame: PostedFrame, tries: number, sentAt: number | null}} Entry
 */

const TRIES = 8 // retryable refusals, before the message fails
const UNREAD = 'bad_request'
const UNAVAILABLE = 'unavailable' // the log is down: not counted as a refusal
const ACK_TIMEOUT = 12_000 // ms; longer than the server tries (5 s)
export const RESEND_SPAN = 15 * 60_000 // ms; the server remembers ids for 20 minutes
const PAUSE = 1000 // ms before another try, unless the server tells
const SLOW_MODE = 'slow_mode'
const LONGEST_SLOW = 60_000 // ms in slow mode that a message waits by itself

/**
 * True if repeating it changes nothing, however long ago it was.
 * @param {string} [type]
 */
export const isRepeatable = (type) => type === 'delete' || type === 'react'

export class Outbox {
  /** @type {Entry[]} */
  #entries = []
  /** @type {Entry | null} sent, not acked */
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
   * @param {(id: string, reason: string, code: string) => void} to.fail a message was given up,
   *   with the code of the server's answer or ''
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

  /** @param {PostedFrame} frame */
  add(frame) {
    this.#entries.push({ id: frame.id, frame, tries: 0, sentAt: null })
    this.#next()
  }

  /**
   * Messages from before a reload go first. They may have been sent then, so
   * they count as sent when they were written.
   * @param {{frame: PostedFrame, at: number}[]} frames
   */
  restore(frames) {
    this.#entries.unshift(...frames.map(({ frame, at }) => ({ id: frame.id, frame, tries: 0, sentAt: at })))
    this.#next()
  }

  /**
   * The connection is open.
   * @param {import('../../types.js').Limits} limits
   */
  open(limits) {
    this.#open = true
    this.#bucket.fill(limits, this.#clock.now())
    this.#next()
  }

  /** The connection is lost: a message without an ack is sent again. */
  close() {
    this.#open = this.#pausing = false
    this.#flying = null
    this.#cancel()
  }

  /**
   * The message is in the log.
   * @param {string} id
   */
  confirm(id) {
    this.#remove(id)
    this.#next()
  }

  /**
   * Takes back a message that is not on its way.
   * @param {string} id @returns {boolean} whether it was not
   */
  withdraw(id) {
    const isWaiting = this.#flying?.id !== id
    if (isWaiting) this.#remove(id)
    return isWaiting
  }

  /**
   * The server answered this message with an error.
   * @param {import('../../types.js').ErrorFrame} error
   */
  refuse(error) {
    const entry = this.#flying
    if (!entry) return
    // A server from before reactions does not read which one it refuses.
    const isUnread = error.id === undefined && error.code === UNREAD && entry.frame.type === 'react'
    if (entry.id !== error.id && !isUnread) return
    if (error.code !== UNAVAILABLE) entry.tries++
    const isLong = error.code === SLOW_MODE && (error.retry_after_ms ?? 0) > LONGEST_SLOW
    const isOver = !error.retryable || isLong || entry.tries >= TRIES
    if (isOver) return this.#giveUp(entry, whyRefused(error), error.code)
    this.#flying = null
    this.#pause(error.retry_after_ms || PAUSE)
  }

  /**
   * The server closed the connection because of the message in flight. It would
   * do so again.
   * @param {string} reason
   */
  refuseFlying(reason) {
    if (this.#flying) this.#giveUp(this.#flying, reason)
  }

  /** @param {Entry} entry @param {string} reason @param {string} [code] */
  #giveUp(entry, reason, code = '') {
    this.#remove(entry.id)
    this.#fail(entry.id, reason, code)
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
    if (!isRepeatable(entry.frame.type) && entry.sentAt !== null && now - entry.sentAt > RESEND_SPAN) {
      return this.#giveUp(entry, REASONS.unknown)
    }
    const pause = this.#bucket.take(now)
    if (pause > 0) return this.#pause(pause)
    this.#flying = entry
    entry.sentAt ??= now
    this.#wait(ACK_TIMEOUT, () => this.#stalled())
    this.#send(entry.frame)
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
