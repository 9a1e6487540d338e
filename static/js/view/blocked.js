// The list of accounts that the reader blocks, in the card of the own account,
// and the way back.

import { whyNot } from '../model/answers.js'
import { BLOCKED } from '../model/strings/people.js'
import { ApiError } from '../net/problem.js'
import { paintAvatar } from './avatar.js'
import { find, make, write } from './dom.js'

export class BlockedView {
  #section
  #list
  #note
  #blocked

  /**
   * @param {ParentNode} root
   * @param {import('../chat/blocked.js').Blocked} blocked
   * @param {AbortSignal} signal
   */
  constructor(root, blocked, signal) {
    this.#section = find(root, '#blocked', HTMLElement)
    this.#list = find(root, '#blocked-list', HTMLElement)
    this.#note = find(root, '#blocked-note', HTMLElement)
    this.#blocked = blocked
    signal.addEventListener('abort', blocked.listen(() => this.#draw()))
    this.#draw()
  }

  #draw() {
    const rows = [...this.#list.children]
    const place = rows.findIndex((li) => li.contains(document.activeElement))
    write(this.#note, '')
    this.#list.replaceChildren(...this.#blocked.names.map((name) => this.#row(name)))
    this.#section.hidden = this.#list.children.length === 0
    if (place < 0) return
    const next = this.#list.children[place] ?? this.#list.lastElementChild
    const button = next?.querySelector('button') ?? this.#section.nextElementSibling
    if (button instanceof HTMLElement) button.focus()
  }

  /** @param {string} name */
  #row(name) {
    const li = make('li', '')
    const avatar = make('span', 'avatar')
    avatar.setAttribute('aria-hidden', 'true')
    paintAvatar(avatar, name)
    const button = make('button', 'button', BLOCKED.unblock)
    button.type = 'button'
    button.setAttribute('aria-label', BLOCKED.unblockOf(name))
    button.addEventListener('click', async () => {
      try {
        await this.#blocked.set(name, false)
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        write(this.#note, whyNot(error))
      }
    })
    li.append(avatar, make('bdi', '', name), button)
    return li
  }
}
