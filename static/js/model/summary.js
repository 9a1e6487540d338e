// The lines that a screen reader speaks about messages that come in: at most
// one a second, however many there are.

import { newMessages, spokenMessage } from './strings/messages.js'
import { saidIn } from './strings/shown-files.js'

/** @typedef {Pick<import('../../types.js').MessageItem, 'name' | 'text' | 'files'>} Said */

const INTERVAL = 1000 // ms
const TEXT_LIMIT = 200 // characters that are read out

export class Summary {
  /** @type {Said[]} */
  #waiting = []
  #resting = false
  #clock
  #say

  /**
   * @param {import('../../types.js').Clock} clock
   * @param {(line: string) => void} say
   */
  constructor(clock, say) {
    this.#clock = clock
    this.#say = say
  }

  /** @param {Said} message */
  add(message) {
    this.#waiting.push(message)
    if (!this.#resting) this.#speak()
  }

  #speak() {
    const [first] = this.#waiting
    this.#resting = first !== undefined
    if (!first) return
    const { length } = this.#waiting
    const text = saidIn(first).slice(0, TEXT_LIMIT)
    this.#say(length > 1 ? newMessages(length) : spokenMessage(first.name, text))
    this.#waiting = []
    this.#clock.after(INTERVAL, () => this.#speak())
  }
}
