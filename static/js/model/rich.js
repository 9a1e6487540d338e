// What is in a text beyond its characters: addresses that can be followed, and whether it is only a few emoji.

const ADDRESS = /\bhttps?:\/\/[^\s<>"'`\p{C}]+/giu
const CLOSING = /[.,:;!?…'"”’»*_~]$/u
const BRACKETS = /** @type {const} */ ([['(', ')'], ['[', ']'], ['{', '}']])
const FEW_EMOJI = 6
const ONLY_EMOJI = /^(?:\p{Extended_Pictographic}|\p{Emoji_Modifier}|\p{Regional_Indicator}|[\u200d\ufe0f\u20e3\s]|[\u{e0020}-\u{e007f}]|[0-9#*](?=\ufe0f?\u20e3))+$/u
const AN_EMOJI = /\p{Extended_Pictographic}|\p{Regional_Indicator}{2}|\u20e3/u

/**
 * Splits a text into plain parts and addresses. All texts together are the text again.
 * @param {string} text
 * @returns {{text: string, href: string}[]} href is '' for plain parts
 */
export function parts(text) {
  const found = []
  let end = 0
  for (const match of text.matchAll(ADDRESS)) {
    const start = match.index ?? 0
    const shown = withoutTail(match[0] ?? '')
    const href = followable(shown)
    if (!href) continue
    if (start > end) found.push({ text: text.slice(end, start), href: '' })
    found.push({ text: shown, href })
    end = start + shown.length
  }
  if (end < text.length || found.length === 0) found.push({ text: text.slice(end), href: '' })
  return found
}

/**
 * Without the full stop of the sentence and the bracket that was opened before the address.
 * @param {string} address
 */
function withoutTail(address) {
  for (;;) {
    const loose = BRACKETS.some(([open, close]) => address.endsWith(close) && count(address, close) > count(address, open))
    if (!loose && !CLOSING.test(address)) return address
    address = address.slice(0, -1)
  }
}

/** @param {string} text @param {string} part */
const count = (text, part) => text.split(part).length - 1

/**
 * The address if it is one of the web that shows where it leads; "http://bank.example@evil.example" does not.
 * @param {string} address
 */
function followable(address) {
  try {
    const url = new URL(address)
    const web = url.protocol === 'http:' || url.protocol === 'https:'
    return web && url.hostname && !url.username && !url.password ? url.href : ''
  } catch {
    return ''
  }
}

/** @param {string} text */
export function fewEmoji(text) {
  return text.length <= 100 && ONLY_EMOJI.test(text) && AN_EMOJI.test(text) && graphemes(text.replace(/\s/g, '')).length <= FEW_EMOJI
}

/**
 * What people see as the first character, in capitals: it stands in the circle beside a message.
 * @param {string} name
 */
export function initial(name) {
  return (graphemes(name)[0] ?? '').toLocaleUpperCase()
}

/** @param {string} text @returns {string[]} */
function graphemes(text) {
  if (!('Segmenter' in Intl)) return [...text]
  return Array.from(new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text), (s) => s.segment)
}
