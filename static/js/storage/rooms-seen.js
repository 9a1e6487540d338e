// The rooms in which this browser was, and what was the newest there: what is
// said later is unread.

import { browser } from './store.js'

const KEY = 'last'
const ROOMS = 50 // that are remembered

/**
 * @returns {Record<string, number>} Unix milliseconds by room, the room that was left last at the
 *   end
 */
const all = () => browser.object(KEY)

export const roomsSeen = {
  /** @param {string} room @returns {number} 0 if nobody was there */
  of: (room) => Number(all()[room] ?? 0),

  /** @param {string} room @param {number} at when its newest message was said */
  set(room, at) {
    const { [room]: _, ...others } = all()
    const kept = Object.entries(others).slice(1 - ROOMS)
    browser.set(KEY, JSON.stringify(Object.fromEntries([...kept, [room, at]])))
  },

  /** @returns {string[]} the rooms, the one that was left last first */
  get names() {
    return Object.keys(all()).reverse()
  },
}
