// A look into the room from the card: who is there, and how long what they say
// is archived.

import { archived, peopleHere } from '../model/strings/card.js'
import { lookInto } from '../net/address.js'
import { paintAvatar } from './avatar.js'
import { find, make, write } from './dom.js'

const INTERVAL = 10_000 // ms between two looks
const AGAIN = 400 // ms after which another server is asked for names, if one knows only the number
const TRIES = 4

export class GlanceView {
  #faces
  #count
  #kept
  #look
  /** @type {string[]} */
  #names = []
  #signal

  /**
   * @param {ParentNode} root @param {string} room
   * @param {import('../../types.js').Address} address
   * @param {AbortSignal} signal
   */
  constructor(root, room, address, signal) {
    this.#faces = find(root, '#join-faces', HTMLElement)
    this.#count = find(root, '#join-count', HTMLElement)
    this.#kept = find(root, '#join-kept', HTMLElement)
    this.#look = () => lookInto(address, room)
    this.#signal = signal
    this.#again()
  }

  /**
   * Looks once.
   * @returns {Promise<boolean>} whether the server answers
   */
  async look() {
    let glance = await this.#look()
    for (let i = 1; i < TRIES && isNumberAlone(glance) && this.#names.length === 0; i++) {
      this.#show(glance)
      await new Promise((resolve) => { setTimeout(resolve, AGAIN) })
      if (this.#signal.aborted) return true
      glance = await this.#look() ?? glance
    }
    if (!this.#signal.aborted) this.#show(glance)
    return glance !== null
  }

  /** Nobody answers. */
  nothing() {
    this.#show(null)
  }

  async #again() {
    await this.look()
    if (this.#signal.aborted) return
    const timer = setTimeout(() => this.#again(), INTERVAL)
    this.#signal.addEventListener('abort', () => clearTimeout(timer))
  }

  /** @param {import('../net/address.js').Glance | null} glance null: nothing is said */
  #show(glance) {
    // Names from a moment ago are better than none.
    const names = !glance || glance.online === 0
      ? []
      : isNumberAlone(glance) ? this.#names.slice(0, glance.online) : glance.names
    write(this.#count, glance ? peopleHere(glance.online, names) : '')
    if (glance) write(this.#kept, archived(glance.keptSeconds, glance.keptCount))
    if (names.join('\n') === this.#names.join('\n')) return
    this.#names = names
    this.#faces.replaceChildren(...names.map((name) => {
      const face = make('span', 'avatar')
      paintAvatar(face, name)
      return face
    }))
  }
}

/** @param {import('../net/address.js').Glance | null} glance */
const isNumberAlone = (glance) => glance !== null && glance.online > 0 && glance.names.length === 0
