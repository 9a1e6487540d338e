// The window of a conversation that is on the screen. Another part of it may be
// shown at any time: the same messages have other places there.

import { Window } from './window.js'

export class LogWindow extends Window {
  #talk
  #items // what it is of

  /** @param {import('../../types.js').ConversationSource} talk */
  constructor(talk) {
    super()
    this.#talk = talk
    this.#items = talk.items
  }

  /** True if the newest message of all is in it. */
  get isNewest() {
    return this.isLatest && !this.#talk.hasNewer
  }

  /** True if the oldest in memory is in it. */
  get isOldest() {
    return this.start === this.#talk.items.first
  }

  /** @returns {boolean} whether another part is shown now */
  turn() {
    const before = this.#items
    const { items } = this.#talk
    if (items === before) return false
    const { first, length } = items
    this.#items = items
    for (let place = this.start; place < this.end; place++) {
      const item = before.at(place)
      const now = item?.kind === 'message' ? items.placeOf(item.id) : undefined
      if (now === undefined) continue
      this.move(now - place, first, length)
      return true
    }
    this.around(length, first, length)
    return true
  }

  /** @returns {boolean} whether it has grown up, among what is in memory */
  growUp() {
    if (this.isOldest) return false
    this.older(this.#talk.items.first)
    return true
  }

  /** @returns {boolean} whether it has grown down */
  growDown() {
    if (this.isLatest) return false
    this.newer()
    return true
  }
}
