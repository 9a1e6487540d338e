// Edits and deletions in private chats, the reader's own and those that the feed
// tells of. What the reader changes is sent by the API (see sender.js), whose
// answer settles it.

import { itemOf } from '../model/thread.js'
import { threadOf } from '../model/messages.js'
import { Changes } from './changes.js'

/** @typedef {import('../../types.js').MessageItem} MessageItem */
/** @typedef {import('../model/messages.js').MessagesState} MessagesState */
/**
 * @typedef {{kind: 'edit' | 'delete', chat: string, n: number, id: string, name: string,
 *   text: string, at: number, deleted?: true, change?: string}} Changed a message, by the feed or
 *   by an answer to a change of our own
 */

export class DirectChanges {
  /** @type {Map<string, Changes>} by chat */
  #chats = new Map()
  #messages
  #clock
  #on

  /**
   * @param {import('../model/store.js').Store<MessagesState>} messages
   * @param {import('../../types.js').Clock} clock
   * @param {object} on
   * @param {() => {edit_s?: number}} on.limits
   * @param {() => import('./sender.js').Sender} on.sender
   * @param {(chat: string, id: string) => void} on.revise more is known of a message
   * @param {(message: Changed & {deleted?: true}) => void} on.changed by now
   * @param {(chat: string, item: MessageItem) => void} on.removed by the other one
   * @param {(sentence: string) => void} on.refused
   */
  constructor(messages, clock, on) {
    this.#messages = messages
    this.#clock = clock
    this.#on = on
  }

  /** @param {string} chat @returns {Changes} of its messages */
  of(chat) {
    const known = this.#chats.get(chat)
    if (known) return known
    const on = this.#on
    const { revisions } = this.#messages.state
    const changes = new Changes({
      revisions,
      change(frame) {
        const { target: { id }, session, at } = frame
        if (frame.type === 'edit') revisions.take({ id, session }, { text: frame.text, at })
        else revisions.take({ id, session }, { text: '', at, deleted: true })
      },
    }, this.#clock, {
      limits: on.limits,
      find: (id) => this.#find(chat, id),
      revise: (id) => on.revise(chat, id),
      keep: (own) => on.sender().keepChange(chat, own),
      post(own) {
        on.sender().change(chat, own)
        on.revise(chat, own.change.target.id) // one more waits
      },
      drop: (id) => on.sender().drop(id),
      removed: (item) => on.removed(chat, item),
      refused: on.refused,
    })
    this.#chats.set(chat, changes)
    return changes
  }

  /** @param {Changed} event */
  received(event) {
    const { chat, n: seq, id, name, text, at, change = '' } = event
    const entry = { seq, id: change, app: '', session: '', name, target: { seq, id }, at }
    const isGone = event.kind === 'delete' || event.deleted
    this.of(chat).received(
      isGone ? { ...entry, type: 'delete', by: 'author' } : { ...entry, type: 'edit', text },
    )
    this.#on.changed(isGone ? { ...event, text: '', deleted: true } : event)
  }

  /** Sends what could have been undone. */
  flush() {
    for (const one of this.#chats.values()) one.flush()
  }

  /** @param {string} chat @param {string} id @returns {MessageItem | undefined} */
  #find(chat, id) {
    const message = threadOf(this.#messages.state, chat).list.find((one) => one.id === id)
    return message && itemOf(message, message.state, false)
  }
}
