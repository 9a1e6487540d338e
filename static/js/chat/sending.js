// Messages of ours that the log does not have yet: kept over a reload, and sent
// in order once we have caught up.

import { Outbox, RESEND_SPAN } from '../model/outbox.js'
import { uuid } from '../model/uuid.js'
import { frameOf } from './changes.js'
import { FileMessages } from './file-messages.js'
import { RestoredRoom } from './restore.js'

export class Sending {
  /** @type {Outbox} */ #outbox
  #restored
  #conversation
  #catchUp
  #files
  #clock
  #on

  /**
   * @param {import('../model/conversation.js').Conversation} conversation
   * @param {import('./catchup.js').CatchUp} catchUp
   * @param {object} where
   * @param {import('../storage/unsent.js').Unsent | null} where.unsent null keeps nothing
   * @param {string} where.room
   * @param {boolean} where.isAccount
   * @param {import('../../types.js').FileUploads | null} where.uploads null if there are no files
   * @param {import('../../types.js').Clock} clock
   * @param {object} on
   * @param {(frame: import('../../types.js').ClientFrame) => void} on.send
   * @param {() => void} on.stalled nobody answers
   * @param {() => (import('./changes.js').Changes | import('./reacting.js').Reacting)[]} on.changes
   * @param {() => import('../../types.js').Limits} on.limits
   * @param {() => {name: string, session: string}} on.origin of what is written now
   * @param {(what: 'items' | 'unsent') => void} on.changed
   */
  constructor(conversation, catchUp, { unsent, uploads, ...where }, clock, on) {
    this.#conversation = conversation
    this.#catchUp = catchUp
    this.#clock = clock
    this.#on = on
    this.#files = new FileMessages(uploads, {
      changed: (id, files, areOthers) => {
        conversation.attach(id, files)
        if (areOthers) this.#restored.keep(conversation.find(id), true)
        on.changed('items')
      },
      ready: (id) => this.#hasFiles(id),
      failed: (id, reason) => this.#failed(id, reason, ''),
    })
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
    return this.#outbox.size + this.#files.size
  }

  start = (/** @type {string} */ name) => this.#restored.take(name)
  stop() {
    this.#restored.stop()
    this.#files.stop()
  }

  close = () => this.#outbox.close()
  refuse = (/** @type {import('../../types.js').ErrorFrame} */ frame) => this.#outbox.refuse(frame)
  refuseFlying = (/** @type {string} */ reason) => this.#outbox.refuseFlying(reason)
  keepChange = (/** @type {Parameters<RestoredRoom['keepChange']>} */ ...own) =>
    this.#restored.keepChange(...own)

  // ---- What the reader does ----

  /** @param {Parameters<import('../model/conversation.js').Conversation['compose']>[0]} message */
  compose(message) {
    this.#conversation.compose(message)
    this.#begin(message)
  }

  /** @param {string} id of a message that failed */
  retry(id) {
    const item = this.#conversation.find(id)
    const now = this.#clock.now()
    if (item?.state !== 'failed') return
    this.#restored.drop(id)
    // The server may have forgotten the id. Files are bound to it, and so are not
    // sent under another one.
    const isNew = now - item.at > RESEND_SPAN && !item.files
    if (isNew) this.#conversation.discard(id)
    else this.#conversation.retry(id, now)
    const { text, reply } = item
    if (isNew) this.compose({ ...this.#on.origin(), id: uuid(), text, ...(reply && { reply }), at: now })
    else this.#begin(item)
  }

  /** @param {string} id of a message that failed @param {boolean} [keepsFiles] for another one */
  discard(id, keepsFiles = false) {
    this.#conversation.discard(id)
    this.#restored.drop(id)
    this.#files.discard(id, keepsFiles)
    this.#on.changed('items')
  }

  /** @param {Parameters<typeof frameOf>[0]} message that is shown */
  #begin(message) {
    const waits = this.#files.begin(message)
    this.#restored.keep(this.#conversation.find(message.id), waits)
    if (!waits) return this.post(message)
    this.#on.changed('items')
    this.#on.changed('unsent')
  }

  /** @param {string} id of a message whose files are at the server */
  #hasFiles(id) {
    const item = this.#conversation.find(id)
    if (item?.state !== 'sending') return
    this.#restored.keep({ ...item, at: this.#clock.now() }) // it may be sent from now on
    this.post(item)
  }

  // ---- The log ----

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
    this.#restored.drop(id)
    this.#files.sent(id)
    if (this.size !== before) this.#on.changed('unsent')
  }

  /**
   * @param {string} id of what the reader has changed their mind about
   * @returns {boolean} whether it is not on its way, and will not be
   */
  withdraw(id) {
    const isWaiting = this.#outbox.withdraw(id)
    if (isWaiting) this.#restored.drop(id)
    return isWaiting
  }

  /**
   * Shows the unsent messages from before a reload, and sends them first.
   * @param {import('../../types.js').UnsentMessage[]} messages
   */
  #restore(messages) {
    for (const message of messages) for (const changes of this.#on.changes()) changes.restore(message)
    const unknown = messages.filter(({ id }) => !this.#conversation.find(id))
    const sent = messages.filter(({ id }) => this.#conversation.find(id)?.state === 'sent')
    for (const message of messages) this.#files.know(message)
    for (const { id } of sent) {
      this.#restored.drop(id)
      this.#files.sent(id)
    }
    this.#conversation.restore(unknown.filter(({ change }) => !change))
    if (this.#catchUp.over) this.#conversation.settleFailed()
    const waiting = unknown.filter(({ reason }) => reason === null)
    const others = waiting.filter(({ waits }) => !waits)
    this.#outbox.restore(others.map((one) => ({ frame: frameOf(one), at: one.at })))
    for (const message of waiting) if (message.waits) this.#files.begin(message)
    this.#on.changed('items')
    this.#on.changed('unsent')
  }

  /** @param {string} id @param {string} reason @param {string} code */
  #failed(id, reason, code) {
    if (!this.#on.changes().some((changes) => changes.failed(id, reason, code))) {
      const waits = this.#files.again(id, code)
      if (!waits) this.#conversation.fail(id, reason)
      this.#restored.keep(this.#conversation.find(id), waits)
    }
    this.#on.changed('items')
    this.#on.changed('unsent')
  }
}
