// The state of the connection, and answers of the API.

import { number } from '../clock.js'
import { plural } from './plural.js'

// ---- The connection ----

/** The labels of the chip. */
export const CHIP = {
  connecting: 'connecting',
  reconnecting: 'reconnecting',
  offline: 'offline',
  stopped: 'disconnected',
  backSoon: 'paused · back soon',
  /** @param {string} app */
  connected: (app) => `connected · ${app}`,
  /** @param {number} seconds */
  reconnectingIn: (seconds) => `reconnecting in ${number(seconds)} s`,
  /** @param {number} seconds */
  backIn: (seconds) => `paused · back in ${number(seconds)} s`,
  /** @param {number} unsent */
  waiting: (unsent) => `waiting to send · ${number(unsent)}`,
  /** @param {number} unsent follows one of the others */
  unsent: (unsent) => ` · ${number(unsent)} unsent`,
}

/** The same below 400 px, where no word may be cut. */
export const CHIP_SHORT = {
  connecting: 'connecting',
  reconnecting: 'retrying',
  offline: 'offline',
  stopped: 'disconnected',
  backSoon: 'back soon',
  connected: 'connected',
  /** @param {number} seconds */
  reconnectingIn: (seconds) => `retry ${number(seconds)} s`,
  /** @param {number} seconds */
  backIn: (seconds) => `back in ${number(seconds)} s`,
  /** @param {number} unsent */
  waiting: (unsent) => `waiting · ${number(unsent)}`,
  /** @param {number} unsent follows one of the others */
  unsent: (unsent) => ` · ${number(unsent)}`,
}

/** Why the connection is closed. */
export const CLOSED = {
  busy: 'The server is full or busy. Trying again…',
  tooSlow: 'This room is busier than your connection can take. Pausing briefly, then catching up.',
  tooFast: "You're writing faster than this room allows. Reconnecting; nothing is lost.",
  nameTaken: 'Someone has registered this name. Is it you? Log in, or choose another.',
  nameReserved: 'This name is reserved. Please choose another.',
  banned: "You're banned from this room.",
  accountsOnly: 'This room is for people with an account. Log in to enter.',
  membersOnly: 'This room is for its members. Ask one of them to invite you.',
  kicked: 'A moderator removed you from this room. Reload to come back.',
  unknownRoom: 'There is no room of this name here. Check the link.',
  /** @param {number} code */
  other: (code) => 'Something went wrong, and the server closed the connection. '
    + `Reload to try again. (${code})`,
}

/** Why nothing has been sent for a while. */
export const STALLED = {
  delayed: 'Messages are delayed. Yours will be sent as soon as possible.',
  offline: "You're offline. What you write will be sent when you're back.",
  down: "Can't reach the server. What you write will be sent when it's back.",
}

export const BANNER = {
  chooseName: 'Choose a name', login: 'Log in', rejoin: 'Join again', tryNow: 'Try now', trying: 'Trying…',
}

// ---- Answers of the API ----

export const API_DOWN = "Can't reach the server. Try again in a moment."
export const ACCOUNTS_DOWN = "Can't reach the accounts right now. You can join as a guest."

/** @type {Record<string, string>} by the code of the problem */
export const PROBLEMS = {
  name_reserved: 'This name is reserved. Please choose another.',
  name_taken: 'That name is taken, or too close to one that is. Try another.',
  unauthorized: 'Wrong name or password.',
  forbidden: 'Wrong password.',
  forbidden_origin: "You can't log in from this address.",
  unknown_user: 'No account with that name.',
  bad_chat: "That's you.",
  cannot_write: "You can't write to this account.",
  blocking: 'You have blocked this account. Unblock it to write.',
}

/** Actions that were asked for too often; the server counts each on its own. */
export const TOO_OFTEN = {
  login: 'Too many attempts to log in.',
  register: 'Too many new accounts from this network.',
  password: 'Too many attempts with the password.',
  write: 'Too many messages and new chats in a short time.',
  other: 'Too many requests in a short time.',
}

/** @param {number} ms 0 if unknown */
export function waitOf(ms) {
  const seconds = Math.ceil(ms / 1000)
  if (seconds === 0) return 'a moment'
  if (seconds < 100) return plural(seconds, 'second', 'seconds')
  const minutes = Math.ceil(seconds / 60)
  if (minutes < 100) return plural(minutes, 'minute', 'minutes')
  const hours = Math.ceil(minutes / 60)
  return hours < 48 ? plural(hours, 'hour', 'hours') : plural(Math.ceil(hours / 24), 'day', 'days')
}

/** @param {keyof typeof TOO_OFTEN} what @param {number} ms to wait */
export const tooOften = (what, ms) => `${TOO_OFTEN[what]} Try again in ${waitOf(ms)}.`

/** @param {string} name */
export const isGuest = (name) => `${name} is a guest. Private chats need an account on both sides.`
