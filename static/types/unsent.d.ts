// Messages and files that are not sent yet, and kept over a reload.

import type { FileInfo, ReplyTo, Target } from './protocol.js'

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
  follow: (files: readonly FileInfo[], on: FollowFiles, isReupload?: boolean) => () => void
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

/** The open tabs of one browser. */
export type Tabs = {
  /** Is that tab from now on; false if another one is. */
  hold: (tab: string) => Promise<boolean>
  /** Runs if that tab is gone, and nobody else does so meanwhile. */
  ifGone: (tab: string, run: () => Promise<unknown>) => Promise<unknown>
}
