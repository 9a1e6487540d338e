// Pictures before they are sent: how large they are, and smaller ones of those
// that are larger than any screen. What moves is left as it is; so is whatever
// the browser cannot do here.

import { HEAD, isAnimation } from '../model/animation.js'

const LONGEST = 2560 // px on the longer side
const QUALITY = 0.9
const TYPES = new Set(['image/jpeg', 'image/png', 'image/webp'])

/** @typedef {{blob: Blob, width?: number, height?: number, isSmaller?: true}} Picture */

/**
 * @param {Blob} blob of any kind
 * @param {boolean} isWanted whether a smaller one is
 * @returns {Promise<Picture>} with the size of what can be shown
 */
export async function prepared(blob, isWanted) {
  if (!blob.type.startsWith('image/') || blob.type.startsWith('image/svg')) return { blob }
  /** @type {ImageBitmap | null} */
  let bitmap = null
  try {
    bitmap = await createImageBitmap(blob) // the right way up
    const { width, height } = bitmap
    const asIs = { blob, width, height }
    if (!isWanted || Math.max(width, height) <= LONGEST) return asIs
    if (!TYPES.has(blob.type) || await moves(blob)) return asIs
    return await smaller(bitmap, blob) ?? asIs
  } catch {
    return { blob } // the server knows more formats, or says what is wrong
  } finally {
    bitmap?.close()
  }
}

/**
 * @param {ImageBitmap} bitmap @param {Blob} blob
 * @returns {Promise<Picture | null>} null if it would not be less to send
 */
async function smaller(bitmap, { type, size }) {
  const factor = LONGEST / Math.max(bitmap.width, bitmap.height)
  const width = Math.max(1, Math.round(bitmap.width * factor))
  const height = Math.max(1, Math.round(bitmap.height * factor))
  const canvas = Object.assign(document.createElement('canvas'), { width, height })
  const context = canvas.getContext('2d')
  if (!context) return null
  context.imageSmoothingQuality = 'high'
  context.drawImage(bitmap, 0, 0, width, height)
  /** @type {Blob | null} */
  const made = await new Promise((resolve) => canvas.toBlob(resolve, type, QUALITY))
  canvas.width = canvas.height = 0 // gives the memory back at once
  const isBetter = made?.type === type && made.size < size
  return made && isBetter ? { blob: made, width, height, isSmaller: true } : null
}

/** @param {Blob} blob @returns {Promise<boolean>} whether a canvas would stop it */
const moves = async (blob) =>
  isAnimation(blob.type, new Uint8Array(await blob.slice(0, HEAD).arrayBuffer()))
