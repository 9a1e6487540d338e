// Where the reader chooses the day from which on the log is to be shown.

import { dayFrom, dayOf, dayStart } from '../model/clock.js'
import { Box } from './box.js'
import { find } from './dom.js'

/** @type {Record<string, (now: number) => number>} by [data-day] */
const DAYS = {
  yesterday: (now) => dayStart(now, 1),
  week: (now) => dayStart(now, 7),
  beginning: () => 0,
}

export class DateDialog {
  #box
  #field
  #on

  /**
   * @param {ParentNode} root
   * @param {object} on
   * @param {() => number} on.shown when what is shown now was said
   * @param {(time: number) => unknown} on.go to where a day begins; 0 for the beginning of all
   * @param {import('../model/navigation.js').Navigation} navigation
   * @param {AbortSignal} signal
   */
  constructor(root, on, navigation, signal) {
    const dialog = find(root, '#date-dialog', HTMLDialogElement)
    this.#box = new Box(dialog, navigation)
    this.#field = find(dialog, '#date', HTMLInputElement)
    this.#on = on
    dialog.addEventListener('click', ({ target }) => {
      const day = target instanceof HTMLButtonElement ? DAYS[target.dataset.day ?? ''] : undefined
      if (day) this.#go(day(Date.now()))
    }, { signal })
    find(dialog, '#date-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault()
      const day = dayFrom(this.#field.value)
      if (day !== null) this.#go(day)
    }, { signal })
    for (const part of root.querySelectorAll('#log-day, #messages')) {
      part.addEventListener('click', ({ target }) => {
        if (target instanceof Element && target.matches('#log-day button, .day')) this.open()
      }, { signal })
    }
  }

  open() {
    this.#field.max = dayOf(Date.now())
    this.#field.value = dayOf(this.#on.shown())
    this.#box.open()
  }

  /** @param {string} sheet to which the reader has gone back or forward */
  follow(sheet) {
    this.#box.follow(sheet)
  }

  /** @param {number} time */
  #go(time) {
    this.#box.dialog.close()
    this.#on.go(time)
  }
}
