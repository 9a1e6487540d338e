// Files that are sent with a message. Loaded with what sends them.

import { sizeOf } from '../bytes.js'
import { waitOf } from './connection.js'
import { plural } from './plural.js'

export const FILES = {
  waiting: 'Waiting…',
  preparing: 'Preparing…',
  attached: 'Attached',
  retry: 'Try again',
  smaller: 'Make large pictures smaller',
  alt: 'What does it show?',
  unnamed: 'file',
  notKept: "Your browser has no room to keep these files, so they'll be gone if you reload the page.",
  failedFirst: "A file couldn't be uploaded. Try it again, or remove it, then send.",
  unreadable: "This file can't be read. If it's a folder, attach the files in it.",
  empty: 'This file is empty.',
  gone: "This file isn't here any more. Please attach it again.",
  /** @param {number} share from 0 to 1 */
  progress: (share) => `${Math.floor(share * 100)} %`,
  /** @param {number} most */
  tooMany: (most) => `A message can have ${plural(most, 'file', 'files')}. The others weren't attached.`,
  /** @param {number} most */
  overMany: (most) => `A message can have ${plural(most, 'file', 'files')}. Remove some, then send.`,
  /** @param {number} most bytes; how many it has is said beside */
  tooLarge: (most) => `Too large: ${sizeOf(most)} is the most.`,
  /** @param {string} name */
  altOf: (name) => `What ${name} shows, for people who can't see it`,
  /** @param {string} name */
  remove: (name) => `Remove ${name}`,
  /** @param {string} name */
  cancel: (name) => `Cancel the upload of ${name}`,
  /** @param {string} name */
  again: (name) => `Upload ${name} again`,
  /** @param {string} name */
  uploading: (name) => `Uploading ${name}`,
}

/** Texts for screen readers. */
export const SPOKEN = {
  /** @param {string[]} names */
  attached: (names) => `${names.length === 1 ? names[0] : plural(names.length, 'file', 'files')} attached`,
  /** @param {string} name */
  uploaded: (name) => `${name} uploaded`,
  /** @param {string} name @param {string} reason */
  failed: (name, reason) => `${name} wasn't uploaded. ${reason}`,
  /** @param {string} name */
  removed: (name) => `${name} removed`,
}

/** @type {Record<string, string>} by the server's code */
const REFUSED = {
  too_large: 'This file is too large for this server.',
  unsupported_type: "Files of this kind can't be sent here.",
  bad_image: "This picture can't be read, or it has too many pixels. Please try another one.",
  quota: "There's no space left for your files. Delete messages with files you don't need, then try again.",
  unknown_file: FILES.gone,
  forbidden: "Files can't be sent here.",
}
const AWAY = "The server can't take it now. Please try again."
const STATUS = { 413: 'too_large', 415: 'unsupported_type', 507: 'quota' }

/**
 * Why a file was not uploaded.
 * @param {import('../../net/problem.js').ApiError} error
 * @returns {{reason: string, isFinal: boolean}} a sentence, and whether the same file will be
 *   refused again
 */
export function whyNotUploaded({ code, status, retryAfter, message }) {
  const known = code in REFUSED ? code : STATUS[/** @type {keyof typeof STATUS} */ (status)] ?? ''
  const isFinal = ['too_large', 'unsupported_type', 'bad_image', 'forbidden'].includes(known)
  if (known === 'quota' && retryAfter > 0) {
    return { reason: `You have uploaded a lot lately. Please try again in ${waitOf(retryAfter)}.`, isFinal }
  }
  if (known) return { reason: REFUSED[known] ?? '', isFinal }
  if (code === 'bad_answer' || status >= 500) return { reason: AWAY, isFinal }
  return { reason: `${message.charAt(0).toUpperCase()}${message.slice(1).replace(/\.$/, '')}.`, isFinal }
}
