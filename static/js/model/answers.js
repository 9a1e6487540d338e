// What an answer of the API means for people, in words: what is, and what they can do.

/** @typedef {import('../net/api.js').ApiError} ApiError */

/** @typedef {keyof typeof LIMITED} Limited what was asked for too often */

const AWAY = new Set([404, 500, 502, 503, 504])
const TOO_OFTEN = 429

/**
 * Whether it is the API that is not there, and not something about what was asked.
 * @param {ApiError} error
 */
export const isAway = ({ code, status }) => status !== TOO_OFTEN && (code === 'network' || code === 'bad_answer' || (AWAY.has(status) && code !== 'unknown_user'))

/** @type {Record<string, string>} by the code of the problem */
const SENTENCES = {
  name_reserved: 'This name is reserved: nobody can have it. Choose another name.',
  name_taken: 'This name is taken, or looks too much like one that is. Take another one.',
  unauthorized: 'The name or the password is wrong.',
  forbidden: 'The password is wrong.',
  forbidden_origin: 'This server does not let this page log anybody in.',
  unknown_user: 'Nobody is registered under this name.',
  bad_chat: 'This is your own name.',
}

/** The server counts each by itself: who has to wait with one may go on with the others. */
const LIMITED = {
  login: 'Too many attempts to log in',
  register: 'Too many new accounts from this network',
  password: 'Too many attempts with the password',
  write: 'Too many messages and new chats in a short time', // of one account, in all its windows
  other: 'Too many requests in a short time',
}

/**
 * Why something did not work.
 * @param {ApiError} error @param {Limited} [what] was tried
 * @returns {string} a sentence
 */
export function whyNot(error, what = 'other') {
  if (error.status === TOO_OFTEN) return `${LIMITED[what]}. Try again in ${wait(error.retryAfter)}.`
  if (isAway(error)) return 'The server does not answer. Try again in a moment.'
  return SENTENCES[error.code] ?? sentence(error.message)
}

/**
 * Why somebody cannot register or log in.
 * @param {ApiError} error @param {'login' | 'register'} way
 */
export const whyNotIn = (error, way) => (isAway(error) ? 'Accounts cannot be reached at the moment. Guests can join all the same.' : whyNot(error, way))

/**
 * Why there is no chat with somebody who is here. That people have a name does not tell whether they have an account.
 * @param {ApiError} error @param {string} name
 */
export const whyNoChat = (error, name) => (error.code === 'unknown_user' ? `${name} is here as a guest; only accounts have private chats.` : whyNot(error, 'write'))

/**
 * Why a private message failed, as the second half of a sentence; '' if there is nothing to say but that.
 * @param {ApiError} error
 */
export function whyNotDelivered(error) {
  if (error.status === TOO_OFTEN) return `too many messages in a short time; wait ${wait(error.retryAfter)}`
  return isAway(error) || error.passes ? '' : error.message
}

/** @param {number} ms 0 if nobody said */
function wait(ms) {
  if (ms === 0) return 'a moment'
  const count = Math.ceil(ms / 1000)
  return count < 100 ? `${count} s` : `${Math.ceil(count / 60)} minutes`
}

/** @param {string} words of the server: lower case, and without a full stop */
const sentence = (words) => `${words.charAt(0).toUpperCase()}${words.slice(1).replace(/\.$/, '')}.`
