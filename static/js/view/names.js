// The names in a text stand out, where it is no code and no link.

import { mentions, namesIn } from '../model/mention.js'
import { make } from './dom.js'

/**
 * @param {DocumentFragment} text
 * @param {string[]} names whom it mentions
 * @param {string} me the reader's name
 */
export function withNames(text, names, me) {
  const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT)
  const plain = []
  while (walker.nextNode()) {
    if (!walker.currentNode.parentElement?.closest('a, code, .host')) plain.push(walker.currentNode)
  }
  for (const node of plain) {
    const parts = namesIn(node.nodeValue ?? '', [...names, me])
    if (!parts.some(({ isName }) => isName)) continue
    node.parentNode?.replaceChild(fragmentOf(parts, me), node)
  }
  return text
}

/** @param {ReturnType<typeof namesIn>} parts @param {string} me */
function fragmentOf(parts, me) {
  const all = document.createDocumentFragment()
  all.append(...parts.map(
    ({ text, isName }) => (isName ? make('span', mentions(text, me) ? 'at me' : 'at', text) : text),
  ))
  return all
}
