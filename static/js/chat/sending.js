// What we have said that the log does not have yet: kept over a reload, and sent
// in order once what was missed is known.

import { Outbox } from '../model/outbox.js'
import { frameOf } from './changes.js'
import { RestoredRoom } from './restore.js'

export class Sending {
  /** @type {Outbox} */ #outbox
  #restored
  #conversation
  #catchUp
  #on

  /**
   * @param {import('../model/conversation.js').Conversation} conversation
   * @param {import('./catchup.js').CatchUp} catchUp
   * @param {object} where
   * @param {import('../storage/unsent.js').Unsent | null} where.unsent null keeps nothing
   * @param {string} where.room
   * @param {boolean} where.isAccount
   * @param {import('../../types.js').Clock} clock
   * @param {object} on
   * @param {(frame: import('../../types.js').ClientFrame) => void} on.send
   * @param {() => void} on.stalled nobody answers
   * @param {() => import('./changes.js').Changes} on.changes
   * @param {() => import('../../types.js').Limits} on.limits
   * @param {(what: 'items' | 'unsent') => void} on.changed
   */
  constructor(conversation, catchUp, { unsent, ...where }, clock, on) {
    this.#conversation = conversation
    this.#catchUp = catchUp
    this.#on = on
    this.#restored = new RestoredRoom(unsent, where, clock, {
      restore: (messages) => this.#restore(messages),
      ready: () => this.open(),
    })
    this.#outbox = new Outbox(clock, {
      send: on.send,
      fail: (id, reason, code) => this.#failed(id, reason, code),
      stalled: on.stalled,
    })
  }

  get size() {
    return this.#outbox.size
  }

  start = (/** @type {string} */ name) => this.#restored.take(name)
  stop = () => this.#restored.stop()
  close = () => this.#outbox.close()
  refuse = (/** @type {import('../../types.js').ErrorFrame} */ frame) => this.#outbox.refuse(frame)
  refuseFlying = (/** @type {string} */ reason) => this.#outbox.refuseFlying(reason)
  keep = (/** @type {string} */ id) => this.#restored.keep(this.#conversation.find(id))
  keepChange = (/** @type {import('./changes.js').Own} */ own, /** @type {string} */ name) => this.#restored.keepChange(own, name)
  drop = (/** @type {string} */ id) => this.#restored.drop(id)

  /** Sends what waits, if it is known by now which of it the log has. */
  open() {
    if (this.#restored.ready && this.#catchUp.over) this.#outbox.open(this.#on.limits())
  }

  /** @param {Parameters<typeof frameOf>[0]} unsent */
  post(unsent) {
    this.#on.changed('items')
    this.#outbox.add(frameOf(unsent))
    this.#on.changed('unsent')
  }

  /** @param {string} id of what the log has */
  confirmed(id) {
    const before = this.size
    this.#outbox.confirm(id)
    this.drop(id)
    if (this.size !== before) this.#on.changed('unsent')
  }

  /**
   * Shows the unsent messages from before a reload, and sends them first.
   * @param {import('../../types.js').UnsentMessage[]} messages
   */
  #restore(messages) {
    for (const message of messages) this.#on.changes().restore(message)
    const unknown = messages.filter(({ id }) => !this.#conversation.find(id))
    const sent = messages.filter(({ id }) => this.#conversation.find(id)?.state === 'sent')
    for (const { id } of sent) this.drop(id)
    this.#conversation.restore(unknown.filter(({ change }) => !change))
    if (this.#catchUp.over) this.#conversation.settleFailed()
    this.#outbox.restore(unknown.filter(({ reason }) => reason === null).map((one) => ({ frame: frameOf(one), at: one.at })))
    this.#on.changed('items')
    this.#on.changed('unsent')
  }

  /** @param {string} id @param {string} reason @param {string} code */
  #failed(id, reason, code) {
    if (!this.#on.changes().failed(id, reason, code)) {
      this.#conversation.fail(id, reason)
      this.keep(id)
    }
    this.#on.changed('items')
    this.#on.changed('unsent')
  }
}
