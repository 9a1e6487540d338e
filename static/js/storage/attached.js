// The files attached to drafts, by conversation: for this window, as drafts
// are. The bytes are in IndexedDB. And whether large pictures are made smaller.

import { browser, tab } from './store.js'

const KEY = 'files'

/** @typedef {import('../../types.js').FileInfo} FileInfo */

/** @returns {Record<string, FileInfo[]>} */
const all = () => tab.object(KEY)

/** @param {string} room @returns {string} its place, which is no chat's */
export const roomPlace = (room) => `room ${room}`

/** The conversations in which something is attached. */
export const placesWithFiles = () => Object.keys(all())

/**
 * @param {string} place a conversation: the id of a chat, or of `roomPlace`
 * @returns {readonly FileInfo[]} without their bytes
 */
export const draftFiles = (place) => all()[place] ?? []

/** @param {string} place @param {readonly FileInfo[]} files */
export function rememberDraftFiles(place, files) {
  const { [place]: _, ...others } = all()
  const plain = files.map(({ blob, progress, ...file }) => file)
  const drafts = plain.length > 0 ? { ...others, [place]: plain } : others
  tab.set(KEY, Object.keys(drafts).length > 0 ? JSON.stringify(drafts) : '')
}

/** Of all that is attached. */
export const draftFileIds = () => Object.values(all()).flat().map(({ id }) => id)

export const forgetDraftFiles = () => tab.set(KEY, '')

export const pictures = {
  get smaller() {
    return browser.get('pictures') !== 'whole'
  },
  set smaller(on) {
    browser.set('pictures', on ? '' : 'whole')
  },
}
