// A part beside the conversation: a column on a wide screen, a sheet over it on
// a narrow one; one element for both, because a modal dialog brings what a
// sheet needs: focus stays inside, Escape closes it, the rest is out of reach.

export class Sheet {
  #dialog
  #toggle
  #narrow
  #role
  #isColumnOpen
  #opened
  #navigation

  /**
   * @param {HTMLDialogElement} dialog
   * @param {HTMLElement} toggle the button that opens and closes it
   * @param {object} with_
   * @param {string} with_.narrow the media condition under which it is a sheet, as in the style
   *   sheet
   * @param {string} with_.role that of the column
   * @param {() => boolean} with_.isColumnOpen whether the column is to be seen
   * @param {() => void} with_.opened it is to be seen from now on
   * @param {import('../model/navigation.js').Navigation} with_.navigation
   * @param {AbortSignal} signal
   */
  constructor(dialog, toggle, { narrow, role, isColumnOpen, opened, navigation }, signal) {
    this.#dialog = dialog
    this.#toggle = toggle
    this.#narrow = matchMedia(narrow)
    this.#role = role
    this.#isColumnOpen = isColumnOpen
    this.#opened = opened
    this.#navigation = navigation
    dialog.addEventListener('click', (event) => {
      if (event.target === dialog && this.isSheet) this.set(false) // beside the sheet
    }, { signal })
    dialog.addEventListener('close', () => {
      this.#told()
      if (!this.isCovering) navigation.closed(dialog.id)
    }, { signal })
    this.#narrow.addEventListener('change', () => this.settle(), { signal })
  }

  get isSheet() {
    return this.#narrow.matches
  }

  /** True if it lies over the conversation. */
  get isCovering() {
    return this.isSheet && this.#dialog.open
  }

  /**
   * The screen has become wide or narrow, or is seen for the first time: a
   * sheet opens only when asked for.
   */
  settle() {
    if (this.#dialog.open) this.#dialog.close()
    if (!this.isSheet) this.set(this.#isColumnOpen())
    this.#told()
  }

  /** @param {boolean} open */
  set(open) {
    if (open === this.#dialog.open) return
    if (!open) this.#dialog.close()
    else if (this.isSheet) this.#show()
    else this.#dialog.setAttribute('open', '') // show() would take the focus away
    this.#told()
    if (open) this.#opened()
  }

  /** If it is a sheet, it has done what it was opened for. */
  hide() {
    if (this.isSheet) this.set(false)
  }

  /** @param {string} sheet to which the reader has gone back or forward */
  follow(sheet) {
    if (this.isSheet) this.set(sheet === this.#dialog.id)
  }

  #show() {
    this.#dialog.showModal()
    this.#navigation.opened(this.#dialog.id)
  }

  #told() {
    this.#toggle.setAttribute('aria-expanded', String(this.#dialog.open))
    this.#dialog.setAttribute('role', this.isSheet ? 'dialog' : this.#role)
  }
}
