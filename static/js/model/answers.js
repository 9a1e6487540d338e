// What an answer of the API means for people, in words: what is, and what they can do.

/** @typedef {import('../net/api.js').ApiError} ApiError */

const AWAY = new Set([404, 500, 502, 503, 504])

/**
 * Whether it is the API that is not there, and not something about what was asked.
 * @param {ApiError} error
 */
export const isAway = ({ code, status }) => code === 'network' || code === 'bad_answer' || (AWAY.has(status) && code !== 'unknown_user')

/** @type {Record<string, string>} by the code of the problem */
const SENTENCES = {
  name_taken: 'This name is taken, or looks too much like one that is. Take another one.',
  unauthorized: 'The name or the password is wrong.',
  forbidden: 'The password is wrong.',
  forbidden_origin: 'This server does not let this page log anybody in.',
  unknown_user: 'Nobody is registered under this name.',
  bad_chat: 'This is your own name.',
}

/**
 * Why something did not work.
 * @param {ApiError} error
 * @returns {string} a sentence
 */
export function whyNot(error) {
  if (error.code === 'rate_limited') return `Too many attempts. Try again in ${seconds(error.retryAfter)}.`
  if (isAway(error)) return 'The server does not answer. Try again in a moment.'
  return SENTENCES[error.code] ?? sentence(error.message)
}

/**
 * Why somebody cannot register or log in.
 * @param {ApiError} error
 */
export const whyNotIn = (error) => (isAway(error) ? 'Accounts cannot be reached at the moment. Guests can join all the same.' : whyNot(error))

/**
 * Why there is no chat with somebody who is here. That people have a name does not tell whether they have an account.
 * @param {ApiError} error @param {string} name
 */
export const whyNoChat = (error, name) => (error.code === 'unknown_user' ? `${name} is here as a guest; only accounts have private chats.` : whyNot(error))

/**
 * Why a private message failed, as the second half of a sentence; '' if there is nothing to say but that.
 * @param {ApiError} error
 */
export const whyNotDelivered = (error) => (isAway(error) || error.passes ? '' : error.message)

/** @param {number} ms */
function seconds(ms) {
  const count = Math.max(1, Math.ceil(ms / 1000))
  return count < 100 ? `${count} s` : `${Math.ceil(count / 60)} minutes`
}

/** @param {string} words of the server: lower case, and without a full stop */
const sentence = (words) => `${words.charAt(0).toUpperCase()}${words.slice(1).replace(/\.$/, '')}.`
