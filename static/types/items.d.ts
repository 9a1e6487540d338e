// The conversation.

import type { FileInfo, ReplyTo } from './protocol.js'

/**
 * `sending`: on its way. `sent`: in the log. `failed`: given up, until somebody
 * tries again. Messages of private chats alone come to be `delivered`,
 * where the other one gets them, and `read`.
 */
export type Delivery = 'sending' | 'sent' | 'delivered' | 'read' | 'failed'

/**
 * One message as it is shown. Items are never changed, only replaced: who sees
 * the same object sees the same message.
 */
export type MessageItem = {
  kind: 'message'
  key: string // stays the same from the first moment to the last
  id: string
  era: number // counts the logs that this page has seen; a seq means something inside its era only
  seq: number | null // null until the log has it
  missing: number // how many messages before this one are out of reach
  skipped?: number // entries before it that are no messages, in an archived one
  passed?: number // and after it
  app: string // '' until a server has taken it
  session: string
  author?: string // who wrote it, over all sessions; '' if nobody can tell. An id belongs to its author
  name: string
  nth?: number // among the guests of that name, as far as we know: 2 for the second
  text: string // '' is possible where there are files
  files?: readonly FileInfo[] // at least one
  reply?: ReplyTo
  mentions?: string[] // whom the text names, as the server knows them
  at: number // Unix milliseconds
  own: boolean
  state: Delivery
  reason: string // why it failed, for people; '' otherwise
  private?: true // of a private chat: it shows how far it has come
  edited?: number // when it got the text that it has; Unix milliseconds
  deleted?: true // it has no text any more
  by?: string // who deleted it, if that was not the one who wrote it
  changing?: true // as the reader has changed it, which the log does not know yet
  was?: { text: string; edited?: number; deleted?: true; by?: string } // as the log knows it
  isNew?: boolean // the first that had not been read when the chat was opened
  reactions?: readonly Reaction[] // missing if there are none
}
/** How often an emoji was given to a message, and whether the reader has given it. */
export type Reaction = { emoji: string; count: number; own: boolean }
/** The newest of the people who gave an emoji to a message. */
export type WhoReacted = { emoji: string; count: number; people: { name: string; author?: string }[] }
/** Which reactions are the reader's own, by message. */
export type OwnReactions = {
  of: (id: string) => readonly string[]
  set: (id: string, emoji: string[]) => void
  /** They change in another window. */
  watch: (run: () => void) => () => void
}
export type NoticeItem = { kind: 'notice'; key: string; text: string; at: number }
/** Messages are missing here: so many, or nobody knows how many (null). */
export type BreakItem = { kind: 'break'; key: string; count: number | null; at: number }
export type Item = MessageItem | NoticeItem | BreakItem

/** Somebody, as far as we know. */
export type Person = {
  name: string
  nth: number // among the guests of that name
  author: string // '' for a guest whom nothing tells from others
  vague?: boolean // there is only a name, which several may have
}

/** The lines above an item because of the one before it. */
export type Decoration = { day: boolean; missing: number; head: boolean; isNew: boolean }
