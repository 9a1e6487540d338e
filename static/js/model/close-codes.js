// The reaction to the end of a connection: the table of server/wire/close.go,
// from this side.

const BASE = 500 // ms; doubles with every attempt that fails
const CAP = 15_000 // ms
const FLOOR = 100 // ms, so that a server that closes at once is not called in a tight loop
// Milliseconds within which everybody comes back after a restart: as soon as
// possible, but not all at once.
const RESTART = 1000
const LATER = 2000 // ms that an overloaded server gets at least

const REFUSES_LAST = new Set([1002, 1003, 1007, 1009])
const LATER_CODES = new Set([1013, 4013])
const RESTART_CODE = 1012
export const TOO_SLOW = 4008
export const NAME_RESERVED = 4501 // an account has it
export const NAME_KEPT = 4502 // nobody can have it
export const BANNED = 4503 // from this room
export const ACCOUNTS_ONLY = 4504 // in this room
export const MEMBERS_ONLY = 4505 // in this room
export const KICKED = 4506 // from this room; whoever was may come back
export const UNKNOWN_ROOM = 4507 // nobody has made a room of this name

/**
 * True if the code says that one may not be in this room.
 * @param {number} code
 */
export const isDoor = (code) => code >= BANNED && code <= KICKED

/**
 * True if the code says to stay away.
 * @param {number} code
 */
export const isFinal = (code) => code >= 4500 && code <= 4999

/**
 * True if the last frame is the reason, and must not be sent again by itself.
 * @param {number} code
 */
export const refusesLast = (code) => REFUSES_LAST.has(code)

/**
 * How long to wait before coming back: full jitter, so that those who lost the
 * connection together do not return together.
 * @param {number} code the close code; 1006 when there was none
 * @param {number} attempt 0 for the first after a connection that stood
 * @param {() => number} random from 0 to 1
 * @returns {number} milliseconds
 */
export function delay(code, attempt, random) {
  if (code === RESTART_CODE && attempt === 0) return FLOOR + random() * (RESTART - FLOOR)
  const most = Math.min(CAP, BASE * 2 ** Math.min(attempt, 10))
  const least = LATER_CODES.has(code) ? LATER : FLOOR
  return Math.max(least, random() * Math.max(most, least * 2))
}
