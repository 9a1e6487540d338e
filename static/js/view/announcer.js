// New messages for those who do not look: one line a second for screen readers, a number in the title while the page is hidden.

import { systemClock } from '../model/clock.js'
import { Summary } from '../model/summary.js'
import { find } from './dom.js'

export class Announcer {
  #unread = 0
  #title
  #summary

  /** @param {string} title @param {AbortSignal} signal */
  constructor(title, signal) {
    this.#title = title
    const region = find(document, '#announce-messages', HTMLElement)
    this.#summary = new Summary(systemClock, (line) => { region.textContent = line })
    document.addEventListener('visibilitychange', () => document.hidden || this.#seen(), { signal })
    signal.addEventListener('abort', () => { region.textContent = '' })
    this.#seen()
  }

  /** @param {import('../../types.js').MessageItem} item */
  heard(item) {
    this.#summary.add(item)
    if (!document.hidden) return
    this.#unread++
    document.title = `(${this.#unread > 99 ? '99+' : this.#unread}) ${this.#title}`
  }

  #seen() {
    this.#unread = 0
    document.title = this.#title
  }
}
