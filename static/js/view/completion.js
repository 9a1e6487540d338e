// Completes a name after an at sign: a list above the field, for the keyboard,
// the mouse and a finger. The focus stays in the field.

import { begunIn, meant } from '../model/mention.js'
import { paintAvatar } from './avatar.js'
import { find, make } from './dom.js'

export class Completion {
  #field
  #list
  #names
  /** @type {string[]} */
  #offered = []
  #chosen = 0
  #dropped = -1 // the place of the at sign for which the reader wants no list

  /**
   * @param {ParentNode} root
   * @param {HTMLTextAreaElement} field
   * @param {() => string[]} names of those who are here
   * @param {AbortSignal} signal
   */
  constructor(root, field, names, signal) {
    this.#field = field
    this.#names = names
    this.#list = find(root, '#who', HTMLUListElement)
    field.setAttribute('aria-autocomplete', 'list')
    field.setAttribute('aria-controls', 'who')
    field.addEventListener('keydown', (event) => this.#steer(event), { capture: true, signal })
    field.addEventListener('input', () => this.#look(), { signal })
    field.addEventListener('click', () => this.#look(), { signal })
    field.addEventListener(
      'keyup',
      ({ key }) => ['ArrowLeft', 'ArrowRight', 'Home', 'End'].includes(key) && this.#look(),
      { signal },
    )
    field.addEventListener('blur', () => this.#offer([]), { signal })
    // The field keeps the focus.
    this.#list.addEventListener('pointerdown', (event) => event.preventDefault(), { signal })
    this.#list.addEventListener('click', ({ target }) => {
      const option = target instanceof Element ? target.closest('li') : null
      if (option) this.#take([...this.#list.children].indexOf(option))
    }, { signal })
  }

  /** @returns {{from: number, begun: string} | null} */
  get #begun() {
    const { value, selectionStart, selectionEnd } = this.#field
    return selectionStart === selectionEnd ? begunIn(value.slice(0, selectionStart)) : null
  }

  #look() {
    const begun = this.#begun
    if (begun?.from !== this.#dropped) this.#dropped = -1
    const names = begun && this.#dropped < 0 ? meant(this.#names(), begun.begun) : []
    this.#offer(names.length === 1 && names[0] === begun?.begun ? [] : names)
  }

  /** @param {string[]} names */
  #offer(names) {
    if (names.join('\n') === this.#offered.join('\n')) return
    this.#offered = names
    this.#chosen = 0
    this.#list.hidden = names.length === 0
    this.#list.replaceChildren(...names.map((name, i) => {
      const option = make('li', 'option')
      option.id = `who-${i}`
      option.setAttribute('role', 'option')
      const avatar = make('span', 'avatar')
      avatar.setAttribute('aria-hidden', 'true')
      paintAvatar(avatar, name)
      option.append(avatar, make('bdi', 'option-name', name))
      return option
    }))
    this.#mark()
  }

  #mark() {
    for (const [i, option] of [...this.#list.children].entries()) {
      option.setAttribute('aria-selected', String(i === this.#chosen))
      if (i === this.#chosen) option.scrollIntoView({ block: 'nearest' })
    }
    if (this.#offered.length > 0) this.#field.setAttribute('aria-activedescendant', `who-${this.#chosen}`)
    else this.#field.removeAttribute('aria-activedescendant')
  }

  /** @param {KeyboardEvent} event */
  #steer(event) {
    const count = this.#offered.length
    if (count === 0 || event.isComposing || event.shiftKey || event.ctrlKey
      || event.metaKey || event.altKey) return
    if (event.key === 'ArrowDown') this.#chosen = (this.#chosen + 1) % count
    else if (event.key === 'ArrowUp') this.#chosen = (this.#chosen + count - 1) % count
    else if (event.key === 'Enter' || event.key === 'Tab') this.#take(this.#chosen)
    else if (event.key === 'Escape') this.#drop()
    else return
    event.preventDefault()
    event.stopImmediatePropagation() // the field has other uses for these keys
    this.#mark()
  }

  #drop() {
    this.#dropped = this.#begun?.from ?? -1
    this.#offer([])
  }

  /** @param {number} place of the name that is meant */
  #take(place) {
    const name = this.#offered[place]
    const begun = this.#begun
    if (name === undefined || !begun) return
    const { value, selectionEnd } = this.#field
    const gap = value[selectionEnd] === ' ' ? '' : ' '
    this.#field.setRangeText(`@${name}${gap}`, begun.from, selectionEnd, 'end')
    this.#offer([])
    this.#field.dispatchEvent(new Event('input', { bubbles: true }))
    this.#offer([])
  }
}
