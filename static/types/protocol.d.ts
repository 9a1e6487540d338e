// The protocol, as the page reads it (server/wire says it in full).

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
/**
 * A file of a message. The server's part comes first; the rest is known to the
 * page that sends it.
 */
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
/**
 * The message that another one answers, as it was then. `text` is its
 * beginning; '' once it is deleted.
 */
export type ReplyTo = Target & { name: string; text: string }
/** The message it was made for; a repair of the log may have moved that one since. */
export type Target = { seq: number; id: string }
export type EditFrame = {
  type: 'edit'; seq: number; id: string; app: string; session: string; author?: string; name: string; text: string; target: Target; at: number
  mentions?: string[]
}
export type DeleteFrame = Omit<EditFrame, 'type' | 'text'> & { type: 'delete'; by: string } // `author`, or what else the one is who deletes
/** The rest of a deleted message, or of an edit of one, which has a target. */
export type TombstoneFrame = Omit<EditFrame, 'type' | 'text' | 'target'> & { type: 'tombstone'; target?: Target }
/** How often each emoji was given to a message, in all. */
export type ReactionsFrame = {
  type: 'reactions'; seq: number; id: string; app: string; target: Target; counts: Record<string, number>; at: number
}
/** An entry of the log that is not a message that we know. */
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
