// A room that we have joined: its connection, conversation, outbox, people and
// typists. It does not know the document; the views listen to it.

import { Conversation } from '../model/conversation.js'
import { Hidden } from '../model/hidden.js'
import { Listeners } from '../model/listeners.js'
import { RESEND_SPAN } from '../model/outbox.js'
import { People } from '../model/people.js'
import { refused } from '../model/status.js'
import { CatchUp } from './catchup.js'
import { Changes, revisedBy } from './changes.js'
import { refusesLast } from '../model/close-codes.js'
import { Connection } from '../net/connection.js'
import { LIMITS } from '../net/frames.js'
import { ArchivePager } from './archive-pager.js'
import { LastSeen } from './last-seen.js'
import { RoomTyping } from './room-typing.js'
import { Sending } from './sending.js'
import { uuid } from '../model/uuid.js'

/** @typedef {import('../../types.js').RoomListener} RoomListener */
/** @typedef {import('../../types.js').ConversationSource} ConversationSource */

const HISTORY = 200 // messages asked for on joining: the server's maximum

/** @implements {ConversationSource} */
export class Room {
  id = 'room'
  name
  room
  title
  limits = LIMITS
  people = new People()
  hidden
  joined = false // whether a welcome has come
  conversation
  changes
  isEager = false
  #clock
  /** @type {Sending} */ #sending
  #typing
  /** @type {Connection} */ #connection
  /** @type {Listeners<RoomListener>} */ #listeners = new Listeners()
  #session = ''
  #catchUp
  #unhide
  #archive
  #lastSeen

  /** @param {import('../../types.js').RoomOptions} options */
  constructor({
    name, isAccount = false, room, sessions = [], unsent = null, archive = null, lastSeen = null, hidden = new Hidden(), address, clock, open, random = Math.random,
  }) {
    this.name = name
    this.room = this.title = room
    this.#clock = clock
    this.hidden = hidden
    this.#unhide = hidden.listen(() => this.#listeners.tell('items'))
    this.#catchUp = new CatchUp(clock, () => this.#caughtUp())
    this.conversation = new Conversation(sessions, isAccount ? name : '')
    this.#sending = new Sending(this.conversation, this.#catchUp, { unsent, room, isAccount }, clock, {
      send: (frame) => this.#connection.send(frame),
      stalled: () => this.#connection.drop(),
      changes: () => this.changes,
      limits: () => this.limits,
      changed: (what) => this.#listeners.tell(what),
    })
    this.#archive = new ArchivePager(this.conversation, archive, clock)
    this.changes = new Changes(this.conversation, clock, {
      limits: () => this.limits,
      find: (id) => this.conversation.find(id) ?? this.#archive.find(id),
      revise: (id) => this.#revised(id),
      keep: (own) => this.#sending.keepChange(own, this.name),
      post: (own) => this.#sending.post(own),
      drop: (id) => this.#sending.confirmed(id),
      removed: (item) => this.#removed(item),
      refused: (sentence) => this.#listeners.tell('refused', sentence),
    })
    this.#lastSeen = new LastSeen(this.conversation, this.#archive, lastSeen, this.hides)
    this.#typing = new RoomTyping(this, clock, { changed: () => this.#listeners.tell('typing'), typed: () => this.#connection.send({ type: 'typing' }) })
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
    return this.#sending.size
  }

  get typing() {
    return this.#typing.names
  }

  get items() {
    return this.#lastSeen.items
  }

  get hasOlder() {
    return this.#catchUp.over && this.#archive.hasOlder
  }

  get hasNewer() {
    return this.#archive.hasNewer
  }

  get beginning() {
    return this.#archive.beginning(this.room)
  }

  // ---- What the reader does ----

  join() {
    this.#sending.start(this.name)
    this.#connection.start()
  }

  leave() {
    this.changes.flush()
    this.#unhide()
    this.#sending.stop()
    this.#catchUp.stop()
    this.#typing.clear()
    this.#sending.close()
    this.#connection.stop()
    this.#listeners.clear()
  }

  /** @param {string} text a clean one @param {import('../../types.js').ReplyTo | null} [reply] */
  send(text, reply = null) {
    const id = uuid()
    this.conversation.compose({ id, text, ...(reply && { reply }), name: this.name, session: this.#session, at: this.#clock.now() })
    this.#typing.sent()
    this.#sending.keep(id)
    this.#sending.post({ id, text, ...(reply && { reply }) })
  }

  /** @param {string} id of a message that failed */
  retry(id) {
    const item = this.conversation.find(id)
    const now = this.#clock.now()
    if (item?.state !== 'failed') return
    this.#sending.drop(id)
    if (now - item.at > RESEND_SPAN) { // the server may have forgotten the id
      this.conversation.discard(id)
      return this.send(item.text, item.reply)
    }
    this.conversation.retry(id, now)
    this.#sending.keep(id)
    this.#sending.post(item)
  }

  /** @param {string} id of a message that failed */
  discard(id) {
    this.conversation.discard(id)
    this.#sending.drop(id)
    this.#listeners.tell('items')
  }

  get newFrom() {
    return this.#lastSeen.newFrom
  }

  typed = () => this.#typing.typed()
  older = () => this.#archive.older().then(() => this.#lastSeen.find())
  newer = () => this.#archive.newer().then(() => this.#lastSeen.find())
  reach = (/** @type {{n: number, id: string}} */ message) => this.#archive.reach(message).then(() => this.#lastSeen.find())
  reachTime = (/** @type {number} */ time) => this.#archive.reachTime(time)
  latest = () => this.#archive.close()
  seen = () => this.#lastSeen.seen()
  missed = () => this.#lastSeen.missed()
  hides = (/** @type {import('../../types.js').MessageItem} */ item) => !item.own && this.hidden.has(item)
  retryNow = () => this.#connection.retryNow()
  /** The network may have changed, or be gone; the browser may be wrong about a local server. */
  refresh = () => this.#connection.refresh()
  doubt = () => this.#connection.doubt()

  // ---- The connection ----

  /** Where the next WebSocket starts. */
  #query() {
    const position = this.conversation.position
    const from = position ? { after: `${position.epoch}:${position.seq}` } : { history: String(HISTORY) }
    return { name: this.name, room: this.room, ...from }
  }

  /** @param {import('../../types.js').WelcomeFrame} frame */
  #up(frame) {
    this.#sending.close()
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
    if (refusesLast(code)) this.#sending.refuseFlying(refused(code))
    this.#sending.close()
    this.#typing.clear()
  }

  /** @param {import('../../types.js').ServerFrame} frame @returns {void} */
  #received(frame) {
    const now = this.#clock.now()
    switch (frame.type) {
      case 'message': return this.#message(frame)
      case 'edit':
      case 'delete':
        this.changes.received(frame)
        this.#listeners.tell('revised', revisedBy(frame))
        return this.#catchUp.reached(this.conversation.position?.seq)
      case 'tombstone':
        if (!frame.target) return this.#message({ ...frame, type: 'message', text: '', deleted: true })
        this.conversation.entry(frame)
        return this.#catchUp.reached(this.conversation.position?.seq)
      case 'entry':
        this.conversation.entry(frame)
        return this.#catchUp.reached(this.conversation.position?.seq)
      case 'ack':
        this.conversation.ack(frame)
        this.changes.acked(frame)
        this.#sending.confirmed(frame.id)
        break
      case 'error': return this.#sending.refuse(frame)
      case 'presence':
        this.people.take(frame, now)
        return this.#listeners.tell('people')
      case 'typing': return this.#typing.received(frame)
      case 'notice': this.conversation.notice(frame, now); break
      case 'gap': this.conversation.gap(frame, now); break
      case 'reset':
        this.conversation.reset(frame, now)
        this.#catchUp.reached(frame.seq)
        break
      default: return
    }
    this.#listeners.tell('items')
  }

  /** @param {import('../../types.js').MessageFrame} frame */
  #message(frame) {
    const taken = this.conversation.message(frame)
    const received = taken && !this.hides(taken) ? taken : null
    this.#typing.remove(frame.session)
    const ours = this.conversation.find(frame.id)
    if (received) this.#lastSeen.received(received)
    const isOurs = ours?.own && this.conversation.isSame(ours, frame) // others may use our id
    if (isOurs) this.#sending.confirmed(frame.id)
    this.#listeners.tell('items')
    if (received && !this.#catchUp.isHistory) this.#listeners.tell('received', received)
    this.#catchUp.reached(this.conversation.position?.seq)
  }

  /** Own messages that were in the log are known by now: the rest may be sent. */
  #caughtUp() {
    this.conversation.settleFailed()
    this.#lastSeen.find()
    this.#listeners.tell('items')
    this.#sending.open()
  }

  /** @param {string} id of a message of which more is known */
  #revised(id) {
    this.conversation.revise(id)
    this.#archive.revise(id)
    this.#listeners.tell('items')
  }

  /** @param {import('../../types.js').MessageItem} item of somebody else, which is deleted */
  #removed(item) {
    this.#lastSeen.removed(item)
    this.#listeners.tell('removed', item)
  }
}
