// The list of private chats: the other person, the last message, the number of
// unread ones, the draft. Only the actions below change the state, each a pure
// function from one state to the next. The messages are in messages.js.
//
// HTTP and the feed both bring news of a chat, in any order. So marks never go
// back, and of two last messages the one with the higher n counts.

import { CHATS } from './strings/people.js'

/** @typedef {import('./messages.js').KnownMessage} KnownMessage */
/**
 * @typedef {object} Chat Never changed, only replaced. Times are Unix milliseconds.
 * @property {string} id
 * @property {string} other the name of the other person
 * @property {number} created
 * @property {number} updated of the last change
 * @property {KnownMessage | null} last the newest message
 * @property {number} unread messages of the other person; an upper bound after a partial mark
 * @property {number} read n up to which I have read; 0 for none
 * @property {number} otherRead the other person's
 */
/**
 * @typedef {object} ChatsState
 * @property {string} me the name of the account
 * @property {Readonly<Record<string, Chat>>} chats by id
 * @property {boolean} loaded whether a page of the list has come
 * @property {string | null} next cursor of the next page; null if there is none
 * @property {Readonly<Record<string, string>>} drafts by id of the chat
 */

/** @param {string} me @returns {Readonly<ChatsState>} */
export const noChats = (me) => ({ me, chats: {}, loaded: false, next: null, drafts: {} })

// ---- Reading ----

/** @param {ChatsState} state @param {string} id */
export const chatOf = (state, id) => state.chats[id]

/**
 * @param {ChatsState} state
 * @param {string} name
 * @returns {Chat | undefined} with that person
 */
export const chatWith = (state, name) => Object.values(state.chats).find(({ other }) => other === name)

/**
 * The chats, latest change first, as in the server's list.
 * @param {ChatsState} state
 */
export const chatsInOrder = (state) =>
  Object.values(state.chats).sort((a, b) => b.updated - a.updated || (a.id < b.id ? 1 : -1))

/**
 * Unread messages in all known chats.
 * @param {ChatsState} state
 * @param {(chat: Chat) => number} [unreadIn]
 */
export const totalUnread = (state, unreadIn = ({ unread }) => unread) =>
  Object.values(state.chats).reduce((sum, chat) => sum + unreadIn(chat), 0)

/** @param {ChatsState} state @param {string} conversation */
export const draftOf = (state, conversation) => state.drafts[conversation] ?? ''

const DELETED = 'deleted' // the server's name for deleted accounts; reserved

/**
 * @param {Chat | undefined} chat
 * @returns {boolean} whether the other account is deleted
 */
export const isDeleted = (chat) => chat?.other === DELETED

/**
 * @param {Chat | undefined} chat
 * @returns {string} the name of the other person, or its text; '' for an unknown chat
 */
export const titleOf = (chat) => (isDeleted(chat) ? CHATS.deleted : chat?.other ?? '')

// ---- Actions ----

/**
 * Adds a new chat, or updates a known one.
 * @param {ChatsState} state @param {Chat} chat
 */
export const createChat = (state, chat) => put(state, merged(state.chats[chat.id], chat))

/**
 * The other account is deleted.
 * @param {ChatsState} state @param {string} id
 */
export function loseOther(state, id) {
  const chat = state.chats[id]
  return chat ? put(state, { ...chat, other: DELETED }) : state
}

/**
 * A page of the list.
 * @param {ChatsState} state @param {{chats: Chat[], next: string | null}} page
 * @returns {ChatsState}
 */
export const getAllChats = (state, { chats, next }) => ({
  ...chats.reduce(createChat, state), loaded: true, next,
})

/**
 * The answer to our post.
 * @param {ChatsState} state @param {string} chat @param {KnownMessage} message
 */
export const sentMessage = (state, chat, message) => addMessageFromSocket(state, { ...message, chat })

/**
 * A message from the feed. Ignored for unknown chats, which have to be loaded.
 * @param {ChatsState} state @param {KnownMessage & {chat: string}} message
 */
export function addMessageFromSocket(state, { chat: id, ...message }) {
  const chat = state.chats[id]
  if (!chat || message.n <= (chat.last?.n ?? 0)) return state
  const isUnread = message.name !== state.me && message.n > chat.read && !message.deleted
  const unread = chat.unread + (isUnread ? 1 : 0)
  return put(state, { ...chat, last: message, unread, updated: Math.max(chat.updated, message.at) })
}

/**
 * A message has another text, or none.
 * @param {ChatsState} state
 * @param {{chat: string, id: string, text: string, edited?: number, deleted?: true}} message
 */
export function reviseLast(state, { chat: id, ...message }) {
  const chat = state.chats[id]
  return chat?.last?.id === message.id ? put(state, { ...chat, last: { ...chat.last, ...message } }) : state
}

/**
 * I have read up to n.
 * @param {ChatsState} state @param {string} id @param {number} n
 */
export function markRead(state, id, n) {
  const chat = state.chats[id]
  if (!chat || n <= chat.read) return state
  return put(state, { ...chat, read: n, unread: atMost(chat.unread, chat.last, n) })
}

/**
 * The other person has read up to n, or I have on another device.
 * @param {ChatsState} state
 * @param {{chat: string, name: string, n: number}} mark from the feed
 */
export function markReadFromSocket(state, { chat: id, name, n }) {
  if (name === state.me) return markRead(state, id, n)
  const chat = state.chats[id]
  return chat && n > chat.otherRead ? put(state, { ...chat, otherRead: n }) : state
}

/**
 * @param {ChatsState} state
 * @param {string} conversation
 * @param {string} text '' for none
 * @returns {ChatsState}
 */
export function setDraft(state, conversation, text) {
  if (draftOf(state, conversation) === text) return state
  const { [conversation]: _, ...drafts } = state.drafts
  return { ...state, drafts: text === '' ? drafts : { ...drafts, [conversation]: text } }
}

// ---- Inside ----

/** @param {ChatsState} state @param {Chat} chat @returns {ChatsState} */
const put = (state, chat) =>
  (state.chats[chat.id] === chat ? state : { ...state, chats: { ...state.chats, [chat.id]: chat } })

/**
 * No more messages can be unread than there are after the mark.
 * @param {number} unread @param {KnownMessage | null} last @param {number} read
 */
const atMost = (unread, last, read) => Math.max(0, Math.min(unread, (last?.n ?? 0) - read))

/** @param {KnownMessage} known @param {KnownMessage | null} said an older text of it, maybe */
const isRevised = (known, said) =>
  known.id === said?.id && (known.deleted === true || (known.edited ?? 0) > (said.edited ?? 0))

/**
 * Merges an answer of the server with what we know: the feed may have brought
 * newer things since.
 * @param {Chat | undefined} known @param {Chat} said
 * @returns {Chat}
 */
function merged(known, said) {
  if (!known) return said
  const older = (said.last?.n ?? 0) < (known.last?.n ?? 0)
  const newest = older ? known : said
  const read = Math.max(known.read, said.read)
  return {
    ...said,
    other: isDeleted(known) ? known.other : said.other, // for good
    last: known.last && isRevised(known.last, newest.last) ? known.last : newest.last,
    unread: atMost(newest.unread, newest.last, read),
    updated: Math.max(known.updated, said.updated),
    read,
    otherRead: Math.max(known.otherRead, said.otherRead),
  }
}
