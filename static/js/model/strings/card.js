// The card, its forms, and the account.

import { number } from '../clock.js'
import { plural } from './plural.js'

// ---- The card ----

export const CARD = {
  joining: 'JOINING…',
  subscribe: 'SUBSCRIBE',
  signingIn: 'Signing you in…',
  loginUnknown: "Can't check your login right now. You can join as a guest.",
  loggedOutElsewhere: 'You were logged out.',
  loggedOut: "You're logged out.",
  loggedOutEverywhere: "You're logged out everywhere.",
  accountDeleted: 'Your account has been deleted.',
  accountErased: 'Your account has been deleted. Your messages are being erased.',
}

/** Why joining has not worked so far. */
export const NOT_JOINED = {
  offline: "You're offline. You'll join as soon as the network is back.",
  full: "The room is full. You'll be let in as soon as there is space.",
  refused: "The server won't let us in: it may be busy, or this address isn't allowed here. Trying again…",
  down: "Can't reach the server. Trying again…",
}

/**
 * @param {number} online
 * @param {string[]} [names] the first few; none if they are not known
 */
export function peopleHere(online, names = []) {
  if (online === 0) return "No one's here yet. Be the first."
  if (names.length === 0) return `${plural(online, 'person', 'people')} here now`
  const shown = names.slice(0, online > names.length ? 3 : names.length)
  const rest = online - shown.length
  return `${plural(online, 'person is', 'people are')} here: ${shown.map(isolated).join(', ')}`
    + (rest > 0 ? ` and ${number(rest)} more` : '')
}

/**
 * A name of any script inside a sentence.
 * @param {string} name
 */
export const isolated = (name) => `\u2068${name}\u2069`

const UNITS = /** @type {const} */ ([['day', 86_400], ['hour', 3600], ['minute', 60], ['second', 1]])

/**
 * How long messages are archived.
 * @param {number} seconds how long they are archived; 0: for good
 * @param {number} count how many of the newest are; 0: all
 */
export function archived(seconds, count) {
  const [unit, length] = UNITS.find(([, length]) => seconds % length === 0) ?? UNITS[3]
  const long = seconds > 0 ? `for ${plural(seconds / length, unit, `${unit}s`)}` : 'for good'
  if (count === 0) return `What you say is public, and archived ${long}.`
  const newest = count === 1 ? 'The newest message is' : `The newest ${number(count)} messages are`
  return `What you say is public. ${newest} archived${seconds > 0 ? ` ${long}` : ''}.`
}

/** @param {string} asked */
export const noSuchRoom = (asked) => `There's no room “${asked.slice(0, 40)}”. `
  + 'Room names use a–z, 0–9 and hyphens. This is the main room.'

/** Texts of the export and the deletion of a guest's messages. */
export const MY_DATA = {
  file: 'livechat.zip',
  loading: 'Collecting what you wrote…',
  downloaded: 'Downloaded.',
  erase: 'Go ahead',
  ask: "This can't be undone. Press again to go ahead.",
  sure: "Yes, I'm sure",
  erasing: 'It has begun, and takes some minutes.',
}

// ---- Names and passwords ----

export const NAME = {
  empty: 'Type a name first.',
  /** @param {number} most */
  tooLong: (most) => `That's too long: ${number(most)} characters at most.`,
  invisibleCharacter: "There's an invisible character in that name. Please type it again.",
  accents: 'Too many accents on one letter.',
  invisible: 'That name would be invisible.',
  account: 'Names have 3–20 characters: a–z, 0–9, _ or -.',
}

export const PASSWORD = {
  empty: 'Type your password.',
  /** @param {number} least */
  tooShort: (least) => `That's too short: ${number(least)} characters at least.`,
  /** @param {number} most */
  tooLong: (most) => `That's too long: ${number(most)} characters at most.`,
  changed: 'Password changed.',
}

/** The two forms for accounts on the card. */
export const ENTRY = {
  login: {
    lead: 'Log in to use your name and your private chats.',
    button: 'Log in', busy: 'Logging in…', question: 'New here?', other: 'Create an account',
  },
  register: {
    lead: 'Keep your name, and chat privately. No e-mail needed.',
    button: 'Create account', busy: 'Creating your account…', question: 'Have an account?', other: 'Log in',
  },
}

// ---- The account ----

/** @param {string} name */
export const accountOf = (name) => `Account: ${name}`

/** @param {number} messages @param {number} drafts @returns {string} '' for none */
export function lostAtLogout(messages, drafts) {
  const parts = [
    messages && plural(messages, 'message', 'messages'), drafts && plural(drafts, 'draft', 'drafts'),
  ].filter(Boolean)
  if (parts.length === 0) return ''
  const one = messages + drafts === 1
  return `${parts.join(' and ')} ${one ? "hasn't" : "haven't"} been sent yet. `
    + `Logging out deletes ${one ? 'it' : 'them'}.`
}
