// The room on the screen, and for who is logged in the private chats beside it:
// one conversation at a time, the others in the list.

import { chatOf, createChat } from '../model/chats.js'
import { DirectChat } from '../chat/direct-chat.js'
import { authorOf, personNamed } from '../model/person.js'
import { messageLink } from '../model/message-link.js'
import { DEFAULT_ROOM, roomLink } from '../model/room-link.js'
import { privately } from '../model/strings/messages.js'
import { mentions } from '../model/mention.js'
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
import { InviteView } from './invite.js'
import { LoginView } from './login.js'
import { PersonCard } from './person.js'
import { Roster } from './roster.js'
import { ShortcutsView } from './shortcuts.js'
import { ConversationView } from './conversation.js'

const ROOM = 'room'

export class RoomView {
  #life = new AbortController()
  #stage
  #room
  #privates
  #login
  /** @type {InviteView} */ #invite
  /** @type {ShortcutsView} */ #keys
  #on
  #trail
  #announcer
  /** @type {Alerts} */ #alerts
  #header
  /** @type {Roster} */ #roster
  /** @type {PersonCard} */ #card
  #hiddenPeople
  /** @type {AccountView | null} */
  #account = null
  /** @type {ChatsView | null} */
  #chats = null
  /** @type {Finder | null} */
  #finder = null
  #search
  /** @type {ConversationView | null} what is on the screen */
  #talk = null

  /**
   * @param {HTMLElement} stage
   * @param {import('../chat/room.js').Room} room
   * @param {import('../chat/direct-messages.js').DirectMessages | null} privates null for guests
   * @param {import('../model/navigation.js').Navigation} trail
   * @param {object} on
   * @param {() => void} on.leave
   * @param {ConstructorParameters<typeof LoginView>[2]} on.enter a guest logs in
   * @param {ConstructorParameters<typeof AccountView>[2]} on.account what can be done with it
   * @param {() => void} on.tryNow nobody wants to wait for the next try to connect
   * @param {import('../net/api.js').Api['search']} on.search
   * @param {import('./uploads.js').LaterUploads} on.uploads
   */
  constructor(stage, room, privates, trail, { leave, enter, account, tryNow, search, uploads }) {
    const { signal } = this.#life
    const root = stamp('room-view')
    this.#stage = stage
    this.#room = room
    this.#privates = privates
    this.#search = search
    const login = this.#login = new LoginView(root, room.name, enter, trail)
    const enterAgain = (/** @type {boolean} */ isKept) => (isKept ? leave() : login.open())
    this.#on = { tryNow, uploads, login: enterAgain }
    this.#trail = trail
    if (privates) this.#account = new AccountView(root, privates.me, account, trail)
    stage.replaceChildren(root)
    this.#alerts = new Alerts(stage, room, (id) => (id === 'room' || privates) && this.#open(id), signal)
    this.#invite = new InviteView(stage, room.room, trail, signal)
    this.#keys = new ShortcutsView(stage, privates === null, {
      search: () => (this.#chats ?? this.#finder)?.search(),
      previous: () => this.#chats?.step(-1),
      next: () => this.#chats?.step(1),
      latest: () => this.#talk?.latest(),
    }, trail, signal)
    const header = this.#header = new Header(stage, room, privates === null, {
      leave, login: () => login.open(), chooseDay: () => this.#talk?.chooseDay(),
    }, signal)

    this.#announcer = new Announcer(
      room.room === DEFAULT_ROOM ? room.room : `${room.room} · livechat`,
      signal,
    )
    this.#roster = new Roster(
      stage, room, signal, (name, row) => this.#card.open(personNamed(room, name), row), trail,
    )
    this.#card = new PersonCard(stage, room, {
      mention: (name) => this.#mention(name),
      write: privates && (async (name) => (await this.#chats?.chatWith(name)) ?? (() => {})),
      leave: () => this.#roster.hide(),
    }, trail, signal)
    this.#hiddenPeople = new HiddenView(stage, room.hidden, trail, signal)
    find(stage, '.talk', HTMLElement).addEventListener('click', (event) => this.#clicked(event), { signal })
    signal.addEventListener('abort', room.listen({
      items() {}, typing() {}, unsent() {},
      received: (item) => this.#receivedInRoom(item),
      removed: (item) => this.#removedInRoom(item),
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
    if (privates) this.#besideRoom(privates)
    else this.#finder = new Finder(
      stage, search, room, (found, back) => this.#openFound(found, back), trail, signal,
    )
    this.#roster.changed()
    trail.begin(privates?.me ?? '', () => this.#follow())
    this.#show(this.#known())
    this.#talk?.focus()
  }

  /** The room is gone. */
  end() {
    this.#trail.end()
    this.#talk?.end()
    this.#life.abort()
  }

  // ---- Conversations ----

  /** @param {string} id `room`, or that of a chat */
  #open(id) {
    this.#trail.to({ id, other: this.#privates ? chatOf(this.#privates.chats.state, id)?.other ?? '' : '' })
    this.#show(id)
    this.#talk?.focus()
  }

  /** @param {import('../net/api.js').Found} found @param {() => void} back to the search */
  #openFound(found, back) {
    if (found.room && found.room !== this.#room.room) return this.#openElsewhere(found.room, found)
    const before = this.#talk
    const to = found.chat ?? ROOM
    if (before && before.id !== to) this.#trail.left(before.spot)
    this.#open(to)
    this.#talk?.show(found, back, this.#talk !== before)
  }

  /** @param {string} room another one @param {{n: number, id: string}} message */
  #openElsewhere(room, { n, id }) {
    this.#trail.to({ id: ROOM, other: '' }) // where the page begins when it comes back
    const link = messageLink(new URL(roomLink(location.href, room)), { seq: n, id })
    setTimeout(() => location.assign(link)) // after that step
  }

  /** The reader has gone back or forward. */
  #follow() {
    const { sheet } = this.#trail
    const before = this.#talk
    const parts = () => [
      this.#chats, this.#finder, this.#roster, this.#card, this.#hiddenPeople, this.#account, this.#login,
      this.#invite, this.#keys, this.#talk,
    ]
    // A card over the list closes alone.
    for (const part of parts()) if (part !== this.#roster || sheet !== 'roster') part?.follow('')
    this.#show(this.#known())
    for (const part of parts()) part?.follow(sheet)
    if (!sheet && this.#talk !== before) this.#talk?.focus()
    if (this.#trail.spot) this.#talk?.backTo(this.#trail.spot)
  }

  /** @param {string} id */
  #show(id) {
    if (this.#talk?.id !== id) this.#put(id)
  }

  /** @param {string} id */
  #put(id) {
    const privates = id === ROOM ? null : this.#privates
    const talk = privates ? new DirectChat(privates, id) : this.#room
    this.#talk?.end()
    this.#stage.dataset.conversation = privates ? 'private' : ROOM
    this.#talk = new ConversationView(
      find(this.#stage, '.talk', HTMLElement), this.#stage, talk,
      privates ? draftIn(privates, id) : draftInRoom, this.#trail, this.#on,
    )
    this.#titled()
    if (!this.#privates) return
    if (this.#chats && !privates) this.#chats.missed.clear()
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

  #titled() {
    if (this.#talk) this.#header.shows(this.#talk)
  }

  /**
   * @returns {string} the conversation that the way is at; the list of chats may not know it
   *   yet after a reload
   */
  #known() {
    const { id, other } = this.#trail.conversation
    const privates = this.#privates
    if (!privates || id === ROOM) return ROOM
    if (!chatOf(privates.chats.state, id)) { // its list comes in a moment, and says the rest
      privates.chats.do(
        createChat,
        { id, other, created: 0, updated: 0, last: null, unread: 0, read: 0, otherRead: 0 },
      )
    }
    return id
  }

  // ---- What comes in ----

  /** @param {import('../chat/direct-messages.js').DirectMessages} privates */
  #besideRoom(privates) {
    const { signal } = this.#life
    const chats = this.#chats = new ChatsView(this.#stage, privates, this.#room, {
      isOpen: (id) => this.#talk?.id === id,
      open: (id) => this.#open(id),
      ask: this.#search,
      openFound: (found, back) => this.#openFound(found, back),
    }, this.#trail, signal)
    signal.addEventListener('abort', privates.listen({
      changed: () => {
        chats.changed()
        this.#titled() // an account that is deleted
        this.#announcer.unread(privates.unread)
      },
      received: (chat, message) => this.#receivedPrivately(privates, chat, message),
      edited: (message) => chats.revise(message),
      removed: (_, item) => this.#alerts.removed(item.id),
      refused: (sentence) => this.#talk?.say(sentence),
      typing: () => chats.changed(),
      state() {},
    }))
    chats.changed()
    this.#announcer.unread(privates.unread)
  }

  /** @param {import('../../types.js').MessageItem} item */
  #receivedInRoom(item) {
    if (!this.#alerts.isMuted) this.#announcer.received(item.key, mentions(item.text, this.#room.name))
    this.#alerts.inRoom(item)
    if (this.#talk?.id === ROOM) return this.#announcer.say(item)
    this.#room.missed()
    if (!this.#chats) return
    this.#chats.missed.add(item.key)
    this.#chats.changed()
  }

  /** @param {import('../../types.js').MessageItem} item of somebody else */
  #removedInRoom(item) {
    this.#announcer.removed(item.key)
    this.#alerts.removed(item.id)
    if (this.#chats?.missed.delete(item.key)) this.#chats.changed()
  }

  /**
   * @param {import('../chat/direct-messages.js').DirectMessages} privates
   * @param {string} chat
   * @param {import('../model/messages.js').KnownMessage} message
   */
  #receivedPrivately(privates, chat, message) {
    const { name } = message
    this.#alerts.privately(chat, message)
    const isOpen = this.#talk?.id === chat
    if (isOpen && this.#talk?.isSeen) privates.read(chat) // now, so that no number flashes up
    this.#announcer.say({ ...message, name: isOpen ? name : privately(name) })
  }
}
