// Things that a view does in a while, by name: asked for again, one waits
// again.

import { systemClock } from '../model/clock.js'

export class Later {
  /** @type {Map<string, () => void>} cancels what waits */
  #waiting = new Map()

  /** @param {AbortSignal} signal after which nothing runs any more */
  constructor(signal) {
    signal.addEventListener('abort', () => [...this.#waiting.keys()].forEach((name) => this.cancel(name)))
  }

  /** @param {string} name @param {number} ms @param {() => void} run */
  run(name, ms, run) {
    this.cancel(name)
    this.#waiting.set(name, systemClock.after(ms, () => {
      this.#waiting.delete(name)
      run()
    }))
  }

  /** @param {string} name */
  waits(name) {
    return this.#waiting.has(name)
  }

  /** @param {string} name */
  cancel(name) {
    this.#waiting.get(name)?.()
    this.#waiting.delete(name)
  }
}
