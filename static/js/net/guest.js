// The guest key: by it a guest is the same one after a reconnect, and the ids of what was written are nobody else's. The servers show a hash of it.
// It goes beside the subprotocol, as a ticket does: addresses stand in logs.

const PROTOCOL = 'livechat.user' // what the server answers with
const GUEST = 'livechat.guest.'
const KEY = /^[0-9a-f]{32}$/

/** @param {string} key */
export const guestProtocols = (key) => [PROTOCOL, GUEST + key]

/** @param {string} key */
export const isGuestKey = (key) => KEY.test(key)

/** @returns {string} 128 random bits */
export const newGuestKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (octet) => octet.toString(16).padStart(2, '0')).join('')
