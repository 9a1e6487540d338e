// The messages of a room from before those that the socket brought: asked for
// by HTTP, page by page, by guests as well.

import { ArchivedItems } from '../model/archive.js'
import { systemClock } from '../model/clock.js'
import { ArchivedPart } from '../model/excerpt.js'
import { BEGINNING } from '../model/strings/messages.js'
import { Excerpts } from './excerpts.js'

const PAGE = 100 // messages
const ARCHIVED_AFTER = 60_000 // ms after which the archive has what it will ever have
const BEHIND = 1000 // ms between two questions until then

/** @typedef {import('../model/archive.js').Archived} Archived */
/** @typedef {import('../net/api.js').Span} Span */

export class ArchivePager {
  /** The items that lead up to the live end. */
  items
  #ask
  #clock
  #isOver = false // the archive has nothing older
  /** @type {Excerpts<Archived, ArchivedPart>} */
  #excerpts

  /**
   * @param {import('../model/conversation.js').Conversation} conversation
   * @param {((span: Span) => Promise<Archived[]>) | null} ask a page by seq, oldest first; null
   *   where there is no archive
   * @param {import('../../types.js').Clock} clock
   */
  constructor(conversation, ask, clock = systemClock) {
    this.#clock = clock
    const items = this.items = new ArchivedItems(conversation)
    this.#ask = ask
    this.#excerpts = new Excerpts({
      ask: ask ?? (async () => []),
      make: () => new ArchivedPart(conversation),
      live: {
        oldest: () => items.oldest,
        isWhole: () => items.oldest !== null && !this.canGrow,
        items: () => items,
        has: ({ n, id }) => (id ? items.placeOf(id) !== undefined : n >= (items.oldest ?? Infinity)),
        join: (messages) => items.add(messages.filter(({ seq }) => seq < (items.oldest ?? Infinity))),
      },
    })
  }

  /** The items shown: the live end, or a part of the past. */
  get shown() {
    return this.#excerpts.part ?? this.items
  }

  /** True if there may be more before the live end. */
  get canGrow() {
    return this.#ask !== null && !this.#isOver && (this.items.oldest ?? 1) > 1
  }

  /** True if there may be more before the items shown. */
  get hasOlder() {
    return this.#excerpts.part ? this.#excerpts.hasOlder : this.canGrow
  }

  /** True if there is more after the items shown. */
  get hasNewer() {
    return this.#excerpts.part !== null
  }

  /**
   * The line above the oldest item; '' for none.
   * @param {string} room its name
   */
  beginning(room) {
    const { oldest } = this.shown
    if (this.hasOlder || oldest === null) return ''
    return oldest === 1 ? BEGINNING.room(room) : BEGINNING.gone
  }

  /**
   * Asks for the page before the oldest. Fails if nobody answers. While the
   * archive is behind it asks again: what is about to be there is neither lost
   * nor the beginning.
   */
  async older() {
    if (this.hasNewer) return this.#excerpts.older()
    const before = this.items.oldest
    if (!this.#ask || !this.canGrow || before === null) return
    for (;;) {
      const page = await this.#ask({ before, limit: PAGE })
      if (this.items.oldest !== before) return
      const { seq = 0, passed = 0 } = page.at(-1) ?? {}
      if (seq + passed + 1 >= before || !this.#isRecent()) {
        this.#isOver = page.length === 0
        return this.items.add(page)
      }
      await new Promise((done) => this.#clock.after(BEHIND, () => done(undefined)))
    }
  }

  #isRecent() {
    const { at = -Infinity } = this.items.oldestMessage ?? {}
    return Math.abs(this.#clock.now() - at) < ARCHIVED_AFTER
  }

  /** @param {string} id @returns {import('../../types.js').MessageItem | undefined} */
  find(id) {
    const item = this.items.at(this.items.placeOf(id) ?? -Infinity)
    return item?.kind === 'message' ? item : undefined
  }

  /** @param {string} id of a message of which more is known */
  revise(id) {
    this.items.revise(id)
    this.#excerpts.part?.revise(id)
  }

  newer = () => this.#excerpts.newer()
  reach = (/** @type {{n: number, id: string}} */ message) => this.#excerpts.reach(message)
  reachTime = (/** @type {number} */ time) => this.#excerpts.reachTime(time)
  close = () => this.#excerpts.close()
}
