// A browser with a history, for tests of where the reader goes.

import { Navigation } from '../js/model/navigation.js'
import { FakeClock } from './helpers.js'

export const settle = () => new Promise((resolve) => { setImmediate(resolve) })
export const ROOM = { id: 'room', other: '' }
export const BOB = { id: 'c1', other: 'bob' }
export const CAY = { id: 'c2', other: 'cay' }

/**
 * A browser with one window, which goes back and forward in its own time, as
 * browsers do.
 */
export class Browser {
  entries = [null]
  at = 0
  stored = null
  clock = new FakeClock()
  navigation = null
  shown = []
  busy = false
  late = 0

  get state() {
    return this.entries[this.at]
  }

  pushState(state) {
    this.entries = [...this.entries.slice(0, ++this.at), state]
  }

  replaceState(state) {
    this.entries[this.at] = state
  }

  go(delta) {
    if (this.busy) {
      this.late = delta
      return
    }
    setImmediate(() => {
      // Nothing happens, and nobody is told.
      if (this.at + delta < 0 || this.at + delta >= this.entries.length) return
      this.at += delta
      this.navigation.moved(this.state)
    })
  }

  /** It does what it was told while it was busy. */
  ready() {
    this.busy = false
    this.go(this.late)
  }

  /** The page is loaded. */
  load(of = 'ann') {
    const memory = {
      wayOf: (whose) =>
        (this.stored && JSON.parse(this.stored).of === whose ? JSON.parse(this.stored).way : null),
      rememberWay: (whose, way) => { this.stored = way && JSON.stringify({ of: whose, way }) },
    }
    let n = 0
    this.navigation = new Navigation({
      history: this, clock: this.clock, memory, uuid: () => `${of}-${this.entries.length}-${++n}`,
    })
    this.begin(of)
    return this.navigation
  }

  begin(of) {
    this.navigation.begin(of, () => this.shown.push(this.view))
  }

  get view() {
    return `${this.navigation.conversation.other || 'room'}${this.navigation.sheet && `+${this.navigation.sheet}`}`
  }

  /** The reader presses Back, or Forward. */
  async press(delta) {
    await settle()
    this.go(delta)
    await settle()
    await settle()
    return this.shown.at(-1)
  }
}

export async function make(of) {
  const browser = new Browser()
  const navigation = browser.load(of)
  await settle()
  return { browser, navigation }
}
