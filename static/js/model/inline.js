// Marks within a line: `code`, **bold**, *italic* or _italic_, and the
// addresses in it.

import { parts } from './linkify.js'
import { UNSPACED } from './search-words.js'

/**
 * @typedef {{kind: 'text', text: string}
 *   | {kind: 'link', text: string, href: string, host: string}
 *   | {kind: 'code', open: string, text: string, close: string}
 *   | {kind: 'bold' | 'italic', open: string, nodes: Inline[], close: string}} Inline
 */
/** @typedef {{kind: 'mark', text: string, opens: boolean, closes: boolean}} Mark */

// Backticks are written as \x60: the bundle allows none outside comments that do
// not end on their line.
export const TICK = '\x60'
const BACKTICKS = /\x60+/g
const MARKS = /\*+|_+/g
const WORD_END = /[\p{L}\p{N}]$/u

// The characters that may stand on either side of a mark. Letters may not stand
// outside, so 2*3*4 and snake_case stay as they are, except in scripts without
// spaces; nor the characters of paths and programs. A single mark is not part
// of a face -_-
const PICTURE = '\\p{Extended_Pictographic}\\p{Emoji_Modifier}\\p{Regional_Indicator}\\ufe0f'
const WIDE_MARKS = '\\u3000-\\u303f\\uff00-\\uff0f\\uff1a-\\uff20'
const BEFORE = new RegExp(`^[\\s\\p{Ps}\\p{Pi}\\p{Pd}"'¡¿|*_${WIDE_MARKS}${PICTURE}]?$`, 'u')
const AFTER = new RegExp(`^[\\s\\p{Pe}\\p{Pf}\\p{Pd}"'.,:;!?…|*_${WIDE_MARKS}${PICTURE}]?$`, 'u')
const FIRST = new RegExp(`^[\\p{L}\\p{N}\\p{Ps}\\p{Pi}\\p{Sc}"'\\x60#@¡¿*_${WIDE_MARKS}${PICTURE}]$`, 'u')
const LAST = new RegExp(
  `^[\\p{L}\\p{M}\\p{N}\\p{Pe}\\p{Pf}\\p{Sc}"'\\x60%.,:;!?…*_${WIDE_MARKS}${PICTURE}]$`,
  'u',
)

/** @type {Record<string, 'bold' | 'italic'>} */
const STYLES = { '**': 'bold', '*': 'italic', _: 'italic' }

/** @param {Inline[]} nodes @param {Inline} node */
export function add(nodes, node) {
  if (node.kind === 'text') addText(nodes, node.text)
  else nodes.push(node)
}

/** @param {Inline[]} nodes @param {string} text */
export function addText(nodes, text) {
  const last = nodes.at(-1)
  if (last?.kind === 'text') last.text += text
  else if (text) nodes.push({ kind: 'text', text })
}

/**
 * @param {string} line @returns {Inline[]} nested no deeper than there are kinds of marks
 */
export function inline(line) {
  const nesting = new Nesting()
  let end = 0
  for (const code of codesIn(line)) {
    for (const token of tokensIn(line, end, code.at)) nesting.take(token)
    nesting.take(code.node)
    end = code.at + code.node.open.length + code.node.text.length + code.node.close.length
  }
  for (const token of tokensIn(line, end, line.length)) nesting.take(token)
  return nesting.end()
}

/**
 * Code begins with some backticks and ends with as many. A space beside them
 * stands apart from backticks that are in it.
 * @param {string} line
 */
function codesIn(line) {
  const runs = [...line.matchAll(BACKTICKS)]
    .map(({ 0: run = '', index = 0 }) => ({ at: index, length: run.length }))
  /** @type {Map<number, number[]>} places of runs by length, the first at the end */
  const ahead = new Map()
  for (const { at, length } of [...runs].reverse()) {
    const same = ahead.get(length)
    if (same) same.push(at)
    else ahead.set(length, [at])
  }
  /** @type {{at: number, node: Inline & {kind: 'code'}}[]} */
  const codes = []
  let end = 0
  for (const { at, length } of runs) {
    const same = ahead.get(length) ?? []
    while (same.length > 0 && (same.at(-1) ?? 0) <= at) same.pop()
    const close = same.at(-1)
    if (at < end || close === undefined || WORD_END.test(line.slice(Math.max(0, at - 2), at))) continue
    const inside = line.slice(at + length, close)
    if (!inside.trim()) continue
    const space = inside.startsWith(' ') && inside.endsWith(' ') ? ' ' : ''
    const mark = TICK.repeat(length)
    codes.push({ at, node: {
      kind: 'code', open: mark + space, text: inside.slice(space.length, inside.length - space.length),
      close: space + mark,
    } })
    end = close + length
  }
  return codes
}

/**
 * @param {string} line @param {number} start @param {number} end
 * @returns {Iterable<Inline | Mark>} links, marks and the text between them
 */
function* tokensIn(line, start, end) {
  const all = parts(line.slice(start, end))
  let at = start
  for (const [place, { text, href, host }] of all.entries()) {
    if (href) yield { kind: 'link', text, href, host }
    else yield* marksIn(line, at, text, { before: place > 0, after: place < all.length - 1 })
    at += text.length
  }
}

/**
 * @param {string} line @param {number} at where the text is in it @param {string} text
 * @param {{before: boolean, after: boolean}} links whether there is one on that side
 * @returns {Iterable<Inline | Mark>}
 */
function* marksIn(line, at, text, links) {
  let end = 0
  for (const { 0: mark = '', index = 0 } of text.matchAll(MARKS)) {
    if (index > end) yield { kind: 'text', text: text.slice(end, index) }
    end = index + mark.length
    const before = links.before && index === 0
      ? 'x'
      : lastOf(line.slice(Math.max(0, at + index - 2), at + index))
    const after = links.after && end === text.length ? 'x' : firstOf(line.slice(at + end, at + end + 2))
    yield { kind: 'mark', text: mark, ...sidesOf(mark, before, after) }
  }
  if (end < text.length) yield { kind: 'text', text: text.slice(end) }
}

/** @param {string} text */
const firstOf = (text) => [...text][0] ?? ''
/** @param {string} text */
const lastOf = (text) => [...text].at(-1) ?? ''

/**
 * @param {string} mark
 * @param {string} before the character there, '' for the end of the line @param {string} after
 */
function sidesOf(mark, before, after) {
  if (mark.length > (mark.startsWith('*') ? 3 : 1)) return { opens: false, closes: false }
  const isBold = mark.length > 1
  return {
    opens: (BEFORE.test(before) || UNSPACED.test(before)) && (isBold ? /\S/ : FIRST).test(after),
    closes: (AFTER.test(after) || UNSPACED.test(after)) && (isBold ? /\S/ : LAST).test(before),
  }
}

/** Puts what stands between two marks into one node. */
class Nesting {
  /**
   * The styles that have begun, and the line itself at the bottom. Each mark has
   * begun once at most.
   * @type {{mark: string, nodes: Inline[], isEmpty: boolean}[]}
   */
  #open = [{ mark: '', nodes: [], isEmpty: true }]
  #closed = '' // the mark that was closed last

  get #top() {
    return /** @type {{mark: string, nodes: Inline[], isEmpty: boolean}} */ (this.#open.at(-1))
  }

  /** @param {Inline | Mark} token */
  take(token) {
    if (token.kind === 'mark') return this.#mark(token)
    add(this.#top.nodes, token)
    this.#top.isEmpty = false
  }

  /** @returns {Inline[]} what has no end is text */
  end() {
    while (this.#open.length > 1) this.#drop(this.#open.length - 1)
    return this.#top.nodes
  }

  /** @param {Mark} mark */
  #mark({ text, opens, closes }) {
    let left = text
    while (closes && left && this.#close(left)) left = left.slice(this.#closed.length)
    if (left !== text || !opens) return addText(this.#top.nodes, left)
    for (const mark of text === '***' ? ['**', '*'] : [text]) {
      const place = this.#open.findIndex((one) => one.mark === mark)
      if (place > 0) this.#drop(place)
      this.#open.push({ mark, nodes: [], isEmpty: true })
    }
  }

  /** @param {string} left of a run of marks @returns {boolean} whether something ends there */
  #close(left) {
    const ends = (/** @type {string} */ mark) =>
      mark === left || (left === '***' && mark !== '' && left.startsWith(mark))
    let place = this.#open.length - 1
    while (place > 0 && !ends(this.#open[place]?.mark ?? '')) place--
    if (place < 1 || this.#open.slice(place).every(({ isEmpty }) => isEmpty)) return false
    while (this.#open.length - 1 > place) this.#drop(this.#open.length - 1)
    const { mark, nodes } = this.#top
    this.#open.pop()
    this.#top.nodes.push({ kind: STYLES[mark] ?? 'bold', open: mark, nodes, close: mark })
    this.#top.isEmpty = false
    this.#closed = mark
    return true
  }

  /** @param {number} place of what has no end: its mark is text */
  #drop(place) {
    const [gone] = this.#open.splice(place, 1)
    const under = this.#open[place - 1]
    if (!gone || !under) return
    addText(under.nodes, gone.mark)
    for (const node of gone.nodes) add(under.nodes, node)
    under.isEmpty &&= gone.isEmpty
  }
}
