// The little that people mark in a text: `code`, **bold**, *italic* or _italic_,
// and by line > quotes, lists with - or 1. and blocks of code between ```. What
// has no end, or stands in the middle of a word, is text like any other. Marks
// are kept, so the text can be put together again.

import { add, addText, inline, TICK } from './inline.js'

/** @typedef {import('./inline.js').Inline} Inline */
/**
 * Blocks are separated by a line break, which is in none of them.
 * @typedef {{kind: 'lines', nodes: Inline[]}
 *   | {kind: 'quote' | 'list', lines: {mark: string, nodes: Inline[]}[]}
 *   | {kind: 'fence', open: string, text: string, close: string}} Block
 */

const TICKS = TICK.repeat(3)
const FENCE = /^\x60{3}(?:[\w+#.-]{0,20}[ \t]*$)?/ // the whole line if it names a language, or nothing
const FENCE_END = /\x60{3}[ \t]*$/gm
const QUOTE = /^> /
const MORE_QUOTE = /^>(?: |$)/
const ITEM = /^(?:-|(?:0|[1-9]\d{0,2})\.) (?=\S)/

/**
 * The time it takes grows with the length of the text, whatever is in it.
 * @param {string} text @returns {Block[]}
 */
export function markup(text) {
  /** @type {Block[]} */
  const blocks = []
  let canFence = true
  for (let at = 0; at <= text.length;) {
    const line = lineAt(text, at)
    const fence = canFence && line.startsWith(TICKS) ? fenceAt(text, at, line) : null
    if (fence === null && line.startsWith(TICKS)) canFence = false // then there is no end for any other
    if (fence) {
      blocks.push(fence)
      at += fence.open.length + fence.text.length + fence.close.length + 1
    } else {
      addLine(blocks, line)
      at += line.length + 1
    }
  }
  return blocks
}

/** @param {string} text @param {number} at */
function lineAt(text, at) {
  const end = text.indexOf('\n', at)
  return text.slice(at, end < 0 ? text.length : end)
}

/**
 * @param {string} text @param {number} at where its line begins @param {string} line
 * @returns {Block & {kind: 'fence'} | null | undefined} null without an end, undefined without
 *   anything in it
 */
function fenceAt(text, at, line) {
  const mark = line.match(FENCE)?.[0] ?? ''
  const open = mark === line ? `${line}\n` : mark
  FENCE_END.lastIndex = at + open.length
  const end = FENCE_END.exec(text)
  if (!end) return null
  const inside = text.slice(at + open.length, end.index)
  if (!inside.trim()) return undefined
  const broken = inside.endsWith('\n') ? '\n' : ''
  return { kind: 'fence', open, text: inside.slice(0, inside.length - broken.length), close: broken + end[0] }
}

/** @param {Block[]} blocks @param {string} line */
function addLine(blocks, line) {
  const last = blocks.at(-1)
  const quote = line.match(last?.kind === 'quote' ? MORE_QUOTE : QUOTE)?.[0]
  const mark = quote ?? line.match(ITEM)?.[0]
  const nodes = inline(line.slice(mark?.length ?? 0))
  if (mark !== undefined) {
    const kind = quote === undefined ? 'list' : 'quote'
    if (last?.kind === kind) last.lines.push({ mark, nodes })
    else blocks.push({ kind, lines: [{ mark, nodes }] })
  } else if (last?.kind === 'lines') {
    addText(last.nodes, '\n')
    for (const node of nodes) add(last.nodes, node)
  } else {
    blocks.push({ kind: 'lines', nodes })
  }
}

// ---- Without the marks ----

/**
 * The text but for what is code in it: nobody is mentioned there.
 * @param {string} text
 */
export function withoutCode(text) {
  if (!text.includes(TICK)) return text
  return markup(text).map((block) => {
    if (block.kind === 'fence') return ''
    return block.kind === 'lines'
      ? proseOf(block.nodes)
      : block.lines.map(({ nodes }) => proseOf(nodes)).join('\n')
  }).join('\n')
}

/** @param {Inline[]} nodes @returns {string} */
function proseOf(nodes) {
  return nodes.map((node) => (node.kind === 'code'
    ? `${TICK} ${TICK}`
    : 'nodes' in node ? node.open + proseOf(node.nodes) + node.close : node.text)).join('')
}
