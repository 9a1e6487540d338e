// The search of a guest: a column at the left of a wide screen, a sheet from
// that side on others. Users who are logged in have it above the chats.

import { find } from './dom.js'
import { SearchView } from './search.js'
import { Sheet } from './sheet.js'

const NARROW = '(max-width: 1099px)' // as in css/chats.css

export class Finder {
  #search
  #sheet
  #isWanted = false // on a wide screen it stays

  /**
   * @param {ParentNode} root
   * @param {import('../net/api.js').Api['search']} ask
   * @param {import('../chat/room.js').Room} room
   * @param {(found: import('../net/api.js').Found, back: () => void) => void} open
   * @param {import('../model/navigation.js').Navigation} navigation
   * @param {AbortSignal} signal
   */
  constructor(root, ask, room, open, navigation, signal) {
    const dialog = find(root, '#finder', HTMLDialogElement)
    const toggle = find(root, '#search-button', HTMLButtonElement)
    const sheet = this.#sheet = new Sheet(dialog, toggle, {
      narrow: NARROW, role: 'search', isColumnOpen: () => this.#isWanted, opened() {}, navigation,
    }, signal)
    const close = () => {
      this.#isWanted = false
      sheet.set(false)
      toggle.focus()
    }
    const search = this.#search = new SearchView(dialog, ask, room, null, {
      open(found, back) {
        sheet.hide()
        open(found, back)
      },
      show: () => {
        this.#isWanted = true
        sheet.set(true)
      },
      close,
      results() {},
    }, signal)
    toggle.addEventListener('click', () => (dialog.open ? close() : search.focus()), { signal })
    find(dialog, '#finder-close', HTMLButtonElement).addEventListener('click', close, { signal })
    toggle.hidden = false
    sheet.settle()
  }

  /** Somebody wants to search. */
  search() {
    this.#search.focus()
  }

  /** @param {import('../../types.js').Revised} message */
  revise(message) {
    this.#search.revise(message)
  }

  /** @param {string} sheet to which the reader has gone back or forward */
  follow(sheet) {
    this.#sheet.follow(sheet)
  }
}
