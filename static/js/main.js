// The page from its start: the card, the room, and back. A window that was in a
// room when it was reloaded goes straight back in, and so does whoever is
// logged in.

import { systemClock } from './model/clock.js'
import { DEFAULT_ROOM } from './model/room-link.js'
import { validRoom } from './model/rules.js'
import { Hidden } from './model/hidden.js'
import { Navigation } from './model/navigation.js'
import { Unsent } from './storage/unsent.js'
import { whyClosed } from './model/status.js'
import { CARD, noSuchRoom } from './model/strings/card.js'
import { findAddress } from './net/address.js'
import { Api } from './net/api.js'
import { keepForOffline } from './net/offline.js'
import { draftFileIds } from './storage/attached.js'
import { guestProtocols } from './storage/guest-key.js'
import { atStake } from './chat/at-stake.js'
import { DirectMessages } from './chat/direct-messages.js'
import { ROOM as PRIVATE } from './chat/sender.js'
import { Room } from './chat/room.js'
import { TicketSocket } from './net/ticket.js'
import { uuid } from './model/uuid.js'
import { watchConnectivity } from './net/connectivity.js'
import { knownConfig } from './storage/config.js'
import { settings } from './storage/settings.js'
import { unsentStore } from './storage/idb.js'
import { reactedIn } from './storage/reacted.js'
import { tabs } from './storage/tabs.js'
import { showAway } from './view/away.js'
import { closeByEscape } from './view/box.js'
import { find } from './view/dom.js'
import { JoinView } from './view/join.js'
import { RoomView } from './view/room.js'
import { applyTheme } from './view/theme.js'
import { LaterUploads } from './view/uploads.js'

// Milliseconds, by half of it more or less, after which it is asked again, when
// nobody answered: no page is alone in that.
const RETRY = 5000
const CARD_DELAY = 400 // ms for which the page waits to hear who is logged in before it shows the card

const stage = find(document, '#stage', HTMLElement)
closeByEscape(document)
const asked = new URLSearchParams(location.search).get('room') ?? ''
const roomName = validRoom(asked) ? asked : DEFAULT_ROOM
const unsent = new Unsent(unsentStore, tabs, settings)
const hidden = new Hidden(settings)
const navigation = new Navigation({ history, clock: systemClock, memory: settings, uuid })
const api = new Api({
  fetch: (...args) => (isStillMe() ? fetch(...args) : nobody()), clock: systemClock,
  loggedOut: () => leaveAccount(CARD.loggedOutElsewhere),
})
const address = await findAddress(knownConfig, { failed: (tryNow) => showAway(stage, tryNow) })

/** @type {{end: () => void} | null} what is on the stage */
let view = null
/** @type {Room | null} */
let room = null
/** @type {DirectMessages | null} the private side of whoever is logged in */
let directMessages = null
const uploads = new LaterUploads(() => directMessages?.me ?? '', isLoggedIn)
// Who is logged in, as all windows of the browser know it; '' also where
// nothing can be remembered.
let remembered = ''

/** @param {string} url @param {string[]} [protocols] */
const open = (url, protocols) => new WebSocket(url, protocols)
/** @param {string} url of a room, which an account enters with a ticket */
const openRoom = (url) => (directMessages
  ? new TicketSocket(() => url, { ticket: () => api.ticket(), open })
  : open(url, guestProtocols(settings.guestKey)))

/** @param {import('./net/api.js').Span} span */
const archive = (span) => api.roomMessages(roomName, span)

const who = (/** @type {string} */ id) => api.whoReacted(roomName, id)

/** @param {string} name */
function makeRoom(name) {
  room?.leave()
  room = new Room({
    name, isAccount: directMessages !== null, room: roomName, sessions: settings.sessionsOf(name), unsent,
    uploads, archive, who, reacted: reactedIn(directMessages?.me ?? '', roomName),
    lastSeen: settings.lastSeenIn(roomName), hidden, address, clock: systemClock, open: openRoom,
  })
  return room
}

const tryNow = () => [room, directMessages].forEach((one) => one?.retryNow())

/** @param {string} [note] what there is to say */
function showCard(note = '') {
  view?.end()
  room?.leave()
  settings.joined = null
  stage.dataset.view = 'card'
  /** @type {JoinView} */
  const card = new JoinView(stage, roomName, address, {
    join: (name) => join(name, card),
    cancel: () => room?.leave(),
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
    items: nothing, received: nothing, people: nothing, typing: nothing, unsent: nothing,
    state(state) {
      if (state.kind === 'waiting') card.failed(state.code)
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
  view = new RoomView(stage, joined, directMessages, navigation, {
    leave: () => showCard(), enter: logInHere, account, tryNow, search: api.search, uploads,
  })
}

/**
 * A guest goes on in the room with an account.
 * @param {import('./view/entry.js').Way} way @param {string} name @param {string} password
 */
async function logInHere(way, name, password) {
  const here = view
  const me = await (way === 'login' ? api.login(name, password) : api.register(name, password))
  if (view === here) goIn(enter(me.name), null)
}

// ---- Accounts ----

/** @param {string} me who is logged in from now on */
function enter(me) {
  directMessages?.stop()
  settings.account = me
  hidden.of(me)
  remembered = settings.account
  unsent.forgetAccounts(me)
  directMessages = new DirectMessages({
    me, api, url: address.feed, open, clock: systemClock, unsent, uploads, hidden,
    drafts: settings.draftsOf(me), reacted: reactedIn(me, PRIVATE),
  })
  directMessages.start()
  uploads.forget(me)
  return me
}

/** @param {string} why */
function leaveAccount(why) {
  if (!directMessages) return
  const { me } = directMessages
  directMessages.stop()
  directMessages = null
  uploads.release(draftFileIds()) // drafts are forgotten; messages that were not sent are kept
  uploads.turn()
  api.forget()
  settings.forgetAccount(me)
  hidden.of('')
  showCard(why)
}

/**
 * Whether this browser has not become somebody else's in another window:
 * nothing goes out in the wrong name.
 */
const isStillMe = () => !directMessages || settings.account === remembered

/** @returns {Promise<never>} */
function nobody() {
  leaveAccount(CARD.loggedOutElsewhere)
  return Promise.reject(new TypeError('somebody else is logged in'))
}

/** Asks the server, which has refused something; who is not logged in leaves. */
async function isLoggedIn() {
  const isIn = !directMessages || await api.me() !== null
  if (!isIn) leaveAccount(CARD.loggedOutElsewhere)
  return isIn
}

const account = {
  atStake: async () => (directMessages
    ? atStake(directMessages, { room, unsent, draftPlaces: settings.draftPlaces, clock: systemClock }) : ''),
  logout: () => left(api.logout(), CARD.loggedOut),
  logoutEverywhere: () => left(api.logoutEverywhere(), CARD.loggedOutEverywhere),
  /** @param {string} password */
  deleteAccount: (password) => left(api.deleteAccount(password), CARD.accountDeleted),
  /** @param {string} old @param {string} new_ */
  changePassword: (old, new_) => api.changePassword(old, new_),
}

/** @param {Promise<void>} done @param {string} why */
async function left(done, why) {
  await done
  leaveAccount(why)
  // Who is logged out against their will finds it when they are back; who wants
  // to go leaves nothing.
  unsent.forgetAccounts()
  uploads.forget('')
}

/**
 * Goes back in as whoever is logged in. While that is being found out, and when
 * it cannot be, guests can join.
 * @param {JoinView | null} [card] that is on the stage already
 */
async function resume(card = null) {
  const cancel = systemClock.after(CARD_DELAY, () => {
    card ??= showCard(CARD.signingIn)
  })
  try {
    const me = await api.me()
    cancel()
    if (card && view !== card) return // somebody has gone another way
    if (me) return goIn(enter(me.name), card)
    settings.forgetAccount(settings.account)
    sayOn(card, CARD.loggedOutElsewhere)
  } catch {
    cancel()
    const waiting = sayOn(card, CARD.loginUnknown)
    systemClock.after(
      RETRY * (0.5 + Math.random()),
      () => view === waiting && waiting.isForGuests && resume(waiting),
    )
  }
}

/** @param {string} name @param {JoinView | null} card that is on the stage */
function goIn(name, card) {
  if (card) return join(name, card)
  const back = makeRoom(name)
  showRoom(back)
  back.join()
}

/**
 * @param {JoinView | null} card on which it is said, if it is still there; null for one that is
 *   made
 * @param {string} sentence
 */
function sayOn(card, sentence) {
  if (!card) return showCard(sentence)
  if (view === card) card.note(sentence)
  return card
}

applyTheme()
// A page that was left may be kept for Back, with its socket open.
// It leaves, and reloads when the reader returns.
window.addEventListener('pagehide', (event) => {
  for (const one of [room, directMessages]) one?.changes.flush()
  if (!event.persisted) return
  room?.leave()
  directMessages?.stop()
})
window.addEventListener('pageshow', (event) => event.persisted && location.reload())
settings.watchAccount(() => isStillMe() || leaveAccount(CARD.loggedOutElsewhere))
window.addEventListener('popstate', ({ state }) => navigation.moved(state))
watchConnectivity({
  visible: tryNow,
  moved: () => [room, directMessages].forEach((one) => one?.refresh()),
  offline: () => [room, directMessages].forEach((one) => one?.doubt()),
})
settings.forgetOthers(settings.account)
const { joined: before } = settings
keepForOffline()
uploads.forget(null)
if (settings.account) resume()
else if (before?.room === roomName) goIn(before.name, null)
else showCard()
