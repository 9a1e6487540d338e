// The day of what scrolls by, said over the log for a moment; a click on it
// leads to another day.

import { dayName } from '../model/clock.js'
import { find, write } from './dom.js'

const SHOWN = 1200 // ms after the last scrolling

export class FloatingDay {
  #pill
  #box
  #rows
  #later

  /**
   * @param {HTMLElement} pill
   * @param {HTMLElement} box what scrolls
   * @param {import('./rows.js').Rows} rows
   * @param {import('./later.js').Later} later
   * @param {AbortSignal} signal
   */
  constructor(pill, box, rows, later, signal) {
    this.#pill = pill
    this.#box = box
    this.#rows = rows
    this.#later = later
    pill.addEventListener('pointerenter', () => later.cancel('day'), { signal }) // or it would go as one clicks
    pill.addEventListener('pointerleave', () => this.#hideSoon(), { signal })
  }

  /** When what is at the top was said. */
  get at() {
    return this.#top.item?.at ?? Date.now()
  }

  show() {
    const { li, item, top } = this.#top
    const own = li?.querySelector(':scope > .day') // which says it itself
    const isThere = own ? own.getBoundingClientRect().bottom > top : false
    if (item) write(find(this.#pill, 'button', HTMLButtonElement), dayName(item.at, Date.now()))
    this.#pill.toggleAttribute('data-shown', item !== undefined && !isThere)
    this.#hideSoon()
  }

  /** The first row on the screen. */
  get #top() {
    const { top } = this.#box.getBoundingClientRect()
    const li = this.#rows.firstBelow(top)
    return { li, item: li && this.#rows.itemOf(li), top }
  }

  #hideSoon() {
    this.#later.run('day', SHOWN, () => this.#pill.removeAttribute('data-shown'))
  }
}
