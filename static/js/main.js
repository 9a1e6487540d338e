// The page from its start: the card, the room, and back. A window that was in a
// room when it was reloaded goes straight back in, and so does whoever is
// logged in.

import { systemClock } from './model/clock.js'
import { isDoor } from './model/close-codes.js'
import { messageLink } from './model/message-link.js'
import { DEFAULT_ROOM, roomIn, roomLink } from './model/room-link.js'
import { newestOf, Rooms } from './model/rooms.js'
import { Hidden } from './model/hidden.js'
import { Navigation } from './model/navigation.js'
import { Unsent } from './storage/unsent.js'
import { whyClosed } from './model/status.js'
import { whyNot } from './model/answers.js'
import { CARD, noSuchRoom } from './model/strings/card.js'
import { ROOMS } from './model/strings/rooms.js'
import { findAddress } from './net/address.js'
import { Api } from './net/api.js'
import { keepForOffline } from './net/offline.js'
import { guestProtocols } from './storage/guest-key.js'
import { Room } from './chat/room.js'
import { TicketSocket } from './net/ticket.js'
import { uuid } from './model/uuid.js'
import { watchConnectivity } from './net/connectivity.js'
import { knownConfig } from './storage/config.js'
import { roomsSeen } from './storage/rooms-seen.js'
import { settings } from './storage/settings.js'
import { unsentStore } from './storage/idb.js'
import { reactedIn } from './storage/reacted.js'
import { ownTab, tabs } from './storage/tabs.js'
import { showAway } from './view/away.js'
import { closeByEscape } from './view/box.js'
import { find } from './view/dom.js'
import { EntryForm } from './view/entry.js'
import { JoinView } from './view/join.js'
import { importLater, loadedLater, styled } from './view/loaded-later.js'
import { RoomView } from './view/room.js'
import { applyTheme } from './view/theme.js'
import { LaterUploads } from './view/uploads.js'
import { Session } from './session.js'

// ms, by half of it more or less, until it is asked again when nobody answered.
const RETRY = 5000
const CARD_DELAY = 400 // ms for which the page waits to hear who is logged in before it shows the card

const isBundled = !document.querySelector('link[href^=templates]')
if (!isBundled) await (await importLater('js/view/templates.js')).putTemplates()
const stage = find(document, '#stage', HTMLElement)
closeByEscape(document)
const unsent = new Unsent(unsentStore, tabs, ownTab)
const hidden = new Hidden(settings)
const navigation = new Navigation({ history, clock: systemClock, memory: settings, uuid })
/** @type {Api} */
const api = new Api({
  fetch: (...args) => (session.isStillMe() ? fetch(...args) : session.nobody()), clock: systemClock,
  loggedOut: () => session.leave(CARD.loggedOutElsewhere),
})
const address = await findAddress(knownConfig, { failed: (tryNow) => showAway(stage, tryNow) })

/** @type {{end: () => void} | null} what is on the stage */
let view = null
/** @type {Room | null} */
let room = null
let roomName = roomIn(location.href)
let switches = 0 // of rooms
/** @param {string} url @param {string[]} [protocols] */
const open = (url, protocols) => new WebSocket(url, protocols)
/** @type {LaterUploads} */
const uploads = new LaterUploads(() => session.me, () => session.isLoggedIn())
/** @type {Session} */
const session = new Session({ api, feed: address.feed, open, unsent, uploads, hidden }, {
  room: () => room,
  left(why) {
    rooms.forget()
    showCard(why)
  },
})
const rooms = new Rooms({
  call: api.call, clock: systemClock, seen: roomsSeen, isWatched: () => !document.hidden,
})

/** @param {string} url of a room, which an account enters with a ticket */
const openRoom = (url) => (session.directMessages
  ? new TicketSocket(() => url, { ticket: () => api.ticket(), open })
  : open(url, guestProtocols(settings.guestKey)))

/** @param {string} name */
function makeRoom(name) {
  const where = roomName
  leaveRoom()
  room = new Room({
    name, isAccount: session.directMessages !== null, room: where, sessions: settings.sessionsOf(name),
    unsent, uploads, archive: (span) => api.roomMessages(where, span), who: (id) => api.whoReacted(where, id),
    reacted: reactedIn(session.me, where), lastSeen: settings.lastSeenIn(where), hidden, address,
    clock: systemClock, open: openRoom,
  })
  return room
}

function leaveRoom() {
  if (room?.joined) rooms.left(room.room, newestOf(room.conversation))
  room?.leave()
}

const tryNow = () => [room, session.directMessages].forEach((one) => one?.retryNow())

/** @param {string} [note] what there is to say */
function showCard(note = '') {
  view?.end()
  leaveRoom()
  settings.joined = null
  stage.dataset.view = 'card'
  /** @type {JoinView} */
  const card = new JoinView(stage, roomName, address, {
    join: (name) => join(name, card),
    cancel: () => room?.leave(),
    async enter(way, name, password) {
      const me = await (way === 'login' ? api.login(name, password) : api.register(name, password))
      if (view === card) join(session.enter(me.name), card)
    },
  })
  view = card
  const asked = new URLSearchParams(location.search).get('room')
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
      const hasDoor = state.kind === 'stopped' && isDoor(state.code)
      if (state.kind === 'stopped' && !hasDoor) card.refused(whyClosed(state))
      if (state.kind !== 'connected' && !hasDoor) return
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
  rooms.enter(roomName, session.me !== '', api.isAdmin)
  view = new RoomView(stage, joined, session.directMessages, navigation, {
    leave: () => showCard(), enter: logInHere, account: session.account, tryNow, search: api.search, uploads,
    rooms, call: api.call, goTo,
  })
}

/**
 * A guest goes on in the room with an account.
 * @param {import('./view/entry.js').Way} way @param {string} name @param {string} password
 */
async function logInHere(way, name, password) {
  const here = view
  const me = await (way === 'login' ? api.login(name, password) : api.register(name, password))
  if (view === here) goIn(session.enter(me.name), null)
}

// ---- From room to room ----

/**
 * Goes to another room, as whoever is here.
 * @param {string} name @param {{n: number, id: string}} [message] that is shown there
 */
async function goTo(name, message) {
  const link = new URL(roomLink(location.href, name))
  const url = message ? messageLink(link, { seq: message.n, id: message.id }) : link.href
  await move(name, () => navigation.elsewhere(url))
}

/** @param {string} name of a room @param {() => Promise<unknown>} [arrive] at its address */
async function move(name, arrive) {
  const turn = ++switches
  const me = (!(view instanceof JoinView) && room?.name) || session.me
  view?.end()
  view = null
  leaveRoom()
  roomName = name
  await arrive?.()
  if (turn !== switches || view) return // somebody has gone another way
  if (me) goIn(me, null)
  else showCard()
}

/** @param {string} token of an invite, whose card is shown */
async function showInvite(token) {
  const goToRoom = (/** @type {string} */ name) => {
    history.replaceState(null, '', roomLink(location.href, name || DEFAULT_ROOM))
    move(name || DEFAULT_ROOM)
  }
  try {
    const me = settings.account && await api.me()
    if (me) session.enter(me.name)
    await styled(loadedLater('css/rooms.css'))
    /** @type {typeof import('./rooms/invited.js')} */
    const { invite } = await importLater('js/rooms/invited.js')
    await invite(stage, token, {
      call: api.call, whyNot, goIn: goToRoom, me: () => session.me,
      entry: (root, onEnter) => new EntryForm(root, onEnter),
      async enter(way, name, password) {
        const me = await (way === 'login' ? api.login(name, password) : api.register(name, password))
        session.enter(me.name)
      },
    })
  } catch {
    showCard(ROOMS.notLoaded)
  }
}

/** The browser has gone back or forward, perhaps to another room. */
function moved(/** @type {any} */ state) {
  if (navigation.moved(state) || roomIn(location.href) === roomName) return
  navigation.forget()
  move(roomIn(location.href))
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
    if (me) return goIn(session.enter(me.name), card)
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
 * @param {JoinView | null} card where it is said, if it is still there; null for a new one
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
  for (const one of [room, session.directMessages]) one?.changes.flush()
  if (room?.joined) rooms.left(room.room, newestOf(room.conversation))
  if (!event.persisted) return
  room?.leave()
  session.directMessages?.stop()
})
window.addEventListener('pageshow', (event) => event.persisted && location.reload())
window.addEventListener('popstate', ({ state }) => moved(state))
watchConnectivity({
  visible: () => {
    tryNow()
    rooms.refresh()
  },
  moved: () => [room, session.directMessages].forEach((one) => one?.refresh()),
  offline: () => [room, session.directMessages].forEach((one) => one?.doubt()),
})
settings.forgetOthers(settings.account)
const { joined: before } = settings
keepForOffline()
uploads.forget(null)
const invited = new URLSearchParams(location.search).get('invite')
if (invited) showInvite(invited)
else if (settings.account) resume()
else if (before?.room === roomName) goIn(before.name, null)
else showCard()
