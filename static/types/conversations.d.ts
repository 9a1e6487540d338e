// Conversations, as the views see them.

import type { Address, Clock, ConnectionState, Socket } from './connection.js'
import type { Item, MessageItem, OwnReactions, WhoReacted } from './items.js'
import type { FileInfo, Limits, Pin, Position, ReplyTo } from './protocol.js'
import type { FileUploads } from './unsent.js'

export type RoomOptions = {
  name: string
  isAccount?: boolean // otherwise a guest
  room: string
  sessions?: Iterable<string> // our earlier ones
  unsent?: import('../js/storage/unsent.js').Unsent | null // outlives a reload
  uploads?: FileUploads | null // null where no files can be sent
  address: Address
  clock: Clock
  open: (url: string) => Socket
  lastSeen?: Memory | null
  hidden?: import('../js/model/hidden.js').Hidden
  reacted?: OwnReactions // outlives a reload
  who?: ((id: string) => Promise<WhoReacted[]>) | null // reacted to a message; null where nobody can tell
  archive?: ((span: import('../js/net/api.js').Span) => Promise<import('../js/model/archive.js').Archived[]>) | null // pages by seq
  random?: () => number
}

export type TalkListener = {
  /** Messages, notices or their state have changed. */
  items: () => void
  /** A message of another user was deleted. */
  removed?: (item: MessageItem) => void
  /** A change of the reader's own came to nothing. */
  refused?: (sentence: string) => void
  /** The rules of the room do not let the reader say that now. */
  held?: (item: MessageItem) => void
  /** Somebody else has just said something. */
  received: (item?: MessageItem) => void
  state: (state: ConnectionState) => void
  typing: () => void
  unsent: () => void
}
export type RoomListener = Omit<TalkListener, 'received'> & {
  received: (item: MessageItem) => void
  /** A message has another text, or none. */
  revised?: (item: Revised) => void
  people?: () => void
}
export type DirectMessagesListener = {
  /** Something in chats or messages has changed. */
  changed: () => void
  /** The other one has said something new. */
  received: (chat: string, message: import('../js/model/messages.js').KnownMessage) => void
  /** More is known of a message. */
  revised?: (chat: string, id: string) => void
  /** A message has another text, or none. */
  edited?: (message: Revised) => void
  /** A message of the other one is deleted. */
  removed?: (chat: string, item: MessageItem) => void
  /** A change of the reader's own came to nothing. */
  refused?: (sentence: string) => void
  state: (state: ConnectionState) => void // of the feed
  /** Somebody begins to write, or stops. */
  typing?: () => void
}

/** A message as it is now, of a room unless there is a chat. */
export type Revised = { chat?: string; id: string; name: string; text: string; deleted?: true }

/** A place where it is kept how far the reader has seen a room. */
export type Memory = { position: Position | null }

/** Where the line is above what the reader had not seen. */
export type NewFrom = {
  key: string; id: string // of the message below it; '' if that one is not here yet
  n: number // its place, or that of the one before it
  count: number // how many messages of others came
}

/**
 * The items of a conversation. A place is that of an item among all, also of
 * those that are not here: it stays the same when older ones come in.
 */
export type Items = {
  readonly first: number; readonly length: number // the place of the oldest, and the one after the newest
  at: (place: number) => Item | undefined
  placeOf: (id: string) => number | undefined
}

/** The rule of a room by which one cannot write, by the server's code. */
export type Held = { code: string; left: number; blocks: boolean } // left: ms, 0 if unknown; blocks: no use to try

/** One conversation: the room, or a private chat. */
export type ConversationSource = {
  id: string // `room`, or the id of the chat
  title: string
  name: string // one's own
  limits: Limits
  /**
   * The items shown: the live end and those that lead up to it, or a part of
   * the past. Another object when it is another part, with places of its own.
   */
  items: Items
  joined: boolean // whether it is known what was said
  hasOlder: boolean // whether older messages can be asked for
  hasNewer: boolean // whether it is a part of the past, which newer messages lead on from
  isEager: boolean // whether they are asked for also before the reader scrolls, if those that are here do not fill the screen
  beginning: string // what stands above the oldest; '' for nothing
  state: ConnectionState
  unsent: number
  typing: string[]
  /** True if the reader has hidden the person who wrote that. */
  hides: (item: MessageItem) => boolean
  people?: import('../js/model/people.js').People // who is here, in the room
  pinned?: Pin | null // the message that is pinned
  hold?: import('../js/chat/hold.js').Hold // what keeps the reader from writing
  closed?: string // why nobody can write there; '' or nothing if one can
  listen: (listener: TalkListener) => () => void
  join: () => void
  send: (text: string, reply?: ReplyTo | null, files?: readonly FileInfo[]) => void
  typed: () => void
  retry: (id: string) => void
  discard: (id: string, keepsFiles?: boolean) => void // its files go with it, unless they are for another message
  /** Where messages can be edited and deleted. */
  changes?: import('../js/chat/changes.js').Changes
  /** Where one can react to messages. */
  reacting?: import('../js/chat/reacting.js').Reacting
  /** Asks for what is before the oldest. Fails if nobody answers. */
  older: () => Promise<void>
  /** Asks for what is after a part of the past. Fails if nobody answers. */
  newer: () => Promise<void>
  /** Shows the part that a message is in, if it is still there. Fails if nobody answers. */
  reach: (message: { n: number; id: string }) => Promise<void>
  /**
   * Shows the part around the first message at or after a time, and returns its
   * place; null if there is none. Fails if nobody answers.
   */
  reachTime: (time: number) => Promise<number | null>
  /** Shows the live end again. */
  latest: () => void
  newFrom: NewFrom | null
  /** The reader is at the end, and looks. */
  seen: () => void
  /** The message that was just received was not seen. */
  missed: () => void
}

/**
 * Where the reader has been: in a conversation, or at a sheet over the one
 * before it.
 */
export type Place = { id?: string; other?: string; sheet?: string; spot?: Spot; isJump?: boolean }

/** A message, and how far below the upper edge of the log it is; without an id the end. */
export type Spot = { n: number; id: string; top: number }

/** A message that is being written in a conversation. */
export type Draft = { text: string; reply?: ReplyTo | null; files: readonly FileInfo[] }
