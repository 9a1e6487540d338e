// A view that is a list with filters: it asks for the first page when it is
// opened or a filter changes, and for more when that is wanted.

import { whyNot } from '../model/answers.js'
import { ApiError } from '../net/problem.js'
import { find, write } from '../view/dom.js'
import { TABLE } from '../model/strings/admin.js'
import { Table } from './table.js'

const PAUSE = 300 // ms after the last key

/**
 * @template Row
 * @typedef {object} Source
 * @property {import('./table.js').Column<Row>[]} columns
 * @property {(row: Row) => string} key
 * @property {(filters: Record<string, string>, next: string) => Promise<{rows: Row[], next?:
 *   string}>} load
 *   next is '' for the first page; fails as the API does
 * @property {string} none said if there are no rows
 * @property {number} [every] ms after which the first page is asked for again, while somebody looks
 */

/** @template Row */
export class ListView {
  #section
  #source
  #form
  #said
  #table
  #next = ''
  #asked = 0 // counts the questions: only the answer to the last one is shown
  #pages = 0 // that are shown
  #isOpen = false
  #cancel = () => {}
  #stop = () => {}
  #clock
  #onFailure

  /**
   * @param {HTMLElement} section
   * @param {Source<Row>} source
   * @param {import('../../types.js').Clock} clock
   * @param {(error: ApiError) => void} onFailure is told of each
   */
  constructor(section, source, clock, onFailure) {
    this.#section = section
    this.#source = source
    this.#clock = clock
    this.#onFailure = onFailure
    this.#form = section.querySelector('form')
    this.#said = find(section, '.said', HTMLElement)
    const title = find(section, 'h2', HTMLElement).textContent ?? ''
    this.#table = new Table(
      find(section, '.list', HTMLElement), title, source.columns, source.key, () => this.#more(),
    )
    this.#form?.addEventListener('submit', (event) => {
      event.preventDefault()
      this.load()
    })
    this.#form?.addEventListener('input', () => {
      this.#cancel()
      this.#cancel = clock.after(PAUSE, () => this.load())
    })
  }

  /**
   * Sets filters before it is opened.
   * @param {Record<string, string>} filters
   */
  filter(filters) {
    for (const [name, value] of Object.entries(filters)) {
      const field = this.#form?.elements.namedItem(name)
      if (field instanceof HTMLInputElement || field instanceof HTMLSelectElement) field.value = value
    }
  }

  open() {
    write(this.#said, TABLE.loading)
    this.#isOpen = true
    this.load()
  }

  close() {
    this.#isOpen = false
    this.#cancel()
    this.#stop()
    this.#asked++
  }

  /** A list that has been made longer, or is not looked at, stays as it is. */
  #again() {
    this.#stop()
    const { every } = this.#source
    if (!every || !this.#isOpen) return
    this.#stop = this.#clock.after(every, () => {
      if (document.hidden || this.#pages > 1) this.#again()
      else this.load()
    })
  }

  /** Asks for the first page. */
  async load() {
    this.#cancel()
    this.#stop()
    const page = await this.#ask('')
    if (page) {
      this.#pages = 1
      this.#table.show(page.rows, Boolean(page.next), this.#source.none)
    }
    this.#again()
  }

  /** @param {string} sentence */
  say(sentence) {
    write(this.#said, sentence)
  }

  async #more() {
    const page = await this.#ask(this.#next)
    if (page) this.#pages++
    if (page) this.#table.add(page.rows, Boolean(page.next))
  }

  /** @param {string} next */
  async #ask(next) {
    const asked = ++this.#asked
    const filters = this.#form ? Object.fromEntries(
      [...new FormData(this.#form)].map(([name, value]) => [name, String(value).trim()]),
    ) : {}
    try {
      const page = await this.#source.load(filters, next)
      if (asked !== this.#asked) return null
      this.#next = page.next ?? ''
      if (this.#said.textContent === TABLE.loading || this.#section.dataset.failed !== undefined) {
        write(this.#said, '')
      }
      delete this.#section.dataset.failed
      return page
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (asked !== this.#asked) return null
      this.#section.dataset.failed = ''
      write(this.#said, whyNot(error))
      this.#onFailure(error)
      return null
    }
  }
}
