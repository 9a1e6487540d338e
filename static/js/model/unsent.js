// The messages of this page that the log does not have yet, kept where a reload and a crash do not reach.
//
// Each belongs to one tab, and only that tab sends it. A reloaded tab is still itself. What a tab left behind that is gone belongs to
// the next one that joins the same room under the same name. Where nothing can be kept everything works without, until the reload.

import { uuid } from '../net/uuid.js'

/** @typedef {import('../../types.js').UnsentMessage} UnsentMessage */
/** @typedef {import('../../types.js').UnsentRecord} UnsentRecord */

const FORGET = 7 * 24 * 3_600_000 // ms; nobody came back for it in all that time

/** @param {UnsentRecord} record */
const isAccounts = ({ account, chat }) => account === true || chat !== undefined

export class Unsent {
  #shelf
  #tabs
  #memory
  #owner = '' // '' keeps nothing
  #last = 0
  /** @type {Map<string, number>} the places of what is kept, by id: a message that is kept again stays where it was */
  #places = new Map()
  /** @type {Promise<unknown>} one thing after another, so that what was kept can be dropped */
  #turn

  /**
   * @param {import('../../types.js').Shelf} shelf
   * @param {import('../../types.js').Tabs} tabs
   * @param {{tab: string}} memory where this tab remembers who it is
   */
  constructor(shelf, tabs, memory) {
    this.#shelf = shelf
    this.#tabs = tabs
    this.#memory = memory
    this.#turn = this.#begin()
  }

  /** Who we are: as before the reload, unless this tab was duplicated and the other one lives. */
  async #begin() {
    for (const tab of [this.#memory.tab || uuid(), uuid()]) {
      if (!await this.#tabs.hold(tab)) continue
      this.#owner = this.#memory.tab = tab
      return
    }
  }

  /**
   * Takes up what this tab, or one that is gone, had not sent in that room under that name.
   * @param {string} room @param {string} name @param {number} now
   * @returns {Promise<UnsentMessage[]>} in the order in which they were written; none if nothing could be read
   */
  async take(room, name, now) {
    return await this.#after(async () => {
      const theirs = (await this.#wanted(room, name, now)).filter((record) => record.owner !== this.#owner)
      for (const owner of new Set(theirs.map((record) => record.owner))) {
        await this.#tabs.ifGone(owner, () => this.#inherit(room, name, now, owner))
      }
      const own = (await this.#wanted(room, name, now)).filter((record) => record.owner === this.#owner)
      own.sort((a, b) => a.place - b.place)
      for (const { id, place } of own) this.#places.set(id, this.#last = Math.max(this.#last, place))
      return own
    }) ?? []
  }

  /**
   * Keeps a message, in the place that it has if it is kept already.
   * @param {UnsentMessage} message
   */
  keep(message) {
    const place = this.#places.get(message.id) ?? Math.max(message.at, this.#last + 1)
    this.#places.set(message.id, place)
    this.#last = Math.max(this.#last, place)
    this.#after(() => this.#shelf.put({ ...message, place, owner: this.#owner }))
  }

  /**
   * The log has it, or nobody wants it any more.
   * @param {string} id of any message
   */
  drop(id) {
    if (this.#places.delete(id)) this.#after(() => this.#shelf.remove(id))
  }

  /**
   * @param {string} name of an account
   * @returns {Promise<number>} how much of it is kept, of all tabs
   */
  async count(name) {
    return await this.#after(async () => (await this.#shelf.all()).filter((record) => isAccounts(record) && record.name === name).length) ?? 0
  }

  /**
   * Whoever uses this browser next finds nothing that was written by who was logged in, in whatever tab.
   * @param {string} [but] the name of an account that is not meant
   */
  forgetAccounts(but = '') {
    this.#turn = this.#turn.then(async () => {
      for (const record of await this.#shelf.all()) if (isAccounts(record) && record.name !== but) await this.#shelf.remove(record.id)
    }).catch(() => {})
  }

  /**
   * Nobody else does so meanwhile.
   * @param {string} room @param {string} name @param {number} now @param {string} from a tab that is gone
   */
  async #inherit(room, name, now, from) {
    for (const record of await this.#wanted(room, name, now)) {
      if (record.owner === from) await this.#shelf.put({ ...record, owner: this.#owner })
    }
  }

  /** @param {string} room @param {string} name @param {number} now */
  async #wanted(room, name, now) {
    const all = await this.#shelf.all()
    for (const record of all) if (now - record.at > FORGET) await this.#shelf.remove(record.id)
    return all.filter((record) => record.room === room && record.name === name && now - record.at <= FORGET)
  }

  /**
   * @template T
   * @param {() => Promise<T>} run
   * @returns {Promise<T | undefined>} undefined if it failed or nobody knows who we are: then it is only in memory, nothing worse
   */
  #after(run) {
    const done = this.#turn.then(() => (this.#owner ? run() : undefined)).catch(() => undefined)
    this.#turn = done
    return done
  }
}
