// The two edges of what the log shows. A reader who comes to one sees what is
// in memory beyond it, then what is asked for.

import { NEWER_FAILED, OLDER_FAILED } from '../model/strings/messages.js'
import { find, write } from './dom.js'
import { LogEdge } from './log-edge.js'

export class LogEdges {
  #talk
  #window
  #render
  #start
  #empty
  /** @type {LogEdge} */ #above
  /** @type {LogEdge} */ #below

  /**
   * @param {ParentNode} root
   * @param {HTMLElement} box what scrolls
   * @param {import('../../types.js').ConversationSource} talk
   * @param {import('../model/log-window.js').LogWindow} window
   * @param {object} log
   * @param {() => void} log.render
   * @param {() => void} log.changed
   * @param {import('./later.js').Later} later
   * @param {AbortSignal} signal
   */
  constructor(root, box, talk, window, { render, changed }, later, signal) {
    this.#talk = talk
    this.#window = window
    this.#render = render
    this.#start = find(root, '#log-start', HTMLElement)
    this.#empty = find(root, '#empty', HTMLElement)
    const edge = (/** @type {'older' | 'newer'} */ name) => new LogEdge(root, name, {
      ask: () => talk[name](),
      changed: () => signal.aborted || changed(),
      retry: () => {
        box.focus({ preventScroll: true }) // the button is about to vanish
        this[name]()
      },
    }, later, signal)
    this.#above = edge('older')
    this.#below = edge('newer')
  }

  /** The reader is at the upper edge. */
  older() {
    if (this.#window.growUp()) this.#render()
    else if (this.#talk.hasOlder) this.#above.load()
  }

  /** The reader is at the lower edge of what is not the newest. */
  newer() {
    if (this.#window.growDown()) this.#render()
    else if (this.#talk.hasNewer) this.#below.load()
  }

  draw() {
    const { items, joined, beginning, hasNewer } = this.#talk
    const atTop = this.#window.isOldest
    this.#above.draw(atTop, !joined && !beginning, OLDER_FAILED)
    this.#below.draw(hasNewer && this.#window.isLatest, false, NEWER_FAILED)
    this.#empty.hidden = !joined || items.length > items.first
    write(this.#start, atTop ? beginning : '')
  }
}
