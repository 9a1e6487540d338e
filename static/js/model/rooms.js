// The rooms of whoever is here: those that they are a member of, and the one
// that is open, as the server describes them.

import { Listeners } from './listeners.js'
import { DEFAULT_ROOM } from './room-link.js'

/** @typedef {'open' | 'registered' | 'invite'} Access */
/** @typedef {'' | 'member' | 'moderator' | 'owner' | 'admin'} Role */
/**
 * @typedef {object} RoomInfo
 * @property {string} name in addresses
 * @property {string} title that is shown
 * @property {string} topic
 * @property {Access} access
 * @property {boolean} listed
 * @property {number} slow ms between two messages of one person; 0: no slow mode
 * @property {boolean} paused
 * @property {boolean} made whether somebody has made it; others spring up by their name
 * @property {string} owner '' if it has none
 * @property {Role} role of the reader
 * @property {number} members
 * @property {number} last when something was said last; Unix milliseconds, 0 if unknown
 * @property {number} online 0 if unknown
 */

const AGAIN = 60_000 // ms after which the list is asked for once more
const CALM = 5000 // ms between two answers, however often it is wanted

/** @param {any} said @returns {RoomInfo} */
export const roomFrom = (said) => ({
  name: said.name, title: said.title || said.name, topic: said.topic ?? '', access: said.access ?? 'open',
  listed: said.listed === true, slow: (said.slow_s ?? 0) * 1000, paused: said.paused === true,
  made: said.created_at !== undefined, owner: said.owner ?? '', role: said.role ?? '',
  members: said.members ?? 0, last: said.last_at ?? 0, online: said.online ?? 0,
})

/** @param {string} name of a room that nobody has made */
export const bareRoom = (name) => roomFrom({ name })

/**
 * @param {Pick<import('../../types.js').Items, 'first' | 'length' | 'at'>} items
 * @returns {number} when the newest was said; 0 for none
 */
export function newestOf(items) {
  for (let place = items.length - 1; place >= items.first; place--) {
    const item = items.at(place)
    if (item?.kind === 'message' && item.seq !== null) return item.at
  }
  return 0
}

/** @param {Role} role */
export const moderates = (role) => role === 'moderator' || role === 'owner' || role === 'admin'
/** @param {Role} role */
export const owns = (role) => role === 'owner' || role === 'admin'

export class Rooms {
  /** @type {RoomInfo} the one that is open */
  here = bareRoom(DEFAULT_ROOM)
  /** @type {RoomInfo[]} that the reader is a member of */
  mine = []
  isAccount = false
  reports = 0 // that nobody has closed, of the open room
  #isAdmin = false
  #call
  #clock
  #seen
  #isWatched
  #asked = -Infinity // when the list came last
  #cancel = () => {}
  /** @type {Map<string, Role>} of the members of the open room that are known */
  #roles = new Map()
  #listeners = /** @type {Listeners<{changed: () => void}>} */ (new Listeners())

  /**
   * @param {object} with_
   * @param {import('../net/api.js').Api['call']} with_.call
   * @param {import('../../types.js').Clock} with_.clock
   * @param {{of: (room: string) => number, set: (room: string, at: number) => void}} with_.seen
   *   when that was said which the reader has seen last
   * @param {() => boolean} with_.isWatched whether anybody looks
   */
  constructor({ call, clock, seen, isWatched }) {
    this.#call = call
    this.#clock = clock
    this.#seen = seen
    this.#isWatched = isWatched
  }

  /** @param {() => void} changed @returns {() => void} stops listening */
  listen(changed) {
    return this.#listeners.add({ changed })
  }

  /**
   * The reader goes into a room.
   * @param {string} room @param {boolean} isAccount @param {boolean} isAdmin of the whole
   */
  enter(room, isAccount, isAdmin) {
    if (isAccount !== this.isAccount) {
      this.mine = []
      this.#asked = -Infinity
    }
    this.isAccount = isAccount
    this.#isAdmin = isAdmin
    this.#roles = new Map()
    this.reports = 0
    this.here = this.mine.find(({ name }) => name === room) ?? bareRoom(room)
    // Guests have no role, and the main room is as it is.
    if (isAccount || room !== DEFAULT_ROOM) this.#describe(room)
    this.refresh()
  }

  /** @returns {Role} of the reader in the room that is open: admins may do all in any */
  get role() {
    return this.#isAdmin ? 'admin' : this.here.role
  }

  /**
   * @param {string} name of an account
   * @returns {Role} in the room that is open, as far as it is known
   */
  roleOf(name) {
    return name === this.here.owner ? 'owner' : this.#roles.get(name) ?? ''
  }

  /**
   * @param {string} room that the reader leaves
   * @param {number} at when its newest message was said
   */
  left(room, at) {
    if (at > this.#seen.of(room)) this.#seen.set(room, at)
  }

  /** Nobody is logged in any more. */
  forget() {
    this.#cancel()
    this.isAccount = false
    this.mine = []
    this.#asked = -Infinity
  }

  /** Asks again for what may have changed. */
  async refresh() {
    this.#cancel()
    if (!this.isAccount) return
    this.#cancel = this.#clock.after(AGAIN, () => this.#isWatched() && this.refresh())
    if (this.#clock.now() - this.#asked < CALM) return
    this.#asked = this.#clock.now()
    this.#lookAtReports(this.here.name)
    try {
      const { rooms } = await this.#call('GET', '/rooms/?mine=true&limit=100')
      this.mine = rooms.map(roomFrom)
      // Its rules, or the reader's role, may be others.
      this.here = this.mine.find(({ name }) => name === this.here.name) ?? this.here
      this.#listeners.tell('changed')
    } catch {
      // It is asked again; a server may have no rooms that people make.
    }
  }

  /** The room that is open may have other settings, or the reader another role. */
  again = () => this.#describe(this.here.name)

  /** @param {RoomInfo} room as it is now */
  changed(room) {
    if (room.name === this.here.name) this.here = room
    this.mine = this.mine.map((one) => (one.name === room.name ? room : one))
    this.#listeners.tell('changed')
  }

  /** @param {number} reports that nobody has closed */
  counted(reports) {
    this.reports = reports
    this.#listeners.tell('changed')
  }

  /** A room has come or gone. */
  renew() {
    this.#asked = -Infinity
    return this.refresh()
  }

  /** The main room, the open one, and those of the reader. */
  get all() {
    const [main, ...others] = [bareRoom(DEFAULT_ROOM), this.here, ...this.mine]
    const byName = new Map([main, ...others].map((room) => [room?.name, room]))
    byName.delete(DEFAULT_ROOM)
    const sorted = /** @type {RoomInfo[]} */ ([...byName.values()])
      .sort((a, b) => a.title.localeCompare(b.title))
    const first = this.here.name === DEFAULT_ROOM ? this.here : main
    return [/** @type {RoomInfo} */ (first), ...sorted]
  }

  /** @param {RoomInfo} room in which something may have been said that the reader has not seen */
  isUnread({ name, last }) {
    return name !== this.here.name && last > this.#seen.of(name)
  }

  /**
   * @param {string} room whose members with a role are shown; of very many, those on the first
   *   page
   */
  async #nameMembers(room) {
    const { members } = await this.#call('GET', `/rooms/${encodeURIComponent(room)}/members/?limit=100`)
    if (room !== this.here.name) return
    this.#roles = new Map(members.map((/** @type {{name: string, role: Role}} */ one) => [one.name, one.role]))
    this.#listeners.tell('changed')
  }

  /** @param {string} room of which those who moderate see how much is reported */
  async #lookAtReports(room) {
    if (!moderates(this.role)) return
    try {
      const { reports } = await this.#call('GET', `/rooms/${encodeURIComponent(room)}/reports/`)
      if (room !== this.here.name) return
      this.reports = reports.length
      this.#listeners.tell('changed')
    } catch {
      // It is asked again.
    }
  }

  /** @param {string} room */
  async #describe(room) {
    try {
      const info = roomFrom(await this.#call('GET', `/rooms/${encodeURIComponent(room)}/`))
      if (room !== this.here.name) return
      this.changed(info)
      this.#lookAtReports(room)
      if (info.made && this.isAccount) await this.#nameMembers(room)
    } catch {
      // Nobody has made it, or it cannot be had now.
    }
  }
}
