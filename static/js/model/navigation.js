// The way that the reader has taken through the page, for the Back and Forward
// of the browser: a conversation or a sheet over it has an entry of the history
// each. The browser is told numbers only; what they stand for is remembered in
// the window, and forgotten with the account.

/** @typedef {import('../../types.js').Place} Place */
/** @typedef {import('../../types.js').Spot} Spot */
/** @typedef {{id: string, places: Record<string, Place>, at: number}} Way */

// Milliseconds. A browser that forgot where it is to go back to does nothing, and
// says nothing; a busy one may go back after we stopped waiting for it.
const STEP_TIMEOUT = 1000
const LATE = 10_000
const LENGTH = 50 // browsers remember no more

export class Navigation {
  #history
  #clock
  #memory
  #uuid
  #of = ''
  /** @type {Way | null} null where there is nothing to go back to */
  #way = null
  #moved = () => {}
  /**
   * @type {Spot | undefined} in the conversation to which the reader has come back
   */
  spot
  /** @type {(() => void) | null} the browser is on the way that we sent it */
  #arrived = null
  /** @type {(() => void) | null} it may still go there, although we wait no more */
  #late = null
  /** @type {Promise<unknown>} one after another: browsers go back in their own time */
  #turn = Promise.resolve()

  /**
   * @param {object} with_
   * @param {Pick<History, 'state' | 'go' | 'pushState' | 'replaceState'>} with_.history
   * @param {import('../../types.js').Clock} with_.clock
   * @param {{wayOf: (of: string) => Way | null, rememberWay: (of: string, way: Way | null) =>
   *   void}} with_.memory
   * @param {() => string} with_.uuid
   */
  constructor({ history, clock, memory, uuid }) {
    this.#history = history
    this.#clock = clock
    this.#memory = memory
    this.#uuid = uuid
  }

  /**
   * Goes on where the page was before a reload; elsewhere a new way begins at
   * the conversation that was open last.
   * @param {string} of whose way it is; '' for a guest
   * @param {() => void} moved the reader has gone back or forward
   */
  begin(of, moved) {
    const before = this.#memory.wayOf(of)
    this.#late?.() // it was on another way
    this.#of = of
    this.#moved = moved
    this.#way = before
    const { navigation, place } = this.#history.state ?? {}
    if (before && navigation === before.id && before.places[place]) {
      before.at = place
      if (this.sheet) this.#step(-1) // a reload has closed it
    } else {
      this.#way = { id: this.#uuid(), places: { 0: this.conversation }, at: 0 }
      this.#mark()
    }
    this.#remember()
  }

  /** The room is left. The other entries lead nowhere from now on. */
  end() {
    const behind = this.#behind.at(-1)
    if (behind !== undefined) this.#step(behind - (this.#way?.at ?? 0))
    this.#way = null
    this.#moved = () => {}
    this.#mark()
    this.#remember()
  }

  /**
   * @returns {{id: string, other: string}} what is on the screen, or under the sheet; the room
   *   to begin with
   */
  get conversation() {
    return this.#conversationAt(this.#way?.at ?? 0)
  }

  /** The browser has left the room already: where it was leads nowhere. */
  forget() {
    this.#way = null
    this.#moved = () => {}
  }

  /**
   * Another address of the page, to which the reader goes from here.
   * @param {string} url @returns {Promise<unknown>} when the browser is there
   */
  elsewhere(url) {
    this.#do(() => this.#history.pushState(null, '', url))
    return this.#turn
  }

  /** The id of the sheet that lies over it; '' for none. */
  get sheet() {
    return this.#way?.places[this.#way.at]?.sheet ?? ''
  }

  // ---- Where the reader goes ----

  /**
   * The reader jumps within the conversation. Several jumps, one after another,
   * are one step back: as from hit to hit of a search.
   * @param {Spot} from @param {Spot} to
   */
  jumped(from, to) {
    if (this.sheet) this.#step(-1) // what was chosen in it
    const here = this.#way?.places[this.#way.at]
    if (!here) return
    if (here.isJump) return this.arrived(to)
    here.spot = from
    this.#push({ ...this.conversation, spot: to, isJump: true })
  }

  /** @param {Spot} spot at which the reader leaves the conversation */
  left(spot) {
    const place = this.#way?.places[this.#nearest(this.#way.at)]
    if (place) place.spot = spot
    this.#remember()
  }

  /** @param {Spot} spot at which a conversation begins that was opened for it */
  arrived(spot) {
    const here = this.#way?.places[this.#way.at]
    if (here) Object.assign(here, { spot, isJump: true })
    this.#remember()
  }

  /**
   * A conversation is opened. If it is chosen in a sheet, it takes the place of
   * the entry under the sheet, as in a list that one comes back to; the room is
   * where all begins.
   * @param {{id: string, other: string}} to
   */
  to({ id, other }) {
    const here = this.conversation
    if (!this.sheet) return id === here.id ? undefined : this.#push({ id, other })
    if (id === here.id) return this.#step(-1)
    const home = id === 'room' ? this.#behind.find((place) => this.#isRoom(place)) : undefined
    if (home !== undefined) return this.#step(home - (this.#way?.at ?? 0))
    if (here.id === 'room') return this.#push({ id, other })
    this.#step(-1)
    this.#put({ id, other })
    this.#remember()
  }

  /** @param {string} sheet that was opened */
  opened(sheet) {
    if (this.sheet !== sheet) this.#push({ sheet })
  }

  /** @param {string} sheet that was closed */
  closed(sheet) {
    if (sheet && this.sheet === sheet) this.#step(-1)
  }

  /**
   * The browser has gone to another entry.
   * @param {any} state of it
   * @returns {boolean} whether it is one of this way
   */
  moved(state) {
    if (this.#arrived) {
      this.#arrived()
      return true
    }
    // Of a way that is over.
    if (!this.#way || state?.navigation !== this.#way.id || !this.#way.places[state.place]) return false
    if (this.#late) { // the reader has gone on meanwhile
      this.#late()
      this.#mark()
      return true
    }
    const before = this.#nearest(this.#way.at)
    this.#way.at = state.place
    const now = this.#nearest(state.place)
    this.spot = now === before ? undefined : this.#way.places[now]?.spot // not where only a sheet was closed
    this.#remember()
    this.#moved()
    return true
  }

  // ---- Inside ----

  /** The places one can go back to, nearest first. */
  get #behind() {
    const { places, at } = this.#way ?? { places: {}, at: 0 }
    return Object.keys(places).map(Number).filter((place) => place < at).sort((a, b) => b - a)
  }

  /** @param {number} place */
  #isRoom(place) {
    return this.#way?.places[place]?.id === 'room'
  }

  /** @param {number} at @returns {{id: string, other: string}} */
  #conversationAt(at) {
    const { id = 'room', other = '' } = this.#way?.places[this.#nearest(at)] ?? {}
    return { id, other }
  }

  /**
   * @param {number} at
   * @returns {number} the place of the conversation that is there, perhaps under a sheet
   */
  #nearest(at) {
    const places = Object.entries(this.#way?.places ?? {})
    return Math.max(
      ...places.filter(([place, { id }]) => id && Number(place) <= at).map(([place]) => Number(place)),
    )
  }

  /** @param {Place} place */
  #put(place) {
    if (this.#way) this.#way.places[this.#way.at] = place
  }

  /**
   * @param {Place} place a new one; what was ahead is gone, and what is too far behind as well
   */
  #push(place) {
    const way = this.#way
    if (!way) return
    const at = ++way.at
    for (const old of Object.keys(way.places).map(Number)) {
      if (old >= at || old <= at - LENGTH) delete way.places[old]
    }
    this.#put(place)
    const state = { navigation: way.id, place: at }
    this.#do(() => this.#history.pushState(state, ''))
    this.#remember()
  }

  /**
   * @param {number} delta places back or forward, which the reader has not asked the browser for
   */
  #step(delta) {
    const way = this.#way
    if (!way) return
    way.at += delta
    this.#do(() => new Promise((resolve) => {
      const cancel = this.#clock.after(STEP_TIMEOUT, () => {
        this.#arrived?.()
        if (this.#way === way) this.#expectLate()
      })
      this.#arrived = () => {
        cancel()
        this.#arrived = null
        resolve(null)
      }
      this.#history.go(delta)
    }))
    this.#mark()
    this.#remember()
  }

  /**
   * The next place that the browser comes to is taken for where it was sent, not
   * for where the reader goes: a Back that does nothing is the lesser evil.
   */
  #expectLate() {
    this.#late?.()
    const cancel = this.#clock.after(LATE, () => this.#late?.())
    this.#late = () => {
      cancel()
      this.#late = null
    }
  }

  /**
   * The entry that the browser is at is that of our place, wherever it came to.
   */
  #mark() {
    const state = this.#way && { navigation: this.#way.id, place: this.#way.at }
    this.#do(() => this.#history.replaceState(state, ''))
  }

  #remember() {
    this.#memory.rememberWay(this.#of, this.#way)
  }

  /** @param {() => unknown} run */
  #do(run) {
    this.#turn = this.#turn.then(run)
  }
}
