// The list of those whom the reader has hidden, and the way back.

import { HIDDEN } from '../model/strings/people.js'
import { paintAvatar } from './avatar.js'
import { find, make } from './dom.js'

export class HiddenView {
  #dialog
  #list
  #hidden

  /**
   * @param {ParentNode} root
   * @param {import('../model/hidden.js').Hidden} hidden
   * @param {import('../model/navigation.js').Navigation} navigation
   * @param {AbortSignal} signal
   */
  constructor(root, hidden, navigation, signal) {
    const dialog = this.#dialog = find(root, '#hidden-dialog', HTMLDialogElement)
    const button = find(root, '#hidden-people', HTMLElement)
    this.#list = find(dialog, '#hidden-list', HTMLElement)
    this.#hidden = hidden
    button.addEventListener('click', () => {
      this.#open()
      navigation.opened(dialog.id)
    }, { signal })
    dialog.addEventListener('close', () => !dialog.open && navigation.closed(dialog.id), { signal })
    // A click beside it.
    dialog.addEventListener('click', (event) => event.target === dialog && dialog.close(), { signal })
    find(dialog, '#hidden-close', HTMLElement).addEventListener('click', () => dialog.close(), { signal })
    const changed = () => {
      button.hidden = hidden.people.length === 0
      if (dialog.open) this.#draw()
    }
    signal.addEventListener('abort', hidden.listen(changed))
    changed()
  }

  /** @param {string} sheet to which the reader has gone back or forward */
  follow(sheet) {
    const isWanted = sheet === this.#dialog.id
    if (isWanted && !this.#dialog.open) this.#open()
    if (!isWanted) this.#dialog.close()
  }

  #open() {
    this.#draw()
    this.#dialog.showModal()
  }

  #draw() {
    const place = [...this.#list.children].findIndex((li) => li.contains(document.activeElement))
    this.#list.replaceChildren(...this.#hidden.people.map((one) => this.#row(one)))
    if (this.#list.children.length === 0) return this.#dialog.close()
    if (place >= 0) {
      (this.#list.children[place] ?? this.#list.lastElementChild)?.querySelector('button')?.focus()
    }
  }

  /** @param {{key: string, name: string}} person */
  #row({ key, name }) {
    const li = make('li', '')
    const avatar = make('span', 'avatar')
    avatar.setAttribute('aria-hidden', 'true')
    paintAvatar(avatar, name)
    const button = make('button', 'button', HIDDEN.unhide)
    button.type = 'button'
    button.setAttribute('aria-label', HIDDEN.unhideOf(name))
    button.addEventListener('click', () => this.#hidden.unhide(key))
    li.append(avatar, make('bdi', '', name), button)
    return li
  }
}
