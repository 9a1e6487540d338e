// The form for accounts over the room, for a guest who is in it: Escape and
// Back lead to the room again.

import { cleanAccountName } from '../model/rules.js'
import { find, stamp } from './dom.js'
import { EntryForm } from './entry.js'

export class LoginView {
  #dialog
  #entry
  #name
  #navigation

  /**
   * @param {ParentNode} root @param {string} name of the guest
   * @param {ConstructorParameters<typeof EntryForm>[1]} enter
   * @param {import('../model/navigation.js').Navigation} navigation
   */
  constructor(root, name, enter, navigation) {
    const dialog = this.#dialog = find(root, '#login-dialog', HTMLDialogElement)
    this.#name = name
    this.#navigation = navigation
    dialog.append(stamp('entry-view'))
    this.#entry = new EntryForm(dialog, enter)
    dialog.addEventListener('click', (event) => event.target === dialog && dialog.close()) // beside it
    dialog.addEventListener('close', () => !dialog.open && navigation.closed(dialog.id))
    for (const id of ['#login-close', '#account-back']) {
      find(dialog, id, HTMLButtonElement).addEventListener('click', () => dialog.close())
    }
  }

  open() {
    this.#show()
    this.#navigation.opened(this.#dialog.id)
  }

  /** @param {string} sheet to which the reader has gone back or forward */
  follow(sheet) {
    const isWanted = sheet === this.#dialog.id
    if (isWanted && !this.#dialog.open) this.#show()
    if (!isWanted) this.#dialog.close()
  }

  #show() {
    const { name, problem } = cleanAccountName(this.#name)
    this.#dialog.showModal()
    this.#entry.open('login', problem ? '' : name)
  }
}
