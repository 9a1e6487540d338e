// The way to what brings files to the server, which is loaded once there are any.

import { systemClock } from '../model/clock.js'
import { guestHeader } from '../storage/guest-key.js'
import { fileStore } from '../storage/idb.js'
import { settings } from '../storage/settings.js'
import { importLater } from './loaded-later.js'

/** @typedef {import('../../types.js').FileUploads} FileUploads */

const AGAIN = 3000 // ms
const FORGET = 7 * 24 * 3_600_000 // ms, as for messages that are not sent

/** @typedef {import('../files/uploads.js').Uploads} Uploads */

/** @implements {FileUploads} */
export class LaterUploads {
  #owner
  #isLoggedIn
  /** @type {Uploads | null} */
  #uploads = null
  /** @type {Promise<Uploads> | null} */
  #loading = null

  /**
   * @param {() => string} owner the account that is logged in; '' for a guest
   * @param {() => Promise<boolean>} isLoggedIn asks the server; without an account, there is none
   *   to be logged out of
   */
  constructor(owner, isLoggedIn) {
    this.#owner = owner
    this.#isLoggedIn = isLoggedIn
  }

  /** @returns {Promise<Uploads>} fails if it cannot be loaded now */
  load() {
    this.#loading ??= this.#load().catch((error) => {
      this.#loading = null
      throw error
    })
    return this.#loading
  }

  async #load() {
    /** @type {typeof import('../files/uploads.js')} */
    const { Uploads } = await importLater('js/files/uploads.js')
    const uploads = this.#uploads = new Uploads({
      store: fileStore, clock: systemClock, owner: this.#owner, isLoggedIn: this.#isLoggedIn,
      headers: () => (this.#owner() ? {} : guestHeader(settings.guestKey)),
    })
    addEventListener('online', () => uploads.wake())
    return uploads
  }

  /** @type {import('../../types.js').FileUploads['follow']} */
  follow(files, on, isReupload) {
    let isWanted = true
    let stop = () => {}
    const begin = () => this.load().then(
      (uploads) => { if (isWanted) stop = uploads.follow(files, on, isReupload) },
      () => { stop = systemClock.after(AGAIN, begin) },
    )
    begin()
    return () => {
      isWanted = false
      stop()
    }
  }

  /** @param {readonly string[]} ids */
  release(ids) {
    if (this.#uploads) return this.#uploads.release(ids)
    for (const id of ids) fileStore.remove(id).catch(() => {})
  }

  /** @param {readonly string[]} ids */
  drop(ids) {
    if (this.#uploads) return this.#uploads.drop(ids)
    this.release(ids) // the server collects them
  }

  /** Somebody else may be here now. */
  turn = () => this.#uploads?.turn()

  /**
   * Deletes what is old, and what accounts have stored.
   * @param {string | null} but an account to keep, '' for none; null keeps them all
   */
  async forget(but) {
    this.turn()
    try {
      for (const { id, owner, at } of await fileStore.all()) {
        const isOthers = but !== null && owner !== '' && owner !== but
        if (isOthers || Date.now() - at > FORGET) await fileStore.remove(id)
      }
    } catch {
      // Nothing is stored.
    }
  }
}
