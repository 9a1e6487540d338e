// The files that this page brings to the server, two at a time, from the moment
// when they are attached until the log has their message. Each is stored as well,
// so that a reload goes on with it; without room for that it lasts until then.

import { FILES, whyNotUploaded } from '../model/strings/files.js'
import { uuid } from '../model/uuid.js'
import { ApiError } from '../net/problem.js'
import { ask } from '../net/ask.js'
import { Upload } from '../net/upload.js'
import { following } from './following.js'
import { Preparing } from './preparing.js'

/** @typedef {import('../../types.js').Attached} Attached */
/** @typedef {import('../../types.js').FileInfo} FileInfo */

const AT_ONCE = 2
const TOLD = 150 // ms between two tellings of how far they are
const FRESH = 45 * 60_000 // ms; the server keeps a file without a message for an hour

export class Uploads {
  /** @type {Map<string, Attached>} in the order of attaching */
  #files = new Map()
  /** @type {Map<string, Upload>} */
  #going = new Map()
  /** @type {Set<string>} those of which the server cannot know */
  #unknown = new Set()
  /** @type {Map<string, number>} when they were at the server */
  #done = new Map()
  /** @type {Set<() => void>} */
  #listeners = new Set()
  #isTelling = false
  #store
  #owner
  #headers
  #isLoggedIn
  #clock
  #ask
  #preparing

  /**
   * @param {object} with_
   * @param {import('../../types.js').SharedStore<import('../../types.js').FileRecord>} with_.store
   * @param {() => string} with_.owner the account that uploads now; '' for a guest
   * @param {() => Record<string, string>} with_.headers of its requests
   * @param {() => Promise<boolean>} [with_.isLoggedIn] asked when the server says no; fails if it
   *   does not answer
   * @param {import('../../types.js').Clock} with_.clock
   * @param {typeof ask} [with_.send]
   * @param {ConstructorParameters<typeof Preparing>[0]} [with_.prepare]
   */
  constructor({ store, owner, headers, isLoggedIn = async () => true, clock, send = ask, prepare }) {
    this.#store = store
    this.#owner = owner
    this.#headers = headers
    this.#isLoggedIn = isLoggedIn
    this.#clock = clock
    this.#ask = send
    this.#preparing = new Preparing(prepare)
  }

  /** @param {() => void} run after something has changed @returns {() => void} stops */
  listen(run) {
    this.#listeners.add(run)
    return () => this.#listeners.delete(run)
  }

  get = (/** @type {string} */ id) => this.#files.get(id)

  all = () => this.#files.values()

  // ---- Attached files ----

  /**
   * @param {Blob & {name?: string}} blob
   * @param {{most: number, smaller: boolean}} how bytes at most; whether pictures are made smaller
   * @param {Partial<FileInfo>} [over] what is known of it already
   * @returns {string} its id
   */
  add(blob, how, over = {}) {
    const id = uuid()
    this.#unknown.add(id)
    const { name = blob.name || FILES.unnamed, alt } = over
    this.#set({
      id, name, type: blob.type, size: blob.size, blob, progress: 0, ...(alt && { alt }),
      state: 'preparing', reason: '', isFinal: false, isKept: true, owner: this.#owner(),
    })
    this.#make(id, blob, how)
    return id
  }

  /**
   * @param {string} id @param {Blob} blob
   * @param {{most: number, smaller: boolean}} how
   */
  async #make(id, blob, how) {
    const { isSmaller, problem, ...made } = await this.#preparing.of(blob, how)
    const file = this.get(id)
    if (!file) return // it was removed
    this.#set({ ...file, ...made, size: made.blob.size, ...(isSmaller && { larger: blob }) })
    if (problem) return this.#fail(id, problem, true)
    const record = { id, blob: made.blob, owner: file.owner, at: this.#clock.now() }
    const isKept = await this.#store.put(record).then(() => true, () => false)
    const kept = this.get(id)
    if (!kept) return void this.#store.remove(id).catch(() => {})
    this.#set({ ...kept, isKept, state: 'waiting' })
    this.#next()
  }

  /**
   * Goes on with a file from before a reload, or of a message that failed.
   * @param {FileInfo} info
   * @param {boolean} [isReupload] as another file, as this one cannot be sent
   * @returns {Promise<string>} its id, another one if somebody else has logged in since
   */
  async take({ progress, ...info }, isReupload = false) {
    const { id } = info
    const known = this.get(id)
    if (known && !isReupload && known.owner === this.#owner()) {
      const isOld = this.#clock.now() - (this.#done.get(id) ?? 0) > FRESH
      if (known.state === 'failed' || (known.state === 'done' && isOld)) this.retry(id)
      return id
    }
    const record = await this.#store.get(id).catch(() => undefined)
    const owner = this.#owner()
    if (!isReupload && this.get(id)?.owner === owner) return id // it was taken up meanwhile
    const blob = record?.blob ?? known?.blob ?? info.blob
    if (blob && (isReupload || (record ?? known ?? { owner }).owner !== owner)) {
      this.release([id])
      return this.add(blob, { most: Infinity, smaller: false }, info)
    }
    this.#set({
      ...info, ...(blob && { blob }), progress: 0, state: 'waiting', reason: '', isFinal: false,
      isKept: record !== undefined, owner,
    })
    this.#next()
    return id
  }

  /** @param {string} id @param {string} alt what the picture shows */
  describe(id, alt) {
    const file = this.get(id)
    if (!file || (file.alt ?? '') === alt) return
    const { alt: _, ...others } = file
    this.#set({ ...others, ...(alt && { alt }) })
  }

  retry(/** @type {string} */ id) {
    const file = this.get(id)
    if (!file || file.isFinal) return
    this.#set({ ...file, state: 'waiting', reason: '', progress: 0 })
    this.#next()
  }

  // ---- For messages ----

  /** @type {import('../../types.js').FileUploads['follow']} */
  follow = (files, on, isReupload = false) => following(this, files, on, isReupload)

  /** @param {readonly string[]} ids of files that are in the log, or are another's from now on */
  release(ids) {
    for (const id of ids) {
      this.#going.get(id)?.cancel()
      this.#forget(id)
    }
    this.#told()
    this.#next()
  }

  /** @param {readonly string[]} ids of files that nobody wants any more: the server forgets them */
  drop(ids) {
    for (const id of ids) {
      const file = this.get(id)
      if (file && !this.#unknown.has(id)) (this.#going.get(id) ?? this.#uploadOf(file)).remove()
      this.#forget(id)
    }
    this.#told()
    this.#next()
  }

  /**
   * Somebody else may be here now: what others have begun stops. What an account
   * has attached is theirs alone, and is taken from the store when they are back.
   */
  turn() {
    for (const { id, owner } of [...this.#files.values()]) {
      if (owner === this.#owner()) continue
      this.#going.get(id)?.cancel()
      if (owner) this.#forgetHere(id)
    }
    this.#next()
  }

  /** The network may be back. */
  wake() {
    for (const upload of this.#going.values()) upload.wake()
  }

  // ---- Inside ----

  #next() {
    for (const file of this.#files.values()) {
      if (this.#going.size >= AT_ONCE) return
      const isOurs = file.owner === this.#owner()
      if (isOurs && file.state === 'waiting' && !this.#going.has(file.id)) this.#run(file)
    }
  }

  /** @param {Attached} file */
  async #run(file) {
    const { id } = file
    const upload = this.#uploadOf(file)
    this.#going.set(id, upload)
    this.#unknown.delete(id)
    this.#set({ ...file, state: 'going', progress: 0 })
    try {
      const known = await upload.run()
      this.#done.set(id, this.#clock.now())
      const { progress, ...now } = this.get(id) ?? file
      if (this.get(id)) this.#set({ ...now, ...known, id, state: 'done' })
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      const now = this.get(id)
      const { reason, isFinal } = whyNotUploaded(error)
      if (now && error.code === 'cancelled') this.#set({ ...now, state: 'waiting' })
      else if (now) this.#fail(id, reason, isFinal)
    } finally {
      this.#going.delete(id)
      this.#next()
    }
  }

  /** @param {Attached} file */
  #uploadOf({ id, name, blob }) {
    const isNew = this.#unknown.has(id)
    return new Upload(
      { id, name, blob: blob ?? null, isNew },
      { ask: this.#ask, headers: this.#headers, isLoggedIn: this.#isLoggedIn, clock: this.#clock },
      (progress) => {
        const file = this.get(id)
        if (file?.state !== 'going' || file.progress === progress) return
        this.#files.set(id, { ...file, progress })
        this.#tellSoon()
      },
    )
  }

  /** @param {string} id @param {string} reason @param {boolean} isFinal */
  #fail(id, reason, isFinal) {
    const file = this.get(id)
    if (!file) return
    const { progress, ...others } = file
    this.#set({ ...others, state: 'failed', reason, isFinal })
  }

  /** @param {string} id */
  #forget(id) {
    this.#forgetHere(id)
    this.#store.remove(id).catch(() => {})
  }

  /** @param {string} id of one that may stay in the store */
  #forgetHere(id) {
    this.#files.delete(id)
    this.#unknown.delete(id)
    this.#done.delete(id)
  }

  /** @param {Attached} file */
  #set(file) {
    this.#files.set(file.id, file)
    this.#told()
  }

  #tellSoon() {
    if (this.#isTelling) return
    this.#isTelling = true
    this.#clock.after(TOLD, () => {
      this.#isTelling = false
      this.#told()
    })
  }

  #told() {
    for (const run of [...this.#listeners]) run()
  }
}
