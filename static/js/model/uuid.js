// The id of a message: a UUID of version 4 (RFC 9562). `crypto.randomUUID`
// exists only where the page came over https or from localhost; on
// http://192.168.1.2 the same has to be put together by hand.

export function uuid() {
  return typeof crypto.randomUUID === 'function'
    ? crypto.randomUUID()
    : uuidOf(crypto.getRandomValues(new Uint8Array(16)))
}

/** @param {Uint8Array} bytes 16 random bytes */
export function uuidOf(bytes) {
  const octets = Array.from(bytes)
  octets[6] = (octets[6] ?? 0) & 0x0f | 0x40 // version 4
  octets[8] = (octets[8] ?? 0) & 0x3f | 0x80 // the variant of the RFC
  const hex = octets.map((octet) => octet.toString(16).padStart(2, '0')).join('')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

const PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** @param {string} text */
export function isUUID(text) {
  return PATTERN.test(text)
}
