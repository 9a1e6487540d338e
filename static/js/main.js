// The page from its start: the card, the room, and back. A window that was in a room when it was reloaded goes straight back in, and so does
// whoever is logged in.

import { systemClock } from './model/clock.js'
import { validRoom } from './model/rules.js'
import { Trail } from './model/trail.js'
import { Unsent } from './model/unsent.js'
import { lostAtLogout, noSuchRoom, whyClosed } from './model/words.js'
import { findAddress } from './net/address.js'
import { Api } from './net/api.js'
import { guestProtocols } from './net/guest.js'
import { Privates } from './net/privates.js'
import { Room } from './net/room.js'
import { TicketSocket } from './net/ticket.js'
import { uuid } from './net/uuid.js'
import { watchWakeups } from './net/wakeups.js'
import { settings } from './settings.js'
import { shelf } from './store/shelf.js'
import { tabs } from './store/tabs.js'
import { find } from './view/dom.js'
import { JoinView } from './view/join.js'
import { RoomView } from './view/room.js'
import { applyTheme } from './view/theme.js'

const DEFAULT_ROOM = 'livechat'
const PAGE = 100 // messages of the archive that are asked for at once
const RETRY = 5000 // ms, by half of it more or less, after which it is asked again, when nobody answered: no page is alone in that
const KEEPING = 1000 // ms for which the page waits to hear what it has kept
const PATIENCE = 400 // ms for which the page waits to hear who is logged in before it shows the card

const OUT = 'You were logged out.'

const stage = find(document, '#stage', HTMLElement)
const asked = new URLSearchParams(location.search).get('room') ?? ''
const roomName = validRoom(asked) ? asked : DEFAULT_ROOM
const unsent = new Unsent(shelf, tabs, settings)
const trail = new Trail({ history, clock: systemClock, memory: settings, uuid })
const api = new Api({ fetch: (...args) => (isStillMe() ? fetch(...args) : nobody()), clock: systemClock, loggedOut: () => leaveAccount(OUT) })
const address = await findAddress()

/** @type {{end: () => void} | null} what is on the stage */
let view = null
/** @type {Room | null} */
let room = null
/** @type {Privates | null} the private side of whoever is logged in */
let privates = null
let remembered = '' // who is logged in, as all windows of the browser know it; '' also where nothing can be remembered

/** @param {string} url @param {string[]} [protocols] */
const open = (url, protocols) => new WebSocket(url, protocols)
/** @param {string} url of a room, which an account enters with a ticket */
const openRoom = (url) => (privates ? new TicketSocket(() => url, { ticket: () => api.ticket(), open }) : open(url, guestProtocols(settings.guestKey)))

/** @param {number} before */
const archive = (before) => api.roomMessages(roomName, { before, limit: PAGE })

/** @param {string} name */
function makeRoom(name) {
  room?.leave()
  room = new Room({
    name, isAccount: privates !== null, room: roomName, sessions: settings.sessionsOf(name), unsent, archive, address, clock: systemClock, open: openRoom,
  })
  return room
}

/** @param {string} [note] what there is to say */
function showCard(note = '') {
  view?.end()
  room?.leave()
  settings.joined = null
  stage.dataset.view = 'card'
  /** @type {JoinView} */
  const card = new JoinView(stage, roomName, address, {
    join: (name) => join(name, card),
    async enter(way, name, password) {
      const me = await (way === 'login' ? api.login(name, password) : api.register(name, password))
      if (view === card) join(enter(me.name), card)
    },
  })
  view = card
  if (note) card.note(note)
  else if (asked && asked !== roomName) card.note(noSuchRoom(asked))
  return card
}

/** @param {string} name @param {JoinView} card */
function join(name, card) {
  const joining = makeRoom(name)
  const nothing = () => {}
  const unlisten = joining.listen({
    items: nothing, heard: nothing, people: nothing, typing: nothing, unsent: nothing,
    state(state) {
      if (state.kind === 'waiting') card.failed()
      if (state.kind === 'stopped') card.refused(whyClosed(state))
      if (state.kind !== 'connected') return
      unlisten()
      showRoom(joining)
    },
  })
  joining.join()
}

/** @param {Room} joined */
function showRoom(joined) {
  view?.end()
  settings.joined = { room: roomName, name: joined.name }
  settings.rememberSessions(joined.name, joined.conversation.sessions)
  stage.dataset.view = 'room'
  view = new RoomView(stage, joined, privates, trail, { leave: () => showCard(), login: () => showCard().account('login'), account })
}

// ---- Accounts ----

/** @param {string} me who is logged in from now on */
function enter(me) {
  privates?.stop()
  settings.account = me
  remembered = settings.account
  unsent.forgetAccounts(me)
  privates = new Privates({ me, api, url: address.feed, open, clock: systemClock, unsent, drafts: settings.draftsOf(me) })
  privates.start()
  return me
}

/** @param {string} why */
function leaveAccount(why) {
  if (!privates) return
  const { me } = privates
  privates.stop()
  privates = null
  api.forget()
  settings.forgetAccount(me)
  showCard(why)
}

/** Whether this browser has not become somebody else's in another window: nothing goes out in the wrong name. */
const isStillMe = () => !privates || settings.account === remembered

/** @returns {Promise<never>} */
function nobody() {
  leaveAccount(OUT)
  return Promise.reject(new TypeError('somebody else is logged in'))
}

const account = {
  atStake,
  logout: () => left(api.logout(), 'You are logged out.'),
  logoutEverywhere: () => left(api.logoutEverywhere(), 'You are logged out everywhere.'),
  /** @param {string} password */
  deleteAccount: (password) => left(api.deleteAccount(password), 'Your account is deleted.'),
  /** @param {string} old @param {string} new_ */
  changePassword: (old, new_) => api.changePassword(old, new_),
}

/** @param {Promise<void>} done @param {string} why */
async function left(done, why) {
  await done
  leaveAccount(why)
  unsent.forgetAccounts() // who is logged out against their will finds it when they are back; who wants to go leaves nothing
}

/** @returns {Promise<string>} what logging out would delete, in a sentence; '' for nothing */
async function atStake() {
  if (!privates) return ''
  const { messages, drafts } = privates.unsent
  const patience = new Promise((/** @type {(kept: number) => void} */ resolve) => { systemClock.after(KEEPING, () => resolve(0)) })
  const kept = await Promise.race([unsent.count(privates.me), patience]) // those of other windows as well
  return lostAtLogout(Math.max(kept, messages + (room?.unsent ?? 0)), drafts + (settings.draft.trim() ? 1 : 0))
}

/**
 * Goes back in as whoever is logged in. While that is being found out, and when it cannot be, guests can join.
 * @param {JoinView | null} [card] that is on the stage already
 */
async function resume(card = null) {
  const cancel = systemClock.after(PATIENCE, () => {
    card ??= showCard('Looking for your account…')
  })
  try {
    const me = await api.me()
    cancel()
    if (card && view !== card) return // somebody has gone another way
    if (me) return goIn(enter(me.name), card)
    settings.forgetAccount(settings.account)
    sayOn(card, OUT)
  } catch {
    cancel()
    const waiting = sayOn(card, 'Your account cannot be reached at the moment. Guests can join all the same.')
    systemClock.after(RETRY * (0.5 + Math.random()), () => view === waiting && waiting.isForGuests && resume(waiting))
  }
}

/** @param {string} name @param {JoinView | null} card that is on the stage */
function goIn(name, card) {
  if (card) return join(name, card)
  const back = makeRoom(name)
  showRoom(back)
  back.join()
}

/** @param {JoinView | null} card on which it is said, if it is still there; null for one that is made @param {string} sentence */
function sayOn(card, sentence) {
  if (!card) return showCard(sentence)
  if (view === card) card.note(sentence)
  return card
}

applyTheme()
// A page that was left may be kept, for the way back, with its socket open: nobody is there any more. Who comes back comes in anew.
window.addEventListener('pagehide', (event) => {
  if (!event.persisted) return
  room?.leave()
  privates?.stop()
})
window.addEventListener('pageshow', (event) => event.persisted && location.reload())
settings.watchAccount(() => isStillMe() || leaveAccount(OUT))
window.addEventListener('popstate', ({ state }) => trail.moved(state))
watchWakeups({
  visible: () => [room, privates].forEach((one) => one?.retryNow()),
  moved: () => [room, privates].forEach((one) => one?.refresh()),
  offline: () => [room, privates].forEach((one) => one?.doubt()),
})
settings.forgetOthers(settings.account)
const { joined: before } = settings
if (settings.account) resume()
else if (before?.room === roomName) goIn(before.name, null)
else showCard()
