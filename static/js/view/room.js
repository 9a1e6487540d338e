// The room on the screen, and for who is logged in the private chats beside it: one conversation at a time, the others in the list.

import { totalUnread, chatOf, createChat } from '../model/chats.js'
import { PrivateTalk } from '../net/talk.js'
import { settings } from '../settings.js'
import { AccountView } from './account.js'
import { Announcer } from './announcer.js'
import { ChatsView } from './chats.js'
import { find, stamp, write } from './dom.js'
import { Roster } from './roster.js'
import { TalkView } from './talk.js'
import { themeButton } from './theme.js'

const ROOM = 'room'

export class RoomView {
  #life = new AbortController()
  #stage
  #room
  #privates
  #onLogin
  #trail
  #announcer
  #roster
  /** @type {AccountView | null} */
  #account = null
  /** @type {ChatsView | null} */
  #chats = null
  /** @type {TalkView | null} what is on the screen */
  #talk = null

  /**
   * @param {HTMLElement} stage
   * @param {import('../net/room.js').Room} room
   * @param {import('../net/privates.js').Privates | null} privates null for guests
   * @param {import('../model/trail.js').Trail} trail
   * @param {object} on
   * @param {() => void} on.leave
   * @param {() => void} on.login a guest wants to
   * @param {ConstructorParameters<typeof AccountView>[2]} on.account what can be done with it
   */
  constructor(stage, room, privates, trail, { leave, login, account }) {
    const { signal } = this.#life
    const root = stamp('room-view')
    this.#stage = stage
    this.#room = room
    this.#privates = privates
    this.#onLogin = login
    this.#trail = trail
    find(root, '#leave', HTMLButtonElement).addEventListener('click', leave)
    find(root, '#login', HTMLButtonElement).addEventListener('click', login)
    for (const id of ['#leave', '#login']) find(root, id, HTMLButtonElement).hidden = privates !== null
    themeButton(find(root, '#theme', HTMLButtonElement))
    if (privates) this.#account = new AccountView(root, privates.me, account, trail)
    stage.replaceChildren(root)

    this.#announcer = new Announcer(room.room === 'livechat' ? 'livechat' : `${room.room} · livechat`, signal)
    const roster = this.#roster = new Roster(stage, room, signal, privates && ((async (name) => (await this.#chats?.chatWith(name)) ?? (() => {}))), trail)
    signal.addEventListener('abort', room.listen({
      items() {}, typing() {}, unsent() {},
      heard: (item) => this.#heardInRoom(item),
      state(state) {
        if (state.kind === 'connected') settings.rememberSessions(room.name, room.conversation.sessions)
      },
      people: () => {
        roster.changed()
        this.#chats?.changed()
      },
    }))
    if (privates) this.#besideRoom(privates)
    roster.changed()
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

  /** @param {string} id `room`, or that of a chat @param {{n: number, id: string}} [message] that is to be seen */
  #open(id, message) {
    this.#trail.to({ id, other: this.#privates ? chatOf(this.#privates.chats.state, id)?.other ?? '' : '' })
    this.#show(id)
    this.#talk?.focus()
    if (message) this.#talk?.show(message)
  }

  /** The reader has gone back or forward. */
  #follow() {
    const { sheet } = this.#trail
    const before = this.#talk
    for (const part of [this.#chats, this.#roster, this.#account]) part?.follow('')
    this.#show(this.#known())
    for (const part of [this.#chats, this.#roster, this.#account]) part?.follow(sheet)
    if (!sheet && this.#talk !== before) this.#talk?.focus()
  }

  /** @param {string} id */
  #show(id) {
    if (this.#talk?.id !== id) this.#put(id)
  }

  /** @param {string} id */
  #put(id) {
    const privates = id === ROOM ? null : this.#privates
    const talk = privates ? new PrivateTalk(privates, id) : this.#room
    this.#talk?.end()
    this.#stage.dataset.conversation = privates ? 'private' : ROOM
    this.#talk = new TalkView(find(this.#stage, '.talk', HTMLElement), this.#stage, talk, privates ? draftIn(privates, id) : draftInRoom, this.#onLogin)
    this.#titled()
    if (!this.#privates) return
    if (this.#chats && !privates) this.#chats.missed = 0
    this.#chats?.changed()
  }

  #titled() {
    write(find(this.#stage, '#room-name', HTMLElement), this.#talk?.title ?? '')
  }

  /** @returns {string} the conversation that the way is at; the list of chats may not know it yet after a reload */
  #known() {
    const { id, other } = this.#trail.conversation
    const privates = this.#privates
    if (!privates || id === ROOM) return ROOM
    if (!chatOf(privates.chats.state, id)) { // its list comes in a moment, and says the rest
      privates.chats.do(createChat, { id, other, created: 0, updated: 0, last: null, unread: 0, read: 0, otherRead: 0 })
    }
    return id
  }

  // ---- What comes in ----

  /** @param {import('../net/privates.js').Privates} privates */
  #besideRoom(privates) {
    const { signal } = this.#life
    const chats = this.#chats = new ChatsView(this.#stage, privates, this.#room, {
      isOpen: (id) => this.#talk?.id === id,
      open: (id, message) => this.#open(id, message),
    }, this.#trail, signal)
    signal.addEventListener('abort', privates.listen({
      changed: () => {
        chats.changed()
        this.#titled() // an account that is deleted
        this.#announcer.unread(totalUnread(privates.chats.state))
      },
      heard: (chat, message) => this.#heardPrivately(privates, chat, message),
      state() {},
    }))
    chats.changed()
    this.#announcer.unread(totalUnread(privates.chats.state))
  }

  /** @param {import('../../types.js').MessageItem} item */
  #heardInRoom(item) {
    this.#announcer.heard()
    if (this.#talk?.id === ROOM) return this.#announcer.say(item)
    if (!this.#chats) return
    this.#chats.missed++
    this.#chats.changed()
  }

  /** @param {import('../net/privates.js').Privates} privates @param {string} chat @param {{name: string, text: string}} message */
  #heardPrivately(privates, chat, { name, text }) {
    const isOpen = this.#talk?.id === chat
    if (isOpen && this.#talk?.isSeen) privates.read(chat) // now, so that no number flashes up
    this.#announcer.say({ name: isOpen ? name : `${name}, privately`, text })
  }
}

/** @type {import('../../types.js').Draft} */
const draftInRoom = {
  get text() {
    return settings.draft
  },
  set text(text) {
    settings.draft = text
  },
}

/**
 * @param {import('../net/privates.js').Privates} privates @param {string} chat
 * @returns {import('../../types.js').Draft}
 */
const draftIn = (privates, chat) => ({
  get text() {
    return privates.draft(chat)
  },
  set text(text) {
    privates.setDraft(chat, text)
    settings.rememberDrafts(privates.me, privates.chats.state.drafts)
  },
})
