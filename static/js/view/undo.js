// The line that says that a message was deleted, with the way to take that
// back. While the reader is at it, it stays.

import { deleted } from '../model/strings/changes.js'
import { find, write } from './dom.js'

export class Undo {
  #box
  #note
  #changes

  /**
   * @param {ParentNode} root
   * @param {import('../chat/changes.js').Changes | undefined} changes
   * @param {(id: string) => void} back leads to the message that is there again
   * @param {AbortSignal} signal
   */
  constructor(root, changes, back, signal) {
    this.#box = find(root, '#undo', HTMLElement)
    this.#note = find(this.#box, 'span', HTMLElement)
    this.#changes = changes
    for (const kind of ['pointerenter', 'focusin']) {
      this.#box.addEventListener(kind, () => changes?.hesitate(true), { signal })
    }
    for (const kind of ['pointerleave', 'focusout']) {
      this.#box.addEventListener(kind, () => changes?.hesitate(false), { signal })
    }
    find(this.#box, 'button', HTMLButtonElement).addEventListener('click', () => {
      const id = changes?.removing?.id ?? ''
      changes?.undo()
      back(id)
    }, { signal })
  }

  changed() {
    const isOpen = Boolean(this.#changes?.removing)
    this.#box.toggleAttribute('data-shown', isOpen)
    write(this.#note, isOpen ? deleted() : '')
  }
}
