// Brings one file to the server by the tus protocol, 1.0: POST creates the upload
// under an id of ours, PATCH sends what is missing of it. Whatever breaks, HEAD
// tells how far it has come, and it goes on from there; so it also does after a
// reload. In the end GET tells what the server has made of the file.

import { delay } from '../model/close-codes.js'
import { ApiError } from './problem.js'

/** @typedef {import('./ask.js').Asked} Asked */
/** @typedef {import('./ask.js').Answer} Answer */
/** @typedef {Omit<import('../../types.js').FileInfo, 'alt' | 'blob' | 'progress'>} Known */

const BASE = '/api/v1/files/'
const VERSION = { 'Tus-Resumable': '1.0.0' }
const BROKEN = 1006 // the back-off of a connection that broke
const SILENCE = 60_000 // ms; the server may be looking at a large picture
const GONE = new Set([404, 410])
const BUSY = new Set([409, 423, 460]) // another request has it, which may be one of ours that was cut off
const BUSY_TRIES = 40 // a few minutes
const TRIES = 5 // of what should not be
const LOGGED_OUT = 401

export class Upload {
  #file
  #ask
  #headers
  #isLoggedIn
  #clock
  #random
  #progress
  #abort = new AbortController()
  #isCancelled = false
  #isNew
  #offset = 0 // as the server has told last
  #wake = () => {}

  /**
   * @param {object} file
   * @param {string} file.id a UUID that is no other file's
   * @param {string} file.name
   * @param {Blob | null} file.blob null if only the server has it now
   * @param {boolean} file.isNew the server cannot know of it
   * @param {object} with_
   * @param {(asked: Asked) => Promise<Answer | null>} with_.ask
   * @param {() => Record<string, string>} with_.headers that say who uploads
   * @param {() => Promise<boolean>} [with_.isLoggedIn] asked when the server says no; fails if it
   *   does not answer
   * @param {import('../../types.js').Clock} with_.clock
   * @param {() => number} [with_.random] from 0 to 1
   * @param {(share: number) => void} progress from 0 to 1
   */
  constructor({ isNew, ...file }, with_, progress) {
    const { ask, headers, isLoggedIn = async () => true, clock, random = Math.random } = with_
    this.#file = file
    this.#isNew = isNew
    this.#ask = ask
    this.#headers = headers
    this.#isLoggedIn = isLoggedIn
    this.#clock = clock
    this.#random = random
    this.#progress = progress
  }

  /**
   * Goes on until the server has the file or refuses it, however long nobody
   * answers.
   * @returns {Promise<Known>} fails with an ApiError; its code is `cancelled` after `cancel`, and
   *   when the account is logged out
   */
  async run() {
    for (let attempt = 0; ; attempt++) {
      const before = this.#offset
      try {
        return await this.#go()
      } catch (error) {
        if (this.#isCancelled) throw cancelled()
        if (!(error instanceof ApiError) || !mayPass(error, attempt)) throw error
        const isIn = error.status !== LOGGED_OUT || await this.#isLoggedIn().catch(() => true)
        if (!isIn || this.#isCancelled) throw cancelled()
        if (this.#offset > before) attempt = 0
        await this.#pause(Math.max(error.retryAfter, delay(BROKEN, attempt, this.#random)))
      }
    }
  }

  /** Tries at once: the network may be back. */
  wake() {
    this.#wake()
  }

  /** Stops, and leaves what the server has. */
  cancel() {
    this.#isCancelled = true
    this.#abort.abort()
    this.#wake()
  }

  /** The server forgets it, if it can be told. */
  async remove() {
    this.cancel()
    this.#abort = new AbortController() // of this request
    await this.#request('DELETE', VERSION).catch(() => {})
  }

  // ---- Inside ----

  async #go() {
    const { blob } = this.#file
    const known = this.#isNew ? await this.#create() : await this.#find()
    if (known) return known
    if (blob && this.#offset < blob.size) await this.#send(blob)
    return await this.#told()
  }

  /** @returns {Promise<null>} */
  async #create() {
    const { blob, name } = this.#file
    if (!blob) throw new ApiError('unknown_file', 'the file is neither here nor at the server')
    const answer = await this.#request('POST', {
      ...VERSION,
      'Idempotency-Key': this.#file.id,
      'Upload-Length': String(blob.size),
      'Upload-Metadata': `filename ${base64(name)}`,
    })
    this.#isNew = false
    this.#reached(Number(answer.header('Upload-Offset')) || 0)
    return null
  }

  /** @returns {Promise<Known | null>} what it is, if it is a file already; null for an upload */
  async #find() {
    try {
      const answer = await this.#request('HEAD', VERSION)
      this.#reached(Number(answer.header('Upload-Offset')) || 0)
      return null
    } catch (error) {
      if (!isGone(error)) throw error
    }
    try {
      return await this.#told()
    } catch (error) {
      if (!isGone(error)) throw error
    }
    return await this.#create()
  }

  /** @param {Blob} blob */
  async #send(blob) {
    const from = this.#offset
    const answer = await this.#request('PATCH', {
      ...VERSION,
      'Content-Type': 'application/offset+octet-stream',
      'Upload-Offset': String(from),
    }, blob.slice(from), (sent) => this.#progress(share(from + sent, blob.size)))
    this.#reached(Number(answer.header('Upload-Offset')) || 0)
    if (this.#offset < blob.size) throw new ApiError('network', 'the server has not got all of it')
  }

  /** @returns {Promise<Known>} what the server says of the file that it is now */
  async #told() {
    const { text, status } = await this.#request('GET', {})
    try {
      const { id, name, type, size, width, height, previews } = JSON.parse(text)
      const ofPicture = width && height && { width, height }
      return { id, name, type, size, ...ofPicture, ...(previews && { previews }) }
    } catch {
      throw new ApiError('bad_answer', 'the answer cannot be read', status)
    }
  }

  /** @param {number} offset */
  #reached(offset) {
    this.#offset = offset
    if (this.#file.blob) this.#progress(share(offset, this.#file.blob.size))
  }

  /**
   * @param {string} method @param {Record<string, string>} headers
   * @param {Blob | null} [body] @param {(sent: number) => void} [progress]
   * @returns {Promise<Answer>} fails if no answer comes, or one that refuses it
   */
  async #request(method, headers, body = null, progress = () => {}) {
    const silence = new AbortController()
    const abort = () => silence.abort()
    const { signal } = this.#abort
    let cancel = this.#clock.after(SILENCE, abort)
    signal.addEventListener('abort', abort)
    try {
      const answer = await this.#ask({
        method, body, signal: silence.signal,
        url: method === 'POST' ? BASE : `${BASE}${this.#file.id}/`,
        headers: { ...headers, ...this.#headers() },
        progress: (sent) => {
          cancel()
          cancel = this.#clock.after(SILENCE, abort)
          progress(sent)
        },
      })
      if (!answer) throw new ApiError('network', 'no answer from the server')
      if (answer.status >= 300) throw problem(answer)
      return answer
    } finally {
      cancel()
      signal.removeEventListener('abort', abort)
    }
  }

  /** @param {number} ms */
  async #pause(ms) {
    await new Promise((resolve) => {
      const cancel = this.#clock.after(ms, () => resolve(null))
      this.#wake = () => {
        cancel()
        resolve(null)
      }
    })
    this.#wake = () => {}
    if (this.#isCancelled) throw cancelled()
  }
}

const cancelled = () => new ApiError('cancelled', 'nobody wants it any more')

/**
 * True if the same request may succeed later.
 * @param {ApiError} error @param {number} attempt 0 for the first without progress
 */
function mayPass(error, attempt) {
  const { status, code, passes } = error
  if (passes) return true
  if (BUSY.has(status)) return attempt < BUSY_TRIES
  const isOdd = GONE.has(status) || status === LOGGED_OUT || status === 500
  return attempt < TRIES && (isOdd || (code === 'bad_answer' && status < 400))
}

/** @param {unknown} error */
const isGone = (error) => error instanceof ApiError && GONE.has(error.status)

/** @param {Answer} answer that refuses something @returns {ApiError} */
function problem({ status, header, text }) {
  const seconds = Number(header('Retry-After'))
  const retryAfter = seconds > 0 ? seconds * 1000 : 0
  try {
    const { code, detail } = JSON.parse(text)
    const isProblem = typeof code === 'string' && typeof detail === 'string'
    if (isProblem) return new ApiError(code, detail, status, retryAfter)
  } catch {
    // It is of a proxy, or of a HEAD, which has no body.
  }
  return new ApiError('bad_answer', `the server answered with status ${status}`, status, retryAfter)
}

/** @param {number} sent @param {number} size in bytes */
const share = (sent, size) => (size > 0 ? Math.min(1, sent / size) : 1)

/** @param {string} name of a file, as the header of tus has it */
const base64 = (name) => btoa(String.fromCharCode(...new TextEncoder().encode(name)))
