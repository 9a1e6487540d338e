// The conversation on the screen: a window of it, as elements that stay the same as long as their items are there.

import { decorate } from '../model/decorate.js'
import { pill } from '../model/words.js'
import { Window } from '../model/window.js'
import { find, write } from './dom.js'
import { onceAFrame } from './frame.js'
import { makeItem, updateItem } from './message.js'
import { Scroller } from './scroller.js'

/** @typedef {import('../../types.js').Item} Item */

const FAR = 1.5 // screens above the end from which a way back is offered

export class LogView {
  #talk
  #signal
  #list
  #start
  #empty
  #newer
  #scroller
  #window = new Window()
  #unseen = 0
  #frame = onceAFrame(() => this.#draw())
  #asking = false
  /** @type {Map<string, {li: HTMLLIElement, item: Item, before: Item | undefined}>} what is in the page, by key */
  #shown = new Map()

  /** @param {ParentNode} root @param {import('../../types.js').Talk} talk @param {AbortSignal} signal */
  constructor(root, talk, signal) {
    this.#talk = talk
    this.#signal = signal
    this.#list = find(root, '#messages', HTMLOListElement)
    this.#start = find(root, '#log-start', HTMLElement)
    this.#empty = find(root, '#empty', HTMLElement)
    this.#newer = find(root, '#newer', HTMLButtonElement)
    const box = find(root, '#log', HTMLElement)
    this.#scroller = new Scroller(box, this.#list, (at) => this.#moved(at), signal)
    this.#newer.addEventListener('click', () => {
      this.toEnd()
      box.focus({ preventScroll: true }) // the button is about to vanish
    }, { signal })
    this.#list.addEventListener('click', (event) => this.#clicked(event), { signal })
    signal.addEventListener('abort', () => this.#frame.cancel())
  }

  /** Something in the conversation has changed. */
  changed() {
    this.#frame.ask()
  }

  /** Somebody else has said something. */
  heard() {
    this.#unseen++
  }

  toEnd() {
    this.#window.latest(this.#talk.items.first)
    this.#scroller.toEnd()
    this.#draw()
  }

  /** Whether the newest message is on the screen, and somebody looks. */
  get isSeen() {
    return this.#scroller.atEnd && this.#window.isLatest && !document.hidden
  }

  /**
   * Shows a message that is in memory, in the middle of the screen.
   * @param {string} id @returns {boolean} whether it is there
   */
  reveal(id) {
    const { items } = this.#talk
    const place = items.placeOf(id)
    if (place === undefined) return false
    this.#scroller.release()
    this.#window.around(place, items.first, items.length)
    this.#render()
    const li = [...this.#shown.values()].find(({ item }) => item.kind === 'message' && item.id === id)?.li
    if (!li) return false
    this.#scroller.toMiddle(li)
    li.classList.add('sought')
    li.addEventListener('animationend', () => li.classList.remove('sought'), { once: true, signal: this.#signal })
    li.tabIndex = -1
    li.focus({ preventScroll: true })
    return true
  }

  // ---- Drawing ----

  #draw() {
    const { first, length } = this.#talk.items
    const following = this.#scroller.atEnd && this.#window.isLatest
    if (following) this.#window.follow(first, length)
    else this.#window.hold(first, length)
    this.#render()
    if (this.#scroller.nearTop && (this.#talk.isEager || this.#window.start > first)) this.#older()
    if (this.isSeen) this.#talk.seen()
  }

  /** The reader is at the upper edge: shows what is before it, or asks for it. */
  #older() {
    const { items, hasOlder } = this.#talk
    if (this.#window.start > items.first) {
      this.#window.older(items.first)
      this.#render()
    } else if (hasOlder && !this.#asking) {
      this.#asking = true
      this.#talk.older().then(() => this.#signal.aborted || this.changed(), () => {}) // who scrolls again asks again
        .finally(() => { this.#asking = false })
    }
  }

  #render() {
    this.#scroller.steady(() => {
      this.#reconcile()
      this.#drawEdges()
    })
    this.#drawPill()
  }

  /** Makes the list what the window shows. Elements move only if their order has changed. */
  #reconcile() {
    const { items } = this.#talk
    const gone = new Set(this.#shown.keys())
    let before = items.at(this.#window.start - 1)
    let next = this.#list.firstElementChild
    for (let place = this.#window.start; place < this.#window.end; place++) {
      const item = items.at(place)
      if (!item) break
      const li = this.#element(item, before)
      gone.delete(item.key)
      if (li === next) next = next.nextElementSibling
      else this.#list.insertBefore(li, next)
      before = item
    }
    for (const key of gone) {
      this.#shown.get(key)?.li.remove()
      this.#shown.delete(key)
    }
  }

  /** @param {Item} item @param {Item | undefined} before */
  #element(item, before) {
    const shown = this.#shown.get(item.key)
    if (shown?.item === item && shown.before === before) return shown.li
    const li = shown?.li ?? makeItem(item)
    updateItem(li, item, decorate(before, item))
    this.#shown.set(item.key, { li, item, before })
    return li
  }

  #drawEdges() {
    const { items, joined, beginning } = this.#talk
    this.#empty.hidden = !joined || items.length > items.first
    write(this.#start, this.#window.start === items.first ? beginning : '')
  }

  #drawPill() {
    if (this.#scroller.atEnd && this.#window.isLatest) this.#unseen = 0
    const { shown, spoken } = pill(this.#unseen)
    write(find(this.#newer, '.pill-label', HTMLElement), shown)
    this.#newer.setAttribute('aria-label', spoken)
    this.#newer.hidden = this.#unseen === 0 && this.#window.isLatest && this.#scroller.screensBelow < FAR
  }

  // ---- The reader ----

  /** @param {{end: boolean, upper: boolean, lower: boolean}} at */
  #moved({ end, upper, lower }) {
    const { isLatest } = this.#window
    if (!isLatest) this.#scroller.release()
    if (upper) {
      this.#older()
    } else if (lower && !isLatest) {
      this.#window.newer()
      this.#render()
    }
    if (end || this.#newer.hidden) this.#drawPill()
    if (end && this.isSeen) this.#talk.seen()
  }

  /** @param {Event} event */
  #clicked(event) {
    const button = event.target instanceof Element ? event.target.closest('button') : null
    const id = button?.closest('li')?.dataset.id
    if (!id) return
    if (button.classList.contains('retry')) this.#talk.retry(id)
    if (button.classList.contains('discard')) this.#talk.discard(id)
  }
}
