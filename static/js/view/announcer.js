// New messages for those who do not look: one line a second for screen readers,
// a number in the title and on the app's icon.

import { systemClock } from '../model/clock.js'
import { Summary } from '../model/summary.js'
import { badge, mentionBadge } from '../model/strings/messages.js'
import { find } from './dom.js'
import { markIcon } from './favicon.js'

export class Announcer {
  /** @type {Set<string>} the keys of messages of the room, while the page was hidden */
  #missed = new Set()
  /** @type {Set<string>} those of them that name the reader */
  #mentions = new Set()
  #unread = 0 // in private chats
  #onIcon = 0
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
   * @param {import('../model/summary.js').Said} message
   */
  say(message) {
    this.#summary.add(message)
  }

  /**
   * A message in the room counts while nobody looks.
   * @param {string} key @param {boolean} isMention whether it names the reader
   */
  received(key, isMention) {
    if (!document.hidden) return
    this.#missed.add(key)
    if (isMention) this.#mentions.add(key)
    this.#show()
  }

  /** @param {string} key of what is deleted: it does not count, and does not stay here */
  removed(key) {
    this.#region.textContent = ''
    this.#mentions.delete(key)
    if (this.#missed.delete(key)) this.#show()
  }

  /** @param {number} count of unread private messages */
  unread(count) {
    if (count === this.#unread) return
    this.#unread = count
    this.#show()
  }

  #seen() {
    this.#missed.clear()
    this.#mentions.clear()
    this.#show()
  }

  #show() {
    const count = this.#missed.size + this.#unread
    markIcon(count > 0)
    // Mentions of the reader are counted first.
    const mentions = this.#mentions.size > 0 ? mentionBadge(this.#mentions.size) : badge(count)
    document.title = count > 0 ? `(${mentions}) ${this.#title}` : this.#title
    this.#badge(this.#mentions.size + this.#unread)
  }

  /** @param {number} count of what is for the reader alone */
  #badge(count) {
    if (count === this.#onIcon) return
    this.#onIcon = count
    // Only an installed page has an icon; that there is none is no news.
    const { setAppBadge = async () => {} } =
      /** @type {{setAppBadge?: (count: number) => Promise<void>}} */ (navigator)
    setAppBadge.call(navigator, count).catch(() => {})
  }
}
