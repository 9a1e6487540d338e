// Tells whether a picture at the server moves, for readers who want less
// motion: only they have it looked at before it is shown.

import { HEAD, isAnimation, mayMove } from '../model/animation.js'
import { fileUrl } from '../model/files.js'

/** @typedef {import('../../types.js').FileInfo} FileInfo */

export const wantsCalm = () => matchMedia('(prefers-reduced-motion: reduce)').matches

/** @param {FileInfo} file @returns {boolean} whether it has to be looked at */
export const isDoubtful = (file) => wantsCalm() && mayMove(file) && !file.blob

/**
 * @param {FileInfo} file
 * @returns {Promise<boolean>} false as well if it cannot be had: then nothing moves either
 */
export async function moves(file) {
  try {
    const answer = await fetch(fileUrl(file), { headers: { Range: `bytes=0-${HEAD - 1}` } })
    return answer.ok && isAnimation(file.type, new Uint8Array(await answer.arrayBuffer()))
  } catch {
    return false
  }
}
