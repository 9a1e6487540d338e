// An edge of what the log shows, where more is asked for as the reader comes
// near. While it is on its way, and when it could not be loaded, it says so.

import { find, write } from './dom.js'

const ASK_AGAIN = 5000 // ms after a failure before scrolling asks once more
const SHOWN_AFTER = 300 // ms of waiting before the page shows that it waits

export class LogEdge {
  isAsking = false
  #loading
  #failed
  #name
  #on
  #later
  #failedAt = -Infinity

  /**
   * @param {ParentNode} root
   * @param {'older' | 'newer'} name
   * @param {object} on
   * @param {() => Promise<void>} on.ask for more
   * @param {() => void} on.changed something is to be drawn
   * @param {() => void} on.retry the reader wants it now
   * @param {import('./later.js').Later} later
   * @param {AbortSignal} signal
   */
  constructor(root, name, on, later, signal) {
    this.#loading = find(root, `#${name}-loading`, HTMLElement)
    this.#failed = find(root, `#${name}-failed`, HTMLElement)
    this.#name = `${name} messages`
    this.#on = on
    this.#later = later
    find(this.#failed, 'button', HTMLButtonElement).addEventListener('click', () => {
      this.#failedAt = -Infinity
      on.retry()
    }, { signal })
    this.wait()
  }

  /** Begins to wait: what waits is not shown at once. */
  wait() {
    this.#later.run(this.#name, SHOWN_AFTER, () => this.#on.changed())
  }

  /** Asks for more, unless it is being asked for, or has just failed. */
  async load() {
    if (this.isAsking || performance.now() - this.#failedAt <= ASK_AGAIN) return
    this.isAsking = true
    this.wait()
    try {
      await this.#on.ask()
      this.#failedAt = -Infinity
    } catch {
      this.#failedAt = performance.now()
    }
    this.isAsking = false
    this.#on.changed()
  }

  /**
   * @param {boolean} isHere whether the edge is in the page
   * @param {boolean} waits whether something else is awaited there
   * @param {string} sentence when it has failed
   */
  draw(isHere, waits, sentence) {
    const isFailed = isHere && !this.isAsking && this.#failedAt > 0
    this.#loading.hidden = !isHere || !(this.isAsking || waits) || this.#later.waits(this.#name)
    this.#failed.hidden = !isFailed
    write(find(this.#failed, 'span', HTMLElement), isFailed ? sentence : '')
  }
}
