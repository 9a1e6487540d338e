// Parts of a text: addresses that can be followed, and the test whether it is
// only a few emoji.

import { trueHost } from './hosts.js'

// Chinese and Japanese put no space after an address: their marks and all
// full-width punctuation end it.
const ADDRESS = /(?<![a-z0-9])https?:\/\/[^\s<>"'`\p{C}\u3000-\u3004\u3008-\u3020\u3030\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]+/giu
const CLOSING = /[.,:;!?…'"”’»*_~]/u
const BRACKETS = /** @type {const} */ ([['(', ')'], ['[', ']'], ['{', '}']])
const FEW_EMOJI = 6
const ONLY_EMOJI = /^(?:\p{Extended_Pictographic}|\p{Emoji_Modifier}|\p{Regional_Indicator}|[\u200d\ufe0f\u20e3\s]|[\u{e0020}-\u{e007f}]|[0-9#*](?=\ufe0f?\u20e3))+$/u
// Two of them fit into a circle.
const NARROW = /^[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}]\p{M}?$/u
const WIDE = /[\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7a3\uff00-\uff60]/g // characters that take the room of two
const AN_EMOJI = /\p{Extended_Pictographic}|\p{Regional_Indicator}{2}|\u20e3/u

/**
 * Splits a text into plain parts and addresses. All texts together are the text
 * again.
 * @param {string} text
 * @returns {{text: string, href: string, host: string}[]} href is '' for plain
 * parts; host names the server where an address that looks like another leads
 */
export function parts(text) {
  const found = []
  let end = 0
  for (const match of text.matchAll(ADDRESS)) {
    const start = match.index ?? 0
    const shown = withoutTail(match[0] ?? '')
    const href = followable(shown)
    if (!href) continue
    if (start > end) found.push({ text: text.slice(end, start), href: '', host: '' })
    found.push({ text: shown, href, host: trueHost(shown, href) })
    end = start + shown.length
  }
  if (end < text.length || found.length === 0) found.push({ text: text.slice(end), href: '', host: '' })
  return found
}

/**
 * Without the full stop of the sentence and the bracket that was opened before
 * the address.
 * @param {string} address
 */
function withoutTail(address) {
  const counts = new Map()
  for (const one of address) counts.set(one, (counts.get(one) ?? 0) + 1)
  let end = address.length
  for (; end > 0; end--) {
    const last = address[end - 1] ?? ''
    const bracket = BRACKETS.find(([, close]) => last === close)
    const isLoose = bracket && counts.get(last) > (counts.get(bracket[0]) ?? 0)
    if (!isLoose && !CLOSING.test(last)) break
    counts.set(last, counts.get(last) - 1)
  }
  return address.slice(0, end)
}

/**
 * The address if it is one of the web that shows where it leads;
 * "http://bank.example@evil.example" does not.
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
  return text.length <= 100 && ONLY_EMOJI.test(text) && AN_EMOJI.test(text)
    && graphemes(text.replace(/\s/g, '')).length <= FEW_EMOJI
}

/**
 * Roughly how many lines a text takes.
 * @param {string} text @param {number} columns letters on a line
 */
export function linesOf(text, columns) {
  return text.split('\n').reduce(
    (sum, line) => sum + Math.max(1, Math.ceil((line.length + (line.match(WIDE)?.length ?? 0)) / columns)),
    0,
  )
}

/**
 * The first character of a name as people see it, in capitals: it stands in the
 * circle beside a message. A second word adds its own, as long as both are
 * letters.
 * @param {string} name
 */
export function initial(name) {
  const words = name.trim().split(/[\s._-]+/u).filter(Boolean)
  const [first = '', second = ''] = [words[0], words.length > 1 ? words.at(-1) : '']
    .map((word) => graphemes(word ?? '')[0] ?? '')
  const both = [first, second].every((one) => NARROW.test(one))
  return (both ? first + second : first).toLocaleUpperCase()
}

/**
 * The letters in the circles of some people: two where one would be that of
 * several.
 * @param {Iterable<string>} names
 * @returns {Map<string, string>} by name
 */
export function initials(names) {
  const all = new Map([...names].map((name) => [name, initial(name)]))
  const counts = new Map()
  for (const one of all.values()) counts.set(one, (counts.get(one) ?? 0) + 1)
  for (const [name, one] of all) {
    if (counts.get(one) > 1 && NARROW.test(one)) all.set(name, one + nextLetter(name))
  }
  return all
}

/** @param {string} name */
function nextLetter(name) {
  const second = graphemes(name.trim())[1] ?? ''
  return NARROW.test(second) ? second.toLocaleLowerCase() : ''
}

/** @param {string} text @returns {string[]} */
function graphemes(text) {
  if (!('Segmenter' in Intl)) return [...text]
  return Array.from(
    new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text),
    (s) => s.segment,
  )
}
