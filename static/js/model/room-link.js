// The address under which others come into a room.

import { validRoom } from './rules.js'

export const DEFAULT_ROOM = 'livechat'

/**
 * @param {string} page an address of the page
 * @returns {string} the room that it leads to; the main room if it names none
 */
export function roomIn(page) {
  const asked = new URL(page).searchParams.get('room') ?? ''
  return validRoom(asked) ? asked : DEFAULT_ROOM
}

/**
 * @param {string} page any address of the page
 * @param {string} room
 */
export function roomLink(page, room) {
  const link = new URL('./', page) // without what was asked, and without the message
  if (room !== DEFAULT_ROOM) link.searchParams.set('room', room)
  return link.href
}

/**
 * True if an address means the computer of whoever opens it.
 * @param {string} address
 */
export function isLocal(address) {
  const { hostname } = new URL(address)
  return hostname === 'localhost' || hostname.endsWith('.localhost')
    || hostname === '[::1]' || /^127\./.test(hostname)
}
