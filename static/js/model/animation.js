// Tells whether a PNG or a WebP is an animation: its first bytes say so. Other
// types say it by their name, or never are.

export const HEAD = 65_536 // bytes in which an animation says so

/** @param {{type: string}} file of whose type some move, and some do not */
export const mayMove = ({ type }) => type === 'image/png' || type === 'image/webp'

/**
 * @param {string} type @param {Uint8Array} head the first bytes
 * @returns {boolean}
 */
export function isAnimation(type, head) {
  const text = (/** @type {number} */ at) => String.fromCharCode(...head.subarray(at, at + 4))
  if (type === 'image/webp') return text(12) === 'VP8X' && ((head[20] ?? 0) & 2) !== 0
  if (type !== 'image/png') return false
  const view = new DataView(head.buffer, head.byteOffset, head.length)
  for (let at = 8; at + 8 <= head.length; at += 12 + view.getUint32(at)) {
    if (text(at + 4) === 'acTL') return true
    if (text(at + 4) === 'IDAT') return false
  }
  return false
}
