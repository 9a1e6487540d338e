// Which text describes an answer of the API. The texts are in strings/.

import { ACCOUNTS_DOWN, API_DOWN, isGuest, PROBLEMS, tooOften } from './strings/connection.js'
import { REASONS, RULES } from './strings/messages.js'

/** @typedef {import('../net/problem.js').ApiError} ApiError */
/**
 * An action that has a limit of its own.
 * @typedef {keyof typeof import('./strings/connection.js').TOO_OFTEN} Limited
 */

const DOWN = new Set([404, 500, 502, 503, 504])
const TOO_OFTEN = 429

/**
 * True if the API is down, as opposed to refusing this request.
 * @param {ApiError} error
 */
export function isDown({ code, status }) {
  if (status === TOO_OFTEN) return false
  return code === 'network' || code === 'bad_answer' || (DOWN.has(status) && code !== 'unknown_user')
}

/**
 * Why something did not work.
 * @param {ApiError} error @param {Limited} [what] was tried
 * @returns {string} a sentence
 */
export function whyNot(error, what = 'other') {
  if (error.status === TOO_OFTEN) return tooOften(what, error.retryAfter)
  if (isDown(error)) return API_DOWN
  return PROBLEMS[error.code] ?? sentence(error.message)
}

/**
 * Why registering or logging in failed.
 * @param {ApiError} error @param {'login' | 'register'} way
 */
export const whyNotIn = (error, way) => (isDown(error) ? ACCOUNTS_DOWN : whyNot(error, way))

/**
 * Why there is no chat with a person in the room. A name does not tell whether
 * its owner has an account.
 * @param {ApiError} error @param {string} name
 */
export function whyNoChat(error, name) {
  return error.code === 'unknown_user' ? isGuest(name) : whyNot(error, 'write')
}

/**
 * Why a private message failed, as the second half of a sentence; '' if there
 * is no more to say.
 * @param {ApiError} error
 */
export function whyNotDelivered(error) {
  if (error.status === TOO_OFTEN) return REASONS.tooOften(error.retryAfter)
  return isDown(error) || error.passes ? '' : whyRefused(error)
}

/**
 * Why a message was refused, as the second half of a sentence. The page has
 * removed control characters, so a bad text is an invisible one.
 * @param {{code: string, message: string, retry_after_ms?: number}} error of a frame, or of the API
 */
export function whyRefused({ code, message, retry_after_ms: wait = 0 }) {
  if (code === 'bad_text') return REASONS.invisible
  const rule = RULES[code]
  if (rule) return rule(wait)
  return code === 'account_deleted' ? REASONS.deleted : message
}

/** @param {string} text of the server: lower case, without a full stop */
const sentence = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.$/, '')}.`
