// One's private chats as a list: with whom, what was said last, how much of it is unread, what was begun to be written. A store that is
// changed only by the actions below, each a pure function from a state to the next; the messages themselves are in messages.js.
//
// News of a chat come by HTTP and by the feed, and may overtake one another. So marks never go back, and of two last messages the one with
// the higher n counts.

/** @typedef {import('./messages.js').KnownMessage} KnownMessage */
/**
 * @typedef {object} Chat Never changed, only replaced. Times are Unix milliseconds.
 * @property {string} id
 * @property {string} other the name of the other one
 * @property {number} created
 * @property {number} updated when it last had something new
 * @property {KnownMessage | null} last the newest message
 * @property {number} unread how many of the other one's messages I have not read; at most so many right after a mark that was not the last
 * @property {number} read n up to which I have read; 0 for nothing
 * @property {number} otherRead n up to which the other one has
 */
/**
 * @typedef {object} ChatsState
 * @property {string} me the name of the account
 * @property {Readonly<Record<string, Chat>>} chats by id
 * @property {boolean} loaded whether a page of the list has ever come
 * @property {string | null} next what to ask for the list's next page with; null if there is none
 * @property {Readonly<Record<string, string>>} drafts by conversation: the id of a chat, or any other name that no chat has
 */

/** @param {string} me @returns {Readonly<ChatsState>} */
export const noChats = (me) => ({ me, chats: {}, loaded: false, next: null, drafts: {} })

// ---- Reading ----

/** @param {ChatsState} state @param {string} id */
export const chatOf = (state, id) => state.chats[id]

/** @param {ChatsState} state @param {string} name @returns {Chat | undefined} the chat with that person */
export const chatWith = (state, name) => Object.values(state.chats).find(({ other }) => other === name)

/**
 * The chats, the one in which something happened last first: in the order of the server's list.
 * @param {ChatsState} state
 */
export const chatsInOrder = (state) => Object.values(state.chats).sort((a, b) => b.updated - a.updated || (a.id < b.id ? 1 : -1))

/**
 * How many messages are unread in all chats that are known.
 * @param {ChatsState} state
 */
export const totalUnread = (state) => Object.values(state.chats).reduce((sum, { unread }) => sum + unread, 0)

/** @param {ChatsState} state @param {string} conversation */
export const draftOf = (state, conversation) => state.drafts[conversation] ?? ''

const DELETED = 'deleted' // what the server calls who is gone; nobody can have that name

/** @param {Chat | undefined} chat @returns {boolean} whether the other one's account is deleted */
export const isDeleted = (chat) => chat?.other === DELETED

/** @param {Chat | undefined} chat @returns {string} with whom it is, for people; '' for a chat that is not known */
export const titleOf = (chat) => (isDeleted(chat) ? 'deleted account' : chat?.other ?? '')

// ---- Actions ----

/**
 * A chat is there: it was begun, by whomever, or asked for.
 * @param {ChatsState} state @param {Chat} chat
 */
export const createChat = (state, chat) => put(state, merged(state.chats[chat.id], chat))

/**
 * The other one's account is deleted.
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
export const getAllChats = (state, { chats, next }) => ({ ...chats.reduce(createChat, state), loaded: true, next })

/**
 * The answer to our post.
 * @param {ChatsState} state @param {string} chat @param {KnownMessage} message
 */
export const sentMessage = (state, chat, message) => addMessageFromSocket(state, { ...message, chat })

/**
 * A message that the feed says. Of a chat that is not known it changes nothing: that one has to be asked for.
 * @param {ChatsState} state @param {KnownMessage & {chat: string}} message
 */
export function addMessageFromSocket(state, { chat: id, ...message }) {
  const chat = state.chats[id]
  if (!chat || message.n <= (chat.last?.n ?? 0)) return state
  const unread = chat.unread + (message.name !== state.me && message.n > chat.read ? 1 : 0)
  return put(state, { ...chat, last: message, unread, updated: Math.max(chat.updated, message.at) })
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
 * Somebody has read up to n: the other one, or I on another device.
 * @param {ChatsState} state @param {{chat: string, name: string, n: number}} mark as the feed says it
 */
export function markReadFromSocket(state, { chat: id, name, n }) {
  if (name === state.me) return markRead(state, id, n)
  const chat = state.chats[id]
  return chat && n > chat.otherRead ? put(state, { ...chat, otherRead: n }) : state
}

/**
 * @param {ChatsState} state @param {string} conversation @param {string} text '' for none
 * @returns {ChatsState}
 */
export function setDraft(state, conversation, text) {
  if (draftOf(state, conversation) === text) return state
  const { [conversation]: _, ...drafts } = state.drafts
  return { ...state, drafts: text === '' ? drafts : { ...drafts, [conversation]: text } }
}

// ---- Inside ----

/** @param {ChatsState} state @param {Chat} chat @returns {ChatsState} */
const put = (state, chat) => (state.chats[chat.id] === chat ? state : { ...state, chats: { ...state.chats, [chat.id]: chat } })

/**
 * No more can be unread than there are messages after the mark.
 * @param {number} unread @param {KnownMessage | null} last @param {number} read
 */
const atMost = (unread, last, read) => Math.max(0, Math.min(unread, (last?.n ?? 0) - read))

/**
 * What the server says of a chat, put together with what we know: its answer may be older than what the feed has said since.
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
    last: newest.last,
    unread: atMost(newest.unread, newest.last, read),
    updated: Math.max(known.updated, said.updated),
    read,
    otherRead: Math.max(known.otherRead, said.otherRead),
  }
}
