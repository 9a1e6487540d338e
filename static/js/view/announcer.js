// New messages for those who do not look: one line a second for screen readers,
// a number in the title and on the app's icon.

import { systemClock } from '../model/clock.js'
import { Summary } from '../model/summary.js'
import { badge } from '../model/strings/messages.js'
import { find } from './dom.js'
import { markIcon } from './favicon.js'

export class Announcer {
  /** @type {Set<string>} the keys of messages of the room, while the page was hidden */
  #missed = new Set()
  #unread = 0 // in private chats
  #title
  #summary
  #region

  /** @param {string} title @param {AbortSignal} signal */
  constructor(title, signal) {
    this.#title = title
    const region = this.#region = find(document, '#announce-messages', HTMLElement)
    this.#summary = new Summary(systemClock, (line) => { region.textContent = line })
    document.addEventListener('visibilitychange', () => document.hidden || this.#seen(), { signal })
    signal.addEventListener('abort', () => {
      region.textContent = ''
      this.unread(0)
    })
    this.#seen()
  }

  /**
   * Says what was said.
   * @param {{name: string, text: string}} message
   */
  say(message) {
    this.#summary.add(message)
  }

  /** @param {string} key of what somebody has said in the room: it counts while nobody looks */
  received(key) {
    if (!document.hidden) return
    this.#missed.add(key)
    this.#show()
  }

  /** @param {string} key of what is deleted: it does not count, and does not stay here */
  removed(key) {
    this.#region.textContent = ''
    if (this.#missed.delete(key)) this.#show()
  }

  /** @param {number} count of unread private messages */
  unread(count) {
    if (count === this.#unread) return
    this.#unread = count
    this.#show()
    // Only an installed page has an icon; that there is none is no news.
    const { setAppBadge = async () => {} } = /** @type {{setAppBadge?: (count: number) => Promise<void>}} */ (navigator)
    setAppBadge.call(navigator, count).catch(() => {})
  }

  #seen() {
    this.#missed.clear()
    this.#show()
  }

  #show() {
    const count = this.#missed.size + this.#unread
    markIcon(count > 0)
    document.title = count > 0 ? `(${badge(count)}) ${this.#title}` : this.#title
  }
}
