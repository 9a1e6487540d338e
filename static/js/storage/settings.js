// Settings that outlive a reload. In localStorage, for the browser: the name
// and preferences. In sessionStorage, for one window: its room, its sessions
// and the drafts of its account.

import { forgetDraftFiles, placesWithFiles, roomPlace } from './attached.js'
import { isGuestKey, newGuestKey } from './guest-key.js'
import { forgetReacted } from './reacted.js'
import { browser, tab, watch } from './store.js'

/** @typedef {import('../../types.js').Theme} Theme */
/** @typedef {import('../model/navigation.js').Way} Way */

const SESSIONS = 50 // own sessions that are remembered
const ROOMS = 20 // in which it is remembered how far the reader has seen

let drawn = '' // the guest key of this page

/**
 * The drafts of this window by room: a draft stays where it was begun.
 * @returns {Record<string, string>}
 */
const roomDrafts = () => tab.object('draft')

/**
 * Epoch and seq by room, the one looked at last at the end.
 * @returns {Record<string, [string, number]>}
 */
const seenRooms = () => browser.object('seen')

/**
 * The people whom somebody has hidden, by who that is.
 * @returns {Record<string, [string, string][]>}
 */
const hiddenPeople = () => browser.object('hidden')

export const settings = {
  get name() {
    return browser.get('name')
  },
  set name(name) {
    browser.set('name', name)
  },

  /**
   * The key of guests in this browser. Without storage it lasts until the
   * reload.
   */
  get guestKey() {
    const stored = browser.get('guest')
    if (isGuestKey(stored)) return stored
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

  // ---- What calls the reader ----

  get notify() {
    return browser.get('notify') === 'on'
  },
  set notify(on) {
    browser.set('notify', on ? 'on' : '')
  },

  get sound() {
    return browser.get('sound') === 'on'
  },
  set sound(on) {
    browser.set('sound', on ? 'on' : '')
  },

  /** @param {string} room */
  isMuted: (room) => browser.get('muted').split(' ').includes(room),
  /** @param {string} room @param {boolean} on */
  setMuted(room, on) {
    const others = browser.get('muted').split(' ').filter((one) => one && one !== room)
    browser.set('muted', [...others, ...(on ? [room] : [])].join(' '))
  },

  /** True if single characters are commands. */
  get singleKeys() {
    return browser.get('keys') !== 'off'
  },
  set singleKeys(on) {
    browser.set('keys', on ? '' : 'off')
  },

  /** The emoji that were picked last, the newest first, and the place of the skin tone. */
  emoji: {
    get recent() {
      return browser.get('emoji').split(' ').filter(Boolean)
    },
    set recent(all) {
      browser.set('emoji', all.join(' '))
    },
    get tone() {
      return Number(browser.get('tone'))
    },
    set tone(tone) {
      browser.set('tone', tone > 0 ? String(tone) : '')
    },
  },

  get rosterOpen() {
    return browser.get('roster') !== 'closed'
  },
  set rosterOpen(open) {
    browser.set('roster', open ? '' : 'closed')
  },

  /** @returns {{room: string, name: string} | null} where a reload goes back to */
  get joined() {
    const [room, name] = tab.get('joined').split('\n')
    return room && name ? { room, name } : null
  },
  set joined(joined) {
    tab.set('joined', joined ? `${joined.room}\n${joined.name}` : '') // neither has a line break in it
  },

  /**
   * Our earlier sessions under that name, to recognize own messages after a
   * reload.
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

  /** The draft in the room. */
  get draft() {
    return roomDrafts()[this.joined?.room ?? ''] ?? ''
  },
  set draft(text) {
    const { [this.joined?.room ?? '']: _, ...others } = roomDrafts()
    const drafts = text ? { ...others, [this.joined?.room ?? '']: text } : others
    tab.set('draft', Object.keys(drafts).length > 0 ? JSON.stringify(drafts) : '')
  },

  /** Where something is begun: in rooms, and, if it has files, in chats as well. */
  get draftPlaces() {
    const rooms = Object.entries(roomDrafts()).flatMap(([room, text]) => (text.trim() ? roomPlace(room) : []))
    return [...rooms, ...placesWithFiles()]
  },

  /**
   * The message that the draft in the room answers.
   * @returns {import('../../types.js').ReplyTo | null}
   */
  get draftReply() {
    try {
      const { room, reply } = JSON.parse(tab.get('reply'))
      return room === this.joined?.room ? reply : null
    } catch {
      return null // none
    }
  },
  set draftReply(reply) {
    tab.set('reply', reply ? JSON.stringify({ room: this.joined?.room, reply }) : '')
  },

  /**
   * How far the reader has seen a room.
   * @param {string} room @returns {import('../../types.js').Memory}
   */
  lastSeenIn: (room) => ({
    get position() {
      const [epoch, seq] = seenRooms()[room] ?? []
      return epoch && seq ? { epoch, seq } : null
    },
    set position(position) {
      const { [room]: before, ...others } = seenRooms()
      if (!position || (before?.[0] === position.epoch && before[1] === position.seq)) return
      const kept = Object.entries(others).slice(1 - ROOMS)
      browser.set(
        'seen',
        JSON.stringify(Object.fromEntries([...kept, [room, [position.epoch, position.seq]]])),
      )
    },
  }),

  /**
   * @param {string} of an account, or guests ('')
   * @returns {[string, string][]} the people whom they have hidden
   */
  hiddenOf: (of) => hiddenPeople()[of] ?? [],
  /** @param {string} of @param {[string, string][]} people */
  rememberHidden(of, people) {
    const { [of]: _, ...others } = hiddenPeople()
    const all = people.length > 0 ? { ...others, [of]: people } : others
    browser.set('hidden', Object.keys(all).length > 0 ? JSON.stringify(all) : '')
  },
  /** @param {() => void} run after a change in another window */
  watchHidden: (run) => watch('hidden', run),

  // ---- Accounts ----

  /**
   * The account that is logged in, as far as we know; only the server can tell.
   * '' for none.
   */
  get account() {
    return browser.get('account')
  },
  set account(name) {
    this.forgetOthers(name)
    browser.set('account', name)
    tab.set('of', name)
  },

  /**
   * The account changes in another window.
   * @param {() => void} run
   */
  watchAccount: (run) => watch('account', run),

  /**
   * @param {string} me
   * @returns {Record<string, string>} by chat
   */
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

  /**
   * @param {string} of
   * @returns {Way | null} the way through this window, of an account or a guest ('')
   */
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
   * Forgets an account in this window. Another account that has logged in
   * elsewhere stays logged in.
   * @param {string} me
   */
  forgetAccount(me) {
    if (me) {
      this.rememberHidden(me, [])
      forgetReacted(me)
    }
    forgetDraftFiles()
    if (browser.get('account') === me) for (const key of ['account', 'seen', 'last']) browser.set(key, '')
    for (const key of ['of', 'draft', 'reply', 'drafts', 'way', 'joined', 'sessions']) tab.set(key, '')
  },

  /**
   * Forgets an account of this window that was logged out elsewhere.
   * @param {string} but the name of the account that is not meant
   */
  forgetOthers(but) {
    const of = tab.get('of')
    if (of && of !== but) this.forgetAccount(of)
  },
}
