// The stored unsent messages of one room: restored on joining, and kept up to
// date from then on.

import { isRepeatable, RESEND_SPAN } from '../model/outbox.js'
import { REASONS } from '../model/strings/messages.js'
import { plain } from './file-messages.js'

/** @typedef {import('../../types.js').UnsentMessage} UnsentMessage */

const TAKE_LIMIT = 3000 // ms that the outbox waits for the storage, to keep the order

export class RestoredRoom {
  /** True if the outbox may be opened. */
  ready = false
  #unsent
  #room
  #isAccount
  #clock
  #on
  #stopped = false
  #cancel = () => {}

  /**
   * @param {import('../storage/unsent.js').Unsent | null} unsent null keeps nothing
   * @param {{room: string, isAccount: boolean}} where
   * @param {import('../../types.js').Clock} clock
   * @param {object} on
   * @param {(messages: UnsentMessage[]) => void} on.restore from before, in their order
   * @param {() => void} on.ready
   */
  constructor(unsent, { room, isAccount }, clock, on) {
    this.#unsent = unsent
    this.#room = room
    this.#isAccount = isAccount
    this.#clock = clock
    this.#on = on
  }

  /** @param {string} name under which the room is joined */
  async take(name) {
    if (!this.#unsent) return this.#isReady()
    this.#cancel = this.#clock.after(TAKE_LIMIT, () => this.#isReady())
    const messages = await this.#unsent.take(this.#room, name, this.#clock.now())
    if (this.#stopped) return
    this.#cancel()
    if (messages.length > 0) this.#on.restore(messages.map((message) => this.#judge(message)))
    this.#isReady()
  }

  stop() {
    this.#stopped = true
    this.#cancel()
  }

  /**
   * @param {import('../../types.js').MessageItem | undefined} item that the log does not have
   * @param {boolean} [waits] for its files
   */
  keep(item, waits = false) {
    if (!item) return
    const { id, name, text, reply, files, at, state, reason } = item
    this.#unsent?.keep({
      id, room: this.#room, name, text, at, reason: state === 'failed' ? reason : null,
      ...(reply && { reply }), ...(files && { files: plain(files) }), ...(waits && { waits }),
      ...(this.#isAccount && { account: true }),
    })
  }

  /**
   * @param {Pick<UnsentMessage, 'id' | 'text' | 'at' | 'change'>} change
   * @param {string} name under which it was made
   */
  keepChange(change, name) {
    const account = this.#isAccount && { account: /** @type {const} */ (true) }
    this.#unsent?.keep({ ...change, room: this.#room, name, reason: null, ...account })
  }

  /** @param {string} id of any message that needs no keeping now */
  drop(id) {
    this.#unsent?.drop(id)
  }

  /**
   * @param {UnsentMessage} message
   * @returns {UnsentMessage} failed, if the server may have forgotten its id
   */
  #judge(message) {
    const mayBeSent = !message.waits && !isRepeatable(message.change?.kind)
    const old = this.#clock.now() - message.at > RESEND_SPAN && mayBeSent
    return old && message.reason === null ? { ...message, reason: REASONS.unknown } : message
  }

  #isReady() {
    if (this.ready || this.#stopped) return
    this.ready = true
    this.#on.ready()
  }
}
