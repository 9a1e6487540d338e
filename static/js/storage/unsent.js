// Unsent messages, stored so that they survive a reload or a crash.
//
// Each belongs to one tab, and only that tab sends it; a reloaded tab keeps its
// identity. Messages of a closed tab pass to the next one that joins the same
// room under the same name. Without storage they last until the reload.

import { uuid } from '../model/uuid.js'

/** @typedef {import('../../types.js').UnsentMessage} UnsentMessage */
/** @typedef {import('../../types.js').UnsentRecord} UnsentRecord */

const FORGET = 7 * 24 * 3_600_000 // ms after which unsent messages are deleted

/** @param {UnsentRecord} record */
const isAccounts = ({ account, chat }) => account === true || chat !== undefined

export class Unsent {
  #unsentStore
  #tabs
  #memory
  #owner = '' // '' stores nothing
  #last = 0
  /** @type {Map<string, number>} places by id: a message keeps its place */
  #places = new Map()
  /** @type {Promise<unknown>} operations run one after another */
  #turn

  /**
   * @param {import('../../types.js').UnsentStore} unsentStore
   * @param {import('../../types.js').Tabs} tabs
   * @param {{tab: string}} memory where this tab remembers who it is
   */
  constructor(unsentStore, tabs, memory) {
    this.#unsentStore = unsentStore
    this.#tabs = tabs
    this.#memory = memory
    this.#turn = this.#begin()
  }

  /**
   * The identity from before the reload, unless this is a duplicate of an open
   * tab.
   */
  async #begin() {
    for (const tab of [this.#memory.tab || uuid(), uuid()]) {
      if (!await this.#tabs.hold(tab)) continue
      this.#owner = this.#memory.tab = tab
      return
    }
  }

  /**
   * Takes the unsent messages of this tab and of closed ones.
   * @param {string} room @param {string} name @param {number} now
   * @returns {Promise<UnsentMessage[]>} in the order of writing; none if storage fails
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
   * Stores a message, in its old place if it is stored already.
   * @param {UnsentMessage} message
   */
  keep(message) {
    const place = this.#places.get(message.id) ?? Math.max(message.at, this.#last + 1)
    this.#places.set(message.id, place)
    this.#last = Math.max(this.#last, place)
    this.#after(() => this.#unsentStore.put({ ...message, place, owner: this.#owner }))
  }

  /**
   * The message is in the log, or was discarded.
   * @param {string} id of any message
   */
  drop(id) {
    if (this.#places.delete(id)) this.#after(() => this.#unsentStore.remove(id))
  }

  /**
   * @param {string} name of an account
   * @returns {Promise<number>} its unsent messages, of all tabs
   */
  async count(name) {
    return await this.#after(async () => (await this.#unsentStore.all())
      .filter((record) => isAccounts(record) && record.name === name).length) ?? 0
  }

  /**
   * Deletes the unsent messages of accounts, of all tabs.
   * @param {string} [but] an account to keep
   */
  forgetAccounts(but = '') {
    this.#turn = this.#turn.then(async () => {
      for (const record of await this.#unsentStore.all()) {
        if (isAccounts(record) && record.name !== but) await this.#unsentStore.remove(record.id)
      }
    }).catch(() => {})
  }

  /**
   * Takes over the messages of a closed tab; its lock keeps others from it.
   * @param {string} room
   * @param {string} name
   * @param {number} now
   * @param {string} from a closed tab
   */
  async #inherit(room, name, now, from) {
    for (const record of await this.#wanted(room, name, now)) {
      if (record.owner === from) await this.#unsentStore.put({ ...record, owner: this.#owner })
    }
  }

  /** @param {string} room @param {string} name @param {number} now */
  async #wanted(room, name, now) {
    const all = await this.#unsentStore.all()
    for (const record of all) if (now - record.at > FORGET) await this.#unsentStore.remove(record.id)
    return all.filter((record) => record.room === room && record.name === name && now - record.at <= FORGET)
  }

  /**
   * @template T
   * @param {() => Promise<T>} run
   * @returns {Promise<T | undefined>} undefined if storage fails
   */
  #after(run) {
    const done = this.#turn.then(() => (this.#owner ? run() : undefined)).catch(() => undefined)
    this.#turn = done
    return done
  }
}
