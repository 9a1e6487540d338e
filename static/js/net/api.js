// The API, as the page asks it. What may be asked twice without being done twice is asked again by itself when no answer came: a message by its
// id, a chat and a mark as they are, and whatever only reads. The rest is for people to try again.

import { delay } from './closing.js'

/** @typedef {import('../model/chats.js').Chat} Chat */
/** @typedef {import('../model/messages.js').KnownMessage} KnownMessage */
/** @typedef {{name: string, created: number}} Account */
/** @typedef {{before?: number, after?: number, limit?: number}} Span of a history: before or after that n, not both */

const BASE = '/api/v1'
const TRIES = 5
const TIMEOUT = 15_000 // ms for one try; longer than the server takes
const PATIENCE = 30_000 // ms; who is asked to wait longer than that tells people so
const BROKEN = 1006 // to the back-off, a request without an answer is what a connection without a close frame is
const AWAY = new Set([502, 503, 504])
const TOO_OFTEN = 429
const LOGGED_OUT = 401

/** An answer that is an error, or none. Its message is a sentence for people. */
export class ApiError extends Error {
  /**
   * @param {string} code the problem's, which never changes its meaning; `network` if no answer came, `bad_answer` if it cannot be read
   * @param {string} message @param {number} status 0 if no answer came @param {number} retryAfter ms to wait at least; 0 if nobody said
   */
  constructor(code, message, status = 0, retryAfter = 0) {
    super(message)
    this.name = 'ApiError'
    this.code = code
    this.status = status
    this.retryAfter = retryAfter
  }

  /** Whether the same may succeed in a moment. */
  get passes() {
    return this.retryAfter <= PATIENCE && (this.code === 'network' || this.status === TOO_OFTEN || AWAY.has(this.status))
  }
}

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

  /**
   * @param {object} options
   * @param {typeof fetch} options.fetch
   * @param {import('../../types.js').Clock} options.clock
   * @param {() => number} [options.random] from 0 to 1
   * @param {string} [options.base]
   * @param {() => void} [options.loggedOut] the session has ended; once, until somebody logs in
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

  /** @returns {Promise<Account | null>} null for nobody: then it is no news that one is logged out */
  async me() {
    try {
      return this.#in(await this.#again('GET', '/me/', undefined, true))
    } catch (error) {
      if (error instanceof ApiError && error.status === LOGGED_OUT) return null
      throw error
    }
  }

  /** Whoever asks from now on may be somebody else: what was asked before is not asked again, and its answer is nobody's. */
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

  /** @param {string} password */
  async deleteAccount(password) {
    await this.#once('DELETE', '/me/', { password })
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

  /** @param {string | null} [before] next of the page before @returns {Promise<{chats: Chat[], next: string | null}>} */
  async chats(before = null) {
    const page = await this.#again('GET', `/chats/${query({ before: before ?? undefined })}`)
    return { chats: page.chats.map(chatFrom), next: page.next ?? null }
  }

  /** @param {string} id @returns {Promise<Chat>} */
  async chat(id) {
    return chatFrom(await this.#again('GET', `/chats/${part(id)}/`))
  }

  /** @param {string} chat @param {Span} [span] without one, the newest @returns {Promise<KnownMessage[]>} oldest first */
  async messages(chat, span = {}) {
    return (await this.#again('GET', `/chats/${part(chat)}/messages/${query(span)}`)).messages
  }

  /**
   * @param {string} chat @param {string} id the same for each try, also for one that people ask for @param {string} text
   * @returns {Promise<KnownMessage>}
   */
  send(chat, id, text) {
    return this.#again('POST', `/chats/${part(chat)}/messages/`, { id, text })
  }

  /** @param {string} chat @param {number} n @returns {Promise<number>} where the mark is now */
  async read(chat, n) {
    return (await this.#again('POST', `/chats/${part(chat)}/read/`, { n })).read
  }

  // ---- Memory ----

  /**
   * @param {string} words @param {number} [limit]
   * @returns {Promise<{chat?: string, room?: string, epoch?: string, n: number, id: string, name: string, text: string, at: number}[]>}
   */
  async search(words, limit) {
    return (await this.#again('GET', `/search/${query({ q: words, limit })}`)).results
  }

  /**
   * @param {string} room @param {Span & {epoch?: string}} [span] by seq
   * @returns {Promise<(Omit<KnownMessage, 'n'> & {seq: number, epoch: string, app: string, session: string})[]>} oldest first
   */
  async roomMessages(room, span = {}) {
    return (await this.#again('GET', `/rooms/${part(room)}/messages/${query(span)}`)).messages
  }

  // ---- Inside ----

  /** @param {string} path @param {string} name @param {string} password */
  async #enter(path, name, password) {
    return this.#in(await this.#once('POST', path, { name, password }, true))
  }

  /** @param {any} account @returns {Account} */
  #in(account) {
    this.#told = false
    return { name: account.name, created: account.created_at }
  }

  /**
   * @param {string} method @param {string} path @param {object} [body] @param {boolean} [quiet]
   * @returns {Promise<any>}
   */
  async #again(method, path, body, quiet) {
    const session = this.#session
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#once(method, path, body, quiet)
      } catch (error) {
        if (!(error instanceof ApiError) || !error.passes || session !== this.#session || attempt + 1 >= TRIES) throw error
        const wait = Math.max(error.retryAfter, delay(BROKEN, attempt, this.#random))
        await new Promise((resolve) => { this.#clock.after(wait, () => resolve(null)) })
        if (session !== this.#session) throw error
      }
    }
  }

  /**
   * @param {string} method @param {string} path @param {object} [body]
   * @param {boolean} [quiet] an answer that says logged out is an answer like others
   * @returns {Promise<any>} null if there was nothing to say
   */
  async #once(method, path, body, quiet = false) {
    const session = this.#session
    const abort = new AbortController()
    this.#going.add(abort)
    const cancel = this.#clock.after(TIMEOUT, () => abort.abort())
    try {
      const fetch = this.#fetch // a browser's must not be called as a method
      const response = await fetch(this.#base + path, { method, signal: abort.signal, ...(body ? json(body) : {}) })
      if (response.ok) return response.status === 204 ? null : await response.json().catch((cause) => { throw unreadable(cause, response) })
      throw await problem(response)
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

/** @param {object} body */
const json = (body) => ({ headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })

/** @param {string} segment of a path */
const part = (segment) => encodeURIComponent(segment)

/** @param {Record<string, string | number | undefined>} values @returns {string} '' if there are none */
function query(values) {
  const given = Object.entries(values).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]]))
  return given.length > 0 ? `?${new URLSearchParams(given)}` : ''
}

/**
 * An answer of which the rest did not come is none; one that is no JSON stays that way.
 * @param {unknown} cause @param {Response} response
 */
const unreadable = (cause, response) => (cause instanceof SyntaxError
  ? new ApiError('bad_answer', 'the server said something that this page cannot read', response.status)
  : new ApiError('network', 'no answer from the server'))

/** @param {Response} response @returns {Promise<ApiError>} also for an answer of something between us and the server */
async function problem(response) {
  const seconds = Number(response.headers.get('Retry-After'))
  const retryAfter = seconds > 0 ? seconds * 1000 : 0
  const { code, detail } = (await response.json().catch(() => null)) ?? {}
  const said = typeof code === 'string' && typeof detail === 'string'
  return said ? new ApiError(code, detail, response.status, retryAfter)
    : new ApiError('bad_answer', `the server answered with status ${response.status}`, response.status, retryAfter)
}

/** @param {any} said @returns {Chat} */
const chatFrom = (said) => ({
  id: said.id, other: said.with.name, created: said.created_at, updated: said.updated_at,
  last: said.last, unread: said.unread, read: said.read, otherRead: said.other_read,
})
