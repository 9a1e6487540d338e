// The messages and drafts that logging out would delete.

import { lostAtLogout } from '../model/strings/card.js'

const TIMEOUT = 1000 // ms to wait for the count of unsent messages

/**
 * @param {Pick<import('./direct-messages.js').DirectMessages, 'me' | 'changes' | 'unsent'>
 *   } directMessages
 * @param {object} beside
 * @param {import('./room.js').Room | null} beside.room
 * @param {Pick<import('../storage/unsent.js').Unsent, 'count'>} beside.unsent
 * @param {readonly string[]} beside.draftPlaces conversations in which something is begun
 * @param {import('../../types.js').Clock} beside.clock
 * @returns {Promise<string>} a sentence; '' for nothing
 */
export async function atStake(directMessages, { room, unsent, draftPlaces, clock }) {
  directMessages.changes.flush() // what may be undone is sent while it may be
  const { messages, drafts } = directMessages.unsent
  const timeout = new Promise((/** @type {(count: number) => void} */ resolve) => {
    clock.after(TIMEOUT, () => resolve(0))
  })
  // Those of other windows as well.
  const count = await Promise.race([unsent.count(directMessages.me), timeout])
  return lostAtLogout(
    Math.max(count, messages + (room?.unsent ?? 0)), new Set([...drafts, ...draftPlaces]).size,
  )
}
