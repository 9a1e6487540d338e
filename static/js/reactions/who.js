// The names of those who reacted: at a chip that the mouse rests on, that has
// the focus, or that a finger presses for long. Loaded when somebody first
// comes to one.

import { WHO, whoReacted } from '../model/strings/who.js'
import { make, write } from '../view/dom.js'

const REST = 250 // ms for a mouse that only passes by
const LEAVE = 150 // ms in which the mouse may move on to the names
const LONG_PRESS = 450 // ms
const AGAIN = 1000 // ms after which it is asked once more, as the archive follows the log
const TRIES = 5
const NAMES = 12 // that are shown
const GAP = 4 // px between the names and the chip
const EDGE = 8 // px at least to the edge of the window

/** @typedef {import('../../types.js').MessageItem} MessageItem */
/** @typedef {Awaited<ReturnType<import('../chat/reacting.js').Reacting['who']>>} Answer */

export class WhoReacted {
  #tip = make('p', 'who-reacted')
  #list
  #item
  #ask
  /** @type {HTMLElement | null} the chip whose names are shown, or awaited */
  #chip = null
  #timer = 0
  /**
   * The answers of the server, by the reactions shown below the message: once
   * those change it is asked again.
   * @type {WeakMap<object, Promise<Answer>>}
   */
  #answers = new WeakMap()

  /**
   * @param {HTMLElement} list
   * @param {(li: Element) => MessageItem | undefined} item
   * @param {(item: MessageItem) => Promise<Answer>} ask
   * @param {AbortSignal} signal
   */
  constructor(list, item, ask, signal) {
    this.#list = list
    this.#item = item
    this.#ask = ask
    this.#tip.id = 'who-reacted'
    this.#tip.hidden = true
    this.#tip.setAttribute('role', 'tooltip')
    this.#tip.setAttribute('aria-live', 'polite') // the names come after the focus
    document.body.append(this.#tip)
    for (const kind of ['pointerover', 'pointerdown', 'focusin']) {
      list.addEventListener(kind, (event) => this.met(event), { signal })
    }
    for (const kind of ['pointerout', 'focusout']) {
      list.addEventListener(kind, ({ target }) => chipAt(target) && this.#leave(), { signal })
    }
    list.addEventListener('click', ({ target }) => chipAt(target) && this.#hide(), { signal })
    this.#tip.addEventListener('pointerover', () => clearTimeout(this.#timer))
    this.#tip.addEventListener('pointerout', () => this.#leave())
    document.addEventListener('scroll', () => this.#hide(), { capture: true, passive: true, signal })
    document.addEventListener('pointerdown', ({ target }) => chipAt(target) || this.#hide(), { signal })
    document.addEventListener('keydown', ({ key }) => key === 'Escape' && this.#hide(), { signal })
    signal.addEventListener('abort', () => {
      this.#hide()
      this.#tip.remove()
    })
  }

  /** @param {Event} event that brought somebody to a chip */
  met(event) {
    const chip = chipAt(event.target)
    const { pointerType } = /** @type {Partial<PointerEvent>} */ (event)
    if (!chip) return
    if (event.type === 'pointerover' && pointerType === 'mouse') this.#in(REST, chip)
    if (event.type === 'focusin' && chip.matches(':focus-visible')) this.#in(0, chip)
    if (event.type === 'pointerdown' && pointerType !== 'mouse') this.#press(chip)
  }

  /** @param {number} ms @param {HTMLElement} chip whose names are shown then */
  #in(ms, chip) {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#show(chip), ms)
  }

  /** @param {HTMLElement} chip that is touched: a long press shows the names, and is no click */
  #press(chip) {
    this.#hide()
    const over = new AbortController()
    this.#timer = setTimeout(() => {
      const stop = (/** @type {Event} */ event) => {
        event.stopPropagation()
        event.preventDefault()
      }
      for (const kind of ['click', 'contextmenu']) {
        this.#list.addEventListener(kind, stop, { capture: true, signal: over.signal })
      }
      document.addEventListener('pointerdown', () => over.abort(), { capture: true, signal: over.signal })
      this.#show(chip)
    }, LONG_PRESS)
    const up = new AbortController()
    const end = () => {
      up.abort()
      if (this.#chip !== chip) clearTimeout(this.#timer)
    }
    for (const kind of ['pointerup', 'pointercancel']) {
      document.addEventListener(kind, end, { capture: true, signal: up.signal })
    }
  }

  /** @param {HTMLElement} chip @param {number} [tries] left */
  async #show(chip, tries = TRIES) {
    this.#chip = chip
    const { text, isOld } = await this.#names(chip)
    if (this.#chip !== chip || !chip.isConnected) return
    if (isOld && tries > 1) this.#timer = setTimeout(() => this.#show(chip, tries - 1), AGAIN)
    if (text) this.#write(chip, text)
  }

  /** @param {HTMLElement} chip @param {string} text */
  #write(chip, text) {
    this.#tip.hidden = false
    write(this.#tip, text)
    chip.setAttribute('aria-describedby', this.#tip.id)
    const at = chip.getBoundingClientRect()
    const { offsetWidth, offsetHeight, style } = this.#tip
    const above = at.top - GAP - offsetHeight
    style.setProperty('--top', `${above >= EDGE ? above : at.bottom + GAP}px`)
    style.setProperty('--left', `${Math.max(EDGE, Math.min(at.left, innerWidth - offsetWidth - EDGE))}px`)
  }

  /**
   * @param {HTMLElement} chip
   * @returns {Promise<{text: string, isOld?: boolean}>} '' for nothing yet; old if it is of another
   *   time than the chip
   */
  async #names(chip) {
    const li = /** @type {HTMLElement} */ (chip.closest('li'))
    const item = this.#item(li)
    if (!item?.reactions) return { text: '' }
    try {
      const asked = this.#answers.get(item.reactions) ?? this.#ask(item)
      this.#answers.set(item.reactions, asked)
      const answer = await asked
      const now = this.#item(li)?.reactions ?? [] // it may have told which are the reader's
      const isThis = (/** @type {{emoji: string}} */ { emoji }) => emoji === chip.dataset.emoji
      const one = answer.find(isThis)
      const isOld = one?.count !== now.find(isThis)?.count || one?.people.length === 0
      if (isOld) this.#answers.delete(item.reactions)
      else this.#answers.set(now, asked)
      return { text: one ? inWords(one) : '', isOld }
    } catch {
      this.#answers.delete(item.reactions)
      return { text: WHO.failed }
    }
  }

  /** The mouse, or the focus, has gone; on the names it may stay. */
  #leave() {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#hide(), LEAVE)
  }

  #hide() {
    clearTimeout(this.#timer)
    this.#chip?.removeAttribute('aria-describedby')
    this.#chip = null
    this.#tip.hidden = true
    write(this.#tip, '')
  }
}

/** @param {Answer[number]} one */
function inWords({ people, count }) {
  const sorted = [...people].sort((a, b) => Number(b.own) - Number(a.own))
  const names = sorted.map(({ name, own }) => (own ? WHO.you : name))
  return whoReacted(names.slice(0, NAMES), count)
}

/** @param {EventTarget | null} target @returns {HTMLElement | null} */
const chipAt = (target) => (target instanceof Element ? target.closest('.reaction') : null)
