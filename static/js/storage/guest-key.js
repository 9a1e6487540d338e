// The guest key identifies a guest over reconnects, as the author of messages.
// Servers show only a hash of it. It is sent as a subprotocol, as tickets are,
// because URLs are logged.

const PROTOCOL = 'livechat.user' // what the server answers with
const GUEST = 'livechat.guest.'
const KEY = /^[0-9a-f]{32}$/

/** @param {string} key */
export const guestProtocols = (key) => [PROTOCOL, GUEST + key]

/**
 * The headers of a guest's uploads: the same author as in the room.
 * @param {string} key
 */
export const guestHeader = (key) => ({ 'Livechat-Guest': key })

/** @param {string} key */
export const isGuestKey = (key) => KEY.test(key)

/** @returns {string} 128 random bits */
export function newGuestKey() {
  const octets = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(octets, (octet) => octet.toString(16).padStart(2, '0')).join('')
}
