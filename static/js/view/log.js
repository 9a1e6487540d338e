// The conversation on the screen: a window of it, and how the reader moves
// through it.

import { Pace } from '../model/pace.js'
import { NEWER_FAILED, OLDER_FAILED } from '../model/strings/messages.js'
import { Window } from '../model/window.js'
import { MessageActions } from './actions.js'
import { MentionPill } from './mention-pill.js'
import { find, write } from './dom.js'
import { onceAFrame } from './frame.js'
import { Later } from './later.js'
import { answerClicks } from './log-clicks.js'
import { FloatingDay } from './log-day.js'
import { LogEdge } from './log-edge.js'
import { steerByKeys } from './log-keys.js'
import { LinkedMessage } from './log-link.js'
import { LogPill } from './log-pill.js'
import { LogTravel } from './log-travel.js'
import { Rows } from './rows.js'
import { Scroller } from './scroller.js'
import { Toast } from './toast.js'
import { UnreadPill } from './unread.js'

const FAR = 1.5 // screens above the end from which a way back is offered
const BUSY = 5 // messages a second above which none moves in, and those off the screen are not laid out
const CALM = 1100 // ms after which a burst is over
const LONG = 6000 // ms for a sentence that nobody waits for
const STILL = 1000 // ms after the log is made in which nothing moves

export class LogView {
  #talk
  #list
  #box
  #start
  #empty
  #rows
  #actions
  #unread
  #mentioned
  day
  #pill
  #scroller
  #window = new Window()
  #frame = onceAFrame(() => this.#draw())
  /** @type {LogEdge} */ #above
  /** @type {LogEdge} */ #below
  #items // what the window is of
  #pace = new Pace()
  #length = 0 // messages when they were last drawn
  #made = performance.now()
  #linked
  #later
  #toast

  /**
   * @param {ParentNode} root
   * @param {import('../../types.js').ConversationSource} talk
   * @param {import('../model/navigation.js').Navigation} trail
   * @param {object} on
   * @param {(name: string) => void} on.mention
   * @param {(text: string) => void} on.edit a text that was not sent
   * @param {(item: import('../../types.js').MessageItem) => void} on.change a text that was
   * @param {(item: import('../../types.js').MessageItem) => void} on.reply
   * @param {(item: import('../../types.js').MessageItem) => void} on.quoted
   * @param {AbortSignal} signal
   */
  constructor(root, talk, trail, { mention, edit, change, reply, quoted }, signal) {
    this.#talk = talk
    this.#items = talk.items
    this.#list = find(root, '#messages', HTMLOListElement)
    this.#start = find(root, '#log-start', HTMLElement)
    this.#empty = find(root, '#empty', HTMLElement)
    const box = this.#box = find(root, '#log', HTMLElement)
    const later = this.#later = new Later(signal)
    const toast = this.#toast = new Toast(find(root, '#log-note', HTMLElement), later)
    const say = (/** @type {string} */ sentence) => toast.say(sentence)
    const rows = this.#rows = new Rows(this.#list, later, talk, signal)
    this.day = new FloatingDay(find(root, '#log-day', HTMLElement), box, rows, later, signal)
    this.#scroller = new Scroller(box, this.#list, (at) => this.#moved(at), signal)
    this.#pill = new LogPill(find(root, '#newer', HTMLButtonElement), () => {
      this.toEnd()
      box.focus({ preventScroll: true }) // the button is about to vanish
    }, signal)
    answerClicks(this.#list, rows, talk, { stay: () => this.#scroller.release(), changed: () => this.#render(), edit, say, quoted }, signal)
    const edge = (/** @type {'older' | 'newer'} */ name, /** @type {() => void} */ more) => new LogEdge(root, name, {
      ask: () => talk[name](),
      changed: () => signal.aborted || this.changed(),
      retry() {
        box.focus({ preventScroll: true }) // the button is about to vanish
        more()
      },
    }, later, signal)
    this.#above = edge('older', () => this.#older())
    this.#below = edge('newer', () => this.#newer())
    steerByKeys(box, this.#list, find(root, '#text', HTMLTextAreaElement), signal)
    this.#actions = new MessageActions(root, this.#list, {
      item: this.messageOf,
      say,
      hasLinks: talk.id === 'room',
      mention,
      changes: talk.changes,
      edit: change,
      reply,
    }, trail, signal)
    this.#unread = new UnreadPill(root, box, talk, rows, {
      reveal: (id) => this.#reveal(id),
      say,
    }, signal)
    document.addEventListener('visibilitychange', () => this.changed(), { signal })
    this.#linked = new LinkedMessage(talk, later, {
      taken: () => this.changed(),
      reveal: (id) => this.#reveal(id),
      say,
    }, signal)
    this.travel = new LogTravel(talk, toast, trail, {
      spot: () => this.spot,
      reveal: (id) => this.#reveal(id),
      revealFrom: (place) => this.#revealAt(place, 'start'),
      settle: (id, top) => this.#settle(id, top),
      toEnd: () => this.toEnd(),
    }, signal)
    this.#mentioned = new MentionPill(root, box, talk, rows, (message) => this.travel.toMessage(message), signal)
    signal.addEventListener('abort', () => {
      this.#frame.cancel()
      talk.latest() // who comes back begins at the end
    })
  }

  messageOf = (/** @type {Element} */ li) => this.#rows.messageOf(li)

  /** @param {string} sheet to which the reader has gone back or forward */
  follow(sheet) {
    this.#actions.follow(sheet)
  }

  /** Something in the conversation has changed. */
  changed() {
    const wait = this.#pace.wait(performance.now())
    if (wait === 0) return this.#frame.ask()
    if (!this.#later.waits('draw')) this.#later.run('draw', wait, () => this.#frame.ask())
  }

  /** @param {import('../../types.js').MessageItem} [item] that somebody else has said */
  received(item) {
    this.#pill.received(item?.key)
    if (!this.isSeen) this.#talk.missed()
    this.#mentioned.received(item)
  }

  /** @param {string} key of what somebody else has said, which is deleted */
  removed(key) {
    this.#pill.removed(key)
    this.#mentioned.removed(key)
    this.changed()
  }

  /** @param {string} sentence that stands here for a moment */
  say(sentence) {
    this.#toast.say(sentence, LONG)
  }

  /** @param {string} id of the message to which the reader goes, if it is shown */
  focusOn(id) {
    this.#render()
    ;(this.#rows.withId(id) ?? this.#box).focus({ preventScroll: true })
  }

  /** The reader has said something. */
  sent() {
    this.toEnd()
    this.#unread.end()
  }

  toEnd() {
    this.#talk.latest()
    this.#turn()
    this.#window.latest(this.#talk.items.first)
    this.#scroller.toEnd()
    this.#draw()
  }

  /** Whether the newest message is on the screen, and somebody looks. */
  get isSeen() {
    return this.#isAtEnd && !document.hidden
  }

  /** Where the reader is. */
  get spot() {
    for (const li of this.#isAtEnd ? [] : this.#scroller.shown) {
      const item = this.messageOf(li)
      if (item?.seq) return { n: item.seq, id: item.id, top: this.#scroller.topOf(li) }
    }
    return { n: 0, id: '', top: 0 }
  }

  /** @param {string} id of a message in memory @param {number} top where it was on the screen */
  #settle(id, top) {
    const place = this.#talk.items.placeOf(id)
    const li = place === undefined ? undefined : this.#bring(place)
    if (!li) return false
    this.#scroller.toTop(li, top)
    this.changed() // what is around it may be short
    return true
  }

  /**
   * Shows a message that is in memory, in the middle of the screen.
   * @param {string} id @returns {boolean} whether it is there
   */
  #reveal(id) {
    const place = this.#talk.items.placeOf(id)
    return place !== undefined && this.#revealAt(place, 'center')
  }

  /** @param {number} place @param {'center' | 'start'} block */
  #revealAt(place, block) {
    const li = this.#bring(place)
    if (!li) return false
    if (this.#rows.unfold(li)) this.#render()
    this.#scroller.toElement(li, block)
    this.#rows.highlight(li)
    li.tabIndex = -1
    li.focus({ preventScroll: true })
    this.changed() // what is around it may be short
    return true
  }

  /** @param {number} place that is to be in the page, with what is around it */
  #bring(place) {
    this.#turn()
    const { items } = this.#talk
    this.#scroller.release()
    this.#window.around(place, items.first, items.length)
    this.#render()
    return this.#rows.withKey(items.at(place)?.key ?? '')
  }

  /** Another part is shown now: the same messages have other places there. */
  #turn() {
    const before = this.#items
    const { items } = this.#talk
    if (items === before) return
    const { first, length } = items
    this.#items = items
    this.#length = length
    for (let place = this.#window.start; place < this.#window.end; place++) {
      const item = before.at(place)
      const now = item?.kind === 'message' ? items.placeOf(item.id) : undefined
      if (now !== undefined) return this.#window.move(now - place, first, length)
    }
    this.#window.around(length, first, length)
  }

  // ---- Drawing ----

  #draw() {
    this.#turn()
    const { first, length } = this.#talk.items
    if (this.#isAtEnd) this.#window.follow(first, length)
    else this.#window.hold(first, length)
    this.#render()
    if (this.#scroller.nearTop && (this.#talk.isEager || this.#window.start > first)) this.#older()
    if (this.#scroller.nearBottom && !this.#isLatest) this.#newer()
    if (this.isSeen) this.#talk.seen()
    this.#pace.drew(length - this.#length, performance.now())
    this.#length = length
    this.#linked.changed()
  }

  /**
   * The reader is at the upper edge: shows what is before it, or asks for it.
   */
  #older() {
    const { items, hasOlder } = this.#talk
    if (this.#window.start > items.first) {
      this.#window.older(items.first)
      this.#render()
    } else if (hasOlder) {
      this.#above.load()
    }
  }

  /** The reader is at the lower edge of what is not the newest. */
  #newer() {
    if (!this.#window.isLatest) {
      this.#window.newer()
      this.#render()
    } else if (this.#talk.hasNewer) {
      this.#below.load()
    }
  }

  #render() {
    this.#scroller.steady(() => {
      const busy = this.#isAtEnd && this.#isBusy
      this.#list.toggleAttribute('data-busy', busy)
      if (busy) this.#later.run('calm', CALM, () => this.#render())
      this.#reconcile()
      this.#drawEdges()
    })
    this.#actions.changed()
    this.#drawPills()
  }

  #reconcile() {
    const moves = this.#isAtEnd && !this.#isBusy && performance.now() - this.#made > STILL
    const focused = this.#list.contains(document.activeElement)
    this.#rows.show(this.#talk.items, this.#window, moves)
    if (focused && !this.#list.contains(document.activeElement)) this.#box.focus({ preventScroll: true }) // its message is gone
  }

  /** The reader sees the newest message, and the next one comes in below. */
  get #isAtEnd() {
    return this.#scroller.atEnd && this.#isLatest
  }

  /** The newest message is in the page. */
  get #isLatest() {
    return this.#window.isLatest && !this.#talk.hasNewer
  }

  get #isBusy() {
    return this.#pace.rate(performance.now()) > BUSY
  }

  #drawEdges() {
    const { items, joined, beginning } = this.#talk
    const atTop = this.#window.start === items.first
    this.#above.draw(atTop, !joined && !beginning, OLDER_FAILED)
    this.#below.draw(this.#talk.hasNewer && this.#window.isLatest, false, NEWER_FAILED)
    this.#empty.hidden = !joined || items.length > items.first
    write(this.#start, atTop ? beginning : '')
  }

  #drawPills() {
    this.#unread.draw(this.#isLatest)
    this.#mentioned.draw()
    this.#pill.draw(this.#isAtEnd, !this.#isLatest || this.#scroller.screensBelow >= FAR)
  }

  // ---- The reader ----

  /** @param {{end: boolean, upper: boolean, lower: boolean}} at */
  #moved({ end, upper, lower }) {
    const isLatest = this.#isLatest
    if (!isLatest) this.#scroller.release()
    if (!end && this.#list.hasAttribute('data-busy')) this.#render() // all of it has its true height again
    if (!end) this.day.show()
    if (upper) {
      this.#older()
    } else if (lower && !isLatest) {
      this.#newer()
    }
    this.#drawPills()
    if (end && this.isSeen) this.#talk.seen()
  }
}
