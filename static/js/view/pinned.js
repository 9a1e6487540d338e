// The pinned message of the room: one line above the log, which leads to it.

import { PINNED } from '../model/strings/messages.js'
import { saidIn } from '../model/strings/shown-files.js'
import { find, write } from './dom.js'

export class PinnedView {
  #root
  #talk
  #on
  #shown = '' // the id of the message whose text is there, or on its way
  #gone = '' // the id of a pinned message that is no more

  /**
   * @param {ParentNode} root
   * @param {import('../../types.js').ConversationSource} talk
   * @param {object} on
   * @param {(message: {n: number, id: string}) => void} on.show
   * @param {(message: import('../../types.js').Target) => Promise<string | null>} on.textOf of one
   *   that is not in memory; null if it is gone
   * @param {() => boolean} on.mayUnpin
   * @param {() => void} on.unpin
   * @param {AbortSignal} signal
   */
  constructor(root, talk, on, signal) {
    this.#root = find(root, '#pinned', HTMLElement)
    this.#talk = talk
    this.#on = on
    find(this.#root, '.to-pinned', HTMLElement).addEventListener('click', () => this.#show(), { signal })
    find(this.#root, '.unpin', HTMLElement).addEventListener('click', () => on.unpin(), { signal })
    this.changed()
  }

  /** Another message may be pinned, or its text may be known. */
  changed() {
    const pin = this.#talk.pinned ?? null
    const item = pin && this.#talk.items.at(this.#talk.items.placeOf(pin.target.id) ?? -Infinity)
    const said = item?.kind === 'message' ? item : null
    const isGone = said ? said.deleted === true : pin?.target.id === this.#gone
    this.#root.hidden = !pin || isGone
    if (!pin || this.#root.hidden) {
      this.#shown = ''
      return
    }
    find(this.#root, '.unpin', HTMLElement).hidden = !this.#on.mayUnpin()
    write(find(this.#root, '.pinned-name', HTMLElement), pin.name)
    if (said) write(find(this.#root, '.pinned-text', HTMLElement), saidIn(said))
    else if (this.#shown !== pin.target.id) this.#ask(pin)
    this.#shown = pin.target.id
  }

  /** @param {import('../../types.js').Pin} pin of a message that is not in memory */
  async #ask(pin) {
    write(find(this.#root, '.pinned-text', HTMLElement), PINNED)
    const text = await this.#on.textOf(pin.target).catch(() => '')
    if (this.#talk.pinned?.target.id !== pin.target.id) return
    if (text) write(find(this.#root, '.pinned-text', HTMLElement), text)
    if (text !== null) return
    this.#gone = pin.target.id // the room keeps messages only for so long
    this.changed()
  }

  #show() {
    const { seq = 0, id = '' } = this.#talk.pinned?.target ?? {}
    if (id) this.#on.show({ n: seq, id })
  }
}
