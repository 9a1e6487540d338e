// The files of messages, in words.

import { sizeOf } from '../bytes.js'
import { kindOf } from '../files.js'
import { isolated } from './card.js'
import { plural } from './plural.js'

/** @typedef {import('../../../types.js').FileInfo} FileInfo */

/** @type {Record<string, [one: string, many: string]>} by kind */
const KINDS = {
  picture: ['picture', 'pictures'], video: ['video', 'videos'], audio: ['recording', 'recordings'],
  document: ['document', 'documents'], '': ['file', 'files'],
}

/**
 * @param {readonly FileInfo[]} files
 * @returns {string} what they are, in a word or two; '' for none
 */
function describe(files) {
  const [first] = files
  if (!first) return ''
  const kind = kindOf(first)
  const [one, many] = KINDS[files.every((file) => kindOf(file) === kind) ? kind : ''] ?? ['', '']
  if (files.length > 1) return plural(files.length, one, many)
  const word = one.charAt(0).toUpperCase() + one.slice(1)
  return kind === 'document' ? `${word} ${isolated(first.name)}` : word
}

/**
 * The text of a message, or a description of its files if it has none.
 * @param {{text: string, files?: readonly FileInfo[] | undefined}} message
 */
export const saidIn = ({ text, files = [] }) => text || describe(files)

export const FILES = {
  /** @param {FileInfo} file what is said instead of a picture that cannot be seen */
  alt: ({ alt, name }) => alt ?? `Picture ${isolated(name)}`,
  /** @param {string} name */
  video: (name) => `Video ${isolated(name)}`,
  /** @param {string} name */
  audio: (name) => `Recording ${isolated(name)}`,
  /** @param {FileInfo} file */
  download: ({ name, size }) => `Download ${isolated(name)}, ${sizeOf(size)}`,
  /** @param {string} name */
  failed: (name) => `Couldn't load ${isolated(name)}.`,
  /** @param {string} name */
  notPlayed: (name) => `Couldn't play ${isolated(name)}.`,
  /** @param {string} name */
  again: (name) => `Try again to load ${isolated(name)}`,
  /** @param {string} name */
  play: (name) => `Play ${isolated(name)}`,
  /** @param {string} name */
  pause: (name) => `Pause ${isolated(name)}`,
  sign: 'FILE', // of a document whose name has no extension
  unknown: "This page can't show that message. Reload the page to get a newer version.",
  noLightbox: "Couldn't open the picture. Please try again.",
}

export const LIGHTBOX = {
  title: 'Pictures',
  close: 'Close',
  previous: 'Previous picture',
  next: 'Next picture',
  download: 'Download',
  tryAgain: 'Try again',
  play: 'Play',
  pause: 'Pause',
  /** @param {string} alt */
  zoomIn: (alt) => `${alt}. Zoom in`,
  /** @param {string} alt */
  zoomOut: (alt) => `${alt}. Zoom out`,
  /** @param {number} place @param {number} all */
  count: (place, all) => `${place} of ${all}`,
}
