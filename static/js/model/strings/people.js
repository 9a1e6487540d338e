// The people of a room, private chats and the search.

import { number } from '../clock.js'
import { YOU, unreadMessages } from './messages.js'
import { plural } from './plural.js'

// ---- People ----

export const PEOPLE = {
  /** @param {number} online 0 if unknown */
  button: (online) => (online ? `People: ${number(online)}` : 'People'),
  /** @param {number} online what follows the number in the header */
  word: (online) => (online === 1 ? 'person' : 'people'),
  /** @param {number} names @param {number} online */
  part: (names, online) => `Showing ${number(names)} of ${number(online)}`,
  /** @param {number} connections of one name */
  times: (connections) => `×${number(connections)}`,
  you: 'you',
  account: 'Registered name',
}

export const PERSON = {
  account: PEOPLE.account,
  guest: 'Guest',
  here: 'Here now',
  /** @param {string} time at which they came */
  since: (time) => `Here since ${time}`,
  away: 'Not here now',
  /** @param {string} app */
  via: (app) => `Last message via server ${app}`,
  noChat: 'Private chats need an account on both sides.',
}

export const HIDDEN = {
  /** @param {number} count */
  messages: (count) => `${plural(count, 'message', 'messages')} hidden`,
  show: 'Show',
  hide: 'Hide',
  unhide: 'Unhide',
  /** @param {string} name */
  unhideOf: (name) => `Unhide ${name}`,
  chat: 'You have hidden this person',
}

export const BLOCKED = {
  block: 'Block in private chats',
  unblock: 'Unblock',
  /** @param {string} name */
  unblockOf: (name) => `Unblock ${name}`,
}

// ---- Private chats ----

export const CHATS = {
  /** @param {number} unread */
  button: (unread) => (unread > 0 ? `Chats: ${unreadMessages(unread)}` : 'Chats'),
  /** @param {number} online 0 if unknown */
  room: (online) => (online > 0 ? `${plural(online, 'person', 'people')} here` : 'Live room'),
  /** @param {string} text */
  own: (text) => `You: ${text}`,
  /** @param {string} text */
  draft: (text) => `Draft: ${text}`,
  typing: 'typing…',
  deleted: 'deleted account',
  /** @param {string} name */
  blocked: (name) => `You have blocked ${name}. Unblock them on their card or in your account to write.`,
  closed: "This account was deleted. You can't write here any more.",
}

export const SEARCH = {
  searching: 'Searching…',
  /** @param {number} n all of them */
  found: (n) => plural(n, 'message', 'messages'),
  /** @param {number} n */
  first: (n) => `First ${plural(n, 'message', 'messages')}`,
  end: "That's all.",
  moreFailed: "Couldn't load more.",
  noWord: 'Add a word to look for.',
  /** @param {string} room */
  noRoom: (room) => `There's no room “${room.slice(0, 40)}”. Room names use a–z, 0–9 and hyphens.`,
  /** @param {string} words @param {string} from @param {string} room '' for anywhere */
  none: (words, from, room) => `No results for “${words}”${from && ` from ${from}`}${room && ` in ${room}`}. Try other words, or fewer.`,
  /** @param {string} name @param {boolean} own */
  here: (name, own) => (own ? YOU : name),
  /** @param {string} name of the other one @param {boolean} own */
  inChat: (name, own) => (own ? `You to ${name}` : name),
  /** @param {string} name @param {boolean} own @param {string} room */
  inRoom: (name, own, room) => `${own ? YOU : name} in ${room}`,
}
