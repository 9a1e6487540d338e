// The address under which others come into a room.

export const DEFAULT_ROOM = 'livechat'

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
 * Whether an address means the computer of whoever opens it.
 * @param {string} address
 */
export function isLocal(address) {
  const { hostname } = new URL(address)
  return hostname === 'localhost' || hostname.endsWith('.localhost')
    || hostname === '[::1]' || /^127\./.test(hostname)
}
