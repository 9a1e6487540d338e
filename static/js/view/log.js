// The conversation on the screen: a window of it, and how the reader moves
// through it.

import { LogWindow } from '../model/log-window.js'
import { Pace } from '../model/pace.js'
import { MessageActions } from './actions.js'
import { find } from './dom.js'
import { onceAFrame } from './frame.js'
import { Later } from './later.js'
import { answerClicks } from './log-clicks.js'
import { FloatingDay } from './log-day.js'
import { LogEdges } from './log-edges.js'
import { steerByKeys } from './log-keys.js'
import { LinkedMessage } from './log-link.js'
import { LogPills } from './log-pills.js'
import { LogTravel } from './log-travel.js'
import { Rows } from './rows.js'
import { Scroller } from './scroller.js'
import { Toast } from './toast.js'

const FAR = 1.5 // screens above the end from which a way back is offered
const BUSY = 5 // messages a second above which none moves in, and those off the screen are not laid out
const CALM = 1100 // ms after which a burst is over
const LONG = 6000 // ms for a sentence that nobody waits for
const STILL = 1000 // ms after the log is made in which nothing moves

export class LogView {
  #talk
  #list
  #box
  #rows
  #actions
  day
  #pills
  #scroller
  #window
  #frame = onceAFrame(() => this.#draw())
  #edges
  #pace = new Pace()
  #length = 0 // messages when they were last drawn
  #made = performance.now()
  #linked
  #later
  #toast

  /**
   * @param {ParentNode} root
   * @param {import('../../types.js').ConversationSource} talk
   * @param {import('../model/navigation.js').Navigation} navigation
   * @param {object} on
   * @param {(name: string) => void} on.mention
   * @param {(item: import('../../types.js').MessageItem) => void} on.edit one that was not sent
   * @param {(item: import('../../types.js').MessageItem) => void} on.change a text that was
   * @param {(item: import('../../types.js').MessageItem) => void} on.reply
   * @param {(item: import('../../types.js').MessageItem) => void} on.quoted
   * @param {import('./react.js').Pick} on.pick an emoji, of all
   * @param {(of: import('./actions.js').Acted, anchor: Element) => void} on.act moderates, or
   *   reports
   * @param {AbortSignal} signal
   */
  constructor(root, talk, navigation, { mention, edit, change, reply, quoted, pick, act }, signal) {
    this.#talk = talk
    this.#window = new LogWindow(talk)
    this.#list = find(root, '#messages', HTMLOListElement)
    const box = this.#box = find(root, '#log', HTMLElement)
    const later = this.#later = new Later(signal)
    const toast = this.#toast = new Toast(find(root, '#log-note', HTMLElement), later)
    const say = (/** @type {string} */ sentence) => toast.say(sentence)
    const rows = this.#rows = new Rows(this.#list, later, talk, signal)
    this.day = new FloatingDay(find(root, '#log-day', HTMLElement), box, rows, later, signal)
    this.#scroller = new Scroller(box, this.#list, (at) => this.#moved(at), signal)
    answerClicks(
      this.#list, rows, talk,
      {
        stay: () => this.#scroller.release(),
        changed: () => this.#render(),
        edit,
        say,
        quoted,
        follow: (message) => this.travel.toMessage(message),
      }, signal,
    )
    this.#edges = new LogEdges(
      root, box, talk, this.#window, { render: () => this.#render(), changed: () => this.changed() }, later,
      signal,
    )
    steerByKeys(box, this.#list, find(root, '#text', HTMLTextAreaElement), signal)
    this.#actions = new MessageActions(root, this.#list, {
      item: this.messageOf,
      say,
      talk,
      mention,
      edit: change,
      reply,
      pick,
      act,
    }, navigation, signal)
    document.addEventListener('visibilitychange', () => this.changed(), { signal })
    this.#linked = new LinkedMessage(talk, later, {
      taken: () => this.changed(),
      reveal: (id) => this.#reveal(id),
      say,
    }, signal)
    this.travel = new LogTravel(talk, toast, navigation, {
      spot: () => this.spot,
      reveal: (id) => this.#reveal(id),
      revealFrom: (place) => this.#revealAt(place, 'start'),
      settle: (id, top) => this.#settle(id, top),
      toEnd: () => this.toEnd(),
    }, signal)
    this.#pills = new LogPills(root, box, talk, rows, {
      toEnd: () => this.toEnd(),
      reveal: (id) => this.#reveal(id),
      travel: (message) => this.travel.toMessage(message),
      say,
    }, signal)
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
    this.#pills.received(item)
    if (!this.isSeen) this.#talk.missed()
  }

  /** @param {string} key of what somebody else has said, which is deleted */
  removed(key) {
    this.#pills.removed(key)
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
    this.#pills.end()
  }

  toEnd() {
    this.#talk.latest()
    this.#turn()
    this.#window.latest(this.#talk.items.first)
    this.#scroller.toEnd()
    this.#draw()
  }

  /** True if the newest message is on the screen, and somebody looks. */
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

  /** Another part may be shown now. */
  #turn() {
    if (this.#window.turn()) this.#length = this.#talk.items.length
  }

  // ---- Drawing ----

  #draw() {
    this.#turn()
    const { first, length } = this.#talk.items
    if (this.#isAtEnd) this.#window.follow(first, length)
    else this.#window.hold(first, length)
    this.#render()
    if (this.#scroller.nearTop && (this.#talk.isEager || !this.#window.isOldest)) this.#edges.older()
    if (this.#scroller.nearBottom && !this.#window.isNewest) this.#edges.newer()
    if (this.isSeen) this.#talk.seen()
    this.#pace.drew(length - this.#length, performance.now())
    this.#length = length
    this.#linked.changed()
  }

  #render() {
    this.#scroller.steady(() => {
      const busy = this.#isAtEnd && this.#isBusy
      this.#list.toggleAttribute('data-busy', busy)
      if (busy) this.#later.run('calm', CALM, () => this.#render())
      this.#reconcile()
      this.#edges.draw()
    })
    this.#actions.changed()
    this.#drawPills()
  }

  #reconcile() {
    const moves = this.#isAtEnd && !this.#isBusy && performance.now() - this.#made > STILL
    const focused = this.#list.contains(document.activeElement)
    this.#rows.show(this.#talk.items, this.#window, moves)
    // Its message is gone.
    if (focused && !this.#list.contains(document.activeElement)) this.#box.focus({ preventScroll: true })
  }

  /** The reader sees the newest message, and the next one comes in below. */
  get #isAtEnd() {
    return this.#scroller.atEnd && this.#window.isNewest
  }

  get #isBusy() {
    return this.#pace.rate(performance.now()) > BUSY
  }

  #drawPills() {
    this.#pills.draw(this.#window.isNewest, this.#isAtEnd, this.#scroller.screensBelow >= FAR)
  }

  // ---- The reader ----

  /** @param {{end: boolean, upper: boolean, lower: boolean}} at */
  #moved({ end, upper, lower }) {
    const isLatest = this.#window.isNewest
    if (!isLatest) this.#scroller.release()
    if (!end && this.#list.hasAttribute('data-busy')) this.#render() // all of it has its true height again
    if (!end) this.day.show()
    if (upper) {
      this.#edges.older()
    } else if (lower && !isLatest) {
      this.#edges.newer()
    }
    this.#drawPills()
    if (end && this.isSeen) this.#talk.seen()
  }
}
