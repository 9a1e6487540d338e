// A dialog in the middle of the page: Escape, a click beside it, its cross and
// the browser's Back close it.

import { find } from './dom.js'

/**
 * Makes Escape close the dialog in which the focus is, or was before what had it
 * went. Chromium gives Escape to what was opened last, also to a column that came
 * beside the room when the window grew under the dialog.
 * @param {Document} root
 */
export function closeByEscape(root) {
  root.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || event.isComposing || event.defaultPrevented) return
    const dialog = event.target instanceof Element && event.target !== root.body
      ? event.target.closest('dialog')
      : [...root.querySelectorAll('dialog')].filter((one) => one.matches(':modal')).at(-1)
    if (!dialog?.matches(':modal')) return
    event.preventDefault()
    dialog.close()
  })
}

export class Box {
  dialog
  #navigation

  /**
   * @param {HTMLDialogElement} dialog with a button `.close`
   * @param {import('../model/navigation.js').Navigation} navigation
   */
  constructor(dialog, navigation) {
    this.dialog = dialog
    this.#navigation = navigation
    dialog.addEventListener('click', (event) => event.target === dialog && dialog.close()) // beside it
    dialog.addEventListener('close', () => !dialog.open && navigation.closed(dialog.id))
    find(dialog, '.close', HTMLButtonElement).addEventListener('click', () => dialog.close())
  }

  open() {
    if (!this.dialog.open) this.dialog.showModal()
    this.#navigation.opened(this.dialog.id)
  }

  /** @param {string} sheet to which the reader has gone back or forward */
  follow(sheet) {
    const isWanted = sheet === this.dialog.id
    if (isWanted && !this.dialog.open) this.dialog.showModal()
    if (!isWanted) this.dialog.close()
  }
}
