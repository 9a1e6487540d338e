// A room's settings, members, invites, mutes and bans, and reports: one dialog
// with a page for each. Members see what it is; those who moderate and the owner
// change it.

import { DEFAULT_ROOM } from '../model/room-link.js'
import { moderates } from '../model/rooms.js'
import { DESK, REFUSED } from '../model/strings/making.js'
import { make as element, write } from '../view/dom.js'
import { RoomsApi } from './api.js'
import { cross, h } from './build.js'
import { invitesPage } from './invites.js'
import { listsPage } from './lists.js'
import { membersPage } from './members.js'
import { reportsPage } from './reports.js'
import { settingsPage } from './settings.js'

/**
 * The tools that a page gets.
 * @typedef {object} Desk
 * @property {import('../view/rooms.js').RoomTools} tools
 * @property {RoomsApi} api of this room
 * @property {import('../model/rooms.js').RoomInfo} room as it is
 * @property {import('../model/rooms.js').Role} role of the reader in it
 * @property {(run: () => Promise<any>, button?: HTMLElement) => Promise<boolean>} attempt does
 *   something; what is wrong stands in the dialog
 * @property {(sentence: string, kind?: 'wrong' | 'done') => void} say
 * @property {() => void} redraw draws the page once more
 * @property {(then: () => void) => void} leave closes the dialog first
 */
/** @typedef {keyof typeof PAGES} PageName */

const PAGES = {
  room: settingsPage, people: membersPage, invites: invitesPage, rules: listsPage, reports: reportsPage,
}

/** @param {import('../view/rooms.js').RoomTools} tools */
export const make = (tools) => new DeskView(tools)

class DeskView {
  dialog = element('dialog', 'box desk')
  #tools
  #api
  /** @type {PageName} */
  #page = 'room'
  #title = h('h2', { id: 'desk-title' })
  #tabs = h('div', { class: 'tabs', role: 'tablist', 'aria-labelledby': 'desk-title' })
  #body = h('div', { id: 'desk-page', class: 'desk-page', role: 'tabpanel', tabindex: -1 })
  #note = h('p', { class: 'error', role: 'alert' })

  /** @param {import('../view/rooms.js').RoomTools} tools */
  constructor(tools) {
    this.#tools = tools
    this.#api = new RoomsApi(tools.call, tools.room.room)
    this.dialog.id = 'desk'
    this.dialog.setAttribute('aria-labelledby', 'desk-title')
    this.dialog.append(
      h('header', { class: 'box-head' }, this.#title, cross()), this.#tabs, this.#body, this.#note,
    )
    this.#tabs.addEventListener('keydown', (event) => this.#pressed(event))
  }

  /** @param {PageName} [page] */
  open(page) {
    const pages = this.#pages
    this.#page = page && pages.includes(page) ? page : /** @type {PageName} */ (pages[0] ?? 'room')
    this.#draw()
    this.dialog.showModal()
    this.#tab(this.#page)?.focus()
    this.#tools.rooms.again()
  }

  /** The pages that the reader has. */
  get #pages() {
    const { here: { made, name }, role } = this.#tools.rooms
    return /** @type {PageName[]} */ ([
      'room', made && role && 'people', made && name !== DEFAULT_ROOM && moderates(role) && 'invites',
      moderates(role) && 'rules',
      moderates(role) && 'reports',
    ].filter(Boolean))
  }

  /** @param {PageName} page @returns {HTMLElement | null} */
  #tab = (page) => this.#tabs.querySelector(`#desk-${page}`)

  #draw() {
    write(this.#title, this.#tools.rooms.here.title)
    const pages = this.#pages
    this.#tabs.hidden = pages.length < 2
    this.#tabs.replaceChildren(...pages.map((page) => h('button', {
      type: 'button', role: 'tab', id: `desk-${page}`, 'aria-controls': 'desk-page',
      'aria-selected': page === this.#page ? 'true' : 'false', tabindex: page === this.#page ? 0 : -1,
      click: () => this.#turn(page),
    }, DESK.pages[page])))
    this.#show()
  }

  async #show() {
    const page = this.#page
    this.#body.setAttribute('aria-labelledby', `desk-${page}`)
    this.#body.setAttribute('aria-busy', 'true')
    this.#say('')
    /** @type {Desk} */
    const desk = {
      tools: this.#tools, api: this.#api, room: this.#tools.rooms.here,
      role: this.#tools.rooms.role,
      attempt: (run, button) => this.#attempt(run, button),
      say: (sentence, kind) => this.#say(sentence, kind),
      redraw: () => this.#show(),
      leave: (then) => {
        this.dialog.addEventListener('close', () => setTimeout(then), { once: true })
        this.dialog.close()
      },
    }
    try {
      const content = await PAGES[page](desk)
      if (page !== this.#page) return
      this.#body.replaceChildren(...content)
      // The element that had the focus may have gone, as a line that was
      // chosen.
      if (!this.dialog.contains(document.activeElement)) (this.#tab(page) ?? this.#body).focus()
    } catch (error) {
      if (page !== this.#page) return
      this.#body.replaceChildren()
      this.#say(this.#why(error))
    } finally {
      if (page === this.#page) this.#body.removeAttribute('aria-busy')
    }
  }

  /** @param {() => Promise<any>} run @param {HTMLElement} [button] that was pressed */
  async #attempt(run, button) {
    if (button?.getAttribute('aria-busy')) return false
    button?.setAttribute('aria-busy', 'true')
    this.#say('')
    try {
      await run()
      return true
    } catch (error) {
      this.#say(this.#why(error))
      return false
    } finally {
      button?.removeAttribute('aria-busy')
    }
  }

  /** @param {unknown} error */
  #why(error) {
    const { code = '' } = /** @type {{code?: string}} */ (error)
    return REFUSED[code] ?? this.#tools.whyNot(error)
  }

  /** @param {string} sentence @param {'wrong' | 'done'} [kind] */
  #say(sentence, kind = 'wrong') {
    this.#note.dataset.kind = kind
    write(this.#note, sentence)
  }

  // ---- The reader ----

  /** @param {PageName} page */
  #turn(page) {
    this.#page = page
    for (const tab of this.#tabs.children) {
      const isThis = tab.id === `desk-${page}`
      tab.setAttribute('aria-selected', String(isThis))
      tab.setAttribute('tabindex', isThis ? '0' : '-1')
    }
    this.#body.replaceChildren()
    this.#show()
  }

  /** @param {KeyboardEvent} event arrows lead from page to page */
  #pressed(event) {
    const pages = this.#pages
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    const to = step && pages[(pages.indexOf(this.#page) + step + pages.length) % pages.length]
    if (!to) return
    event.preventDefault()
    this.#turn(to)
    this.#tab(to)?.focus()
  }
}
