// The rules for a name, a text and a room: those of the server (server/chat),
// so that users see a mistake before anything is sent. A browser cannot read
// why a handshake was refused.

import { NAME, PASSWORD } from './strings/card.js'

const NAME_LIMIT = 32 // characters (code points) after trimming
const MARKS_LIMIT = 2 // combining marks on one character
const PASSWORD_LEAST = 8 // characters of a new password
const PASSWORD_MOST = 256

const SPACES = /\p{Zs}+/gu
const EDGES = /^[\p{White_Space}]+|[\p{White_Space}]+$/gu
const JOINERS_AND_TAGS = /[\u200c\u200d\u{e0020}-\u{e007f}]/gu
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}\ufffd\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\uffa0]/u
const EMOJI_MARKS = /[\ufe00-\ufe0f\u20e3]/gu
const TOO_MANY_MARKS = new RegExp(`[\\p{Mn}\\p{Me}]{${MARKS_LIMIT + 1}}`, 'u')
const BLANK_TEXT = /^[\s\p{C}\p{Z}\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\uffa0]*$/u
const VISIBLE = /[^\p{Mn}\p{Me}\p{C}\p{Z}]/u

const TEXT_CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/gu // all but tab and line feed
const LONE_SURROGATES = /\p{Cs}/gu

/**
 * A name in the form in which everybody sees it, or what is wrong with it.
 * @param {string} typed
 * @returns {{name: string, problem: string}}
 */
export function cleanName(typed) {
  const name = typed.replace(EDGES, '').replace(SPACES, ' ').normalize('NFC')
  return { name, problem: nameProblem(name) }
}

/** @param {string} name */
function nameProblem(name) {
  const length = characters(name)
  if (length < 1) return NAME.empty
  if (length > NAME_LIMIT) return NAME.tooLong(NAME_LIMIT)
  if (UNSEEN.test(name.replace(JOINERS_AND_TAGS, ''))) return NAME.invisibleCharacter
  if (TOO_MANY_MARKS.test(name.replace(EMOJI_MARKS, ''))) return NAME.accents
  if (!VISIBLE.test(name)) return NAME.invisible
  return ''
}

/**
 * The name of an account, or what is wrong with it.
 * @param {string} typed
 * @returns {{name: string, problem: string}}
 */
export function cleanAccountName(typed) {
  const name = typed.replace(EDGES, '').toLowerCase()
  if (!name) return { name, problem: NAME.empty }
  return { name, problem: /^[a-z0-9_-]{3,20}$/.test(name) ? '' : NAME.account }
}

/**
 * The problem of a new password; '' for none.
 * @param {string} password
 */
export function passwordProblem(password) {
  const length = characters(password)
  if (length < PASSWORD_LEAST) return PASSWORD.tooShort(PASSWORD_LEAST)
  return length <= PASSWORD_MOST ? '' : PASSWORD.tooLong(PASSWORD_MOST)
}

/**
 * A text as it is sent: without blank lines around it, and without the control
 * characters that pasting sometimes brings along.
 * @param {string} typed
 */
export function cleanText(typed) {
  return typed.replace(/\r\n?/g, '\n')
    .replace(TEXT_CONTROLS, '')
    .replace(LONE_SURROGATES, '\ufffd')
    .replace(/^\s*\n/, '')
    .trimEnd()
}

/**
 * True if a text has a character that can be seen: the server takes no other.
 * @param {string} text
 */
export function isVisible(text) {
  return !BLANK_TEXT.test(text)
}

/** @param {string} room */
export function validRoom(room) {
  return /^[a-z0-9-]{1,32}$/.test(room)
}

/**
 * The length of a text as the server counts it: in code points.
 * @param {string} text
 */
export function characters(text) {
  let count = 0
  for (const _ of text) count++
  return count
}
