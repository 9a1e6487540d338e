// Parses the text typed into the search: words, and operators that narrow it
// down (from:ann, from:"Bob Lee", in:tea). And finds the words in a text that
// was found: words as the server has them (server/store/words.go).

import { validRoom } from './rules.js'

/**
 * @typedef {object} Wish what is looked for
 * @property {string} words
 * @property {string} from a name; '' for anybody
 * @property {string} room '' for anywhere
 * @property {'' | 'words' | 'room'} lacks what there is no searching without: a word, or a room
 *   that can be
 */

const OPERATOR = /(?<=^|\s)(?:(from)|in):(?:"([^"]*)"?|“([^”]*)”?|(\S*))/giu
const FROM_LIMIT = 64 // characters; the server's limit
const TERMS = 16 // words that count, as on the server
const WORD_LIMIT = 64 // characters of a word that count
const LEAD = 32 // characters that a snippet shows before what was found
const LONGEST_LEAD = 60 // characters before it that are not cut

export const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}ー]/u
const LETTER = /[\p{L}\p{N}]/u
const MARK = /[\p{M}\p{Cf}]/u
const PUNCTUATION = /\p{P}/u

/**
 * @param {string} typed
 * @returns {Wish | null} null if nothing is looked for
 */
export function wishFrom(typed) {
  let from = ''
  let room = ''
  const words = typed.replace(OPERATOR, (_, isFrom, quoted, curly, bare) => {
    const value = (quoted ?? curly ?? bare).trim()
    if (value && isFrom) from = [...value.replace(/^@/, '')].slice(0, FROM_LIMIT).join('')
    else if (value) room = value.replace(/^#/, '').toLowerCase()
    return ' '
  }).replace(/\s+/gu, ' ').trim()
  if (!words && !from && !room) return null
  return { words, from, room, lacks: room && !validRoom(room) ? 'room' : words ? '' : 'words' }
}

/**
 * The part of a text that shows what was found, in pieces.
 * @param {string} text @param {string} words
 * @returns {{text: string, isHit: boolean}[]}
 */
export function snippet(text, words) {
  const pieces = marked(text, words)
  const [lead, ...rest] = pieces
  if (!lead || lead.isHit || rest.length === 0 || lead.text.length <= LONGEST_LEAD) return pieces
  const kept = [...lead.text.slice(-LEAD)].join('').replace(/^[\udc00-\udfff]/, '')
  const space = kept.search(/\s/u)
  return [{ text: `…${space < 0 ? kept : kept.slice(space + 1)}`, isHit: false }, ...rest]
}

/**
 * A text in pieces, those that were looked for apart.
 * @param {string} text @param {string} words
 */
export function marked(text, words) {
  const terms = runsOf(words).slice(0, TERMS).map(({ folded, isWord }) => ({ text: folded.join(''), isWord }))
  /** @type {{text: string, isHit: boolean}[]} */
  const pieces = []
  let end = 0
  for (const { from, to } of runsOf(text).flatMap((run) => hitsIn(run, terms))) {
    if (from > end) pieces.push({ text: text.slice(end, from), isHit: false })
    pieces.push({ text: text.slice(from, to), isHit: true })
    end = to
  }
  if (end < text.length) pieces.push({ text: text.slice(end), isHit: false })
  return pieces
}

/**
 * A run of letters of one kind.
 * @typedef {object} Run
 * @property {boolean} isWord of a script that has spaces between words
 * @property {string[]} folded its characters, in the form in which they are compared
 * @property {number[]} starts where each of them begins in the text
 * @property {number} end
 */

/** @param {string} text @returns {Run[]} */
function runsOf(text) {
  /** @type {Run[]} */
  const runs = []
  let at = 0
  let open = false
  for (const character of text) {
    const last = runs.at(-1)
    const unspaced = UNSPACED.test(character) && !PUNCTUATION.test(character)
    const isWord = LETTER.test(character) && !unspaced
    if (open && last && (MARK.test(character) || (unspaced ? !last.isWord : isWord && last.isWord))) {
      add(last, character, at)
    } else if (unspaced || isWord) {
      runs.push(add({ isWord, folded: [], starts: [], end: 0 }, character, at))
      open = true
    } else {
      open = false
    }
    at += character.length
  }
  return runs.map((run) => (run.isWord ? whole(run) : run))
}

/** @param {Run} run @param {string} character @param {number} at */
function add(run, character, at) {
  run.folded.push(fold(character))
  run.starts.push(at)
  run.end = at + character.length
  return run
}

/**
 * Letters and their marks may be one character, or several.
 * @param {Run} run
 */
const whole = (run) => ({ ...run, folded: [[...fold(run.folded.join(''))].slice(0, WORD_LIMIT).join('')] })

/** @param {string} text */
const fold = (text) => [...text.normalize('NFKC').replace(/\p{Cf}/gu, '')]
  .map((one) => one.toUpperCase().toLowerCase()).join('').normalize('NFKC').replaceAll('i\u0307', 'i')

/**
 * @param {Run} run @param {{text: string, isWord: boolean}[]} terms
 * @returns {{from: number, to: number}[]} in their order, none over another
 */
function hitsIn({ isWord, folded, starts, end }, terms) {
  const wanted = terms.filter((term) => term.isWord === isWord).map((term) => term.text)
  if (isWord) return wanted.includes(folded[0] ?? '') ? [{ from: starts[0] ?? 0, to: end }] : []
  const hits = []
  for (let i = 0; i < folded.length;) {
    const rest = folded.slice(i).join('')
    const longest = wanted.filter((text) => rest.startsWith(text)).sort((a, b) => b.length - a.length)[0]
    let next = i + 1
    if (longest) {
      while (folded.slice(i, next).join('').length < longest.length) next++
      hits.push({ from: starts[i] ?? 0, to: starts[next] ?? end })
    }
    i = next
  }
  return hits
}
