// The room on the screen, and for who is logged in the private chats beside it:
// one conversation at a time, the others in the list.

import { chatOf, createChat } from '../model/chats.js'
import { DirectChat } from '../chat/direct-chat.js'
import { authorOf, personNamed } from '../model/person.js'
import { moderates } from '../model/rooms.js'
import { DEFAULT_ROOM } from '../model/room-link.js'
import { guestHeader } from '../storage/guest-key.js'
import { settings } from '../storage/settings.js'
import { AccountView } from './account.js'
import { Alerts } from './alerts.js'
import { Announcer } from './announcer.js'
import { ChatsView } from './chats.js'
import { draftIn, draftInRoom } from './drafts.js'
import { find, stamp } from './dom.js'
import { Finder } from './finder.js'
import { Header } from './header.js'
import { HiddenView } from './hidden.js'
import { Incoming } from './incoming.js'
import { InviteView } from './invite.js'
import { LoginView } from './login.js'
import { MyDataView } from './my-data.js'
import { PersonCard } from './person.js'
import { RoomsView } from './rooms.js'
import { Roster } from './roster.js'
import { ShortcutsView } from './shortcuts.js'
import { ConversationView } from './conversation.js'

const ROOM = 'room'

export class RoomView {
  #life = new AbortController()
  #stage
  #room
  #directMessages
  #login
  /** @type {InviteView} */ #invite
  /** @type {ShortcutsView} */ #keys
  #on
  #navigation
  #announcer
  /** @type {Alerts} */ #alerts
  #header
  /** @type {Roster} */ #roster
  /** @type {PersonCard} */ #card
  #hiddenPeople
  /** @type {MyDataView | null} */ #myData = null
  /** @type {AccountView | null} */ #account = null
  /** @type {ChatsView | null} */ #chats = null
  /** @type {Finder | null} */ #finder = null
  #search
  #goTo
  #incoming
  /** @type {RoomsView} */ #rooms
  /** @type {ConversationView | null} what is on the screen */
  #talk = null

  /**
   * @param {HTMLElement} stage
   * @param {import('../chat/room.js').Room} room
   * @param {import('../chat/direct-messages.js').DirectMessages | null} directMessages null: guest
   * @param {import('../model/navigation.js').Navigation} navigation
   * @param {object} on
   * @param {() => void} on.leave
   * @param {ConstructorParameters<typeof LoginView>[2]} on.enter a guest logs in
   * @param {ConstructorParameters<typeof AccountView>[2]} on.account what can be done with it
   * @param {() => void} on.tryNow nobody wants to wait for the next try to connect
   * @param {import('../net/api.js').Api['search']} on.search
   * @param {import('./uploads.js').LaterUploads} on.uploads
   * @param {import('../model/rooms.js').Rooms} on.rooms
   * @param {import('../net/api.js').Api['call']} on.call
   * @param {(room: string, message?: {n: number, id: string}) => void} on.goTo another room
   */
  constructor(stage, room, directMessages, navigation, on) {
    const { leave, enter, account, tryNow, search, uploads, rooms, call, goTo } = on
    const { signal } = this.#life
    const isAccount = directMessages !== null
    const root = stamp('room-view', 'dialogs')
    this.#stage = stage
    this.#room = room
    this.#directMessages = directMessages
    this.#search = search
    this.#goTo = goTo
    const login = this.#login = new LoginView(root, room.name, enter, navigation)
    if (directMessages) this.#account = new AccountView(root, directMessages, account, navigation, signal)
    stage.replaceChildren(root)
    const enterAgain = (/** @type {boolean} */ isKept) => (isKept ? leave() : login.open())
    this.#rooms = new RoomsView(stage, {
      room, rooms, directMessages, call, goTo, login: () => login.open(), open: (id) => this.#open(id),
      reveal: (message) => this.#openFound(message, () => {}),
      guest: () => (directMessages ? {} : guestHeader(settings.guestKey)),
      say: (sentence) => this.#talk?.say(sentence),
    }, navigation, signal)
    const act = (/** @type {import('./actions.js').Acted} */ of, /** @type {Element} */ anchor) =>
      this.#rooms.show('act', of, anchor)
    this.#on = {
      tryNow, uploads, login: enterAgain, act, roles: rooms, pin: this.#rooms.pin,
      door: { isAccount, login: () => login.open(), rooms: () => this.#rooms.find() },
    }
    this.#navigation = navigation
    this.#alerts = new Alerts(stage, room, (id) => (id === ROOM || isAccount) && this.#open(id), signal)
    this.#invite = new InviteView(stage, room.room, navigation, signal)
    this.#keys = new ShortcutsView(stage, !isAccount, {
      search: () => (this.#chats ?? this.#finder)?.search(),
      previous: () => this.#chats?.step(-1), next: () => this.#chats?.step(1),
      latest: () => this.#talk?.latest(),
      rooms: () => this.#rooms.find(),
    }, navigation, signal)
    const header = this.#header = new Header(stage, room, !isAccount, {
      leave, login: () => login.open(), chooseDay: () => this.#talk?.chooseDay(),
    }, signal)

    const title = room.room === DEFAULT_ROOM ? room.room : `${room.room} · livechat`
    this.#announcer = new Announcer(title, signal)
    const incoming = this.#incoming = new Incoming({
      room, announcer: this.#announcer, alerts: this.#alerts, chats: () => this.#chats, talk: () => this.#talk,
    })
    signal.addEventListener('abort', rooms.listen(() => this.#described(rooms)))
    this.#described(rooms)
    this.#roster = new Roster(
      stage, room, signal, (name, row) => this.#card.open(personNamed(room, name), row),
      (name) => rooms.roleOf(name), navigation,
    )
    this.#card = new PersonCard(stage, room, {
      mention: (name) => this.#mention(name),
      write: directMessages && (async (name) => (await this.#chats?.chatWith(name)) ?? (() => {})),
      blocked: directMessages?.blocked ?? null,
      leave: () => this.#roster.hide(),
      moderates: () => moderates(rooms.role),
      role: (name) => rooms.roleOf(name),
      act: (person, anchor) => act({ person }, anchor),
    }, navigation, signal)
    this.#hiddenPeople = new HiddenView(stage, room.hidden, navigation, signal)
    if (!directMessages) this.#myData = new MyDataView(stage, navigation, signal)
    find(stage, '.talk', HTMLElement).addEventListener('click', (event) => this.#clicked(event), { signal })
    signal.addEventListener('abort', room.listen({
      items() {}, typing() {}, unsent() {},
      received: (item) => incoming.inRoom(item),
      removed: (item) => incoming.removedInRoom(item),
      revised: (message) => [this.#chats, this.#finder].forEach((one) => one?.revise(message)),
      refused: (sentence) => this.#talk?.say(sentence),
      state(state) {
        if (state.kind === 'connected') settings.rememberSessions(room.name, room.conversation.sessions)
      },
      people: () => {
        this.#roster.changed()
        this.#card.changed()
        header.people()
        this.#chats?.changed()
      },
    }))
    if (directMessages) this.#besideRoom(directMessages)
    else this.#finder = new Finder(
      stage, search, room, (found, back) => this.#openFound(found, back), navigation, signal,
    )
    this.#roster.changed()
    navigation.begin(directMessages?.me ?? '', () => this.#follow())
    this.#show(this.#known())
    this.#talk?.focus()
  }

  /** The room is gone. */
  end() {
    this.#navigation.end()
    this.#talk?.end()
    this.#life.abort()
  }

  // ---- Conversations ----

  /** @param {string} id `room`, or that of a chat */
  #open(id) {
    const chats = this.#directMessages?.chats
    this.#navigation.to({ id, other: (chats && chatOf(chats.state, id)?.other) ?? '' })
    this.#show(id)
    this.#talk?.focus()
  }

  /**
   * @param {{n: number, id: string, room?: string, chat?: string}} found
   * @param {() => void} back to where it was found
   */
  #openFound(found, back) {
    if (found.room && found.room !== this.#room.room) return this.#goTo(found.room, found)
    const before = this.#talk
    const to = found.chat ?? ROOM
    if (before && before.id !== to) this.#navigation.left(before.spot)
    this.#open(to)
    this.#talk?.show(found, back, this.#talk !== before)
  }

  /** The reader has gone back or forward. */
  #follow() {
    const { sheet } = this.#navigation
    const before = this.#talk
    const parts = () => [
      this.#chats, this.#finder, this.#roster, this.#card, this.#hiddenPeople, this.#myData, this.#account, this.#login,
      this.#invite, this.#keys, this.#rooms, this.#talk,
    ]
    // A card over the list closes alone.
    for (const part of parts()) if (part !== this.#roster || sheet !== 'roster') part?.follow('')
    this.#show(this.#known())
    for (const part of parts()) part?.follow(sheet)
    if (!sheet && this.#talk !== before) this.#talk?.focus()
    if (this.#navigation.spot) this.#talk?.backTo(this.#navigation.spot)
  }

  /** @param {string} id */
  #show(id) {
    if (this.#talk?.id !== id) this.#put(id)
  }

  /** @param {string} id */
  #put(id) {
    const directMessages = id === ROOM ? null : this.#directMessages
    const talk = directMessages ? new DirectChat(directMessages, id) : this.#room
    this.#talk?.end()
    this.#stage.dataset.conversation = directMessages ? 'private' : ROOM
    this.#talk = new ConversationView(
      find(this.#stage, '.talk', HTMLElement), this.#stage, talk,
      directMessages ? draftIn(directMessages, id) : draftInRoom, this.#navigation, this.#on,
    )
    this.#titled()
    if (!this.#directMessages) return
    if (this.#chats && !directMessages) this.#chats.missed.clear()
    this.#chats?.changed()
  }

  /** @param {string} name of somebody in the room */
  #mention(name) {
    this.#open(ROOM)
    this.#talk?.mention(name)
  }

  /** @param {Event} event perhaps on the name or the circle of somebody */
  #clicked({ target }) {
    const name = target instanceof Element ? target.closest('.name, .message .avatar') : null
    const item = name && this.#talk?.messageOf(name.closest('li') ?? name)
    if (item && !item.own) this.#card.open(authorOf(item), name)
  }

  /** @param {import('../model/rooms.js').Rooms} rooms of which more is known */
  #described({ here, role }) {
    if (here.name === this.#room.room) this.#room.title = here.title
    this.#room.hold.slow = moderates(role) ? 0 : here.slow
    this.#titled()
    this.#chats?.changed()
    this.#roster?.changed()
  }

  #titled() {
    if (this.#talk) this.#header.shows(this.#talk)
  }

  /**
   * @returns {string} the conversation that the way is at; the list of chats may not know it
   *   yet after a reload
   */
  #known() {
    const { id, other } = this.#navigation.conversation
    const directMessages = this.#directMessages
    if (!directMessages || id === ROOM) return ROOM
    if (!chatOf(directMessages.chats.state, id)) { // its list comes in a moment, and says the rest
      directMessages.chats.do(
        createChat,
        { id, other, created: 0, updated: 0, last: null, unread: 0, read: 0, otherRead: 0 },
      )
    }
    return id
  }

  // ---- What comes in ----

  /** @param {import('../chat/direct-messages.js').DirectMessages} directMessages */
  #besideRoom(directMessages) {
    const { signal } = this.#life
    const chats = this.#chats = new ChatsView(this.#stage, directMessages, this.#room, this.#rooms, {
      isOpen: (id) => this.#talk?.id === id,
      open: (id) => this.#open(id),
      ask: this.#search,
      openFound: (found, back) => this.#openFound(found, back),
    }, this.#navigation, signal)
    signal.addEventListener('abort', directMessages.listen({
      changed: () => {
        chats.changed()
        this.#titled() // an account that is deleted
        this.#announcer.unread(directMessages.unread)
      },
      received: (chat, message) => this.#incoming.privately(directMessages, chat, message),
      edited: (message) => chats.revise(message),
      removed: (_, item) => this.#alerts.removed(item.id),
      refused: (sentence) => this.#talk?.say(sentence),
      typing: () => chats.changed(),
      state() {},
    }))
    chats.changed()
    this.#announcer.unread(directMessages.unread)
  }
}
