// Edits and deletions that the reader makes of messages in the log. Each is
// shown at once, kept over a reload and sent by the outbox. It ends when the log
// brings it, or when it is given up: then the message is as it was.

import { keyOf } from '../model/revisions.js'
import { CHANGE } from '../model/strings/changes.js'
import { uuid } from '../model/uuid.js'
import { refsOf } from './file-messages.js'

export const UNDO = 5000 // ms before a deletion is sent

/** @typedef {import('../../types.js').MessageItem} MessageItem */
/** @typedef {import('../../types.js').UnsentMessage} UnsentMessage */
/**
 * @typedef {Pick<UnsentMessage, 'id' | 'text' | 'at'>
 *   & {change: import('../../types.js').TextChange}} Own a change of the reader's own
 */

export class Changes {
  /** @type {MessageItem | null} what is deleted in a moment */
  removing = null
  /** @type {Map<string, Own>} by their own ids */
  #own = new Map()
  /** @type {Own | null} the deletion that can still be undone */
  #waiting = null
  #conversation
  #clock
  #on
  #cancel = () => {}

  /**
   * @param {Pick<import('../model/conversation.js').Conversation, 'change' | 'revisions'>}
   *   conversation
   * @param {import('../../types.js').Clock} clock
   * @param {object} on
   * @param {() => {edit_s?: number}} on.limits
   * @param {(id: string) => MessageItem | undefined} on.find
   * @param {(id: string) => void} on.revise a message has changed
   * @param {(own: Own) => void} on.keep it has to outlive a reload
   * @param {(own: Own) => void} on.post it has to be sent
   * @param {(id: string) => void} on.drop it needs neither any more
   * @param {(item: MessageItem) => void} on.removed what another one has said is deleted
   * @param {(sentence: string) => void} on.refused
   */
  constructor(conversation, clock, on) {
    this.#conversation = conversation
    this.#clock = clock
    this.#on = on
  }

  // ---- What the reader does ----

  /** @param {MessageItem} item what can be done with it by now */
  can(item) {
    const isLogged = item.seq !== null && (item.private || (item.state === 'sent' && item.app !== ''))
    const remove = item.own && isLogged && !item.deleted
    const { edit_s: span } = this.#on.limits()
    const isInTime = span === 0 || (span !== undefined && this.#clock.now() - item.at <= span * 1000)
    return { remove, edit: remove && isInTime }
  }

  /**
   * The newest message that can be edited.
   * @param {import('../../types.js').ConversationSource['items']} items
   */
  newest(items) {
    for (let place = items.length - 1; place >= items.first; place--) {
      const item = items.at(place)
      if (item?.kind === 'message' && this.can(item).edit) return item
    }
    return null
  }

  /** @param {MessageItem} item @param {string} text a clean one */
  edit(item, text) {
    if (this.can(item).edit && text !== item.text) this.#on.post(this.#begin('edit', item, text))
  }

  /** @param {MessageItem} item that is deleted in a moment */
  remove(item) {
    if (!this.can(item).remove) return
    this.flush()
    this.removing = item
    this.#waiting = this.#begin('delete', item, '')
    this.hesitate(false)
  }

  undo() {
    const own = this.#waiting
    this.#settle()
    if (own) this.#end(own)
  }

  /** @param {boolean} isAbout to undo: it is waited for them */
  hesitate(isAbout) {
    this.#cancel()
    if (this.#waiting && !isAbout) this.#cancel = this.#clock.after(UNDO, () => this.flush())
  }

  /** Sends what could have been undone: the reader goes on, or leaves. */
  flush() {
    const own = this.#waiting
    this.#settle()
    if (own) this.#on.post(own)
  }

  // ---- What becomes of it ----

  /**
   * @param {UnsentMessage} record from before a reload
   */
  restore({ id, text, at, reason, change }) {
    if (!change || change.kind === 'react') return
    const own = { id, text, at, change }
    if (reason !== null) {
      this.#on.drop(id)
      return this.#on.refused(CHANGE.unknown(change.kind))
    }
    this.#own.set(id, own)
    this.#show(own)
  }

  /**
   * @param {import('../../types.js').EditFrame | import('../../types.js').DeleteFrame} frame
   *   anybody's, in the log
   */
  received(frame) {
    const { id } = frame.target
    const before = this.#on.find(id)
    const own = this.#own.get(frame.id)
    if (own && keyOf(identity(own)) === keyOf({ ...frame, id })) this.#end(own)
    this.#conversation.change(frame)
    this.#on.revise(id)
    if (frame.type === 'edit' || !before || before.deleted) return
    this.#forget(before)
    if (!before.own) this.#on.removed(before)
  }

  /**
   * The log has it. It may have brought it already, else it is about to.
   * @param {Pick<import('../../types.js').AckFrame, 'id' | 'duplicate'>} frame
   */
  acked({ id, duplicate }) {
    const own = this.#own.get(id)
    if (!own) return
    if (duplicate) return this.#end(own)
    this.#on.drop(id)
    this.#conversation.revisions.acked(identity(own), id)
    this.#on.revise(own.change.target.id)
  }

  /**
   * @param {string} id @param {string} reason @param {string} code of the server
   * @returns {boolean} whether it was a change
   */
  failed(id, reason, code) {
    const own = this.#own.get(id)
    if (!own) return false
    this.#end(own)
    this.#on.refused(CHANGE.refused(own.change.kind, code, reason))
    return true
  }

  // ---- Inside ----

  /** @param {'edit' | 'delete'} kind @param {MessageItem} item @param {string} text */
  #begin(kind, { seq, id, author, session }, text) {
    /** @type {Own} */
    const own = {
      id: uuid(), text, at: this.#clock.now(),
      change: { kind, target: { seq: seq ?? 0, id }, session, ...(author && { author }) },
    }
    this.#own.set(own.id, own)
    this.#on.keep(own)
    this.#show(own)
    return own
  }

  /** @param {Own} own */
  #show(own) {
    const { id, text, change } = own
    const isDeletion = change.kind === 'delete'
    this.#conversation.revisions.begin(identity(own), { id, text, ...(isDeletion && { deleted: true }) })
    this.#on.revise(change.target.id)
  }

  /** @param {Own} own that is settled, or given up */
  #end(own) {
    this.#own.delete(own.id)
    this.#conversation.revisions.end(identity(own), own.id)
    this.#on.drop(own.id)
    this.#on.revise(own.change.target.id)
  }

  /** Nothing can be undone any more. */
  #settle() {
    const { removing } = this
    this.#cancel()
    this.#waiting = this.removing = null
    if (removing) this.#on.revise(removing.id)
  }

  /** @param {MessageItem} message that is gone, and with it what was to be changed in it */
  #forget(message) {
    if (this.#waiting?.change.target.id === message.id) this.#settle()
    for (const own of this.#own.values()) {
      if (own.change.target.id !== message.id || !message.own) continue
      this.#end(own)
      if (own.change.kind === 'edit') this.#on.refused(CHANGE.gone)
    }
  }
}

/**
 * The message that it changes.
 * @param {Own} own @returns {import('../model/revisions.js').Identity}
 */
const identity = ({ change: { target, author, session } }) =>
  ({ id: target.id, session, ...(author && { author }) })

/**
 * The frame that sends a message or a change that the log does not have.
 * @param {Pick<UnsentMessage, 'id' | 'text' | 'reply' | 'files' | 'change'>} unsent
 * @returns {import('../../types.js').PostedFrame}
 */
export function frameOf({ id, text, reply, files, change }) {
  if (!change) {
    return {
      type: 'message', id, text, ...(reply && { reply: { seq: reply.seq, id: reply.id } }),
      ...(files && { files: refsOf(files) }),
    }
  }
  const { kind, target } = change
  if (kind === 'react') return { type: kind, id, target, emoji: change.emoji, on: change.on }
  return kind === 'edit' ? { type: kind, id, target, text } : { type: kind, id, target }
}

/**
 * The change that an entry makes to a message, also to one that is not here.
 * @param {import('../../types.js').EditFrame | import('../../types.js').DeleteFrame} frame
 * @returns {import('../../types.js').Revised}
 */
export function revisedBy(frame) {
  const { target: { id }, name } = frame
  if (frame.type === 'edit') return { id, name, text: frame.text }
  return { id, name: frame.by === 'author' ? name : '', text: '', deleted: true }
}
