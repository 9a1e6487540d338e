// The message that another one answers: in its bubble, and above the field
// while one writes.

import { REPLY } from '../model/strings/messages.js'
import { find, make, write } from './dom.js'

/** @typedef {import('../../types.js').ReplyTo} ReplyTo */

const LONGEST = 120 // characters; the server cuts there, too

/** The quote in a bubble, which leads to the message. */
export function makeQuote() {
  const quote = make('button', 'quote')
  quote.type = 'button'
  quote.tabIndex = -1 // until its message has the focus
  const text = make('span', 'quote-text')
  text.dir = 'auto'
  quote.append(make('bdi', 'quote-name'), text)
  return quote
}

/** @param {Element} quote @param {ReplyTo} reply */
export function writeQuote(quote, { name, text }) {
  quote.setAttribute('aria-label', REPLY.spoken(name, inOneLine(text)))
  write(find(quote, '.quote-name', HTMLElement), name)
  write(find(quote, '.quote-text', HTMLElement), inOneLine(text))
}

/** @param {string} text '' of a message that was deleted */
const inOneLine = (text) =>
  [...text.slice(0, 2 * LONGEST)].slice(0, LONGEST).join('').replace(/\s+/g, ' ').trim() || REPLY.deleted

export class ReplyStrip {
  #strip
  #title
  #text

  /**
   * @param {HTMLElement} strip
   * @param {() => void} cancel
   * @param {AbortSignal} signal
   */
  constructor(strip, cancel, signal) {
    this.#strip = strip
    this.#title = find(strip, '.quote-name', HTMLElement)
    this.#text = find(strip, '.quote-text', HTMLElement)
    find(strip, 'button', HTMLButtonElement).addEventListener('click', cancel, { signal })
  }

  /** @param {ReplyTo | null} reply */
  show(reply) {
    this.#strip.hidden = reply === null
    write(this.#title, reply ? REPLY.to(reply.name) : '')
    write(this.#text, reply ? inOneLine(reply.text) : '')
  }
}
