// The way of the log to a message or a time, however far back: while it is
// being asked for, what was shown stays.

import { sameDay } from '../model/clock.js'
import { LOADING, MESSAGE_FAILED, MESSAGE_GONE, QUIET_DAY, QUIET_SINCE } from '../model/strings/messages.js'

export class LogTravel {
  #talk
  #toast
  #navigation
  #log
  #signal

  /**
   * @param {import('../../types.js').ConversationSource} talk
   * @param {import('./toast.js').Toast} toast
   * @param {import('../model/navigation.js').Navigation} navigation
   * @param {object} log
   * @param {() => import('../../types.js').Spot} log.spot where the reader is
   * @param {(id: string) => boolean} log.reveal whether the message is there
   * @param {(place: number) => void} log.revealFrom what is there, and on
   * @param {(id: string, top: number) => boolean} log.settle puts it where it was on the screen
   * @param {() => void} log.toEnd
   * @param {AbortSignal} signal
   */
  constructor(talk, toast, navigation, log, signal) {
    this.#talk = talk
    this.#toast = toast
    this.#navigation = navigation
    this.#log = log
    this.#signal = signal
  }

  /**
   * @param {{n: number, id: string}} message
   * @param {boolean} [isNew] whether the conversation was opened for it
   * @returns {Promise<boolean>} whether it is shown
   */
  async toMessage(message, isNew = false) {
    const from = this.#log.spot()
    if (!await this.#arrived(this.#talk.reach(message).then(() => true))) return false
    const isHere = this.#log.reveal(message.id)
    if (!isHere) this.#toast.say(MESSAGE_GONE)
    else if (isNew) this.#navigation.arrived(this.#log.spot())
    else this.#navigation.jumped(from, this.#log.spot())
    return isHere
  }

  /**
   * Back to where the reader was.
   * @param {import('../../types.js').Spot} spot
   */
  async back({ n, id, top }) {
    if (!id) return this.#log.toEnd()
    if (!await this.#arrived(this.#talk.reach({ n, id }).then(() => true))) return
    if (!this.#log.settle(id, top)) this.#toast.say(MESSAGE_GONE)
  }

  /**
   * Shows what was said from a day on.
   * @param {number} day when it began; 0 for the beginning of all
   */
  async toDay(day) {
    const from = this.#log.spot()
    const place = await this.#arrived(this.#talk.reachTime(day))
    if (place === undefined) return
    const at = place === null ? undefined : this.#talk.items.at(place)?.at
    if (place === null) this.#log.toEnd()
    else this.#log.revealFrom(place)
    this.#navigation.jumped(from, this.#log.spot())
    if (at === undefined) this.#toast.say(QUIET_SINCE)
    else if (day > 0 && !sameDay(at, day)) this.#toast.say(QUIET_DAY)
  }

  /**
   * @template T
   * @param {Promise<T>} way
   * @returns {Promise<T | undefined>} undefined if nobody answers, or looks any more
   */
  async #arrived(way) {
    this.#toast.wait(LOADING)
    try {
      const there = await way
      this.#toast.say('')
      return this.#signal.aborted ? undefined : there
    } catch {
      this.#toast.say(MESSAGE_FAILED)
      return undefined
    }
  }
}
