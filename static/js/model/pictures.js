// How a picture is shown before any of it has come: its shape, and which of its
// previews the browser may choose from.

import { mayMove } from './animation.js'
import { fileUrl } from './files.js'

/** @typedef {import('../../types.js').FileInfo} FileInfo */

const UNKNOWN = 4 / 3
const TALLEST = 1 / 2 // shape, width by height, beyond which a picture is cut in the log
const WIDEST = 3
const SMALLEST = 64 // px that can be hit
const HEAVY = 4 * 1024 * 1024 // bytes that are not loaded unasked

/**
 * @param {FileInfo} file
 * @returns {number} width by height, within what fits into a conversation
 */
export const shapeOf = (file) => Math.min(WIDEST, Math.max(TALLEST, ratioOf(file)))

/** @param {FileInfo} file */
const ratioOf = ({ width, height }) => (width && height ? width / height : UNKNOWN)

/**
 * @param {FileInfo} file
 * @returns {number} px that it is wide at most
 */
export const widthOf = ({ width }) => Math.max(SMALLEST, width ?? Infinity)

/** @param {FileInfo} file which may move; a picture that was not sent yet does not */
export const isMoving = ({ type }) => type === 'image/gif'

/** @param {FileInfo} file that moves @param {boolean} isCalm the reader wants less motion */
export const waitsToPlay = ({ size }, isCalm) => isCalm || size > HEAVY

/** @param {FileInfo} file @returns {string} its smallest preview; '' if it has none */
export const stillOf = (file) => (file.previews?.[0] ? fileUrl(file, file.previews[0]) : '')

/** @param {FileInfo} file @returns {string} its largest preview; '' if it has none */
export function largeStillOf(file) {
  const size = file.previews?.at(-1)
  return size ? fileUrl(file, size) : ''
}

/**
 * The sources that the browser may choose from, by width.
 * @param {FileInfo} file @param {boolean} [isCalm] the reader wants less motion
 * @returns {{src: string, srcset: string}}
 */
export function sourcesOf(file, isCalm = false) {
  const { width = 0, height = 0, previews = [] } = file
  const longer = Math.max(width, height)
  const known = previews.map((size) => ({ url: fileUrl(file, size), size }))
  const most = previews.at(-1) ?? 0
  // The previews may be all smaller than the picture, and it is none to wait for.
  const isStill = most > 0 && isCalm && mayMove(file)
  if (longer > most && longer <= 1280 && !isStill) known.push({ url: fileUrl(file), size: longer })
  const [first] = known
  if (!first || !longer) return { src: first?.url ?? fileUrl(file), srcset: '' }
  const choices = known.map(({ url, size }) => {
    const across = Math.max(1, Math.round((width * Math.min(size, longer)) / longer))
    return `${url} ${across}w`
  })
  return { src: first.url, srcset: choices.join(', ') }
}

/**
 * The source of a picture that is looked at alone: the file itself, unless
 * there is a preview that comes sooner.
 * @param {FileInfo} file
 */
export const largeOf = (file) =>
  (file.size > HEAVY && file.previews?.includes(1280) ? fileUrl(file, 1280) : fileUrl(file))

/**
 * How wide it will be on the screen, for the browser's choice.
 * @param {FileInfo} file @param {{high: number, wide: number}} most px
 */
export const widthIn = (file, { high, wide }) =>
  Math.ceil(Math.min(widthOf(file), wide, high * shapeOf(file)))

/**
 * The same for one that fills a square.
 * @param {FileInfo} file @param {number} side px
 */
export const widthOver = (file, side) => Math.ceil(side * Math.max(1, ratioOf(file)))
