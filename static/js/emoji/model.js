// The emoji that can be picked: found by words, in a skin tone, and those that
// were picked last.

/**
 * @typedef {object} Emoji
 * @property {string} text
 * @property {string} name
 * @property {string[]} words of the name, then others
 * @property {number} own how many of them are of the name
 * @property {string} pattern the text with an asterisk for each skin tone; '' if it has none
 */
/** @typedef {{name: string, emoji: Emoji[]}} Group */

/** Skin tones from none to the darkest. */
export const TONES = ['', '🏻', '🏼', '🏽', '🏾', '🏿']
export const RECENT = 24 // emoji that are remembered
const FOUND = 96 // emoji that a search shows

/**
 * @param {{groups: {name: string, emoji: string[]}[]}} file as tools/emoji writes it
 * @returns {Group[]}
 */
export const groupsOf = ({ groups }) => groups.map(({ name, emoji }) => ({ name, emoji: emoji.map(parse) }))

/** @param {string} line @returns {Emoji} */
function parse(line) {
  const [text = '', name = '', more = '', pattern = ''] = line.split('|')
  const own = wordsOf(name)
  return { text, name, words: [...own, ...wordsOf(more)], own: own.length, pattern }
}

/** @param {string} text */
const wordsOf = (text) => text.normalize('NFC').toLowerCase().split(/[^\p{L}\p{M}\p{N}#*]+/u).filter(Boolean)

/** @param {Emoji} emoji @param {string} tone one of TONES */
export const withTone = ({ text, pattern }, tone) => (tone && pattern ? pattern.replaceAll('*', tone) : text)

/**
 * The emoji that have all words, or words that begin like them. Those whose
 * name begins so come first, then those with the words in their name.
 * @param {Group[]} groups @param {string} typed
 * @returns {Emoji[]}
 */
export function search(groups, typed) {
  const wanted = wordsOf(typed)
  const [first = ''] = wanted
  if (!first) return []
  /** @type {Emoji[][]} */
  const ranks = [[], [], []]
  for (const { emoji } of groups) for (const one of emoji) {
    const places = wanted.map((word) => one.words.findIndex((other) => other.startsWith(word)))
    if (places.some((place) => place < 0)) continue
    const rank = places.some((place) => place >= one.own) ? 2 : places[0] === 0 ? 0 : 1
    ranks[rank]?.push(one)
  }
  return ranks.flat().slice(0, FOUND)
}

/**
 * The emoji of some texts, each in the skin tone of its text. Unknown ones are
 * left out.
 * @param {Group[]} groups @param {readonly string[]} texts
 * @returns {Emoji[]}
 */
export function recall(groups, texts) {
  const wanted = new Set(texts)
  /** @type {Map<string, Emoji>} */
  const found = new Map()
  for (const { emoji } of groups) for (const one of emoji) for (const tone of one.pattern ? TONES : ['']) {
    const text = withTone(one, tone)
    if (wanted.has(text)) found.set(text, { ...one, text, pattern: '' })
  }
  return [...wanted].flatMap((text) => found.get(text) ?? [])
}

/**
 * @param {readonly string[]} texts that were picked, the last one first
 * @param {string} text that is picked now
 */
export const remember = (texts, text) => [text, ...texts.filter((one) => one !== text)].slice(0, RECENT)

/**
 * Where an arrow leads in a grid.
 * @param {string} key @param {number} place @param {number} columns @param {number} length
 * @returns {number | null} -1 for above the grid; null if that is no arrow of it
 */
export function step(key, place, columns, length) {
  const last = length - 1
  if (key === 'ArrowRight') return Math.min(place + 1, last)
  if (key === 'ArrowLeft') return Math.max(place - 1, 0)
  if (key === 'ArrowUp') return place < columns ? -1 : place - columns
  if (key === 'ArrowDown') {
    return place + columns <= last ? place + columns : place < last - (last % columns) ? last : place
  }
  if (key === 'Home') return 0
  return key === 'End' ? last : null
}
