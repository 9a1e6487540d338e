// The button that leads to where the reader is named and has not looked yet,
// the oldest first.

import { mentions } from '../model/mention.js'
import { mentioned } from '../model/strings/messages.js'
import { find, write } from './dom.js'

const MOST = 100 // that are remembered

export class MentionPill {
  #button
  #box
  #talk
  #rows
  /** @type {Map<string, {n: number, id: string}>} by key, in the order of the log */
  #unseen = new Map()
  #from = '' // the line above what is new, up to which it was looked

  /**
   * @param {ParentNode} root
   * @param {HTMLElement} box what scrolls
   * @param {import('../../types.js').ConversationSource} talk
   * @param {import('./rows.js').Rows} rows
   * @param {(message: {n: number, id: string}) => Promise<boolean>} show
   * @param {AbortSignal} signal
   */
  constructor(root, box, talk, rows, show, signal) {
    this.#button = find(root, '#mentioned', HTMLButtonElement)
    this.#box = box
    this.#talk = talk
    this.#rows = rows
    this.#button.addEventListener('click', () => {
      const [next] = this.#unseen
      if (!next) return
      this.#unseen.delete(next[0])
      box.focus({ preventScroll: true }) // the button may be about to vanish
      show(next[1])
    }, { signal })
  }

  /** @param {import('../../types.js').Item | undefined} item that somebody else has said */
  received(item) {
    if (item?.kind !== 'message' || item.own || item.deleted || item.private
      || !mentions(item.text, this.#talk.name)) return
    if (this.#unseen.size < MOST) this.#unseen.set(item.key, { n: item.seq ?? 0, id: item.id })
  }

  /** @param {string} key of what is deleted */
  removed(key) {
    this.#unseen.delete(key)
  }

  draw() {
    this.#begin()
    if (!document.hidden) this.#look()
    const { size } = this.#unseen
    this.#button.hidden = size === 0
    if (size === 0) return
    const { shown, spoken } = mentioned(size)
    write(find(this.#button, '.pill-label', HTMLElement), shown)
    this.#button.setAttribute('aria-label', spoken)
  }

  /**
   * Counts the mentions from before this page, after the last message that was
   * seen.
   */
  #begin() {
    const id = this.#talk.newFrom?.id
    if (!id || id === this.#from) return
    this.#from = id
    const { items } = this.#talk
    const { length } = items
    for (let place = items.placeOf(id) ?? length; place < length; place++) this.received(items.at(place))
  }

  /** Forgets what is on the screen. */
  #look() {
    const { top, bottom } = this.#box.getBoundingClientRect()
    for (const key of this.#unseen.keys()) {
      const at = this.#rows.withKey(key)?.getBoundingClientRect()
      if (at && at.bottom > top && at.top < bottom) this.#unseen.delete(key)
    }
  }
}
