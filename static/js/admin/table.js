// A table of what the API lists. On a phone each row is a card, in which the
// names of the columns stand before the values; the roles are spelt out, because
// browsers forget those of tables that are laid out otherwise.

import { make, write } from '../view/dom.js'
import { KINDS, TABLE } from '../model/strings/admin.js'

/**
 * @template Row
 * @typedef {object} Column
 * @property {string} label '' for buttons
 * @property {(row: Row) => string | Node | (string | Node)[]} cell
 * @property {'number' | 'wide' | 'buttons'} [kind]
 */

/** @template Row */
export class Table {
  #columns
  #key
  #table
  #body
  #empty
  #more

  /**
   * @param {HTMLElement} place
   * @param {string} caption for screen readers
   * @param {Column<Row>[]} columns the first one names the row
   * @param {(row: Row) => string} key
   * @param {() => void} more is called for the next page
   */
  constructor(place, caption, columns, key, more = () => {}) {
    this.#columns = columns
    this.#key = key
    this.#table = role(make('table', 'cards'), 'table')
    this.#table.createCaption().className = 'unseen'
    write(this.#table.createCaption(), caption)
    const head = role(this.#table.createTHead(), 'rowgroup')
    const titles = role(head.insertRow(), 'row')
    for (const { label, kind } of columns) {
      const title = role(make('th', '', label), 'columnheader')
      title.scope = 'col'
      if (kind) title.dataset.kind = kind
      if (!label) title.append(make('span', 'unseen', TABLE.buttons))
      titles.append(title)
    }
    this.#body = role(this.#table.createTBody(), 'rowgroup')
    this.#empty = make('p', 'none meta')
    this.#more = make('button', 'button ghost more', TABLE.more)
    this.#more.type = 'button'
    this.#more.hidden = true
    this.#more.addEventListener('click', more)
    place.replaceChildren(this.#table, this.#empty, this.#more)
    this.#table.hidden = true
  }

  /** @param {Row[]} rows @param {boolean} hasMore @param {string} none said if there are none */
  show(rows, hasMore, none) {
    const held = this.#held()
    this.#body.replaceChildren(...rows.map((row) => this.#row(row)))
    this.#table.hidden = rows.length === 0
    write(this.#empty, rows.length === 0 ? none : '')
    this.#more.hidden = !hasMore
    held?.()
  }

  /** @param {Row[]} rows @param {boolean} hasMore */
  add(rows, hasMore) {
    const first = rows.map((row) => this.#body.appendChild(this.#row(row)))[0]
    if (!hasMore && document.activeElement === this.#more) {
      const next = first?.querySelector('button, a') ?? first
      if (next instanceof HTMLElement) {
        if (next === first) next.tabIndex = -1
        next.focus()
      }
    }
    this.#more.hidden = !hasMore
  }

  /** Keeps the focus on the button that had it, in the row that is drawn again. */
  #held() {
    const held = document.activeElement
    const row = held?.closest('tr')
    if (!(held instanceof HTMLElement) || !row || !this.#body.contains(held)) return null
    const { key } = row.dataset
    const { do: what } = held.dataset
    const place = [...this.#body.rows].indexOf(row)
    return () => {
      const rows = [...this.#body.rows]
      const same = rows.find((one) => one.dataset.key === key) ?? rows[Math.min(place, rows.length - 1)]
      const button = [...same?.querySelectorAll('[data-do]') ?? []]
        .find((one) => one instanceof HTMLElement && one.dataset.do === what)
      if (button instanceof HTMLElement) button.focus()
      else this.#table.closest('section')?.querySelector('h2')?.focus()
    }
  }

  /** @param {Row} row */
  #row(row) {
    const line = role(make('tr', ''), 'row')
    line.dataset.key = this.#key(row)
    this.#columns.forEach(({ label, cell, kind }, i) => {
      const box = i === 0 ? role(make('th', ''), 'rowheader') : role(make('td', ''), 'cell')
      if (i === 0) box.scope = 'row'
      const content = cell(row)
      const parts = Array.isArray(content) ? content : [content]
      box.append(...parts.filter((part) => part !== '').flatMap((part, i) => (i > 0 ? [' ', part] : [part])))
      if (kind) box.dataset.kind = kind
      if (i > 0 && label) box.dataset.label = label
      if (box.childNodes.length === 0) box.dataset.empty = ''
      line.append(box)
    })
    return line
  }
}

/**
 * @template {HTMLElement} T
 * @param {T} element @param {string} name
 */
function role(element, name) {
  element.setAttribute('role', name)
  return element
}

/**
 * A button of a row.
 * @param {string} what it does, for tests and for the focus @param {string} label
 * @param {string} spoken with whom it is about
 * @param {() => void} press
 * @param {boolean} [isBad]
 */
export function rowButton(what, label, spoken, press, isBad = false) {
  const button = make('button', `button small${isBad ? ' bad' : ''}`, label)
  button.type = 'button'
  button.dataset.do = what
  button.setAttribute('aria-label', spoken)
  button.addEventListener('click', press)
  return button
}

/** @param {number} at Unix milliseconds @param {(at: number) => string} write */
export function time(at, write) {
  const element = make('time', '', write(at))
  element.dateTime = new Date(at).toISOString()
  return element
}

/**
 * The kind of a person: account, guest or address.
 * @param {string} person kind:id
 */
export function kindOf(person) {
  const [kind = ''] = person.split(':', 1)
  return KINDS[kind] ?? kind
}
