// A room that we have joined: its connection, conversation, outbox, people and
// typists. It does not know the document; the views listen to it.

import { Conversation } from '../model/conversation.js'
import { Hidden } from '../model/hidden.js'
import { Listeners } from '../model/listeners.js'
import { People } from '../model/people.js'
import { refused } from '../model/status.js'
import { CatchUp } from './catchup.js'
import { revisedBy } from './changes.js'
import { refusesLast } from '../model/close-codes.js'
import { Connection } from '../net/connection.js'
import { LIMITS } from '../net/frames.js'
import { ArchivePager } from './archive-pager.js'
import { Hold } from './hold.js'
import { LastSeen } from './last-seen.js'
import { RoomTyping } from './room-typing.js'
import { changesOf } from './room-changes.js'
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
  hold
  pinned = /** @type {import('../../types.js').Pin | null} */ (null)
  joined = false // whether a welcome has come
  conversation
  changes
  reacting
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
    name, isAccount = false, room, sessions = [], unsent = null, uploads = null, archive = null, reacted,
    who = null, lastSeen = null, hidden = new Hidden(), address, clock, open, random = Math.random,
  }) {
    this.name = name
    this.room = this.title = room
    this.#clock = clock
    this.hidden = hidden
    this.hold = new Hold(clock)
    this.#unhide = hidden.listen(() => this.#listeners.tell('items'))
    this.#catchUp = new CatchUp(clock, () => this.#caughtUp())
    this.conversation = new Conversation(sessions, isAccount ? name : '', reacted)
    const where = { unsent, uploads, room, isAccount }
    this.#sending = new Sending(this.conversation, this.#catchUp, where, clock, {
      send: (frame) => this.#connection.send(frame),
      stalled: () => this.#connection.drop(),
      changes: () => [this.changes, this.reacting],
      limits: () => this.limits,
      origin: () => ({ name: this.name, session: this.#session }),
      changed: (what) => this.#listeners.tell(what),
    })
    this.#archive = new ArchivePager(this.conversation, archive, clock)
    const { changes, reacting } = changesOf(this.conversation, reacted, who, clock, {
      sending: this.#sending, archive: this.#archive, limits: () => this.limits, name: () => this.name,
      revise: (id) => this.#revised(id),
      refused: (sentence) => this.#listeners.tell('refused', sentence),
      removed: (item) => this.#removed(item),
    })
    this.changes = changes
    this.reacting = reacting
    this.#lastSeen = new LastSeen(this.conversation, this.#archive, lastSeen, this.hides)
    this.#typing = new RoomTyping(this, clock, {
      changed: () => this.#listeners.tell('typing'), typed: () => this.#connection.send({ type: 'typing' }),
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
    return this.#archive.beginning(this.title)
  }

  // ---- What the reader does ----

  join() {
    this.#sending.start(this.name)
    this.#connection.start()
  }

  leave() {
    this.changes.flush()
    this.reacting.stop()
    this.#unhide()
    this.#sending.stop()
    this.#catchUp.stop()
    this.#typing.clear()
    this.#sending.close()
    this.#connection.stop()
    this.#listeners.clear()
  }

  /**
   * @param {string} text a clean one @param {import('../../types.js').ReplyTo | null} [reply]
   * @param {readonly import('../../types.js').FileInfo[]} [files]
   */
  send(text, reply = null, files = []) {
    this.#typing.sent()
    this.#sending.compose({
      id: uuid(), text, name: this.name, session: this.#session, at: this.#clock.now(),
      ...(reply && { reply }), ...(files.length > 0 && { files }),
    })
  }

  get newFrom() {
    return this.#lastSeen.newFrom
  }

  retry = (/** @type {string} */ id) => this.#sending.retry(id)
  discard = (/** @type {string} */ id, keepsFiles = false) => this.#sending.discard(id, keepsFiles)
  typed = () => this.#typing.typed()
  older = () => this.#archive.older().then(() => this.#lastSeen.find())
  newer = () => this.#archive.newer().then(() => this.#lastSeen.find())
  reach = (/** @type {{n: number, id: string}} */ message) =>
    this.#archive.reach(message).then(() => this.#lastSeen.find())
  reachTime = (/** @type {number} */ time) => this.#archive.reachTime(time)
  latest = () => this.#archive.close()
  seen = () => this.#lastSeen.seen()
  missed = () => this.#lastSeen.missed()
  hides = (/** @type {import('../../types.js').MessageItem} */ item) => !item.own && this.hidden.has(item)
  retryNow = () => this.#connection.retryNow()
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
    this.pinned = frame.pinned ?? null
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
      case 'reactions':
        this.reacting.received(frame)
        return this.#catchUp.reached(this.conversation.position?.seq)
      case 'tombstone':
      case 'entry':
        if (frame.type === 'tombstone' && !frame.target) {
          return this.#message({ ...frame, type: 'message', text: '', deleted: true })
        }
        this.conversation.entry(frame)
        return this.#catchUp.reached(this.conversation.position?.seq)
      case 'ack':
        this.conversation.ack(frame)
        this.changes.acked(frame)
        this.reacting.acked(frame)
        this.#sending.confirmed(frame.id)
        if (this.conversation.find(frame.id)) this.hold.said()
        break
      case 'error': return this.#refused(frame)
      case 'presence':
        this.people.take(frame, now)
        return this.#listeners.tell('people')
      case 'typing': return this.#typing.received(frame)
      case 'notice': this.conversation.notice(frame, now); break
      case 'pin': this.pinned = frame.pinned ?? null; break
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

  /** @param {import('../../types.js').ErrorFrame} frame */
  #refused(frame) {
    const isHeld = this.hold.refused(frame)
    this.#sending.refuse(frame)
    if (!isHeld) return
    const item = this.conversation.find(frame.id ?? '')
    if (item?.state === 'failed') this.#listeners.tell('held', item)
    this.#listeners.tell('state', this.state)
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
