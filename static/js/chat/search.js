// A search: the messages that were found so far, and the way to more of them.
// It does not know the document; the view listens to it.

import { ApiError } from '../net/problem.js'

const PAGE = 50 // messages

/** @typedef {import('../net/api.js').Found} Found */
/** @typedef {import('../model/search-words.js').Wish} Wish */
/**
 * `none`: nothing is looked for. `asking`: what was found before stays until
 * there is an answer. `more`: the next page is asked for.
 * @typedef {'none' | 'asking' | 'failed' | 'found' | 'more' | 'moreFailed'} State
 */

export class Search {
  /** @type {State} */
  state = 'none'
  /** @type {readonly Found[]} newest first */
  found = []
  /** @type {Wish | null} what was looked for */
  wish = null
  /** @type {ApiError | null} why it has failed */
  error = null
  /** @type {string | null} leads to the next page; null on the last one */
  #next = null
  #turn = 0
  #ask
  #changed

  /**
   * @param {import('../net/api.js').Api['search']} ask
   * @param {() => void} changed
   */
  constructor(ask, changed) {
    this.#ask = ask
    this.#changed = changed
  }

  /** True if there is more than was found so far. */
  get hasMore() {
    return this.#next !== null
  }

  /** @param {Wish | null} wish null for nothing */
  async begin(wish) {
    this.wish = wish
    if (!wish) return this.#is('none', [])
    await this.#page('asking', null)
  }

  /** Asks for the next page, unless it is being asked for, or has failed. */
  async more() {
    if (this.state === 'found' && this.#next) await this.#page('more', this.#next)
  }

  /** A request that failed is tried once more. */
  async again() {
    if (this.state === 'failed') await this.#page('asking', null)
    else if (this.state === 'moreFailed') await this.#page('more', this.#next)
  }

  /**
   * @param {import('../../types.js').Revised} message which may be among what was found
   * @returns {boolean} whether it is
   */
  revise({ chat, id, name, text, deleted }) {
    const isIt = (/** @type {Found} */ one) => one.chat === chat && one.id === id && (!name || one.name === name)
    if (!this.found.some(isIt)) return false
    this.found = deleted ? this.found.filter((one) => !isIt(one)) : this.found.map((one) => (isIt(one) ? { ...one, text } : one))
    return true
  }

  /** @param {'asking' | 'more'} state @param {string | null} before */
  async #page(state, before) {
    const turn = ++this.#turn
    const { words, from, room } = /** @type {Wish} */ (this.wish)
    this.state = state
    this.#changed()
    try {
      const { results, next } = await this.#ask({
        q: words, from, room, before: before ?? '', limit: PAGE,
      })
      if (turn !== this.#turn) return
      this.#next = next
      this.#is('found', before === null ? results : [...this.found, ...results])
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (turn !== this.#turn) return
      this.error = error
      this.#is(state === 'more' ? 'moreFailed' : 'failed', state === 'more' ? this.found : [])
    }
  }

  /** @param {State} state @param {readonly Found[]} found */
  #is(state, found) {
    this.#turn++
    this.state = state
    this.found = found
    if (state === 'none' || state === 'failed') this.#next = null
    this.#changed()
  }
}
