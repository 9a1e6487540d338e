// Messages of people whom the reader has hidden: a quiet line in place of those
// that follow one another, until the reader wants to see them.

import { HIDDEN } from '../model/strings/people.js'
import { find, make, write } from './dom.js'

/**
 * @typedef {{li: HTMLLIElement, keys: string[]}} Run hidden messages that follow one another, and
 *   the first of them, which has the line
 */

export class Folds {
  #isHidden
  /** @type {Set<string>} the keys of messages that are shown all the same */
  #shown = new Set()
  /** @type {Run[]} */
  #runs = []
  /** @type {Run | null} the one that goes on */
  #run = null

  /** @param {(item: import('../../types.js').MessageItem) => boolean} isHidden */
  constructor(isHidden) {
    this.#isHidden = isHidden
  }

  /** All items come once more. */
  begin() {
    this.#runs = []
    this.#run = null
  }

  /** @param {HTMLLIElement} li the next one @param {import('../../types.js').Item} item */
  add(li, item) {
    const isHidden = item.kind === 'message' && this.#isHidden(item) && !this.#shown.has(item.key)
    const goesOn = isHidden && this.#run && !li.querySelector(':scope > .line:not(.hidden-note)')
    if (!isHidden) this.#run = null
    else if (!goesOn) this.#runs.push(this.#run = { li, keys: [] })
    this.#run?.keys.push(item.key)
    const part = isHidden ? (goesOn ? 'rest' : 'first') : undefined
    if (li.dataset.hidden === part) return
    if (part) li.dataset.hidden = part
    else delete li.dataset.hidden
    if (part !== 'first') li.querySelector(':scope > .hidden-note')?.remove()
  }

  end() {
    for (const { li, keys } of this.#runs) {
      const note = li.querySelector(':scope > .hidden-note') ?? this.#note(li)
      write(find(note, 'span', HTMLElement), HIDDEN.messages(keys.length))
    }
  }

  /** @param {string} key of a message that the reader wants to see, with those around it */
  show(key) {
    const run = this.#runs.find(({ keys }) => keys.includes(key))
    for (const one of run?.keys ?? []) this.#shown.add(one)
    return run !== undefined
  }

  /** @param {HTMLLIElement} li */
  #note(li) {
    const note = make('p', 'line hidden-note')
    const button = make('button', 'as-link show-hidden', HIDDEN.show)
    button.type = 'button'
    button.tabIndex = -1 // until its line has the focus
    note.append(make('span', ''), ' · ', button)
    find(li, ':scope > .row', HTMLElement).before(note)
    return note
  }
}
