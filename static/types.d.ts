// The shapes that the modules of the page hand to one another. Only for the
// type checker: nothing here is served.

// ---- The protocol, as the page reads it (server/wire says it in full) ----

export type Limits = {
  text: number; frame: number; rate: number; burst: number
  files?: { size: number; count: number } // bytes of one, and how many a message may have; missing where none can be sent
  edit_s?: number // for how long a message may be edited, 0 for ever; never where it is missing
}
export type Position = { epoch: string; seq: number }

export type WelcomeFrame = {
  type: 'welcome'; app: string; session: string; author?: string; name: string; room: string; epoch: string; seq: number
  recovered?: boolean; pinned?: Pin; limits: Limits
}
/** The pinned message of a room, without its text. */
export type Pin = { target: Target; name: string }
export type PinFrame = { type: 'pin'; pinned?: Pin }
export type MessageFrame = {
  type: 'message'; seq: number; id: string; app: string; session: string; author?: string; name: string; text: string; at: number
  reply?: ReplyTo; mentions?: string[]; edited?: number; deleted?: true; reactions?: Record<string, number>
  files?: FileInfo[]
}
/** A file of a message. What the server says of it comes first; the rest is known to the page that sends it. */
export type FileInfo = {
  id: string
  name: string
  type: string // its media type
  size: number // bytes
  width?: number; height?: number // pixels, of a picture the right way up
  previews?: number[] // pixels of the longer side of each that the server has
  alt?: string // what a picture shows, in the words of who sent it
  blob?: Blob // what this page has of it, until the log has its message
  progress?: number // how much of it is at the server, from 0 to 1; missing where all of it is
}
/** How a message that is sent names one: by its id alone if there is no more to say. */
export type FileRef = string | { id: string; alt: string }
/** The message that another one answers, as it was then. `text` is its beginning; '' once it is deleted. */
export type ReplyTo = Target & { name: string; text: string }
/** The message it was made for; a repair of the log may have moved that one since. */
export type Target = { seq: number; id: string }
export type EditFrame = {
  type: 'edit'; seq: number; id: string; app: string; session: string; author?: string; name: string; text: string; target: Target; at: number
  mentions?: string[]
}
export type DeleteFrame = Omit<EditFrame, 'type' | 'text'> & { type: 'delete'; by: string } // `author`, or what else the one is who deletes
/** What is left of a deleted message, or of an edit of one, which has a target. */
export type TombstoneFrame = Omit<EditFrame, 'type' | 'text' | 'target'> & { type: 'tombstone'; target?: Target }
/** How often each emoji was given to a message, in all. */
export type ReactionsFrame = {
  type: 'reactions'; seq: number; id: string; app: string; target: Target; counts: Record<string, number>; at: number
}
/** What is in the log, and not a message that we know. */
export type EntryFrame = { type: 'entry'; seq: number; at: number }
export type AckFrame = { type: 'ack'; id: string; seq?: number; duplicate?: boolean } // no seq: of a reaction
export type ErrorFrame = {
  type: 'error'; id?: string; code: string; message: string; retryable?: boolean; retry_after_ms?: number
}
export type PresenceFrame = {
  type: 'presence'; online: number; names?: string[]; joined?: string[]; left?: string[]
  accounts?: string[] // those of the names that are not guests'
  connections?: Record<string, number> // of the names with more than one
}
export type TypingFrame = { type: 'typing'; session?: string; chat?: string; name: string } // session in rooms, chat in feeds
export type NoticeFrame = { type: 'notice'; text: string }
export type GapFrame = { type: 'gap'; from: number; to: number }
export type ResetFrame = { type: 'reset'; epoch: string; seq: number }
export type ReconnectFrame = { type: 'reconnect'; after_ms: number }

export type ServerFrame = WelcomeFrame | MessageFrame | EditFrame | DeleteFrame | TombstoneFrame | ReactionsFrame | EntryFrame | AckFrame | ErrorFrame | PresenceFrame | TypingFrame | NoticeFrame
  | PinFrame | GapFrame | ResetFrame | ReconnectFrame
export type ChangeFrame = { type: 'edit'; id: string; target: Target; text: string } | { type: 'delete'; id: string; target: Target }
export type ReactFrame = { type: 'react'; id: string; target: Target; emoji: string; on: boolean }
export type PostedFrame = { type: 'message'; id: string; text: string; reply?: Target; files?: FileRef[] } | ChangeFrame | ReactFrame // is acked
export type ClientFrame = PostedFrame | { type: 'typing' }

// ---- The conversation ----

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
/** Who gave an emoji to a message: the newest of them. */
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

/** What stands above an item because of the one before it. */
export type Decoration = { day: boolean; missing: number; head: boolean; isNew: boolean }

// ---- What is not sent yet, and kept over a reload ----

/** A message that the log does not have, as far as we know. */
export type UnsentMessage = {
  id: string; room: string; name: string; text: string
  reply?: ReplyTo
  files?: readonly FileInfo[] // without their bytes, which are kept beside it
  waits?: true // for its files, and was never sent
  chat?: string // for a private one: the id of its chat
  account?: true // written by who is logged in, not by a guest
  change?: TextChange | ReactChange // of a message in the log, and not a message
  at: number // Unix milliseconds
  reason: string | null // why it failed; null while it waits
}
export type TextChange = { kind: 'edit' | 'delete'; target: Target; author?: string; session: string }
export type ReactChange = { kind: 'react'; target: Target; emoji: string; on: boolean }
export type UnsentRecord = UnsentMessage & {
  place: number // order in which they were written
  owner: string // the tab that sends it
}

/** A place for records that all tabs share. Everything may fail. */
export type SharedStore<T> = {
  all: () => Promise<T[]>
  get: (id: string) => Promise<T | undefined>
  put: (record: T) => Promise<unknown>
  remove: (id: string) => Promise<unknown>
}
export type UnsentStore = Omit<SharedStore<UnsentRecord>, 'get'>

/** A file as it is kept until the log has its message. */
export type FileRecord = {
  id: string; blob: Blob
  owner: string // the account that uploads it; '' for a guest
  at: number // Unix milliseconds
}
/** A file that is attached, or whose message waits for it. */
export type Attached = FileInfo & {
  state: 'preparing' | 'waiting' | 'going' | 'done' | 'failed'
  reason: string // why it failed, a sentence
  isFinal: boolean // the same one would be refused again
  isKept: boolean // over a reload
  owner: string // as in FileRecord
  larger?: Blob // the picture that was made smaller
}
/** Brings the files of messages to the server. */
export type FileUploads = {
  /**
   * Goes on with them, and tells what becomes of them.
   * @returns stops telling
   */
  follow: (files: readonly FileInfo[], on: FollowFiles, isAnew?: boolean) => () => void
  /** The log has their message. */
  release: (ids: readonly string[]) => void
  /** Nobody wants them any more. */
  drop: (ids: readonly string[]) => void
}
export type FollowFiles = {
  changed: (files: FileInfo[]) => void
  ready: (files: FileInfo[]) => void // at the server, all of them
  failed: (reason: string) => void
}

/** Who lives, among the tabs of one browser. */
export type Tabs = {
  /** Is that tab from now on; false if another one is. */
  hold: (tab: string) => Promise<boolean>
  /** Runs if that tab is gone, and nobody else does so meanwhile. */
  ifGone: (tab: string, run: () => Promise<unknown>) => Promise<unknown>
}

// ---- The connection ----

export type ConnectionState =
  | { kind: 'connecting'; since: number }
  | { kind: 'connected'; app: string }
  | { kind: 'waiting'; until: number; code: number; opened: boolean; away: boolean } // opened: the handshake had succeeded; away: not to be cut short
  | { kind: 'stopped'; code: number; until?: number } // until: when one may come back, if that is known

export type Address = {
  /** The address of a WebSocket of that room. */
  socket: (query: Record<string, string>) => string
  /** The address that says who is in a room. */
  glance: (room: string) => string
  /**
   * The address of a WebSocket that hears what happens in the chats of an
   * account.
   */
  feed: string
  /** The address of a WebSocket that watches the cluster. */
  cluster: string
}

/** Time, so that tests can bring their own. */
export type Clock = { now: () => number; after: (ms: number, run: () => void) => () => void }

/** As much of a WebSocket as the page uses. */
export type Socket = {
  send: (data: string) => void
  close: (code?: number, reason?: string) => void
  onopen: ((event: any) => void) | null
  onmessage: ((event: any) => void) | null
  onclose: ((event: any) => void) | null
}

// ---- Conversations, as the views see them ----

export type RoomOptions = {
  name: string
  isAccount?: boolean // otherwise a guest
  room: string
  sessions?: Iterable<string> // our earlier ones
  unsent?: import('./js/storage/unsent.js').Unsent | null // outlives a reload
  uploads?: FileUploads | null // null where no files can be sent
  address: Address
  clock: Clock
  open: (url: string) => Socket
  lastSeen?: Memory | null
  hidden?: import('./js/model/hidden.js').Hidden
  reacted?: OwnReactions // outlives a reload
  who?: ((id: string) => Promise<WhoReacted[]>) | null // reacted to a message; null where nobody can tell
  archive?: ((span: import('./js/net/api.js').Span) => Promise<import('./js/model/archive.js').Archived[]>) | null // pages by seq
  random?: () => number
}

export type TalkListener = {
  /** Messages, notices or their state have changed. */
  items: () => void
  /** What another one has said is deleted. */
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
  received: (chat: string, message: import('./js/model/messages.js').KnownMessage) => void
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
 * What was said. A place is that of an item among all, also of those that are
 * not here: it stays the same when older ones come in.
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
   * What is shown: the live end and what leads up to it, or a part of the past.
   * Another object when it is another part, with places of its own.
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
  /** Whether the reader has hidden the person who wrote that. */
  hides: (item: MessageItem) => boolean
  people?: import('./js/model/people.js').People // who is here, in the room
  pinned?: Pin | null // the message that is pinned
  hold?: import('./js/chat/hold.js').Hold // what keeps the reader from writing
  closed?: string // why nobody can write there; '' or nothing if one can
  listen: (listener: TalkListener) => () => void
  join: () => void
  send: (text: string, reply?: ReplyTo | null, files?: readonly FileInfo[]) => void
  typed: () => void
  retry: (id: string) => void
  discard: (id: string, keepsFiles?: boolean) => void // its files go with it, unless they are for another message
  /** Where messages can be edited and deleted. */
  changes?: import('./js/chat/changes.js').Changes
  /** Where one can react to messages. */
  reacting?: import('./js/chat/reacting.js').Reacting
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
  /** What has just been received was not seen. */
  missed: () => void
}

/**
 * Where the reader has been: in a conversation, or at a sheet over the one
 * before it.
 */
export type Place = { id?: string; other?: string; sheet?: string; spot?: Spot; isJump?: boolean }

/** A message, and how far below the upper edge of the log it is; without an id the end. */
export type Spot = { n: number; id: string; top: number }

/** What is begun to be written in a conversation. */
export type Draft = { text: string; reply?: ReplyTo | null; files: readonly FileInfo[] }

// ---- The cluster page ----

export type ClusterState = 'starting' | 'ready' | 'draining' | 'deaf' | 'read-only' | 'left' | 'gone' | 'unknown'
export type ClusterServer = {
  node: string; app: string; state: ClusterState; connections: number
  rate_in: number; rate_out: number // a second
  p99_pass_us: number; uptime_s: number; version: string
}
export type ClusterFrame = {
  type: 'cluster'; at: number; app: string
  redis: { state: 'up' | 'down'; round_trip_us?: number; embedded?: boolean }
  servers: ClusterServer[]
}
export type Measure = 'connections' | 'rate_in' | 'rate_out' | 'p99_pass_us'

export type Box = { x: number; y: number; width: number; height: number }
/**
 * Lines as SVG paths: three that are drawn, and four that dots travel along.
 */
export type Route = {
  trunk: string; branch: string; link: string
  toServer: string; toRedis: string; fromRedis: string; toPeople: string
}

export type Theme = 'system' | 'light' | 'dark'
