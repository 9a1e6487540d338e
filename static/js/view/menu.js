// A menu that a button opens, for the mouse, the keyboard and screen readers.
// Choices leave it open, to show what they have done; all else closes it.

export class Menu {
  #button
  #menu

  /** @param {HTMLButtonElement} button @param {HTMLElement} menu @param {AbortSignal} signal */
  constructor(button, menu, signal) {
    this.#button = button
    this.#menu = menu
    button.addEventListener('click', () => this.#set(menu.hidden), { signal })
    button.addEventListener('keydown', (event) => {
      if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
      event.preventDefault()
      this.#set(true)
      this.#focus(event.key === 'ArrowUp' ? -1 : 0)
    }, { signal })
    menu.addEventListener('keydown', (event) => this.#pressed(event), { signal })
    menu.addEventListener('click', (event) => {
      const item = event.target instanceof Element ? event.target.closest('[role="menuitem"]') : null
      if (item) this.#set(false)
    }, { signal, capture: true }) // what an item opens gives the focus back to the button
    document.addEventListener('pointerdown', ({ target }) => {
      if (target instanceof Node && !menu.contains(target) && !button.contains(target)) {
        this.#set(false, false)
      }
    }, { signal })
  }

  /** @param {boolean} open @param {boolean} [back] whether the button gets the focus again */
  #set(open, back = true) {
    if (open !== this.#menu.hidden) return
    this.#menu.hidden = !open
    this.#button.setAttribute('aria-expanded', String(open))
    if (open) this.#focus(0)
    else if (back) this.#button.focus()
  }

  get #items() {
    const all = /** @type {NodeListOf<HTMLElement>} */ (this.#menu.querySelectorAll('[role^="menuitem"]'))
    return [...all].filter((item) => item.getClientRects().length > 0)
  }

  /** @param {number} place from the end if it is negative */
  #focus(place) {
    this.#items.at(place)?.focus()
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const { key } = event
    const items = this.#items
    const now = items.indexOf(/** @type {HTMLElement} */ (document.activeElement))
    if (key === 'Tab') return this.#set(false) // goes on from the button
    if (key === 'Escape') this.#set(false)
    else if (key === 'ArrowDown' || key === 'ArrowRight') this.#focus((now + 1) % items.length)
    else if (key === 'ArrowUp' || key === 'ArrowLeft') this.#focus(now - 1)
    else if (key === 'Home') this.#focus(0)
    else if (key === 'End') this.#focus(-1)
    else if (key === ' ') items[now]?.click()
    else if (key.length === 1) startsWith(items, now, key)?.focus()
    else return
    event.preventDefault()
    event.stopPropagation()
  }
}

/**
 * The next item that begins with that letter.
 * @param {HTMLElement[]} items @param {number} now @param {string} letter
 */
const startsWith = (items, now, letter) => [...items.slice(now + 1), ...items.slice(0, now + 1)]
  .find((item) => item.textContent?.trim().toLowerCase().startsWith(letter.toLowerCase()))
