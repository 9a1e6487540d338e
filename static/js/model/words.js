// The words of the page that depend on something. Short, in plain sentences: what is, and what happens next.

import { NAME_KEPT, NAME_RESERVED, TOO_SLOW } from '../net/closing.js'

/** @typedef {import('../../types.js').ConnectionState} ConnectionState */

/** @param {number} n @param {string} one @param {string} many */
export const plural = (n, one, many) => `${n.toLocaleString('en')} ${n === 1 ? one : many}`

/** @param {string[]} names */
export function typing(names) {
  const [first, second] = names
  if (!first) return ''
  if (names.length === 1) return `${first} is typing…`
  if (names.length === 2) return `${first} and ${second} are typing…`
  return `${first} and ${names.length - 1} others are typing…`
}

/**
 * What the chip of the connection says.
 * @param {ConnectionState} state @param {number} unsent @param {number} now @param {boolean} offline
 * @param {boolean} [stuck] what is unsent has been so for longer than it should
 * @returns {{kind: string, label: string}}
 */
export function chip(state, unsent, now, offline, stuck = false) {
  const rest = unsent > 0 ? ` · ${unsent} unsent` : ''
  if (state.kind === 'connected') return stuck && unsent > 0 ? { kind: 'sending', label: `sending${rest}` } : { kind: 'connected', label: `connected · ${state.app}` }
  if (state.kind === 'stopped') return { kind: 'stopped', label: `disconnected${rest}` }
  if (offline) return { kind: 'offline', label: `offline${rest}` }
  if (state.kind === 'connecting') return { kind: 'reconnecting', label: `connecting${rest}` }
  const seconds = Math.ceil((state.until - now) / 1000)
  if (state.away) return { kind: 'away', label: (seconds > 0 ? `back in ${seconds} s` : 'back soon') + rest }
  return { kind: 'reconnecting', label: (seconds > 0 ? `reconnecting in ${seconds} s` : 'reconnecting') + rest }
}

/** @param {string} reason why, in the words of the server or our own */
export const notDelivered = (reason) => (reason ? `Not delivered: ${reason.replace(/\.$/, '')}.` : 'Not delivered.')

/**
 * Why a message failed, when its connection was closed because of it.
 * @type {Record<number, string>}
 */
const REFUSED = {
  1002: 'the server could not read it',
  1003: 'the server could not read it',
  1007: 'the server could not read it',
  1009: 'it is too long for the server',
}

/** @param {number} code */
export const refused = (code) => REFUSED[code] ?? 'the server refused it'

/**
 * What a closed connection means for people.
 * @type {Record<number, string>}
 */
const CLOSED = {
  1013: 'The server is full or overloaded. This page tries again by itself.',
  4008: 'The room is faster than this connection. This page pauses for a moment, then catches up by itself.',
  4013: 'You wrote faster than this room allows. This page connects again in a moment; nothing is lost.',
  4500: 'The server got too many requests that it could not read, and asks this page to stay away.',
  [NAME_RESERVED]: 'This name belongs to an account. Log in, or take another name.',
  [NAME_KEPT]: 'This name is reserved: nobody can have it. Choose another name.',
}

/**
 * A sentence about why nothing goes out, and what happens next; '' if the chip says enough.
 * @param {ConnectionState} state @param {boolean} [long] it has been so for a while: no connection, or one over which nothing goes out
 * @param {boolean} [offline] the browser says that there is no network
 */
export function whyClosed(state, long = false, offline = false) {
  if (state.kind === 'stopped') return CLOSED[state.code] ?? `The server asks this page to stay away (code ${state.code}).`
  const told = state.kind === 'waiting' && (state.code !== TOO_SLOW || state.away) // being too slow once is nothing to speak of
  const why = told ? CLOSED[state.code] : ''
  if (why || !long) return why ?? ''
  if (state.kind === 'connected') return 'The server cannot take messages at the moment. Yours go out by themselves as soon as it can.'
  return `${offline ? 'You are offline' : 'The server does not answer'}. What you write now is sent when the connection is back.`
}

/**
 * Why joining did not work, on the card.
 * @param {boolean} offline the browser says that there is no network
 * @param {boolean} reachable the server answers, but does not let this page in
 */
export function whyNotJoined(offline, reachable) {
  if (offline) return 'You are offline. You will join as soon as the network is back.'
  if (reachable) return 'The server is there but does not let this page in: it may be full, or not accept this address. Trying again.'
  return 'The server does not answer. Trying again.'
}

/** @param {string} asked */
export const noSuchRoom = (asked) => `“${asked.slice(0, 40)}” cannot be a room: its name has 1 to 32 lower-case letters, digits and hyphens. This is the common room.`

/**
 * What stands where messages are missing.
 * @param {number | null} count
 */
export function missing(count) {
  if (count === null) return 'Some messages may be missing here.'
  return `${plural(count, 'message is', 'messages are')} no longer available here.`
}

/**
 * What the pill at the lower edge says.
 * @param {number} unseen @returns {{shown: string, spoken: string}}
 */
export function pill(unseen) {
  if (unseen === 0) return { shown: 'latest', spoken: 'Go to the latest message' }
  return { shown: `${unseen > 999 ? '999+' : unseen} new`, spoken: `Go to ${plural(unseen, 'new message', 'new messages')}` }
}

/**
 * What stands above the oldest message.
 * @param {string} room @param {number | null} oldest its seq; null if there is none
 */
export function beginning(room, oldest) {
  if (oldest === null) return ''
  return oldest === 1 ? `This is where ${room} begins.` : 'Earlier messages are not shown here.'
}

/** @param {number} n */
export const badge = (n) => (n > 99 ? '99+' : String(n))

/** @param {number} over characters @returns {string} what stands below a text that is too long */
export const tooLong = (over) => `${plural(over, 'character', 'characters')} too long.`

/**
 * What logging out would delete.
 * @param {number} messages @param {number} drafts
 * @returns {string} '' for nothing
 */
export function lostAtLogout(messages, drafts) {
  const parts = [messages && plural(messages, 'message', 'messages'), drafts && plural(drafts, 'draft', 'drafts')].filter(Boolean)
  if (parts.length === 0) return ''
  const one = messages + drafts === 1
  return `${parts.join(' and ')} ${one ? 'is' : 'are'} not sent yet. Logging out deletes ${one ? 'it' : 'them'}.`
}

/** What an own message of a private chat says of how far it has come. */
export const PROGRESS = { sent: 'Sent', delivered: 'Delivered', read: 'Read' }
