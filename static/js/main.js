// The page from its start: the card, the room, and back. A window that was in a room when it was reloaded goes straight back in.

import { systemClock } from './model/clock.js'
import { validRoom } from './model/rules.js'
import { Unsent } from './model/unsent.js'
import { noSuchRoom, whyClosed } from './model/words.js'
import { findAddress } from './net/address.js'
import { Room } from './net/room.js'
import { watchWakeups } from './net/wakeups.js'
import { settings } from './settings.js'
import { shelf } from './store/shelf.js'
import { tabs } from './store/tabs.js'
import { find } from './view/dom.js'
import { JoinView } from './view/join.js'
import { RoomView } from './view/room.js'
import { applyTheme } from './view/theme.js'

const DEFAULT_ROOM = 'livechat'

const stage = find(document, '#stage', HTMLElement)
const asked = new URLSearchParams(location.search).get('room') ?? ''
const roomName = validRoom(asked) ? asked : DEFAULT_ROOM
const unsent = new Unsent(shelf, tabs, settings)
const address = await findAddress()

/** @type {{end: () => void} | null} what is on the stage */
let view = null
/** @type {Room | null} */
let room = null

/** @param {string} name */
function makeRoom(name) {
  room?.leave()
  room = new Room({
    name, room: roomName, sessions: settings.sessionsOf(name), unsent, address, clock: systemClock, open: (url) => new WebSocket(url),
  })
  return room
}

function showCard() {
  view?.end()
  room?.leave()
  settings.joined = null
  stage.dataset.view = 'card'
  /** @type {JoinView} */
  const card = new JoinView(stage, roomName, address, (name) => join(name, card))
  view = card
  if (asked && asked !== roomName) card.note(noSuchRoom(asked))
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
  view = new RoomView(stage, joined, showCard)
}

applyTheme()
// A page that was left may be kept, for the way back, with its socket open: nobody is there any more. Who comes back comes in anew.
window.addEventListener('pagehide', (event) => event.persisted && room?.leave())
window.addEventListener('pageshow', (event) => event.persisted && location.reload())
watchWakeups({ visible: () => room?.retryNow(), moved: () => room?.refresh(), offline: () => room?.doubt() })
const { joined: before } = settings
if (before?.room === roomName) {
  const back = makeRoom(before.name)
  showRoom(back)
  back.join()
} else {
  showCard()
}
