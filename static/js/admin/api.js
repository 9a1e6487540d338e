// The admins' part of the API. Nothing is retried: an admin looks, and changes
// are made once.

import { ApiError, problem, unreadable } from '../net/problem.js'

const BASE = '/api/v1'
const TIMEOUT = 15_000 // ms; longer than the server takes

/** @typedef {Record<string, string | number>} Query what is '' is left out */

export class AdminApi {
  #fetch
  #clock

  /** @param {typeof fetch} fetch @param {import('../../types.js').Clock} clock */
  constructor(fetch, clock) {
    this.#fetch = fetch
    this.#clock = clock
  }

  /** @returns {Promise<{name: string, role?: string} | null>} null if logged out */
  async me() {
    try {
      return await this.ask('GET', '/me/')
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return null
      throw error
    }
  }

  /** @param {string} path @param {Query} [query] @returns {Promise<any>} */
  get(path, query = {}) {
    const given = Object.entries(query)
      .flatMap(([key, value]) => (value === '' ? [] : [[key, String(value)]]))
    return this.ask('GET', `/admin${path}${given.length > 0 ? `?${new URLSearchParams(given)}` : ''}`)
  }

  /**
   * @param {'POST' | 'PUT' | 'PATCH' | 'DELETE'} method @param {string} path
   * @param {object} [body]
   * @returns {Promise<any>} null for an empty answer
   */
  change(method, path, body = {}) {
    return this.ask(method, `/admin${path}`, body)
  }

  /**
   * Asks any part of the API.
   * @param {string} method @param {string} path @param {object} [body]
   * @returns {Promise<any>} null for an empty answer
   */
  async ask(method, path, body) {
    const abort = new AbortController()
    const cancel = this.#clock.after(TIMEOUT, () => abort.abort())
    try {
      return await this.#answer(path, method, body, abort.signal)
    } finally {
      cancel()
    }
  }

  /**
   * @param {string} path @param {string} method @param {object | undefined} body
   * @param {AbortSignal} signal
   */
  async #answer(path, method, body, signal) {
    const fetch = this.#fetch // a browser's must not be called as a method
    /** @type {RequestInit} */
    const init = { method, signal }
    if (body) {
      init.headers = { 'Content-Type': 'application/json' }
      init.body = JSON.stringify(body)
    }
    /** @type {Response} */
    let response
    try {
      response = await fetch(BASE + path, init)
    } catch {
      throw new ApiError('network', 'no answer from the server')
    }
    if (!response.ok) throw await problem(response)
    if (response.status === 204) return null
    return response.json().catch((cause) => { throw unreadable(cause, response) })
  }
}

/** @param {string} segment of a path */
export const part = (segment) => encodeURIComponent(segment)
