// Addresses that look like another one. A reader judges an address by its host,
// and letters of many scripts look alike: such a host is spelled out.

const LATIN = /^[a-z0-9\u00df-\u00f6\u00f8-\u00ff\u0101-\u0130\u0132-\u0137\u0139-\u0148\u014a-\u017e-]*$/
const ASCII = /^[a-z0-9.-]*$/ // an address as a bare number is one, too
const EAST_ASIAN = /^[a-z0-9\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u30fc\u3005\u3007-]*$/u
const KOREAN = /^[a-z0-9\p{Script=Hangul}-]*$/u

// One script for the whole name, its last label included: "аррӏе.com" is
// Cyrillic and Latin, "президент.рф" is not.
const WHOLE = [/^[\p{Script=Cyrillic}0-9.-]*$/u, /^[\p{Script=Greek}0-9.-]*$/u]
const PER_LABEL = [LATIN, EAST_ASIAN, KOREAN, /^[\p{Script=Thai}0-9-]*$/u, /^[\p{Script=Devanagari}0-9-]*$/u]

/**
 * The host to show beside an address, as the network spells it.
 * @param {string} address as it was written
 * @param {string} href what a browser makes of it
 * @returns {string} '' if the address shows by itself where it leads
 */
export function trueHost(address, href) {
  const host = new URL(href).hostname
  const written = (/^https?:\/*([^/?#\\]*)/i.exec(address)?.[1] ?? '').replace(/:\d*$/, '').toLowerCase()
  if (written === host) return ''
  return !ASCII.test(written) && isHonest(written) && asciiOf(written) === host ? '' : host
}

/**
 * True if a host with letters beyond ASCII looks like no other. Scripts that
 * run from the right are never taken as such: their labels may change places.
 * @param {string} written
 */
function isHonest(written) {
  if (written !== written.normalize('NFKC')) return false
  if (WHOLE.some((script) => script.test(written))) return true
  return written.split('.').every((label) => PER_LABEL.some((script) => script.test(label)))
}

/** @param {string} host */
function asciiOf(host) {
  try {
    return new URL(`https://${host}`).hostname
  } catch {
    return ''
  }
}
