// The API's client. Idempotent requests are retried if no answer comes: reads,
// messages and edits (they have an id), deletions, reactions, new chats and read
// marks. Users retry the others.

import { messagesOf } from '../model/archive.js'
import { delay } from '../model/close-codes.js'
import { withFiles } from '../model/files.js'
import { ApiError, problem, unreadable } from './problem.js'
import { part, query, withBody } from './query.js'

/** @typedef {import('../model/chats.js').Chat} Chat */
/** @typedef {import('../model/messages.js').KnownMessage} KnownMessage */
/** @typedef {{name: string, created: number, isAdmin?: boolean}} Account */
/** @typedef {KnownMessage & {chat?: string, room?: string, epoch?: string}} Found */
/** @typedef {{before?: number, after?: number, at?: number, limit?: number}} Span by n or time */

const BASE = '/api/v1'
const TRIES = 5
const TIMEOUT = 15_000 // ms for one try; longer than the server takes
const BROKEN = 1006 // the back-off of a connection that broke
const LOGGED_OUT = 401

export class Api {
  #fetch
  #clock
  #random
  #base
  #loggedOut
  #told = false // that we are logged out
  #session = 0 // counts those that are over
  /** @type {Set<AbortController>} of what is being asked */
  #going = new Set()
  isAdmin = false // whether who is logged in may do all

  /**
   * @param {object} options
   * @param {typeof fetch} options.fetch
   * @param {import('../../types.js').Clock} options.clock
   * @param {() => number} [options.random] from 0 to 1
   * @param {string} [options.base]
   * @param {() => void} [options.loggedOut] the session has ended; told once per login
   */
  constructor({ fetch, clock, random = Math.random, base = BASE, loggedOut = () => {} }) {
    this.#fetch = fetch
    this.#clock = clock
    this.#random = random
    this.#base = base
    this.#loggedOut = loggedOut
  }

  // ---- Accounts ----

  /** @param {string} name @param {string} password */
  register(name, password) {
    return this.#enter('/accounts/', name, password)
  }

  /** @param {string} name @param {string} password */
  login(name, password) {
    return this.#enter('/login/', name, password)
  }

  /** @returns {Promise<Account | null>} null if logged out, which `loggedOut` is not told */
  async me() {
    try {
      return this.#in(await this.#again('GET', '/me/', undefined, true))
    } catch (error) {
      if (error instanceof ApiError && error.status === LOGGED_OUT) return null
      throw error
    }
  }

  /** Another account may ask from now on: pending requests are aborted. */
  forget() {
    this.#session++
    for (const abort of this.#going) abort.abort()
  }

  async logout() {
    await this.#again('POST', '/logout/')
  }

  async logoutEverywhere() {
    await this.#once('POST', '/logout-everywhere/')
  }

  /** @param {string} old @param {string} new_ */
  async changePassword(old, new_) {
    await this.#once('POST', '/me/password/', { old, new: new_ })
  }

  /** @param {string} password @param {string} messages what becomes of them: keep, erase */
  async deleteAccount(password, messages) {
    await this.#once('DELETE', '/me/', { password, messages })
  }

  /** @returns {Promise<string>} good for one WebSocket, for half a minute */
  async ticket() {
    return (await this.#once('POST', '/ticket/')).ticket
  }

  // ---- Chats ----

  /** @param {string} name of the other one @returns {Promise<Chat>} */
  async createChat(name) {
    return chatFrom(await this.#again('POST', '/chats/', { with: name }))
  }

  /**
   * @param {string | null} [before] next of the page before
   * @returns {Promise<{chats: Chat[], next: string | null}>}
   */
  async chats(before = null) {
    const page = await this.#again('GET', `/chats/${query({ before: before ?? undefined })}`)
    return { chats: page.chats.map(chatFrom), next: page.next ?? null }
  }

  /** @param {string} id @returns {Promise<Chat>} */
  async chat(id) {
    return chatFrom(await this.#again('GET', `/chats/${part(id)}/`))
  }

  /**
   * @param {string} chat
   * @param {Span} [span] without one, the newest
   * @returns {Promise<KnownMessage[]>} oldest first
   */
  async messages(chat, span = {}) {
    return (await this.#again('GET', `/chats/${part(chat)}/messages/${query(span)}`)).messages.map(withFiles)
  }

  /**
   * @param {string} chat @param {string} id the same for each try
   * @param {string} text
   * @param {import('../../types.js').FileRef[]} [files]
   * @returns {Promise<KnownMessage>}
   */
  async send(chat, id, text, files) {
    const body = { id, text, ...(files && { files }) }
    return withFiles(await this.#again('POST', `/chats/${part(chat)}/messages/`, body))
  }

  /**
   * @param {string} chat
   * @param {string} message
   * @param {string} id of the edit, the same for each try
   * @param {string} text
   * @returns {Promise<KnownMessage>}
   */
  edit(chat, message, id, text) {
    return this.#again('PATCH', `/chats/${part(chat)}/messages/${part(message)}/`, { id, text })
  }

  /** @param {string} chat @param {string} message @param {string} emoji @param {boolean} on */
  react(chat, message, emoji, on) {
    const path = `/chats/${part(chat)}/messages/${part(message)}/reactions/${part(emoji)}/`
    return this.#again(on ? 'PUT' : 'DELETE', path)
  }

  /** @param {string} chat @param {string} message */
  remove(chat, message) {
    return this.#again('DELETE', `/chats/${part(chat)}/messages/${part(message)}/`)
  }

  /**
   * @param {string} chat
   * @param {number} n
   * @returns {Promise<number>} where the mark is now
   */
  async read(chat, n) {
    return (await this.#again('POST', `/chats/${part(chat)}/read/`, { n })).read
  }

  /** The other one of a chat is told that we are writing. */
  typing = (/** @type {string} */ chat) => this.#once('POST', `/chats/${part(chat)}/typing/`)

  // ---- Memory ----

  /**
   * Asked once: somebody waits, and may try again.
   * @param {{q: string, room: string, from: string, before: string, limit: number}} wish '' for
   *   what does not matter
   * @returns {Promise<{results: Found[], next: string | null}>} newest first
   */
  search = async (wish) => {
    const { results, next = null } = await this.#once(
      'GET',
      `/search/${query(Object.fromEntries(Object.entries(wish).filter(([, value]) => value !== '')))}`,
    )
    return { results: results.map(withFiles), next }
  }

  /**
   * @param {string} room @param {Span & {epoch?: string}} [span] by seq
   * @returns {Promise<import('../model/archive.js').Archived[]>} oldest first
   */
  async roomMessages(room, span = {}) {
    return messagesOf(await this.#again('GET', `/rooms/${part(room)}/messages/${query(span)}`))
  }

  /**
   * Asked once: somebody looks.
   * @param {string} of a room or a chat @param {string} id of a message
   * @param {'rooms' | 'chats'} [kind]
   * @returns {Promise<import('../../types.js').WhoReacted[]>}
   */
  async whoReacted(of, id, kind = 'rooms') {
    return (await this.#once('GET', `/${kind}/${part(of)}/messages/${part(id)}/reactions/`)).reactions
  }

  /**
   * Any other request, asked once: for what is loaded later.
   * @param {string} method @param {string} path @param {object} [body]
   * @param {Record<string, string>} [headers]
   * @returns {Promise<any>} null for an empty answer
   */
  call = (method, path, body, headers) => this.#once(method, path, body, false, headers)

  // ---- Inside ----

  /** @param {string} path @param {string} name @param {string} password */
  async #enter(path, name, password) {
    return this.#in(await this.#once('POST', path, { name, password }, true))
  }

  /** @param {any} account @returns {Account} */
  #in(account) {
    this.#told = false
    const { name, created_at: created, role } = account
    this.isAdmin = role === 'admin'
    return { name, created, ...(this.isAdmin && { isAdmin: true }) }
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {object} [body]
   * @param {boolean} [quiet]
   * @returns {Promise<any>}
   */
  async #again(method, path, body, quiet) {
    const session = this.#session
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#once(method, path, body, quiet)
      } catch (error) {
        const isFinal = session !== this.#session || attempt + 1 >= TRIES
        if (!(error instanceof ApiError) || !error.passes || isFinal) throw error
        const wait = Math.max(error.retryAfter, delay(BROKEN, attempt, this.#random))
        await new Promise((resolve) => { this.#clock.after(wait, () => resolve(null)) })
        if (session !== this.#session) throw error
      }
    }
  }

  /**
   * @param {string} method @param {string} path @param {object} [body]
   * @param {boolean} [quiet] do not tell `loggedOut`
   * @param {Record<string, string>} [headers]
   * @returns {Promise<any>} null for an empty answer
   */
  async #once(method, path, body, quiet = false, headers = {}) {
    const session = this.#session
    const abort = new AbortController()
    this.#going.add(abort)
    const cancel = this.#clock.after(TIMEOUT, () => abort.abort())
    try {
      const fetch = this.#fetch // a browser's must not be called as a method
      const response = await fetch(
        this.#base + path,
        { method, signal: abort.signal, ...withBody(body, headers) },
      )
      if (!response.ok) throw await problem(response)
      if (response.status === 204 || response.headers.get('Content-Length') === '0') return null
      return await response.json().catch((cause) => { throw unreadable(cause, response) })
    } catch (error) {
      const known = error instanceof ApiError ? error : new ApiError('network', 'no answer from the server')
      if (known.status === LOGGED_OUT && !quiet && session === this.#session) this.#tellLoggedOut()
      throw known
    } finally {
      cancel()
      this.#going.delete(abort)
    }
  }

  #tellLoggedOut() {
    if (this.#told) return
    this.#told = true
    this.#loggedOut()
  }
}

/** @param {any} said @returns {Chat} */
const chatFrom = (said) => ({
  id: said.id, other: said.with.name, created: said.created_at, updated: said.updated_at,
  last: said.last && withFiles(said.last), unread: said.unread, read: said.read, otherRead: said.other_read,
})
