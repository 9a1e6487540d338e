// Unsent messages, stored so that they survive a reload or a crash.
//
// Each belongs to one tab, and only that tab sends it; a reloaded tab keeps its
// identity. Messages of a closed tab pass to the next one that joins the same
// room under the same name. Without storage they last until the reload.
//
// Storing one takes a moment, and a reload ends what has begun. So until it is
// stored it is also where this tab remembers who it is, which takes none.

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
  /** @type {Record<string, UnsentRecord>} not stored yet, by id */
  #unstored
  /** @type {Promise<unknown>} operations run one after another */
  #turn

  /**
   * @param {import('../../types.js').UnsentStore} unsentStore
   * @param {import('../../types.js').Tabs} tabs
   * @param {{tab: string, unstored: Record<string, UnsentRecord>}} memory where this tab
   *   remembers who it is
   */
  constructor(unsentStore, tabs, memory) {
    this.#unsentStore = unsentStore
    this.#tabs = tabs
    this.#memory = memory
    this.#unstored = memory.unstored
    this.#turn = this.#begin(Object.values(this.#unstored))
  }

  /**
   * The identity from before the reload, unless this is a duplicate of an open
   * tab. That one has what the reload interrupted, too.
   * @param {UnsentRecord[]} interrupted
   */
  async #begin(interrupted) {
    const before = this.#memory.tab
    for (const tab of [before || uuid(), uuid()]) {
      if (!await this.#tabs.hold(tab)) continue
      this.#owner = this.#memory.tab = tab
      break
    }
    for (const record of interrupted) {
      if (this.#owner === before) await this.#store(record)
      else this.#stored(record)
    }
  }

  /** @param {UnsentRecord} record */
  async #store(record) {
    try {
      await this.#unsentStore.put({ ...record, owner: this.#owner })
    } catch {
      return // it lasts as long as this tab
    }
    this.#stored(record)
  }

  /** @param {UnsentRecord} record */
  #stored(record) {
    if (this.#unstored[record.id] === record) this.#holdNot([record.id])
  }

  /** @param {string[]} ids */
  #holdNot(ids) {
    for (const id of ids) delete this.#unstored[id]
    this.#memory.unstored = this.#unstored
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
    const record = { ...message, place, owner: this.#owner }
    this.#unstored[record.id] = record
    this.#memory.unstored = this.#unstored
    this.#after(() => this.#store(record))
  }

  /**
   * The message is in the log, or was discarded.
   * @param {string} id of any message
   */
  drop(id) {
    if (!this.#places.delete(id)) return
    this.#holdNot([id])
    this.#after(() => this.#unsentStore.remove(id))
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
    const records = Object.values(this.#unstored)
    this.#holdNot(records.filter((one) => isAccounts(one) && one.name !== but).map(({ id }) => id))
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
