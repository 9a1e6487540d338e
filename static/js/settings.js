// What outlives a reload. In the browser (localStorage): the name and the tastes of its user. In the window (sessionStorage), which two
// windows never share: which room it is in, which sessions were its own, and what an account has begun there.

import { isGuestKey, newGuestKey } from './net/guest.js'

/** @typedef {import('../types.js').Theme} Theme */
/** @typedef {import('./model/trail.js').Way} Way */

const PREFIX = 'livechat.'
const SESSIONS = 50 // own sessions that are remembered

/** @param {() => Storage} storage storage may be switched off, and then even looking at it throws */
const store = (storage) => ({
  /** @param {string} key */
  get(key) {
    try {
      return storage().getItem(PREFIX + key) ?? ''
    } catch {
      return ''
    }
  },
  /** @param {string} key @param {string} value '' removes it */
  set(key, value) {
    try {
      if (value) storage().setItem(PREFIX + key, value)
      else storage().removeItem(PREFIX + key)
    } catch {
      // Full or switched off: it is forgotten, nothing worse.
    }
  },
})

const browser = store(() => localStorage)
const tab = store(() => sessionStorage)
let drawn = '' // the guest key of this page

export const settings = {
  get name() {
    return browser.get('name')
  },
  set name(name) {
    browser.set('name', name)
  },

  /** The key of whoever is a guest in this browser. Where nothing can be remembered it lasts until the reload. */
  get guestKey() {
    const kept = browser.get('guest')
    if (isGuestKey(kept)) return kept
    drawn ||= newGuestKey()
    browser.set('guest', drawn)
    return drawn
  },

  /** @returns {Theme} */
  get theme() {
    const theme = browser.get('theme')
    return theme === 'light' || theme === 'dark' ? theme : 'system'
  },
  set theme(theme) {
    browser.set('theme', theme === 'system' ? '' : theme)
  },

  get rosterOpen() {
    return browser.get('roster') !== 'closed'
  },
  set rosterOpen(open) {
    browser.set('roster', open ? '' : 'closed')
  },

  /** @returns {{room: string, name: string} | null} where this window is, and as whom, so that a reload does not leave the room */
  get joined() {
    const [room, name] = tab.get('joined').split('\n')
    return room && name ? { room, name } : null
  },
  set joined(joined) {
    tab.set('joined', joined ? `${joined.room}\n${joined.name}` : '') // neither has a line break in it
  },

  /**
   * The sessions that were ours under that name: what they said is our own, also after a reload.
   * @param {string} name
   */
  sessionsOf(name) {
    const [owner, ...sessions] = tab.get('sessions').split('\n')
    return owner === name ? sessions : []
  },
  /** @param {string} name @param {string[]} sessions newest last */
  rememberSessions(name, sessions) {
    tab.set('sessions', [name, ...sessions.slice(-SESSIONS)].join('\n'))
  },

  /** Which tab this is, among those that share what is not sent yet; '' for a new one. */
  get tab() {
    return tab.get('id')
  },
  set tab(id) {
    tab.set('id', id)
  },

  /** What is in the field and not sent yet. */
  get draft() {
    return tab.get('draft')
  },
  set draft(text) {
    tab.set('draft', text)
  },

  // ---- Accounts ----

  /** The name under which this browser is logged in, as far as we know: whether it is, only the server can tell. '' for nobody. */
  get account() {
    return browser.get('account')
  },
  set account(name) {
    this.forgetOthers(name)
    browser.set('account', name)
    tab.set('of', name)
  },

  /**
   * Another window logs out, or somebody in.
   * @param {() => void} run
   */
  watchAccount(run) {
    window.addEventListener('storage', ({ key }) => (key === null || key === PREFIX + 'account') && run())
  },

  /** @param {string} me @returns {Record<string, string>} what that account has begun to write, by chat */
  draftsOf(me) {
    try {
      const { of, drafts } = JSON.parse(tab.get('drafts'))
      return of === me ? drafts : {}
    } catch {
      return {}
    }
  },
  /** @param {string} me @param {Readonly<Record<string, string>>} drafts */
  rememberDrafts(me, drafts) {
    tab.set('drafts', Object.keys(drafts).length > 0 ? JSON.stringify({ of: me, drafts }) : '')
  },

  /** @param {string} of @returns {Way | null} the way through this window, of an account or a guest ('') */
  wayOf(of) {
    try {
      const { of: whose, ...way } = JSON.parse(tab.get('way'))
      return whose === of ? way : null
    } catch {
      return null
    }
  },
  /** @param {string} of @param {Way | null} way */
  rememberWay(of, way) {
    tab.set('way', way ? JSON.stringify({ of, ...way }) : '')
  },

  /**
   * Forgets what is an account's own, in this window. That somebody else has logged in in another one stays true.
   * @param {string} me
   */
  forgetAccount(me) {
    if (browser.get('account') === me) browser.set('account', '')
    for (const key of ['of', 'draft', 'drafts', 'way', 'joined', 'sessions']) tab.set(key, '')
  },

  /**
   * This window may have been an account's that was logged out elsewhere: what is left of it in here is nobody's.
   * @param {string} but the name of the account that is not meant
   */
  forgetOthers(but) {
    const of = tab.get('of')
    if (of && of !== but) this.forgetAccount(of)
  },
}
