// A room as somebody takes part in it: the connection, the conversation, the outbox, who is here and who is writing, held together.
// It knows no document; the views listen to it.

import { Conversation } from '../model/conversation.js'
import { Listeners } from '../model/listeners.js'
import { Outbox, RESEND_SPAN } from '../model/outbox.js'
import { People } from '../model/people.js'
import { Typists } from '../model/typists.js'
import { beginning, refused } from '../model/words.js'
import { CatchUp } from './catchup.js'
import { refusesLast } from './closing.js'
import { Connection } from './connection.js'
import { Earlier } from './earlier.js'
import { Kept } from './kept.js'
import { uuid } from './uuid.js'

/** @typedef {import('../../types.js').RoomListener} RoomListener */
/** @typedef {import('../../types.js').Talk} Talk */
/** @typedef {import('../../types.js').WelcomeFrame} WelcomeFrame */

const HISTORY = 200 // messages that we ask for on joining: the most that the server gives
const TYPING_INTERVAL = 3000 // ms between two signs that we are writing

/** @type {import('../../types.js').Limits} until a welcome says otherwise */
const LIMITS = { text: 4000, frame: 16_384, rate: 5, burst: 10 }

/** @implements {Talk} */
export class Room {
  id = 'room'
  name
  room
  title
  limits = LIMITS
  people = new People()
  /** Whether a welcome has ever come. */
  joined = false
  conversation
  items
  isEager = false
  #clock
  /** @type {Outbox} */ #outbox
  #typists
  /** @type {Connection} */ #connection
  /** @type {Listeners<RoomListener>} */ #listeners = new Listeners()
  #session = ''
  #catchUp
  #typedAt = -Infinity
  #kept
  #earlier

  /**
   * @param {object} options
   * @param {string} options.name @param {boolean} [options.isAccount] that has the name to itself @param {string} options.room
   * @param {Iterable<string>} [options.sessions] earlier sessions of this window: their messages are one's own
   * @param {import('../model/unsent.js').Unsent | null} [options.unsent] what outlives a reload
   * @param {import('../../types.js').Address} options.address
   * @param {import('../../types.js').Clock} options.clock
   * @param {(url: string) => import('../../types.js').Socket} options.open
   * @param {((before: number) => Promise<import('../model/past.js').Archived[]>) | null} [options.archive] gives the page before a seq
   * @param {() => number} [options.random]
   */
  constructor({ name, isAccount = false, room, sessions = [], unsent = null, archive = null, address, clock, open, random = Math.random }) {
    this.name = name
    this.room = this.title = room
    this.#clock = clock
    this.#catchUp = new CatchUp(clock, () => this.#caughtUp())
    this.#kept = new Kept(unsent, { room, isAccount }, clock, { restore: (messages) => this.#restore(messages), ready: () => this.#openOutbox() })
    this.conversation = new Conversation(sessions, isAccount ? name : '')
    this.#earlier = new Earlier(this.conversation, archive)
    this.items = this.#earlier.items
    this.#typists = new Typists(clock, () => this.#listeners.tell('typing'))
    this.#outbox = new Outbox(clock, {
      send: (frame) => this.#connection.send(frame),
      fail: (id, reason) => this.#failed(id, reason),
      stalled: () => this.#connection.drop(),
    })
    this.#connection = new Connection({ dial: () => open(address.socket(this.#query())), clock, random }, {
      up: (frame) => this.#up(frame),
      frame: (frame) => this.#received(frame),
      down: (code) => this.#down(code),
      state: (state) => this.#listeners.tell('state', state),
    })
  }

  /** @param {RoomListener} listener @returns {() => void} stops listening */
  listen(listener) {
    return this.#listeners.add(listener)
  }

  get state() {
    return this.#connection.state
  }

  get unsent() {
    return this.#outbox.size
  }

  /** The names of those who are writing. */
  get typing() {
    return this.#typists.names
  }

  get hasOlder() {
    return this.#catchUp.over && this.#earlier.hasOlder
  }

  get beginning() {
    return this.#earlier.hasOlder ? '' : beginning(this.room, this.items.oldest)
  }

  // ---- What the reader does ----

  join() {
    this.#kept.take(this.name)
    this.#connection.start()
  }

  leave() {
    this.#kept.stop()
    this.#catchUp.stop()
    this.#typists.clear()
    this.#outbox.close()
    this.#connection.stop()
    this.#listeners.clear()
  }

  /** @param {string} text as the rules want it */
  send(text) {
    const id = uuid()
    this.conversation.compose({ id, text, name: this.name, session: this.#session, at: this.#clock.now() })
    this.#typedAt = -Infinity
    this.#post(id, text)
  }

  /** @param {string} id of a message that failed */
  retry(id) {
    const item = this.conversation.find(id)
    const now = this.#clock.now()
    if (item?.state !== 'failed') return
    this.#kept.drop(id)
    if (now - item.at > RESEND_SPAN) { // the server may have forgotten the id: it is another message now
      this.conversation.discard(id)
      return this.send(item.text)
    }
    this.conversation.retry(id, now)
    this.#post(id, item.text)
  }

  /** @param {string} id of a message that failed */
  discard(id) {
    this.conversation.discard(id)
    this.#kept.drop(id)
    this.#listeners.tell('items')
  }

  /** A key was pressed. */
  typed() {
    const now = this.#clock.now()
    if (this.state.kind !== 'connected' || now - this.#typedAt < TYPING_INTERVAL) return
    this.#typedAt = now
    this.#connection.send({ type: 'typing' })
  }

  older = () => this.#earlier.older()
  reach = (/** @type {{n: number, id: string}} */ message) => this.#earlier.reach(message)
  seen() {}

  retryNow() {
    this.#connection.retryNow()
  }

  /** The network may be another one. */
  refresh() {
    this.#connection.refresh()
  }

  /** The browser says that there is no network. It may be wrong: the server may be on this machine. */
  doubt() {
    this.#connection.doubt()
  }

  // ---- What the connection says ----

  /** Where the next WebSocket begins. */
  #query() {
    const position = this.conversation.position
    const from = position ? { after: `${position.epoch}:${position.seq}` } : { history: String(HISTORY) }
    return { name: this.name, room: this.room, ...from }
  }

  /** @param {WelcomeFrame} frame */
  #up(frame) {
    this.#outbox.close()
    this.#session = frame.session
    this.name = frame.name
    this.limits = frame.limits
    this.#catchUp.begin(frame.seq, this.conversation.position === null)
    this.conversation.welcome(frame, this.#clock.now())
    this.joined = true
    this.#catchUp.reached(this.conversation.position?.seq)
    this.#listeners.tell('items')
  }

  /** @param {number} code */
  #down(code) {
    this.#catchUp.stop()
    if (refusesLast(code)) this.#outbox.refuseFlying(refused(code))
    this.#outbox.close()
    this.#typists.clear()
  }

  /** @param {import('../../types.js').ServerFrame} frame @returns {void} */
  #received(frame) {
    const now = this.#clock.now()
    switch (frame.type) {
      case 'message': return this.#message(frame)
      case 'ack':
        this.conversation.ack(frame)
        this.#confirmed(frame.id)
        return this.#listeners.tell('items')
      case 'error': return this.#outbox.refuse(frame)
      case 'presence':
        this.people.take(frame)
        return this.#listeners.tell('people')
      case 'typing': return this.conversation.isOwn(frame.session) ? undefined : this.#typists.add(frame.session, frame.name)
      case 'notice':
        this.conversation.notice(frame, now)
        return this.#listeners.tell('items')
      case 'gap':
        this.conversation.gap(frame, now)
        return this.#listeners.tell('items')
      case 'reset':
        this.conversation.reset(frame, now)
        this.#catchUp.reached(frame.seq)
        return this.#listeners.tell('items')
      default:
    }
  }

  /** @param {import('../../types.js').MessageFrame} frame */
  #message(frame) {
    const heard = this.conversation.message(frame)
    this.#typists.remove(frame.session)
    const ours = this.conversation.find(frame.id)
    if (ours?.own && this.conversation.isSame(ours, frame)) this.#confirmed(frame.id) // not if a stranger has sent our id
    this.#listeners.tell('items')
    if (heard && !this.#catchUp.isHistory) this.#listeners.tell('heard', heard)
    this.#catchUp.reached(this.conversation.position?.seq)
  }

  /** @param {string} id */
  #confirmed(id) {
    const before = this.unsent
    this.#outbox.confirm(id)
    this.#kept.drop(id)
    if (this.unsent !== before) this.#listeners.tell('unsent')
  }

  /** Own messages that the log already had have been recognized by now: the rest may go. */
  #caughtUp() {
    this.conversation.settleFailed()
    this.#listeners.tell('items')
    this.#openOutbox()
  }

  #openOutbox() {
    if (this.#kept.ready && this.#catchUp.over) this.#outbox.open(this.limits)
  }

  // ---- Inside ----

  /**
   * Shows what was not sent before the page was reloaded, and sends it before all else.
   * @param {import('../../types.js').UnsentMessage[]} messages
   */
  #restore(messages) {
    const unknown = messages.filter(({ id }) => !this.conversation.find(id))
    for (const { id } of messages) if (this.conversation.find(id)?.state === 'sent') this.#kept.drop(id) // the log was faster
    this.conversation.restore(unknown)
    if (this.#catchUp.over) this.conversation.settleFailed()
    this.#outbox.restore(unknown.filter(({ reason }) => reason === null))
    this.#listeners.tell('items')
    this.#listeners.tell('unsent')
  }

  /** @param {string} id @param {string} text */
  #post(id, text) {
    this.#listeners.tell('items')
    this.#kept.keep(this.conversation.find(id))
    this.#outbox.add(id, text)
    this.#listeners.tell('unsent')
  }

  /** @param {string} id @param {string} reason */
  #failed(id, reason) {
    this.conversation.fail(id, reason)
    this.#kept.keep(this.conversation.find(id))
    this.#listeners.tell('items')
    this.#listeners.tell('unsent')
  }
}
