// The log of a conversation, what screen readers say of it, and the composer.

import { number } from '../clock.js'
import { waitOf } from './connection.js'
import { plural } from './plural.js'

// ---- Messages ----

export const YOU = 'You'
export const NOTICE = 'notice'
export const NEW = 'New'
export const NO_MESSAGES = 'No messages yet'

/** How far an own message of a private chat has come. */
export const PROGRESS = { sent: 'Sent', delivered: 'Delivered', read: 'Read' }

/** @param {string} app */
export const viaServer = (app) => `via server ${app}`

export const PINNED = 'Pinned message'
export const OLDER_FAILED = "Couldn't load older messages."
export const NEWER_FAILED = "Couldn't load newer messages."
export const MESSAGE_FAILED = "Couldn't load that message."
export const QUIET_DAY = 'Nobody wrote that day. These came next.'
export const QUIET_SINCE = 'Nobody has written since then.'
export const LOADING = 'Loading…'
export const MESSAGE_GONE = "That message isn't available any more."
export const FOLD = { more: 'Show more', less: 'Show less' }
export const COPIED = { text: 'Text copied', link: 'Link copied', code: 'Code copied', not: "Couldn't copy" }

/** Why a message was not sent, as the second half of a sentence. */
export const REASONS = {
  unreadable: "the server couldn't read it",
  tooLong: "it's too long for the server",
  refused: 'the server refused it',
  invisible: 'this message has no visible text',
  unknown: "we don't know whether it arrived",
  deleted: 'this account was deleted',
  /** @param {number} ms */
  tooOften: (ms) => `too many messages in a short time; wait ${waitOf(ms)}`,
}

/**
 * The same for what the rules of a room refuse, by the server's code.
 * @type {Record<string, (ms: number) => string>} ms: for how long, 0 if unknown
 */
export const RULES = {
  muted: (ms) => `you're muted in this room${ms ? ` for another ${waitOf(ms)}` : ''}`,
  banned: (ms) => `you're banned from this room${ms ? ` for another ${waitOf(ms)}` : ''}`,
  paused: () => 'this room is paused at the moment',
  registered_only: () => 'only people with an account can write in this room',
  members_only: () => 'this room is for its members',
  cannot_write: () => "you can't write to this account",
  blocking: () => 'you have blocked this account',
  blocked_words: () => 'it has words that are blocked in this room; change them and send it again',
  slow_mode: (ms) => `this room is in slow mode; wait ${waitOf(ms)}`,
}

/** @param {string} reason one of the above, or the server's; '' if unknown */
export const notDelivered = (reason) => (reason ? `Not sent: ${reason.replace(/\.$/, '')}.` : 'Not sent.')

/** @param {number | null} count null if unknown */
export const missing = (count) => (count === null
  ? 'Some messages may be missing here.'
  : `${plural(count, 'message is', 'messages are')} missing here.`)

/**
 * The pill at the lower edge of the log.
 * @param {number} unseen
 */
export function pill(unseen) {
  if (unseen === 0) return { shown: 'Jump to latest', spoken: 'Jump to the latest message' }
  const shown = unseen > 999 ? '999+ new messages' : plural(unseen, 'new message', 'new messages')
  return { shown, spoken: `Jump to ${plural(unseen, 'new message', 'new messages')}` }
}

/**
 * The pill at the upper edge.
 * @param {number} count
 */
export const unread = (count) => ({
  shown: `${count > 999 ? '999+' : count} new`,
  spoken: `Jump to the first of ${plural(count, 'new message', 'new messages')}`,
})

/**
 * The button that leads to where the reader is named.
 * @param {number} count
 */
export const mentioned = (count) => ({
  shown: `@ ${count > 99 ? '99+' : count}`,
  spoken: `Jump to the next of ${plural(count, 'mention of you', 'mentions of you')}`,
})

/** Above the oldest message. */
export const BEGINNING = {
  /** @param {string} room */
  room: (room) => `This is the beginning of ${room}.`,
  /** @param {string} name */
  chat: (name) => `This is the beginning of your chat with ${name}.`,
  deleted: 'This is the beginning of this chat.',
  gone: 'Older messages are no longer kept.',
  away: "Couldn't load messages. Trying again…",
}

/** @param {string[]} names */
export function typing(names) {
  const [first, second] = names
  if (!first) return ''
  if (names.length === 1) return `${first} is typing…`
  if (names.length === 2) return `${first} and ${second} are typing…`
  return `${first} and ${number(names.length - 1)} others are typing…`
}

/** @param {number} over characters */
export const tooLong = (over) => `${plural(over, 'character', 'characters')} too long.`

export const COMPOSER = {
  noEmoji: "Couldn't load the emoji. Please try again.",
  noFiles: "Pictures and files can't be sent here.",
  filesAway: "Couldn't load what sends files. Please try again.",
  /** @param {string} title of the conversation */
  drop: (title) => `Drop files to send them to ${title}`,
  /** @param {number} most */
  tooMuch: (most) => `That's too much to paste: ${number(most)} characters at most.`,
}

/** @param {number} left characters */
export const charactersLeft = (left) => `${plural(left, 'character', 'characters')} left`

export const REPLY = {
  /** @param {string} name */
  to: (name) => `Replying to ${name}`,
  /** @param {string} name @param {string} text */
  spoken: (name, text) => `In reply to ${name}: ${text}`,
  deleted: 'Deleted message',
}

// ---- For screen readers, and the title ----

/** @param {string} name @param {string} text */
export const spokenMessage = (name, text) => `${name}: ${text}`
/** @param {string} name */
export const privately = (name) => `${name}, privately`
/** @param {number} n */
export const newMessages = (n) => plural(n, 'new message', 'new messages')
/** @param {number} n */
export const unreadMessages = (n) => plural(n, 'unread message', 'unread messages')
/** @param {number} n */
export const badge = (n) => (n > 99 ? '99+' : number(n))
/** @param {number} n */
export const mentionBadge = (n) => `@${badge(n)}`
/** @param {string} name */
export const conversationWith = (name) => `Conversation with ${name}`

/** @typedef {import('../../../types.js').Theme} Theme */
/** @param {Theme} now @param {Theme} next */
export const theme = (now, next) => ({ label: `Theme: ${now}`, spoken: `Theme: ${now}. Switch to ${next}` })
