// The way to what is far from the live end of a conversation: a link, a hit of
// the search, a date. It is shown as a part of its own, without what lies
// between. The part grows in both directions as the reader scrolls, and joins
// what the live end has when it meets it. Live messages never come into it, so
// none can be lost or shown at a wrong place.

const PAGE = 100 // messages

/** @typedef {import('../../types.js').Item} Item */
/** @typedef {import('../../types.js').Items} Items */
/** @typedef {import('../net/api.js').Span} Span */

/**
 * A part of the past that is not joined with the live end. Numbers are those of
 * the room (seq) or of the chat (n).
 * @template M
 * @typedef {object} Part
 * @property {Items} items
 * @property {M[]} messages
 * @property {number | null} oldest the number of its oldest message; null if it is empty
 * @property {number | null} newest
 * @property {(messages: M[]) => void} prepend
 * @property {(messages: M[]) => void} append
 */

/**
 * @template {{id: string}} M
 * @template {Part<M>} P
 */
export class Excerpts {
  /** @type {P | null} what is shown instead of the live end */
  part = null
  #ask
  #make
  #live
  #turn = 0
  #isOver = false // there is nothing older than the part

  /**
   * @param {object} with_
   * @param {(span: Span) => Promise<M[]>} with_.ask for a page, the oldest first
   * @param {() => P} with_.make an empty part
   * @param {object} with_.live what is at the live end
   * @param {() => number | null} with_.live.oldest its oldest number; null if it is empty
   * @param {() => boolean} with_.live.isWhole whether nothing is older
   * @param {() => Items} with_.live.items
   * @param {(message: {n: number, id: string}) => boolean} with_.live.has
   * @param {(messages: M[]) => void} with_.live.join takes what is right before it
   */
  constructor({ ask, make, live }) {
    this.#ask = ask
    this.#make = make
    this.#live = live
  }

  get hasOlder() {
    return this.part !== null && !this.#isOver && (this.part.oldest ?? 1) > 1
  }

  /**
   * Shows the part around a message, if the message is still there. Fails if
   * nobody answers, and leaves all as it is.
   * @param {{n: number, id: string}} message without an id, whatever is at n
   */
  async reach({ n, id }) {
    if (id && this.part?.items.placeOf(id) !== undefined) return
    if (this.#live.has({ n, id })) return this.close()
    await this.#open({ before: n + PAGE / 2 }, (page) => !id || page.some((one) => one.id === id))
  }

  /**
   * Shows the part around the first message at or after a time. Fails as reach
   * does.
   * @param {number} time Unix milliseconds
   * @returns {Promise<number | null>} its place; null if there is none
   */
  async reachTime(time) {
    const here = placeAt(this.#live.items(), time, this.#live.isWhole())
    if (here !== undefined) {
      this.close()
      return here
    }
    await this.#open({ at: time }, (page) => page.length > 0)
    return placeAt(this.part?.items ?? this.#live.items(), time, true) ?? null
  }

  /** Asks for the page before the part. */
  async older() {
    const { part } = this
    if (!part || !this.hasOlder || part.oldest === null) return
    const page = await this.#ask({ before: part.oldest, limit: PAGE })
    if (part !== this.part) return
    this.#isOver = page.length === 0
    part.prepend(page)
  }

  /** Asks for the page after the part. */
  async newer() {
    const { part } = this
    if (!part || part.newest === null) return
    const page = await this.#ask({ after: part.newest, limit: PAGE })
    if (part !== this.part) return
    part.append(page)
    this.#meet(page.length === 0)
  }

  /** Back to the live end. */
  close() {
    this.#turn++
    this.part = null
  }

  /**
   * @param {Span} span @param {(page: M[]) => boolean} isIt whether it is what is wanted
   */
  async #open(span, isIt) {
    const turn = ++this.#turn
    const page = await this.#ask({ ...span, limit: PAGE })
    if (turn !== this.#turn || !isIt(page)) return // the reader wants something else by now
    this.#isOver = false
    this.part = this.#make()
    this.part.append(page)
    this.#meet(false)
  }

  /** @param {boolean} isEnd nothing is newer in the archive */
  #meet(isEnd) {
    const { part } = this
    if (!part || (!isEnd && (part.newest ?? Infinity) < (this.#live.oldest() ?? Infinity) - 1)) return
    this.part = null
    this.#live.join(part.messages)
  }
}

/**
 * The first message at or after a time.
 * @param {Items} items
 * @param {number} time
 * @param {boolean} isWhole whether nothing that is older can be it
 * @returns {number | null | undefined} its place; null if all are older; undefined if that is
 *   not known
 */
function placeAt(items, time, isWhole) {
  let isKnown = isWhole
  for (let place = items.first; place < items.length; place++) {
    const item = items.at(place)
    if (item?.kind !== 'message' || item.seq === null) continue
    if (item.at >= time) return isKnown ? place : undefined
    isKnown = true
  }
  return isKnown ? null : undefined
}
