// Follows the files of one message until they are sent, or have failed.

import { FILES } from '../model/strings/files.js'

/** @typedef {import('../../types.js').FileInfo} FileInfo */

/**
 * @param {import('./uploads.js').Uploads} uploads
 * @param {readonly FileInfo[]} files
 * @param {Parameters<import('../../types.js').FileUploads['follow']>[1]} on
 * @param {boolean} isReupload as other files, as these cannot be sent
 * @returns {() => void} stops
 */
export function following(uploads, files, { changed, ready, failed }, isReupload) {
  /** @type {string[]} */
  let ids = []
  const look = () => {
    if (ids.length === 0) return
    const now = ids.map((id) => uploads.get(id))
    const bad = now.find((file) => !file || file.state === 'failed')
    const all = now.flatMap((file) => (file ? [infoOf(file)] : []))
    const isOver = now.every((file) => file?.state === 'done')
    if (isOver || bad || all.length < ids.length) stop()
    changed(all)
    if (isOver) ready(all)
    else if (bad || all.length < ids.length) failed(bad?.reason ?? FILES.gone)
  }
  const stop = uploads.listen(look)
  let isWanted = true
  Promise.all(files.map((file) => uploads.take(file, isReupload))).then((taken) => {
    if (!isWanted) return
    ids = taken
    look()
  })
  return () => {
    isWanted = false
    stop()
  }
}

/**
 * The members of a file that its message has.
 * @param {import('../../types.js').Attached} file @returns {FileInfo}
 */
export function infoOf({ state, reason, isFinal, isKept, owner, larger, ...info }) {
  return info
}
