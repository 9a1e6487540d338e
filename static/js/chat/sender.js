// Sends private messages: in each chat one at a time, in order. While the feed is
// down too, messages that do not get through wait for it. Messages that the
// server refuses, or does not take while the feed is up, fail until retried.

import { loseOther, sentMessage as chatsSent } from '../model/chats.js'
import {
  attachFiles, discardMessage, failMessage, retryMessage, sendMessage, sentMessage, threadOf, unsentOf,
} from '../model/messages.js'
import { whyNotDelivered } from '../model/answers.js'
import { ApiError } from '../net/problem.js'
import { FileMessages, plain, refsOf } from './file-messages.js'
import { uuid } from '../model/uuid.js'

/** @typedef {import('../storage/unsent.js').Unsent} Unsent */
/** @typedef {import('./changes.js').Own | import('./reacting.js').Own} Own a change */
/** @typedef {import('../model/messages.js').PrivateMessage} PrivateMessage */
/** @typedef {Pick<PrivateMessage, 'id' | 'text' | 'files' | 'at'>} Message */

export const ROOM = '@private' // of what belongs to private chats: not a valid room name
const LOGGED_OUT = 401
const DELETED = 'account_deleted' // the other account

export class Sender {
  #stopped = false
  /** @type {Set<string>} chats with a message in flight */
  #busy = new Set()
  /** @type {{chat: string, own: Own}[]} changes of messages to be sent */
  #queue = []
  /** @type {(() => void) | null} null while the feed is up */
  #release = null
  /** @type {Promise<unknown>} */
  #opened = Promise.resolve()
  #me
  #api
  #chats
  #messages
  #unsent
  #clock
  #changes
  #reactions
  #files

  /**
   * @param {object} with_
   * @param {string} with_.me the name of the account
   * @param {Pick<import('../net/api.js').Api, 'send' | 'edit' | 'remove' | 'react'>} with_.api
   * @param {import('../model/store.js').Store<import('../model/chats.js').ChatsState>} with_.chats
   * @param {import('../model/store.js').Store<import('../model/messages.js').MessagesState>}
   *   with_.messages
   * @param {Pick<Unsent, 'take' | 'keep' | 'drop'> | null} with_.unsent outlives a reload
   * @param {import('../../types.js').FileUploads | null} with_.uploads
   * @param {import('../../types.js').Clock} with_.clock
   * @param {import('./direct-changes.js').DirectChanges} with_.changes
   * @param {import('./direct-reactions.js').DirectReactions} with_.reactions
   */
  constructor({ me, api, chats, messages, unsent, uploads, clock, changes, reactions }) {
    this.#changes = changes
    this.#reactions = reactions
    this.#me = me
    this.#api = api
    this.#chats = chats
    this.#messages = messages
    this.#unsent = unsent
    this.#clock = clock
    this.#files = new FileMessages(uploads, {
      changed: (id, files, areOthers) => {
        const chat = this.#chatOf(id)
        messages.do(attachFiles, chat, id, files)
        if (areOthers) this.#keep(chat, this.#find(chat, id), null, undefined, true)
      },
      ready: (id) => {
        const chat = this.#chatOf(id)
        const message = this.#find(chat, id)
        if (message) this.#keep(chat, { ...message, at: clock.now() }, null) // it may be sent from now on
        this.#work(chat)
      },
      failed: (id, reason) => {
        const chat = this.#chatOf(id)
        messages.do(failMessage, chat, id, reason)
        this.#keep(chat, this.#find(chat, id), reason)
      },
    })
    this.close()
  }

  /** Restores unsent messages from before a reload. */
  async restore() {
    const unsent = await this.#unsent?.take(ROOM, this.#me, this.#clock.now()) ?? []
    if (this.#stopped) return
    for (const record of unsent) {
      const { id, chat, text, files, at, reason, waits, change } = record
      if (!chat) continue
      if (change) {
        for (const one of [this.#changes, this.#reactions]) one.of(chat).restore(record)
        if (reason === null) this.change(chat, /** @type {Own} */ ({ id, text, at, change }))
        continue
      }
      this.#messages.do(sendMessage, chat, { id, text, at, ...(files && { files }) })
      this.#files.know(record)
      if (!this.#find(chat, id)) { // the history has come before, with this one in it
        this.arrived(id)
        continue
      }
      if (reason !== null) this.#messages.do(failMessage, chat, id, reason)
      else if (waits) this.#files.begin(record)
      this.#work(chat)
    }
  }

  /** The feed is up. */
  open() {
    this.#release?.()
    this.#release = null
  }

  /** The feed is down. */
  close() {
    if (this.#release) return
    this.#opened = new Promise((resolve) => { this.#release = () => resolve(null) })
  }

  /** Sends nothing any more. */
  stop() {
    this.#stopped = true
    this.#files.stop()
    this.open()
  }

  /**
   * @param {string} chat @param {string} text a clean one
   * @param {readonly import('../../types.js').FileInfo[]} [files]
   */
  send(chat, text, files = []) {
    const message = { id: uuid(), text, at: this.#clock.now(), ...(files.length > 0 && { files }) }
    this.#messages.do(sendMessage, chat, message)
    this.#begin(chat, message)
  }

  /** @param {string} chat @param {Message} message that is shown */
  #begin(chat, message) {
    const waits = this.#files.begin(message)
    this.#keep(chat, message, null, undefined, waits)
    this.#work(chat)
  }

  /** @param {string} id of a message that waits for its files @returns {string} its chat */
  #chatOf(id) {
    const { threads } = this.#messages.state
    return Object.keys(threads).find((chat) => this.#find(chat, id)) ?? ''
  }

  /** @param {string} chat @param {string} id of an own message that the server does not have */
  #find = (chat, id) => threadOf(this.#messages.state, chat).tail.find((one) => one.id === id)

  /** How many changes wait. */
  waiting = (/** @type {string} */ chat) => this.#queue.filter((one) => one.chat === chat).length

  /** @param {string} chat @param {Own} own */
  change(chat, own) {
    this.#queue.push({ chat, own })
    this.#work(chat)
  }

  /**
   * @param {string} id of a change that is settled, or given up: it is neither stored nor sent
   *   any more
   */
  drop(id) {
    this.#queue = this.#queue.filter(({ own }) => own.id !== id)
    this.#unsent?.drop(id)
  }

  /** @param {string} chat @param {Own} own has to outlive a reload */
  keepChange(chat, { change, ...own }) {
    this.#keep(chat, own, null, change)
  }

  /** @param {string} chat @param {string} id of a message that failed */
  retry(chat, id) {
    if (!this.#messages.do(retryMessage, chat, id, this.#clock.now())) return
    const message = this.#find(chat, id)
    if (message) this.#begin(chat, message)
  }

  /**
   * @param {string} chat @param {string} id of a message that failed
   * @param {boolean} keepsFiles for another one
   */
  discard(chat, id, keepsFiles) {
    this.#messages.do(discardMessage, chat, id)
    this.#unsent?.drop(id)
    this.#files.discard(id, keepsFiles)
  }

  /**
   * The feed has brought one of ours, which need not be stored any more.
   * @param {string} id
   */
  arrived(id) {
    this.#unsent?.drop(id)
    this.#files.sent(id)
  }

  /** @param {string} chat */
  async #work(chat) {
    if (this.#busy.has(chat)) return
    this.#busy.add(chat)
    for (let next, on = true; on && !this.#stopped && (next = this.#next(chat));) {
      on = await this.#post(chat, next)
    }
    this.#busy.delete(chat)
  }

  /** @param {string} chat */
  #next(chat) {
    return unsentOf(threadOf(this.#messages.state, chat)).find(({ id }) => !this.#files.waits(id))
      ?? this.#queue.find((one) => one.chat === chat)?.own
  }

  /**
   * @param {string} chat
   * @param {Message & Partial<Own>} message or a change of one
   * @returns {Promise<boolean>} whether to go on
   */
  async #post(chat, message) {
    const { id, text, files, change } = message
    try {
      if (change?.kind === 'react') {
        await this.#api.react(chat, change.target.id, change.emoji, change.on)
        this.#reactions.of(chat).acked({ id })
      } else if (change) {
        const { kind, target } = change
        const known = kind === 'edit'
          ? await this.#api.edit(chat, target.id, id, text)
          : await this.#api.remove(chat, target.id)
        const of = { chat, n: target.seq, id: target.id, name: this.#me }
        this.#changes.received({ ...of, kind, text, at: known?.edited ?? 0, change: id })
      } else {
        const known = await this.#api.send(chat, id, text, files && refsOf(files))
        this.#messages.do(sentMessage, chat, known)
        this.#chats.do(chatsSent, chat, known)
      }
      this.drop(id)
      this.#files.sent(id)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (this.#stopped) return false // it stays stored, unless it was forgotten
      if (error.status === LOGGED_OUT) return false // it waits for the next login of this account
      if (error.passes && this.#release) { // the feed is down
        await this.#opened
        return true
      }
      if (error.code === DELETED) this.#chats.do(loseOther, chat)
      const reason = whyNotDelivered(error)
      if (change) {
        for (const one of [this.#changes, this.#reactions]) one.of(chat).failed(id, reason, error.code)
        this.drop(id)
      } else if (this.#files.again(id, error.code)) {
        this.#keep(chat, message, null, undefined, true)
      } else {
        this.#messages.do(failMessage, chat, id, reason)
        this.#keep(chat, message, reason)
      }
    }
    return true
  }

  /**
   * @param {string} chat
   * @param {Message | undefined} message
   * @param {string | null} reason
   * @param {Own['change']} [change]
   * @param {boolean} [waits] for its files
   */
  #keep(chat, message, reason, change, waits = false) {
    if (!message) return
    const { id, text, files, at } = message
    this.#unsent?.keep({
      id, room: ROOM, chat, name: this.#me, text, at, reason, account: true,
      ...(files && { files: plain(files) }), ...(change && { change }), ...(waits && { waits }),
    })
  }
}
