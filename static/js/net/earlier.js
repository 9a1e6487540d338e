// The messages of a room from before those that the socket brought: asked for by HTTP, page by page, by guests as well.

import { Past } from '../model/past.js'

const PAGES = 50 // that are asked for at most to get to a message

/** @typedef {import('../model/past.js').Archived} Archived */

export class Earlier {
  items
  #ask
  #isOver = false // nothing is there, or nobody who could say so

  /**
   * @param {import('../model/conversation.js').Conversation} conversation
   * @param {((before: number) => Promise<Archived[]>) | null} ask the page before a seq, oldest first; null where there is no archive
   */
  constructor(conversation, ask) {
    this.items = new Past(conversation)
    this.#ask = ask
  }

  /** Whether there may be more. */
  get hasOlder() {
    return this.#ask !== null && !this.#isOver && (this.items.oldest ?? 1) > 1
  }

  async older() {
    const before = this.items.oldest
    if (!this.#ask || !this.hasOlder || before === null) return
    try {
      const page = await this.#ask(before)
      this.#isOver = page.length === 0
      if (this.items.oldest === before) this.items.add(page)
    } catch {
      this.#isOver = true // a room works without its archive: what is here is all
    }
  }

  /** @param {{n: number, id: string}} message */
  async reach({ n, id }) {
    for (let page = 0; page < PAGES && this.hasOlder && (this.items.oldest ?? 0) > n && this.items.placeOf(id) === undefined; page++) await this.older()
  }
}
