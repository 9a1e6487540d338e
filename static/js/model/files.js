// The files of messages: which of what a server says of them is believed, what
// each is shown as, and where it is. An address is always built from an id and a
// name, never taken from an answer.

import { isUUID } from './uuid.js'

/** @typedef {import('../../types.js').FileInfo} FileInfo */
/** @typedef {'picture' | 'video' | 'audio' | 'document'} FileKind */

const BASE = '/api/v1/files/'
const MOST = 10 // files of a message
const PREVIEWS = [320, 1280] // pixels of the longer side
// Characters of a name that cannot be seen, or that turn the text around them.
const TRICKS = /[\p{Cc}\p{Cs}\u061c\u200b\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069\ufeff]/gu
const EXTENSION = /\.([a-z0-9]{1,5})$/i
const TAIL = 10 // characters at the end of a name that are always shown

// The types that the server sends to be shown, not to be saved.
/** @type {Record<string, FileKind>} */
const KINDS = {
  'image/png': 'picture', 'image/jpeg': 'picture', 'image/gif': 'picture', 'image/webp': 'picture',
  'video/mp4': 'video', 'video/webm': 'video', 'video/ogg': 'video',
  'audio/mpeg': 'audio', 'audio/ogg': 'audio', 'audio/webm': 'audio', 'application/ogg': 'audio',
}

/**
 * @param {unknown} value what somebody says the files of a message are
 * @returns {FileInfo[]} those that can be believed, each once
 */
export function filesOf(value) {
  if (!Array.isArray(value)) return []
  const known = new Map(value.flatMap((one) => fileOf(one) ?? []).map((file) => [file.id, file]))
  return [...known.values()].slice(0, MOST)
}

/** @param {any} value @returns {FileInfo | null} */
function fileOf(value) {
  if (value === null || typeof value !== 'object') return null
  const { id, name, type, size, width, height, previews, alt } = value
  if (!isString(id) || !isUUID(id) || !isString(name) || !isString(type)) return null
  if (!Number.isSafeInteger(size) || size < 0) return null
  const made = Array.isArray(previews) ? PREVIEWS.filter((one) => previews.includes(one)) : []
  return {
    id, name: cleanFileName(name), type, size,
    ...(isLength(width) && isLength(height) && { width, height }),
    ...(made.length > 0 && { previews: made }),
    ...(isString(alt) && alt.trim() !== '' && { alt: alt.trim() }),
  }
}

const isString = (/** @type {unknown} */ value) => typeof value === 'string'
const isLength = (/** @type {unknown} */ value) => Number.isSafeInteger(value) && Number(value) > 0

/**
 * A message of an answer or an event with those of its files that can be
 * believed.
 * @template {{text?: string, files?: unknown}} M
 * @param {M} message
 * @returns {M & {text: string, files?: FileInfo[]}}
 */
export function withFiles({ files, ...message }) {
  const believed = filesOf(files)
  const { text = '' } = message
  return /** @type {any} */ ({ ...message, text, ...(believed.length > 0 && { files: believed }) })
}

/** @param {string} name @returns {string} one that shows what it is */
export function cleanFileName(name) {
  const clean = name.replace(TRICKS, '').trim()
  return /^\.*$/.test(clean) ? 'file' : clean // dots alone would be steps of a path
}

/** @param {Pick<FileInfo, 'type'>} file @returns {FileKind} */
export const kindOf = ({ type }) => (Object.hasOwn(KINDS, type) ? KINDS[type] : undefined) ?? 'document'

/**
 * @param {FileInfo} file
 * @param {number} [preview] its longer side; without one, the file itself
 */
export const fileUrl = ({ id, name }, preview) =>
  `${BASE}${id}/${encodeURIComponent(name)}${preview ? `?size=${preview}` : ''}`

/**
 * @param {Pick<FileInfo, 'name'>} file
 * @returns {string} its extension in capitals; '' without one
 */
export const extensionOf = ({ name }) => (EXTENSION.exec(name)?.[1] ?? '').toUpperCase()

/**
 * A name in two parts: where there is no space, the first one is cut, so that
 * what kind of file it is can still be read.
 * @param {string} name @returns {[string, string]}
 */
export function nameParts(name) {
  const letters = [...name]
  const cut = letters.length > 2 * TAIL ? letters.length - TAIL : letters.length
  return [letters.slice(0, cut).join(''), letters.slice(cut).join('')]
}
