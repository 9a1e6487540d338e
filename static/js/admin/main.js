// The admin page: who is here, and the views that the address names.

import { systemClock } from '../model/clock.js'
import { whyNot } from '../model/answers.js'
import { GATE, loggedInAs } from '../model/strings/admin.js'
import { ApiError } from '../net/problem.js'
import { find, write } from '../view/dom.js'
import { applyTheme, themeButton } from '../view/theme.js'
import { accountsView } from './accounts.js'
import { AdminApi } from './api.js'
import { Ask } from './ask.js'
import { auditView } from './audit.js'
import { bansView } from './bans.js'
import { filesView } from './files.js'
import { followView } from './follow.js'
import { peopleView } from './people.js'
import { reportsView } from './reports.js'
import { roomsView } from './rooms.js'
import { serversView } from './servers.js'
import { settingsView } from './settings.js'

/**
 * @typedef {object} Tools what the views share
 * @property {AdminApi} api
 * @property {Ask} ask
 * @property {import('../../types.js').Clock} clock
 * @property {string} me the name of the admin
 * @property {(error: ApiError) => void} failed is told of what the API did not do
 * @property {(view: string, filters: Record<string, string>) => void} go opens another view
 */
/**
 * @typedef {object} View
 * @property {() => void} open
 * @property {() => void} close
 * @property {(filters: Record<string, string>) => void} filter sets some before it is opened
 */

/** @type {Record<string, (section: HTMLElement, tools: Tools) => View>} by the id of the section */
const VIEWS = {
  people: peopleView, rooms: roomsView, accounts: accountsView, reports: reportsView, bans: bansView,
  audit: auditView, files: filesView, servers: serversView, settings: settingsView, follow: followView,
}
const FIRST = 'people'

const api = new AdminApi((url, init) => fetch(url, init), systemClock)
const gate = find(document, '#gate', HTMLElement)
const nav = find(document, '#views', HTMLElement)
/** @type {Map<string, View>} those that were opened before */
const views = new Map()
let open = ''

/**
 * Shows why there is nothing to see.
 * @param {string} text @param {string} [link] its label
 */
function shut(text, link = '') {
  views.get(open)?.close()
  views.clear()
  open = ''
  for (const section of document.querySelectorAll('main > section')) {
    if (section instanceof HTMLElement) section.hidden = section !== gate
  }
  nav.hidden = true
  write(find(gate, '#gate-text', HTMLElement), text)
  const button = find(gate, '#gate-link', HTMLAnchorElement)
  button.hidden = link === ''
  write(button, link)
}

/** @param {ApiError} error */
function failed({ status }) {
  if (status === 401) shut(GATE.guest, GATE.logIn)
  if (status === 403) enter()
}

/** @param {string} name @param {Tools} tools */
function viewOf(name, tools) {
  const view = views.get(name) ?? VIEWS[name]?.(find(document, `#${name}`, HTMLElement), tools)
  if (view) views.set(name, view)
  return view
}

/** @param {Tools} tools @param {boolean} [isMove] the reader has moved there */
function show(tools, isMove = false) {
  const asked = location.hash.slice(1)
  const name = Object.hasOwn(VIEWS, asked) ? asked : FIRST
  if (name === open) return
  views.get(open)?.close()
  open = name
  for (const link of nav.querySelectorAll('a')) {
    if (link.hash === `#${name}`) {
      link.setAttribute('aria-current', 'page')
      link.scrollIntoView({ block: 'nearest', inline: 'nearest' })
    } else link.removeAttribute('aria-current')
  }
  for (const section of document.querySelectorAll('main > section')) {
    if (section instanceof HTMLElement) section.hidden = section.id !== name
  }
  const section = find(document, `#${name}`, HTMLElement)
  viewOf(name, tools)?.open()
  if (isMove) find(section, 'h2', HTMLElement).focus({ preventScroll: true })
  window.scrollTo(0, 0)
}

let moved = () => {}

/** Looks who is here. */
async function enter() {
  try {
    const me = await api.me()
    if (!me) return shut(GATE.guest, GATE.logIn)
    if (me.role !== 'admin') return shut(GATE.noAdmin(me.name), GATE.room)
    write(find(document, '#me', HTMLElement), loggedInAs(me.name))
    /** @type {Tools} */
    const tools = {
      api, ask, clock: systemClock, me: me.name, failed,
      go(name, filters) {
        viewOf(name, tools)?.filter(filters)
        location.hash = name
      },
    }
    nav.hidden = false
    moved = () => show(tools, true)
    show(tools)
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    shut(whyNot(error))
  }
}

applyTheme()
themeButton(find(document, '#theme', HTMLButtonElement))
const ask = new Ask(document)
window.addEventListener('hashchange', () => moved())
await enter()
