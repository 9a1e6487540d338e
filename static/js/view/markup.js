// The text of a message as elements: links, and the little that people mark.

import { markup } from '../model/markup.js'
import { find, make, stamp } from './dom.js'

/** @typedef {import('../model/inline.js').Inline} Inline */
/** @typedef {import('../model/markup.js').Block} Block */

/** @param {string} text @returns {DocumentFragment} */
export function markedUp(text) {
  const all = document.createDocumentFragment()
  for (const block of markup(text)) appendBlock(all, block)
  return all
}

/** @param {DocumentFragment} all @param {Block} block */
function appendBlock(all, block) {
  if (block.kind === 'lines') return appendInline(all, block.nodes)
  if (block.kind === 'fence') return all.append(fence(block.text))
  const isQuote = block.kind === 'quote'
  // No list items: those of the log are messages.
  const element = isQuote ? make('blockquote', '') : make('div', 'list')
  if (isQuote) element.dir = 'auto'
  else element.setAttribute('role', 'list')
  block.lines.forEach(({ mark, nodes }, place) => {
    if (isQuote && place > 0) element.append('\n')
    appendInline(isQuote ? element : element.appendChild(listItem(mark)), nodes)
  })
  all.append(element)
}

/** @param {string} mark */
function listItem(mark) {
  const item = make('div', 'list-item')
  item.setAttribute('role', 'listitem')
  item.dir = 'auto'
  item.append(make('span', 'list-mark', mark.startsWith('-') ? '•' : mark.trim()), ' ')
  return item
}

/** @param {string} text */
function fence(text) {
  const block = find(stamp('fence'), '.fence', HTMLElement)
  find(block, 'code', HTMLElement).textContent = text
  return block
}

/** @param {ParentNode & Node} place @param {Inline[]} nodes */
function appendInline(place, nodes) {
  for (const node of nodes) {
    if (node.kind === 'text') place.append(node.text)
    else if (node.kind === 'link') place.append(...link(node))
    else if (node.kind === 'code') place.append(code(node.text))
    else appendInline(place.appendChild(make(node.kind === 'bold' ? 'strong' : 'em', '')), node.nodes)
  }
}

/** @param {string} text */
function code(text) {
  const element = make('code', '', text)
  element.dir = 'auto' // and isolated: what stands around it does not change places with it
  return element
}

/** @param {{text: string, href: string, host: string}} link */
function link({ text, href, host }) {
  const link = make('a', '', text)
  link.tabIndex = -1 // until its message has the focus
  link.dir = 'ltr' // and isolated: letters around it do not change places with its own
  link.href = href
  link.target = '_blank'
  link.rel = 'noopener noreferrer nofollow'
  return host ? [link, make('span', 'host', ` (${host})`)] : [link]
}
