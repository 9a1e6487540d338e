// Texts about rules of a room that keep somebody from something, in the
// composer and at its door.

import { hourAndMinute, shortWhen } from '../clock.js'
import { waitOf } from './connection.js'

const STAYS = 'Your text stays here.'

/**
 * Why one cannot write now, by the server's code.
 * @type {Record<string, (ms: number) => string>} ms: for how long, 0 if unknown; in slow mode how
 *   long it takes from one message to the next
 */
export const HELD = {
  muted: (ms) => `You're muted in this room${ms ? ` for another ${waitOf(ms)}` : ''}. ${STAYS}`,
  paused: () => `This room is paused at the moment. ${STAYS}`,
  registered_only: () => `Only people with an account can write in this room. ${STAYS}`,
  blocked_words: () => 'Your text has words that are blocked in this room. Change them, and send it again.',
  slow_mode: (ms) => (ms ? `Slow mode: one message every ${everyOf(ms)}.` : 'This room is in slow mode.'),
}

/** @param {number} ms */
const everyOf = (ms) => waitOf(ms).replace(/^1 /, '')

/** @param {number} seconds */
export const sendIn = (seconds) => `Send: possible in ${waitOf(seconds * 1000)}`

/**
 * The text in place of the room.
 * @typedef {{title: string, line: string}} Door
 */
/** @param {number} until Unix milliseconds, 0 for good @param {number} now @returns {Door} */
export const bannedDoor = (until, now) => ({
  title: "You're banned from this room",
  line: until > now ? `You can come back ${when(until, now)}.`
    : 'A moderator has decided that, and can take it back.',
})
/** @param {boolean} isAccount @returns {Door} */
export const membersDoor = (isAccount) => ({
  title: 'This room is invite only',
  line: isAccount ? 'Ask someone inside for an invite link.'
    : 'Are you a member? Log in. If not, ask someone inside for an invite link.',
})
/** @type {Door} */
export const ACCOUNTS_DOOR = {
  title: 'You need an account for this room',
  line: 'Log in, or create an account, to come in.',
}
/** @type {Door} */
export const KICKED_DOOR = {
  title: 'You were removed from this room',
  line: 'A moderator has asked you to step out. You can come back.',
}

export const DOOR = {
  rooms: 'Other rooms', login: 'Log in', again: 'Try again', back: 'Come back',
}

/** @param {number} until @param {number} now */
const when = (until, now) => (until - now < 86_400_000
  ? `in ${waitOf(until - now)}, at ${hourAndMinute(until)}` : `on ${shortWhen(until, now)}`)
