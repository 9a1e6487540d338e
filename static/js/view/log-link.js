// The message of the room that the address of the page names: the log goes
// there once, as soon as the message has come.

import { linkedMessage } from '../model/message-link.js'
import { MESSAGE_FAILED, MESSAGE_GONE } from '../model/strings/messages.js'

const PATIENCE = 8000 // ms for which the message is waited for

export class LinkedMessage {
  /** @type {{n: number, id: string} | null} */
  #message = null
  #asking = false
  #talk
  #later
  #signal
  #on

  /**
   * @param {import('../../types.js').ConversationSource} talk
   * @param {import('./later.js').Later} later
   * @param {object} on
   * @param {() => void} on.taken an address names a message from now on
   * @param {(id: string) => boolean} on.reveal whether the message is there
   * @param {(sentence: string) => void} on.say why it is not to be had
   * @param {AbortSignal} signal
   */
  constructor(talk, later, on, signal) {
    this.#talk = talk
    this.#later = later
    this.#on = on
    this.#signal = signal
    if (talk.id !== 'room') return
    this.#take()
    window.addEventListener('hashchange', () => this.#take(), { signal })
  }

  /** Something has come: perhaps the message. */
  changed() {
    const message = this.#message
    if (!message) return
    const arrive = (why = MESSAGE_GONE) => {
      if (!this.#signal.aborted && this.#message === message) this.#forget(this.#on.reveal(message.id) ? '' : why)
    }
    if (this.#talk.items.placeOf(message.id) !== undefined) {
      arrive()
    } else if ((this.#talk.hasOlder || this.#talk.hasNewer) && !this.#asking) {
      this.#asking = true
      this.#talk.reach(message).then(() => arrive(), () => arrive(MESSAGE_FAILED)).finally(() => { this.#asking = false })
    }
  }

  #take() {
    this.#message = linkedMessage(location.hash)
    if (!this.#message) return
    this.#later.run('link', PATIENCE, () => this.#forget(MESSAGE_GONE))
    this.#on.taken()
  }

  /** @param {string} why it is not shown; '' if it is */
  #forget(why) {
    this.#message = null
    this.#later.cancel('link')
    history.replaceState(history.state, '', location.pathname + location.search) // or a reload would go there again
    if (why) this.#on.say(why)
  }
}
