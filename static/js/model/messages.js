// The messages of private chats. Only the actions below change the state, each a
// pure function from one state to the next. Objects that an action does not
// change stay the same, so equal objects are equal messages.
//
// Messages are ordered by n, which the server assigns: 1, 2, 3 and so on. Own
// messages without an n come last, in the order in which they were written. The
// id identifies a message whether it comes by an answer, a page of the history
// or the feed, in any order. What has become of their texts is in revisions.js,
// and how people reacted in reactions.js.

import { Reactions } from './reactions.js'
import { Revisions } from './revisions.js'

/** @typedef {import('../../types.js').MessageItem} MessageItem */

/**
 * How far an own message has come. `sending`: not acked. `failed`: given up
 * until the user retries. `sent`: acked by the server. `delivered`: seen in the
 * feed or the history. Whether it was read follows from the other mark.
 * @typedef {'sending' | 'failed' | 'sent' | 'delivered'} Progress
 */
/**
 * @typedef {PrivateText & Pick<MessageItem,
 *   'files' | 'edited' | 'deleted' | 'changing' | 'was' | 'reactions'>} PrivateMessage
 *   Never changed, only replaced.
 */
/**
 * @typedef {object} PrivateText
 * @property {string} id stays the same from the first moment to the last
 * @property {number | null} n null until the server has it
 * @property {string} name who wrote it
 * @property {string} text
 * @property {number} at Unix milliseconds
 * @property {boolean} own
 * @property {Progress} state `delivered` for those of the other one
 * @property {string} reason why it failed; '' otherwise
 * @property {string} session '': an id identifies it alone
 */
/**
 * @typedef {{id: string, n: number, name: string, text: string, at: number, edited?: number,
 *   files?: MessageItem['files'], deleted?: true,
 *   reactions?: Record<string, number>}} KnownMessage a message as the
 *   server has it
 */
/**
 * @typedef {object} Thread the messages of one chat
 * @property {readonly PrivateMessage[]} list those with an n, by n
 * @property {readonly PrivateMessage[]} tail own ones without
 * @property {number} newest the highest n that is known to exist
 */
/**
 * @typedef {object} MessagesState
 * @property {string} me
 * @property {Revisions} revisions of the messages of all chats, which is changed
 * @property {Reactions} reactions likewise
 * @property {Readonly<Record<string, Thread>>} threads
 */

/** @type {Thread} */
const EMPTY = Object.freeze({ list: Object.freeze([]), tail: Object.freeze([]), newest: 0 })

/**
 * @param {string} me the name of the account
 * @param {Partial<Pick<MessagesState, 'revisions' | 'reactions'>>} [known] of the messages
 * @returns {MessagesState}
 */
export const noMessages = (me, known = {}) =>
  ({ revisions: new Revisions(), reactions: new Reactions(), ...known, me, threads: {} })

// ---- Reading ----

/** @param {MessagesState} state @param {string} chat @returns {Thread} */
export const threadOf = (state, chat) => state.threads[chat] ?? EMPTY

/**
 * All messages of a chat as they are shown.
 * @param {Thread} thread
 */
export const shown = ({ list, tail }) => [...list, ...tail]

/**
 * The progress that an own message shows.
 * @param {PrivateMessage} message
 * @param {number} otherRead n up to which the other one has read
 * @returns {Progress | 'read'}
 */
export const deliveryOf = ({ n, state }, otherRead) => (n !== null && n <= otherRead ? 'read' : state)

/**
 * The messages that are missing between and after those that we have; from and
 * to are included. Messages before the first are history, not a hole.
 * @param {Thread} thread
 * @returns {{from: number, to: number}[]}
 */
export function holes({ list, newest }) {
  const found = []
  for (const [i, { n }] of list.entries()) {
    const from = (n ?? 0) + 1
    const to = (list[i + 1]?.n ?? newest + 1) - 1
    if (from <= to) found.push({ from, to })
  }
  return found
}

/**
 * The n before which to load history; null if it is complete, or empty.
 * @param {Thread} thread
 */
export function historyBefore({ list }) {
  const first = list[0]?.n ?? 1
  return first > 1 ? first : null
}

/**
 * Own messages that are being sent, in their order.
 * @param {Thread} thread
 */
export const unsentOf = ({ tail }) => tail.filter(({ state }) => state === 'sending')

// ---- Actions: the reader ----

/**
 * Shows an own message at once.
 * @param {MessagesState} state @param {string} chat
 * @param {Pick<PrivateMessage, 'id' | 'text' | 'files' | 'at'>} message
 */
export function sendMessage(state, chat, { id, text, files, at }) {
  const thread = threadOf(state, chat)
  if (shown(thread).some((one) => one.id === id)) return state
  /** @type {PrivateMessage} */
  const message = {
    id, n: null, name: state.me, text, at, own: true, state: 'sending', reason: '', session: '',
    ...(files && { files }),
  }
  return put(state, chat, { ...thread, tail: [...thread.tail, message] })
}

/**
 * The files of an own message, as they are now.
 * @param {MessagesState} state @param {string} chat @param {string} id
 * @param {NonNullable<PrivateMessage['files']>} files
 */
export function attachFiles(state, chat, id, files) {
  const thread = threadOf(state, chat)
  if (!thread.tail.some((one) => one.id === id)) return state
  const tail = thread.tail.map((one) => (one.id === id ? { ...one, files } : one))
  return put(state, chat, { ...thread, tail })
}

/**
 * Sends a message again, after all that were written since.
 * @param {MessagesState} state
 * @param {string} chat
 * @param {string} id of one that failed
 * @param {number} at
 */
export function retryMessage(state, chat, id, at) {
  const thread = threadOf(state, chat)
  const failed = findFailed(thread, id)
  if (!failed) return state
  /** @type {PrivateMessage} */
  const again = { ...failed, at, state: 'sending', reason: '' }
  return put(state, chat, { ...thread, tail: [...thread.tail.filter((one) => one !== failed), again] })
}

/**
 * @param {MessagesState} state
 * @param {string} chat
 * @param {string} id of one that failed
 */
export function discardMessage(state, chat, id) {
  const thread = threadOf(state, chat)
  const failed = findFailed(thread, id)
  return failed ? put(state, chat, { ...thread, tail: thread.tail.filter((one) => one !== failed) }) : state
}

// ---- Actions: the server ----

/**
 * The server has stored our message.
 * @param {MessagesState} state
 * @param {string} chat
 * @param {KnownMessage} message
 */
export const sentMessage = (state, chat, message) => take(state, chat, [message], 'sent')

/**
 * It was given up. A message that the server is known to have has not failed.
 * @param {MessagesState} state
 * @param {string} chat
 * @param {string} id
 * @param {string} reason
 */
export function failMessage(state, chat, id, reason) {
  const thread = threadOf(state, chat)
  if (!thread.tail.some((one) => one.id === id && one.state === 'sending')) return state
  const tail = thread.tail.map(
    (one) => (one.id === id ? { ...one, state: /** @type {const} */ ('failed'), reason } : one),
  )
  return put(state, chat, { ...thread, tail })
}

/**
 * A page of a chat's history, wherever it belongs.
 * @param {MessagesState} state
 * @param {string} chat
 * @param {KnownMessage[]} messages in any order
 */
export const getAllMessages = (state, chat, messages) => take(state, chat, messages, 'delivered')

/**
 * @param {MessagesState} state
 * @param {KnownMessage & {chat: string}} message from the feed
 */
export const addMessageFromSocket = (state, message) => take(state, message.chat, [message], 'delivered')

/**
 * More is known of what has become of a message.
 * @param {MessagesState} state @param {string} chat @param {string} id
 */
export function reviseMessage(state, chat, id) {
  const thread = threadOf(state, chat)
  const list = thread.list.map((one) => (one.id === id ? asNow(state, one) : one))
  return list.some((one, i) => one !== thread.list[i]) ? put(state, chat, { ...thread, list }) : state
}

/**
 * Messages exist up to n; those that we lack are a hole.
 * @param {MessagesState} state @param {string} chat @param {number} n
 */
export function noteNewest(state, chat, n) {
  const thread = threadOf(state, chat)
  return n > thread.newest ? put(state, chat, { ...thread, newest: n }) : state
}

// ---- Inside ----

/** @param {MessagesState} state @param {PrivateMessage} message */
const asNow = ({ revisions, reactions }, message) => reactions.shown(revisions.revised(message))

/** @param {Thread} thread @param {string} id */
const findFailed = ({ tail }, id) => tail.find((one) => one.id === id && one.state === 'failed')

/**
 * @param {MessagesState} state
 * @param {string} chat
 * @param {Thread} thread
 * @returns {MessagesState}
 */
const put = (state, chat, thread) => ({ ...state, threads: { ...state.threads, [chat]: thread } })

/**
 * @param {MessagesState} state
 * @param {string} chat
 * @param {KnownMessage[]} messages
 * @param {'sent' | 'delivered'} progress of own ones
 */
function take(state, chat, messages, progress) {
  const thread = threadOf(state, chat)
  const byId = new Map(thread.list.map((one) => [one.id, one]))
  for (const message of messages) state.revisions.meet({ ...message, session: '' })
  const news = messages.map((message) => settled(message, byId.get(message.id), state.me, progress))
    .map((one) => asNow(state, one))
    .filter((one) => byId.get(one.id) !== one)
  if (news.length === 0) return state
  const ids = new Set(news.map(({ id }) => id))
  const numbers = new Set(news.map(({ n }) => n))
  const others = thread.list.filter(({ id, n }) => !ids.has(id) && !numbers.has(n))
  const list = [...others, ...new Map(news.map((one) => [one.id, one])).values()]
    .sort((a, b) => (a.n ?? 0) - (b.n ?? 0))
  const tail = thread.tail.some(({ id }) => ids.has(id))
    ? thread.tail.filter(({ id }) => !ids.has(id))
    : thread.tail
  return put(state, chat, { list, tail, newest: Math.max(thread.newest, list.at(-1)?.n ?? 0) })
}

/**
 * A message with its n; the known object if nothing is new.
 * @param {KnownMessage} message
 * @param {PrivateMessage | undefined} known
 * @param {string} me
 * @param {'sent' | 'delivered'} progress
 * @returns {PrivateMessage}
 */
function settled({ id, n, name, text, files, at }, known, me, progress) {
  const own = known?.own ?? name === me // also if the account is renamed
  const state = own && known?.state !== 'delivered' ? progress : 'delivered'
  if (known && known.n === n && known.name === name && known.state === state) return known
  return { id, n, name, text, ...(files && { files }), at, own, state, reason: '', session: '' }
}
