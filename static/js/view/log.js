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
  #room
  #list
  #start
  #empty
  #newer
  #scroller
  #window = new Window()
  #unseen = 0
  #frame = onceAFrame(() => this.#draw())
  /** @type {Map<string, {li: HTMLLIElement, item: Item, before: Item | undefined}>} what is in the page, by key */
  #shown = new Map()

  /** @param {ParentNode} root @param {import('../net/room.js').Room} room @param {AbortSignal} signal */
  constructor(root, room, signal) {
    this.#room = room
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
    this.#window.latest(this.#room.conversation.first)
    this.#scroller.toEnd()
    this.#draw()
  }

  // ---- Drawing ----

  #draw() {
    const { first, length } = this.#room.conversation
    const following = this.#scroller.atEnd && this.#window.isLatest
    if (following) this.#window.follow(first, length)
    else this.#window.hold(first, length)
    this.#render()
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
    const { conversation } = this.#room
    const gone = new Set(this.#shown.keys())
    let before = conversation.at(this.#window.start - 1)
    let next = this.#list.firstElementChild
    for (let place = this.#window.start; place < this.#window.end; place++) {
      const item = conversation.at(place)
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
    const { conversation, joined } = this.#room
    this.#empty.hidden = !joined || conversation.length > 0
    const oldest = conversation.at(conversation.first)
    const known = this.#window.start === conversation.first && oldest?.kind === 'message' && oldest.seq
    if (!known) write(this.#start, '')
    else write(this.#start, known === 1 ? `This is where ${this.#room.room} begins.` : 'Earlier messages are not shown here.')
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
    const { start, isLatest } = this.#window
    const { first } = this.#room.conversation
    if (!isLatest) this.#scroller.release()
    if (upper && start > first) {
      this.#window.older(first)
      this.#render()
    } else if (lower && !isLatest) {
      this.#window.newer()
      this.#render()
    } else if (end || this.#newer.hidden) {
      this.#drawPill()
    }
  }

  /** @param {Event} event */
  #clicked(event) {
    const button = event.target instanceof Element ? event.target.closest('button') : null
    const id = button?.closest('li')?.dataset.id
    if (!id) return
    if (button.classList.contains('retry')) this.#room.retry(id)
    if (button.classList.contains('discard')) this.#room.discard(id)
  }
}
