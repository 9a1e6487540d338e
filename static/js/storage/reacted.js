// Which reactions in a room are the reader's own, as far as this browser knows:
// the log tells how many there are, and not whose.

import { browser, watch } from './store.js'

const KEY = 'reacted'
const MOST = 1000 // messages, of all rooms and accounts
/** @typedef {[of: string, room: string, id: string, emoji: string]} Entry */

/** @returns {Entry[]} the ones that were changed last at the end */
function stored() {
  try {
    const all = JSON.parse(browser.get(KEY))
    return Array.isArray(all) ? all : []
  } catch {
    return [] // none yet
  }
}

/** @param {Entry[]} entries */
const store = (entries) => browser.set(KEY, entries.length > 0 ? JSON.stringify(entries.slice(-MOST)) : '')

/**
 * @param {string} of an account, or guests ('') @param {string} room
 * @returns {import('../../types.js').OwnReactions}
 */
export function reactedIn(of, room) {
  const read = () => new Map(stored().filter(([who, where]) => who === of && where === room)
    .map(([,, id, emoji]) => [id, emoji.split(' ')]))
  let own = read()
  return {
    of: (id) => own.get(id) ?? [],
    set(id, emoji) {
      const others = stored().filter((entry) => entry[0] !== of || entry[1] !== room || entry[2] !== id)
      store(emoji.length > 0 ? [...others, [of, room, id, emoji.join(' ')]] : others)
      own = read()
    },
    watch: (run) => watch(KEY, () => {
      own = read()
      run()
    }),
  }
}

/** @param {string} of an account */
export const forgetReacted = (of) => store(stored().filter(([who]) => who !== of))
