// The conversations of somebody who is logged in: the rooms first, then the
// private chats, and a form to begin another one.

import { chatsInOrder, draftOf, titleOf } from '../model/chats.js'
import { whyNot } from '../model/answers.js'
import { cleanAccountName } from '../model/rules.js'
import { deleted } from '../model/strings/changes.js'
import { badge, NO_MESSAGES } from '../model/strings/messages.js'
import { CHATS, HIDDEN } from '../model/strings/people.js'
import { ROOMS } from '../model/strings/rooms.js'
import { saidIn } from '../model/strings/shown-files.js'
import { ApiError } from '../net/problem.js'
import { makeRow, updateRow } from './chatrow.js'
import { find, write } from './dom.js'
import { onceAFrame } from './frame.js'
import { SearchView } from './search.js'
import { Sheet } from './sheet.js'

/** @typedef {import('./chatrow.js').Row} Row */

const NARROW = '(max-width: 1099px)' // as in css/chats.css

const OTHER = 'room:' // begins the id of a room that is not open
const MORE = 'rooms' // the row that leads to more of them

/** @type {Row} what most rows have */
const PLAIN = {
  id: '', name: '', title: '', line: '', draft: false, typing: false, at: 0, unread: 0, online: false,
  open: false, news: false,
}

/** @param {string} id @returns {string} the other room that it stands for; '' for none */
const roomOf = (id) => (id.startsWith(OTHER) ? id.slice(OTHER.length) : '')

export class ChatsView {
  /**
   * @type {Set<string>} the keys of what is unread in the room while another conversation is
   *   open
   */
  missed = new Set()
  #directMessages
  #room
  #rooms
  #isOpen
  #onOpen
  #dialog
  #toggle
  #list
  #none
  #new
  #form
  #field
  #error
  #sheet
  #search
  #frame = onceAFrame(() => this.#draw())

  /**
   * @param {ParentNode} root
   * @param {import('../chat/direct-messages.js').DirectMessages} directMessages
   * @param {import('../chat/room.js').Room} room
   * @param {import('./rooms.js').RoomsView} rooms
   * @param {object} on
   * @param {(id: string) => boolean} on.isOpen whether that conversation is on the screen
   * @param {(id: string) => void} on.open somebody wants to see a conversation
   * @param {ConstructorParameters<typeof SearchView>[1]} on.ask searches
   * @param {ConstructorParameters<typeof SearchView>[4]['open']} on.openFound a message
   * @param {import('../model/navigation.js').Navigation} navigation
   * @param {AbortSignal} signal
   */
  constructor(root, directMessages, room, rooms, { isOpen, open, ask, openFound }, navigation, signal) {
    this.#directMessages = directMessages
    this.#room = room
    this.#rooms = rooms
    this.#isOpen = isOpen
    this.#dialog = find(root, '#chats', HTMLDialogElement)
    this.#toggle = find(root, '#chats-button', HTMLButtonElement)
    this.#list = find(root, '#chats-list', HTMLUListElement)
    this.#none = find(root, '#chats-none', HTMLElement)
    this.#new = find(root, '#new-chat', HTMLButtonElement)
    this.#form = find(root, '#chat-begin', HTMLElement)
    this.#field = find(root, '#chat-name', HTMLInputElement)
    this.#error = find(root, '#chat-open-error', HTMLElement)
    this.#onOpen = (/** @type {string} */ id) => {
      const other = roomOf(id)
      this.#sheet.hide()
      if (id === MORE) rooms.find()
      else if (other) rooms.goTo(other)
      else open(id)
    }
    const others = find(root, '#chats-part', HTMLElement)
    this.#search = new SearchView(this.#dialog, ask, room, directMessages, {
      open: (found, back) => {
        this.#sheet.hide()
        openFound(found, back)
      },
      show: () => this.#sheet.set(true),
      close: () => this.#sheet.hide(),
      results: (isThere) => { others.hidden = isThere },
    }, signal)
    this.#list.addEventListener('click', (event) => this.#clicked(event), { signal })
    this.#list.addEventListener('keydown', (event) => this.#pressed(event), { signal })
    this.#new.addEventListener(
      'click',
      () => this.#unfold(this.#form.getClientRects().length === 0),
      { signal },
    )
    this.#form.addEventListener('keydown', (event) => this.#pressedInForm(event), { signal })
    this.#field.addEventListener('input', () => this.#say(''), { signal })
    find(root, '#chat-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault()
      this.#begin()
    }, { signal })
    this.#toggle.addEventListener('click', () => this.#sheet.set(!this.#dialog.open), { signal })
    find(root, '#chats-close', HTMLButtonElement).addEventListener(
      'click', () => this.#sheet.set(false), { signal },
    )
    this.#sheet = new Sheet(this.#dialog, this.#toggle, {
      narrow: NARROW, role: 'navigation', isColumnOpen: () => true, opened: () => this.changed(), navigation,
    }, signal)
    this.#toggle.hidden = false
    this.#sheet.settle()
    signal.addEventListener('abort', () => this.#frame.cancel())
  }

  /** @param {string} sheet to which the reader has gone back or forward */
  follow(sheet) {
    this.#sheet.follow(sheet)
  }

  /** @param {1 | -1} step opens the next conversation of the list, or the one before */
  step(step) {
    const ids = this.#rows().map(({ id }) => id).filter((id) => id !== MORE)
    const to = ids[ids.findIndex((id) => this.#isOpen(id)) + step]
    if (to) this.#onOpen(to)
  }

  search() {
    this.#search.focus()
  }

  /** @param {import('../../types.js').Revised} message */
  revise(message) {
    this.#search.revise(message)
  }

  /** Something in the list has changed. */
  changed() {
    this.#frame.ask()
  }

  // ---- Drawing ----

  #draw() {
    const { state } = this.#directMessages.chats
    const unread = this.#directMessages.unread + this.missed.size
    this.#toggle.dataset.unread = String(unread)
    write(find(this.#toggle, '.count', HTMLElement), unread > 0 ? badge(unread) : '')
    this.#toggle.setAttribute('aria-label', CHATS.button(unread))
    if (!this.#dialog.open) return
    this.#reconcile(this.#rows())
    this.#none.hidden = !state.loaded || Object.keys(state.chats).length > 0
  }

  /** @returns {Row[]} */
  #rows() {
    const { state } = this.#directMessages.chats
    return [
      ...this.#rooms.all.map((info) => this.#roomRow(info)),
      { ...PLAIN, id: MORE, name: '', title: ROOMS.more, line: ROOMS.moreLine },
      ...chatsInOrder(state).map((chat) => this.#chatRow(chat, draftOf(state, chat.id))),
    ]
  }

  /** @param {import('../model/rooms.js').RoomInfo} info @returns {Row} */
  #roomRow(info) {
    const { name, title } = info
    if (name !== this.#room.room) {
      const news = this.#rooms.isUnread(info)
      return { ...PLAIN, id: `${OTHER}${name}`, name, title, line: ROOMS.line(info), news }
    }
    const line = CHATS.room(this.#room.people.online)
    return { ...PLAIN, id: 'room', name, title, line, unread: this.missed.size, open: this.#isOpen('room') }
  }

  /**
   * @param {import('../model/chats.js').Chat} chat
   * @param {string} draft
   * @returns {Row}
   */
  #chatRow(chat, draft) {
    const { id, other, last, updated } = chat
    const open = this.#isOpen(id)
    const isDraft = !open && draft.trim() !== ''
    const own = last?.name === this.#directMessages.me
    const isHidden = this.#directMessages.hides(chat)
    const said = last ? saidIn(last) : NO_MESSAGES
    const newest = last?.deleted ? deleted() : own ? CHATS.own(said) : said
    const typing = this.#directMessages.typing.isIn(id)
    const line = typing ? CHATS.typing : isDraft ? CHATS.draft(draft) : isHidden ? HIDDEN.chat : newest
    return {
      ...PLAIN, id, name: other, title: titleOf(chat), line, draft: isDraft && !typing, typing,
      at: last && !isHidden ? updated : 0, unread: this.#directMessages.unreadIn(chat),
      online: !isHidden && this.#room.people.isAccount(other), open,
    }
  }

  /**
   * Elements move only if their order has changed: the focus stays where it is.
   * @param {Row[]} rows
   */
  #reconcile(rows) {
    const old = new Map([...this.#list.children].flatMap(
      (li) => (li instanceof HTMLLIElement ? [[li.dataset.id, li]] : []),
    ))
    let next = this.#list.firstElementChild
    for (const row of rows) {
      const li = old.get(row.id) ?? makeRow(row)
      updateRow(li, row)
      if (li === next) next = next.nextElementSibling
      else this.#list.insertBefore(li, next)
    }
  }

  // ---- The reader ----

  /** @param {Event} event */
  #clicked(event) {
    const id = event.target instanceof Element ? event.target.closest('li')?.dataset.id : ''
    if (id) this.#onOpen(id)
  }

  /** @param {KeyboardEvent} event arrows go up and down */
  #pressed(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (!step) return
    event.preventDefault()
    const buttons = [...this.#list.querySelectorAll('button')]
    buttons[buttons.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement)) + step]?.focus()
  }

  /**
   * The chat with somebody, by name. Fails as the API does.
   * @param {string} name @returns {Promise<() => void>} opens it
   */
  async chatWith(name) {
    const { id } = await this.#directMessages.open(name)
    return () => this.#onOpen(id)
  }

  /** @param {boolean} open whether the form for a new chat is there */
  #unfold(open) {
    if (open) this.#search.clear() // its answer stands in place of the chats
    this.#form.hidden = !open
    this.#new.setAttribute('aria-expanded', String(open))
    this.#field.value = ''
    this.#say('')
    if (open) this.#field.focus()
  }

  /** @param {KeyboardEvent} event Escape folds the form, and closes no sheet */
  #pressedInForm(event) {
    if (event.key !== 'Escape' || event.isComposing) return
    event.preventDefault()
    event.stopPropagation()
    this.#unfold(false)
    this.#new.focus()
  }

  async #begin() {
    const { name, problem } = cleanAccountName(this.#field.value)
    this.#say(problem)
    if (problem) return this.#field.focus()
    try {
      const open = await this.chatWith(name)
      this.#unfold(false)
      open()
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.#say(whyNot(error, 'write'))
      this.#sheet.set(true)
      this.#field.select()
    }
  }

  /** @param {string} sentence */
  #say(sentence) {
    write(this.#error, sentence)
    if (sentence) this.#field.setAttribute('aria-invalid', 'true')
    else this.#field.removeAttribute('aria-invalid')
  }
}
