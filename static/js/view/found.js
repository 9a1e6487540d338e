// The results of a search, as rows.

import { fullDate, shortWhen } from '../model/clock.js'
import { snippet } from '../model/search-words.js'
import { HIDDEN } from '../model/strings/people.js'
import { saidIn } from '../model/strings/shown-files.js'
import { find, make, stamp } from './dom.js'

/** @typedef {import('../net/api.js').Found} Found */

export class FoundRows {
  #of
  /** @type {WeakMap<Element, Found>} */
  #found = new WeakMap()

  /**
   * @param {object} of
   * @param {(found: Found) => string} of.who says whose it is, and where it was said
   * @param {(found: Found) => boolean} of.isHidden whether the reader does not want to see it
   */
  constructor(of) {
    this.#of = of
  }

  /** @param {Element} li @returns {Found | undefined} */
  at(li) {
    return this.#found.get(li)
  }

  /**
   * Those of people whom the reader has hidden are a line, as in the log.
   * @param {readonly Found[]} found @param {string} words that are marked
   */
  make(found, words) {
    /** @type {HTMLLIElement[]} */
    const rows = []
    /** @type {Found[]} */
    let run = []
    for (const one of [...found, null]) {
      if (one && this.#of.isHidden(one)) {
        run.push(one)
        continue
      }
      if (run.length > 0) rows.push(this.#fold(run, words))
      run = []
      if (one) rows.push(this.#row(one, words))
    }
    return rows
  }

  /** @param {Found[]} run @param {string} words */
  #fold(run, words) {
    const li = make('li', 'hidden-note meta')
    const button = make('button', 'as-link', HIDDEN.show)
    button.type = 'button'
    button.addEventListener('click', () => {
      const rows = run.map((one) => this.#row(one, words))
      li.replaceWith(...rows)
      rows[0]?.querySelector('button')?.focus()
    })
    li.append(HIDDEN.messages(run.length), ' · ', button)
    return li
  }

  /** @param {Found} found @param {string} words */
  #row(found, words) {
    const li = find(stamp('found-item'), 'li', HTMLLIElement)
    find(li, '.chat-name', HTMLElement).textContent = this.#of.who(found)
    const pieces = snippet(saidIn(found), words)
    find(li, '.found-text', HTMLElement)
      .append(...pieces.map(({ text, isHit }) => (isHit ? make('mark', '', text) : text)))
    const time = find(li, 'time', HTMLElement)
    time.textContent = shortWhen(found.at, Date.now())
    time.title = fullDate(found.at)
    this.#found.set(li, found)
    return li
  }
}
