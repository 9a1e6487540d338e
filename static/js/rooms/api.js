// Requests to the API about rooms that people make, and of moderators.

import { roomFrom } from '../model/rooms.js'

/** @typedef {import('../model/rooms.js').RoomInfo} RoomInfo */
/** @typedef {{name: string, role: import('../model/rooms.js').Role, since: number}} Member */
/** @typedef {{id: string, by: string, uses: number, expires_at: number}} Invite */
/**
 * @typedef {object} Ban
 * @property {string} subject
 * @property {string} name '' if unknown
 * @property {string} reason
 * @property {string} by
 * @property {number} at
 * @property {number} ends 0 for never
 */
/**
 * @typedef {object} Report
 * @property {number} id
 * @property {Target & {session: string, author?: string, name: string, text: string}} message as
 *   it was
 * @property {string} [by_name] an account
 * @property {string} reason
 * @property {number} at
 */
/** @typedef {'dismissed' | 'deleted' | 'muted' | 'banned' | 'other'} Outcome */
/** @typedef {{seq: number, id: string}} Target */
/** @typedef {'mute' | 'ban'} Kind */

const PAGE = 100

/** @param {string} after the name before the page; '' for the first one */
const pageAfter = (after) => `?${new URLSearchParams({ limit: String(PAGE), ...(after && { after }) })}`

export class RoomsApi {
  #call
  #room

  /** @param {import('../net/api.js').Api['call']} call @param {string} room that is meant */
  constructor(call, room) {
    this.#call = call
    this.#room = `/rooms/${encodeURIComponent(room)}/`
  }

  // ---- Moderation ----

  /** @param {Kind} kind @param {object} wish */
  sentence = (kind, wish) => this.#call('POST', `${this.#room}${kind}s/`, wish)

  /** @param {Kind} kind @returns {Promise<Ban[]>} newest first */
  sentences = async (kind) => (await this.#call('GET', `${this.#room}${kind}s/`))[`${kind}s`].map(
    (/** @type {any} */ one) => ({ name: '', reason: '', ends: 0, ...one }),
  )

  /** @param {Kind} kind @param {string} subject */
  lift = (kind, subject) => this.#call('DELETE', `${this.#room}${kind}s/${encodeURIComponent(subject)}/`)

  /** @param {object} who @param {string} reason */
  kick = (who, reason) => this.#call('POST', `${this.#room}kick/`, { ...who, reason })

  /** @param {Target} message */
  pin = (message) => this.#call('PUT', `${this.#room}pin/`, { message })

  /** @param {Target} message */
  remove = ({ seq, id }) =>
    this.#call('DELETE', `${this.#room}messages/${encodeURIComponent(id)}/?seq=${seq}`)

  /**
   * @param {Record<string, string>} who
   * @param {string} reason
   * @returns {Promise<{deleted: number}>}
   */
  erase = (who, reason) => this.#call(
    'DELETE', `${this.#room}messages/?${new URLSearchParams(who)}`, reason ? { reason } : undefined,
  )

  /**
   * The rules that those who moderate change, also of a room that nobody made.
   * @returns {Promise<{slow: number, paused: boolean, words: string[]}>} slow in seconds
   */
  async rules() {
    const { slow_s: slow, paused, words = [] } = await this.#call('GET', `${this.#room}rules/`)
    return { slow, paused, words }
  }

  /**
   * @param {{slow_s?: number, paused?: boolean, words?: string[]}} rules
   * @returns {Promise<{slow_s: number, paused: boolean, words?: string[]}>} as they are now
   */
  setRules = (rules) => this.#call('PATCH', `${this.#room}rules/`, rules)

  /**
   * @param {Target} message
   * @param {string} reason
   * @param {Record<string, string>} headers of a guest
   */
  report = (message, reason, headers) =>
    this.#call('POST', `${this.#room}reports/`, { message, reason }, headers)

  /** @returns {Promise<Report[]>} that nobody has closed, the newest first */
  reports = async () => (await this.#call('GET', `${this.#room}reports/`)).reports

  /** @param {number} id of a report @param {Outcome} outcome */
  settle = (id, outcome) => this.#call('POST', `${this.#room}reports/${id}/`, { outcome })

  // ---- Rooms ----

  /**
   * @param {string} [after]
   * @returns {Promise<{rooms: RoomInfo[], next: string}>} that are listed
   */
  async listed(after = '') {
    const { rooms, next = '' } = await this.#call('GET', `/rooms/${pageAfter(after)}`)
    return { rooms: rooms.map(roomFrom), next }
  }

  /** @param {object} wish @returns {Promise<RoomInfo>} */
  make = async (wish) => roomFrom(await this.#call('POST', '/rooms/', wish))

  /** @param {object} change @returns {Promise<RoomInfo>} */
  change = async (change) => roomFrom(await this.#call('PATCH', this.#room, change))

  removeRoom = () => this.#call('DELETE', this.#room)

  /** @param {string} [after] @returns {Promise<{members: Member[], next: string}>} */
  async members(after = '') {
    const { members, next = '' } = await this.#call('GET', `${this.#room}members/${pageAfter(after)}`)
    return { members, next }
  }

  /** @param {string} name @param {string} role */
  setRole = (name, role) => this.#call('PUT', `${this.#room}members/${encodeURIComponent(name)}/`, { role })

  /** @param {string} name */
  removeMember = (name) => this.#call('DELETE', `${this.#room}members/${encodeURIComponent(name)}/`)

  // ---- Invites ----

  /** @returns {Promise<Invite[]>} */
  invites = async () => (await this.#call('GET', `${this.#room}invites/`)).invites

  /** @param {number} uses @param {number} ms @returns {Promise<{token: string}>} told once */
  invite = (uses, ms) => this.#call('POST', `${this.#room}invites/`, { uses, lasts_ms: ms })

  /** @param {string} id */
  removeInvite = (id) => this.#call('DELETE', `${this.#room}invites/${encodeURIComponent(id)}/`)
}
