// Why one cannot write in the room now, and in slow mode how long it takes: the
// seconds stand on the button that sends.

import { HELD } from '../model/strings/rules.js'
import { find, write } from './dom.js'

const TICK = 250 // ms

export class HoldNote {
  #talk
  #wait
  #changed
  #timer = 0

  /**
   * @param {ParentNode} root
   * @param {import('../../types.js').ConversationSource} talk
   * @param {() => void} changed it may be over
   * @param {AbortSignal} signal
   */
  constructor(root, talk, changed, signal) {
    this.#talk = talk
    this.#wait = find(root, '#send-wait', HTMLElement)
    this.#changed = changed
    signal.addEventListener('abort', () => clearTimeout(this.#timer))
  }

  /**
   * @returns {{sentence: string, blocks: boolean, seconds: number}} what holds; no sentence for
   *   nothing
   */
  show() {
    const { hold } = this.#talk
    const held = hold?.now ?? null
    clearTimeout(this.#timer)
    if (held) this.#timer = window.setTimeout(this.#changed, TICK)
    const seconds = held?.code === 'slow_mode' ? Math.ceil(held.left / 1000) : 0
    write(this.#wait, seconds > 0 ? short(seconds) : '')
    const ms = held?.code === 'slow_mode' ? hold?.slow : held?.left
    const sentence = held ? HELD[held.code]?.(ms ?? 0) ?? '' : ''
    return { sentence, blocks: held?.blocks ?? false, seconds }
  }
}

/** @param {number} seconds as they fit on a button */
function short(seconds) {
  if (seconds < 100) return String(seconds)
  const minutes = Math.ceil(seconds / 60)
  return minutes < 100 ? `${minutes}m` : `${Math.ceil(minutes / 60)}h`
}
