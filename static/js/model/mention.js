// Whom a text names, and whom somebody who writes an at sign may mean.

const WORD = /[\p{L}\p{N}\p{M}_-]/u

/**
 * @param {string} text
 * @param {string} name
 * @returns {boolean} whether the text has the whole name after an at sign, and not in code
 */
export function mentions(text, name) {
  const [words = '', wanted = ''] = [withoutCode(text), `@${name}`]
    .map((one) => one.normalize('NFC').toLocaleLowerCase())
  if (!name) return false
  for (let at = words.indexOf(wanted); at >= 0; at = words.indexOf(wanted, at + 1)) {
    const [before = ''] = words.slice(0, at).match(/.$/u) ?? ['']
    const [after = ''] = words.slice(at + wanted.length).match(/^./u) ?? ['']
    if (!WORD.test(before) && !WORD.test(after)) return true
  }
  return false
}

/**
 * A text without code in parts, of which some name people.
 * @param {string} text
 * @param {string[]} names few
 * @returns {{text: string, isName: boolean}[]} all texts together are the text again
 */
export function namesIn(text, names) {
  if (names.length === 0 || !text.includes('@')) return [{ text, isName: false }]
  const known = names.flatMap((name) => [name.normalize('NFC'), name.normalize('NFD')])
    .sort((a, b) => b.length - a.length)
  const pattern = new RegExp(`(?<!${LETTER})@(?:${known.map(escape).join('|')})(?!${LETTER})`, 'giu')
  const found = []
  let end = 0
  for (const match of text.matchAll(pattern)) {
    const [word = ''] = match
    const start = match.index ?? 0
    if (start > end) found.push({ text: text.slice(end, start), isName: false })
    end = start + word.length
    found.push({ text: word, isName: true })
  }
  if (end < text.length) found.push({ text: text.slice(end), isName: false })
  return found
}

/**
 * The name that is begun before the caret.
 * @param {string} before what stands there
 * @returns {{from: number, begun: string} | null} where its at sign is; null if none is begun
 */
export function begunIn(before) {
  const from = before.lastIndexOf('@')
  const begun = before.slice(from + 1)
  if (from < 0 || begun.length > LONGEST || /\n|^\s/.test(begun)
    || new RegExp(`${LETTER}$`, 'u').test(before.slice(0, from))) return null
  return { from, begun }
}

/**
 * The names that somebody may mean: those that begin so, then those of which a
 * later word does.
 * @param {string[]} names @param {string} begun
 */
export function meant(names, begun) {
  const wanted = fold(begun)
  const first = names.filter((name) => fold(name).startsWith(wanted))
  const later = names.filter(
    (name) => !first.includes(name) && fold(name).split(/[\s_-]+/).some((word) => word.startsWith(wanted)),
  )
  return [...first, ...later].slice(0, OFFERED)
}

const LETTER = '[\\p{L}\\p{N}\\p{M}]'
const CODE = '```[\\s\\S]*?```|`[^`\\n]+`'
const LONGEST = 32 // characters of a name
const OFFERED = 8
const withoutCode = (/** @type {string} */ text) =>
  (text.includes('`') ? text.replace(new RegExp(CODE, 'g'), '`') : text)
const fold = (/** @type {string} */ text) => text.normalize('NFC').toLocaleLowerCase()
const escape = (/** @type {string} */ name) => name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
