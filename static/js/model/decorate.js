// The lines above an item because of the one before it: a day, a hole in the
// log, the line of new messages, or the name of the next author.

import { sameDay } from './clock.js'

const GROUP_SPAN = 5 * 60 * 1000 // a person who goes on within 5 minutes is not named again

/**
 * @param {import('../../types.js').Item | undefined} before
 * @param {import('../../types.js').Item} item
 * @returns {import('../../types.js').Decoration}
 */
export function decorate(before, item) {
  const day = !before || !sameDay(before.at, item.at)
  const missing = item.kind === 'message' ? item.missing : 0
  const isNew = item.kind === 'message' && item.isNew === true
  return { day, missing, head: day || missing > 0 || isNew || !goesOn(before, item), isNew }
}

/**
 * @param {import('../../types.js').Item | undefined} before
 * @param {import('../../types.js').Item} item
 */
function goesOn(before, item) {
  return before?.kind === 'message' && item.kind === 'message'
    && before.session === item.session && before.name === item.name && before.own === item.own
    && (before.app === item.app || !before.app || !item.app)
    && Math.abs(item.at - before.at) <= GROUP_SPAN
}
