// The pill at the upper edge of the log: how much came while the reader was
// away, and the way to where it begins.

import { OLDER_FAILED, unread } from '../model/strings/messages.js'
import { find, write } from './dom.js'

// So long the line is in view before it counts as seen, ms: while a window loads
// its history in parts, the line is in view between two of them.
const SEEN_AFTER = 500

export class UnreadPill {
  #button
  #box
  #talk
  #rows
  #on
  #done = -1 // where the line is that needs no pill any more
  #line = -1 // where the line is that is in view
  #inViewAt = 0 // since when, as performance.now() has it

  /**
   * @param {ParentNode} root
   * @param {HTMLElement} box what scrolls
   * @param {import('../../types.js').ConversationSource} talk
   * @param {import('./rows.js').Rows} rows
   * @param {object} on
   * @param {(id: string) => boolean} on.reveal
   * @param {(sentence: string) => void} on.say
   * @param {AbortSignal} signal
   */
  constructor(root, box, talk, rows, on, signal) {
    this.#button = find(root, '#unread', HTMLButtonElement)
    this.#box = box
    this.#talk = talk
    this.#rows = rows
    this.#on = on
    this.#button.addEventListener('click', () => this.#go(signal), { signal })
  }

  /** @param {boolean} isLatest whether the newest message is in the page */
  draw(isLatest) {
    const from = this.#talk.newFrom
    if (document.hidden) this.#line = -1
    this.#button.hidden = !from || from.n === this.#done || document.hidden || !this.#isAbove(from, isLatest)
    if (!from || this.#button.hidden) return
    const { shown, spoken } = unread(from.count)
    write(find(this.#button, '.pill-label', HTMLElement), shown)
    this.#button.setAttribute('aria-label', spoken)
  }

  /** The reader has something to say: they know where they are. */
  end() {
    this.#done = this.#talk.newFrom?.n ?? -1
    this.#button.hidden = true
  }

  /** @param {import('../../types.js').NewFrom} from @param {boolean} isLatest */
  #isAbove(from, isLatest) {
    const li = this.#rows.withKey(from.key)
    if (!li) return isLatest
    const { top, bottom } = this.#box.getBoundingClientRect()
    const line = li.getBoundingClientRect().top
    // Rows have no true height yet in a burst.
    this.#look(from.n, line >= top && line <= bottom && !li.closest('[data-busy]'))
    return line < top && from.n !== this.#done
  }

  /** @param {number} line @param {boolean} inView */
  #look(line, inView) {
    const now = performance.now()
    if (line === this.#line && now - this.#inViewAt >= SEEN_AFTER) this.#done = line
    if (inView && line !== this.#line) this.#inViewAt = now
    this.#line = inView ? line : -1
  }

  /** @param {AbortSignal} signal */
  async #go(signal) {
    const { newFrom } = this.#talk
    if (!newFrom) return
    this.#button.disabled = true
    await this.#talk.reach(newFrom).catch(() => {})
    this.#button.disabled = false
    if (signal.aborted) return
    if (this.#on.reveal(this.#talk.newFrom?.id ?? '')) this.end()
    else this.#on.say(OLDER_FAILED)
  }
}
