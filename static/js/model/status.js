// Which texts describe a connection. The texts themselves are in strings/.

import {
  ACCOUNTS_ONLY, BANNED, KICKED, MEMBERS_ONLY, NAME_KEPT, NAME_RESERVED, TOO_SLOW,
  UNKNOWN_ROOM,
} from './close-codes.js'
import { NOT_JOINED } from './strings/card.js'
import { CHIP, CHIP_SHORT, CLOSED, STALLED } from './strings/connection.js'
import { REASONS } from './strings/messages.js'

/** @typedef {import('../../types.js').ConnectionState} ConnectionState */

const BUSY = 1013
const TOO_FAST = 4013

/**
 * The chip of the connection, and what it says on the smallest screens.
 * @param {ConnectionState} state
 * @param {number} unsent
 * @param {number} now
 * @param {boolean} offline
 * @param {boolean} [stalled] messages have been unsent for longer than they should
 * @returns {{kind: string, label: string, short: string}}
 */
export function chip(state, unsent, now, offline, stalled = false) {
  if (state.kind === 'connected') {
    if (stalled && unsent > 0) {
      return { kind: 'sending', label: CHIP.waiting(unsent), short: CHIP_SHORT.waiting(unsent) }
    }
    return { kind: 'connected', label: CHIP.connected(state.app), short: CHIP_SHORT.connected }
  }
  const seconds = state.kind === 'waiting' ? Math.ceil((state.until - now) / 1000) : 0
  const { kind, say } = broken(state, offline, seconds)
  const [label, short] = [CHIP, CHIP_SHORT]
    .map((words) => say(words) + (unsent > 0 ? words.unsent(unsent) : ''))
  return { kind, label: label ?? '', short: short ?? '' }
}

/**
 * @param {Exclude<ConnectionState, {kind: 'connected'}>} state
 * @param {boolean} offline
 * @param {number} seconds until the next try
 * @returns {{kind: string, say: (words: typeof CHIP | typeof CHIP_SHORT) => string}}
 */
function broken(state, offline, seconds) {
  if (state.kind === 'stopped') return { kind: 'stopped', say: ({ stopped }) => stopped }
  if (offline) return { kind: 'offline', say: (words) => words.offline }
  if (state.kind === 'connecting') return { kind: 'reconnecting', say: ({ connecting }) => connecting }
  if (state.away) {
    return { kind: 'away', say: ({ backIn, backSoon }) => (seconds > 0 ? backIn(seconds) : backSoon) }
  }
  return {
    kind: 'reconnecting',
    say: ({ reconnectingIn, reconnecting }) => (seconds > 0 ? reconnectingIn(seconds) : reconnecting),
  }
}

/** @type {Record<number, string>} by close code */
const SENTENCES = {
  [BUSY]: CLOSED.busy,
  [TOO_SLOW]: CLOSED.tooSlow,
  [TOO_FAST]: CLOSED.tooFast,
  [NAME_RESERVED]: CLOSED.nameTaken,
  [NAME_KEPT]: CLOSED.nameReserved,
  [BANNED]: CLOSED.banned,
  [ACCOUNTS_ONLY]: CLOSED.accountsOnly,
  [MEMBERS_ONLY]: CLOSED.membersOnly,
  [KICKED]: CLOSED.kicked,
  [UNKNOWN_ROOM]: CLOSED.unknownRoom,
}

/**
 * Why nothing is sent, and what happens next; '' if the chip says enough.
 * @param {ConnectionState} state
 * @param {boolean} [long] it has lasted: no connection, or nothing sent over it
 * @param {boolean} [offline] the browser reports no network
 */
export function whyClosed(state, long = false, offline = false) {
  if (state.kind === 'stopped') return SENTENCES[state.code] ?? CLOSED.other(state.code)
  // Being too slow once is not worth a banner.
  const isTold = state.kind === 'waiting' && (state.code !== TOO_SLOW || state.away)
  const why = isTold ? SENTENCES[state.code] : ''
  if (why || !long) return why ?? ''
  if (state.kind === 'connected') return STALLED.delayed
  return offline ? STALLED.offline : STALLED.down
}

/**
 * True if trying at once may help: the server did not ask for the wait.
 * @param {ConnectionState} state
 */
export const canTryNow = (state) => state.kind === 'connecting'
  || (state.kind === 'waiting' && !state.away && !(state.code in SENTENCES && state.code !== TOO_SLOW))

/**
 * Why joining has not worked so far, for the card.
 * @param {number} code with which the connection closed
 * @param {boolean} offline the browser reports no network
 * @param {boolean} reachable the server answers other requests
 */
export function whyNotJoined(code, offline, reachable) {
  if (code === BUSY) return NOT_JOINED.full
  if (offline) return NOT_JOINED.offline
  return reachable ? NOT_JOINED.refused : NOT_JOINED.down
}

/** @type {Record<number, string>} by close code */
const REFUSED = {
  1002: REASONS.unreadable,
  1003: REASONS.unreadable,
  1007: REASONS.unreadable,
  1009: REASONS.tooLong,
}

/**
 * Why a message failed whose connection was closed because of it.
 * @param {number} code
 */
export const refused = (code) => REFUSED[code] ?? REASONS.refused
