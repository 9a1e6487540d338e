// The items of a conversation as elements of the list, which stay the same as
// long as their items are there.

import { untilMidnight } from '../model/clock.js'
import { decorate } from '../model/decorate.js'
import { initials } from '../model/linkify.js'
import { find, write } from './dom.js'
import { Folds } from './folds.js'
import { makeItem, renameDay, updateItem } from './message.js'

/** @typedef {import('../../types.js').Item} Item */

const LETTER = 8.5 // px, the width of one, roughly
const WIDEST = 600 // px, of a bubble

export class Rows {
  #list
  #talk
  #later
  #signal
  #folds
  /** @type {Map<string, string>} what stands in the circles, by name */
  #initials = new Map()
  #hasNewName = false
  /** @type {Set<string>} the servers that took what has been shown */
  #servers = new Set()
  /**
   * @type {Map<string, {li: HTMLLIElement, item: Item, before: Item | undefined}>} what is in
   *   the page, by key
   */
  #shown = new Map()

  /**
   * @param {HTMLOListElement} list
   * @param {import('./later.js').Later} later
   * @param {import('../../types.js').ConversationSource} talk
   * @param {AbortSignal} signal
   */
  constructor(list, later, talk, signal) {
    this.#list = list
    this.#talk = talk
    this.#folds = new Folds((item) => talk.hides(item))
    this.#later = later
    this.#signal = signal
    document.addEventListener('visibilitychange', () => this.#renameDays(), { signal })
    this.#renameDays()
  }

  /**
   * Makes the list what is in the window. Elements move only if their order has
   * changed.
   * @param {{at: (place: number) => Item | undefined}} items
   * @param {{start: number, end: number}} window_
   * @param {boolean} moves whether a new last one is seen to come in
   */
  show(items, { start, end }, moves) {
    const gone = new Set(this.#shown.keys())
    let before = items.at(start - 1)
    let next = this.#list.firstElementChild
    // Asked for each new message, it would lay out those before it.
    const columns = Math.min(WIDEST, this.#list.clientWidth * 0.85) / LETTER
    this.#folds.begin()
    for (let place = start; place < end; place++) {
      const item = items.at(place)
      if (!item) break
      const li = this.#element(item, before, columns)
      this.#folds.add(li, item)
      gone.delete(item.key)
      if (li === next) {
        next = next.nextElementSibling
      } else {
        if (moves && !next && !li.isConnected) this.#mark(li, 'rising')
        this.#list.insertBefore(li, next)
      }
      before = item
    }
    this.#folds.end()
    for (const key of gone) {
      this.#shown.get(key)?.li.remove()
      this.#shown.delete(key)
    }
    if (this.#hasNewName) this.#renameCircles()
    if (this.#servers.size > 1) this.#list.dataset.servers = 'many'
  }

  /** @param {Element} li */
  itemOf(li) {
    for (const one of this.#shown.values()) if (one.li === li) return one.item
    return undefined
  }

  /**
   * @param {Element} li
   * @returns {import('../../types.js').MessageItem | undefined} nothing for what is no message
   */
  messageOf(li) {
    const item = this.itemOf(li)
    return item?.kind === 'message' ? item : undefined
  }

  /**
   * Shows a message whose person is hidden.
   * @param {Element} li @returns {boolean} whether it was not shown
   */
  unfold(li) {
    return this.#folds.show(this.itemOf(li)?.key ?? '')
  }

  /** @param {string} id of a message */
  withId(id) {
    for (const { item, li } of this.#shown.values()) if (item.kind === 'message' && item.id === id) return li
    return undefined
  }

  /** @param {string} key */
  withKey(key) {
    return this.#shown.get(key)?.li
  }

  /** @param {number} top px @returns {Element | undefined} the first that reaches below it */
  firstBelow(top) {
    return [...this.#list.children].find((one) => one.getBoundingClientRect().bottom > top)
  }

  /** @param {HTMLElement} li that somebody looked for */
  highlight(li) {
    this.#mark(li, 'sought')
  }

  /** @param {HTMLElement} li @param {string} kind the class of an animation that runs once */
  #mark(li, kind) {
    li.classList.add(kind)
    li.addEventListener('animationend', () => li.classList.remove(kind), { once: true, signal: this.#signal })
  }

  /** @param {Item} item @param {Item | undefined} before @param {number} columns */
  #element(item, before, columns) {
    const shown = this.#shown.get(item.key)
    if (shown?.item === item && shown.before === before) return shown.li
    const li = shown?.li ?? makeItem(item)
    updateItem(li, item, decorate(before, item), this.#talk.name, columns)
    if (item.kind === 'message') {
      if (item.app) this.#servers.add(item.app)
      const letters = this.#initials.get(item.name)
      if (letters === undefined) this.#hasNewName ||= !item.own
      else if (!shown) write(find(li, '.avatar', HTMLElement), letters)
    }
    this.#shown.set(item.key, { li, item, before })
    return li
  }

  /** Another person is in the page, perhaps with the letter of one who was. */
  #renameCircles() {
    this.#hasNewName = false
    const before = this.#initials
    const people = [...this.#shown.values()].flatMap(({ li, item }) => (item.kind === 'message' && !item.own ? [{ li, name: item.name }] : []))
    this.#initials = initials(people.map(({ name }) => name))
    for (const { li, name } of people) {
      const letters = this.#initials.get(name) ?? ''
      if (before.get(name) !== letters) write(find(li, '.avatar', HTMLElement), letters)
    }
  }

  /** A day has gone by, perhaps while nobody looked. */
  #renameDays() {
    for (const { li, item } of this.#shown.values()) renameDay(li, item)
    this.#later.run('midnight', untilMidnight(Date.now()) + 50, () => this.#renameDays())
  }
}
