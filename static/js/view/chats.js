// The conversations of somebody who is logged in: the room first, then the private chats, and a field to begin another one.

import { chatsInOrder, draftOf, titleOf, totalUnread } from '../model/chats.js'
import { whyNot } from '../model/answers.js'
import { cleanAccountName } from '../model/rules.js'
import { badge, plural } from '../model/words.js'
import { ApiError } from '../net/api.js'
import { makeRow, updateRow } from './chatrow.js'
import { find, write } from './dom.js'
import { onceAFrame } from './frame.js'
import { SearchView } from './search.js'
import { Sheet } from './sheet.js'

/** @typedef {import('./chatrow.js').Row} Row */

const NARROW = '(max-width: 1099px)' // as in css/chats.css

export class ChatsView {
  /** How much of the room is unread while another conversation is open. */
  missed = 0
  #privates
  #room
  #isOpen
  #onOpen
  #dialog
  #toggle
  #list
  #none
  #field
  #error
  #sheet
  #frame = onceAFrame(() => this.#draw())

  /**
   * @param {ParentNode} root
   * @param {import('../net/privates.js').Privates} privates @param {import('../net/room.js').Room} room
   * @param {object} on
   * @param {(id: string) => boolean} on.isOpen whether that conversation is on the screen
   * @param {(id: string, message?: {n: number, id: string}) => void} on.open somebody wants to see a conversation, or a message in it
   * @param {import('../model/trail.js').Trail} trail @param {AbortSignal} signal
   */
  constructor(root, privates, room, { isOpen, open }, trail, signal) {
    this.#privates = privates
    this.#room = room
    this.#isOpen = isOpen
    this.#dialog = find(root, '#chats', HTMLDialogElement)
    this.#toggle = find(root, '#chats-button', HTMLButtonElement)
    this.#list = find(root, '#chats-list', HTMLUListElement)
    this.#none = find(root, '#chats-none', HTMLElement)
    this.#field = find(root, '#chat-name', HTMLInputElement)
    this.#error = find(root, '#chat-open-error', HTMLElement)
    this.#onOpen = (/** @type {string} */ id, /** @type {{n: number, id: string} | undefined} */ message) => {
      this.#sheet.hide()
      open(id, message)
    }
    new SearchView(this.#dialog, privates, room, this.#onOpen, signal)
    this.#list.addEventListener('click', (event) => this.#clicked(event), { signal })
    this.#list.addEventListener('keydown', (event) => this.#pressed(event), { signal })
    this.#field.addEventListener('input', () => this.#say(''), { signal })
    find(root, '#chat-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault()
      this.#begin()
    }, { signal })
    this.#toggle.addEventListener('click', () => this.#sheet.set(!this.#dialog.open), { signal })
    find(root, '#chats-close', HTMLButtonElement).addEventListener('click', () => this.#sheet.set(false), { signal })
    this.#sheet = new Sheet(this.#dialog, this.#toggle, {
      narrow: NARROW, role: 'navigation', isColumnOpen: () => true, opened: () => this.changed(), trail,
    }, signal)
    this.#toggle.hidden = false
    this.#sheet.settle()
    signal.addEventListener('abort', () => this.#frame.cancel())
  }

  /** @param {string} sheet to which the reader has gone back or forward */
  follow(sheet) {
    this.#sheet.follow(sheet)
  }

  /** Something in the list has changed. */
  changed() {
    this.#frame.ask()
  }

  // ---- Drawing ----

  #draw() {
    const { state } = this.#privates.chats
    const unread = totalUnread(state) + this.missed
    this.#toggle.dataset.unread = String(unread)
    write(find(this.#toggle, '.count', HTMLElement), unread > 0 ? badge(unread) : '')
    this.#toggle.setAttribute('aria-label', unread > 0 ? `Chats: ${plural(unread, 'unread message', 'unread messages')}` : 'Chats')
    if (!this.#dialog.open) return
    const chats = chatsInOrder(state)
    this.#reconcile([this.#roomRow(), ...chats.map((chat) => this.#chatRow(chat, draftOf(state, chat.id)))])
    this.#none.hidden = !state.loaded || chats.length > 0
  }

  /** @returns {Row} */
  #roomRow() {
    const { room, people } = this.#room
    const line = people.online > 0 ? plural(people.online, 'person is here', 'people are here') : 'Live room'
    return { id: 'room', name: room, title: room, line, draft: false, at: 0, unread: this.missed, open: this.#isOpen('room') }
  }

  /** @param {import('../model/chats.js').Chat} chat @param {string} draft @returns {Row} */
  #chatRow(chat, draft) {
    const { id, other, last, updated, unread } = chat
    const open = this.#isOpen(id)
    const isDraft = !open && draft.trim() !== ''
    const said = last ? `${last.name === this.#privates.me ? 'You: ' : ''}${last.text}` : 'Nobody has written yet.'
    return { id, name: other, title: titleOf(chat), line: isDraft ? `Draft: ${draft}` : said, draft: isDraft, at: last ? updated : 0, unread, open }
  }

  /**
   * Elements move only if their order has changed: the focus stays where it is.
   * @param {Row[]} rows
   */
  #reconcile(rows) {
    const old = new Map([...this.#list.children].flatMap((li) => (li instanceof HTMLLIElement ? [[li.dataset.id, li]] : [])))
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
    const { id } = await this.#privates.open(name)
    return () => this.#onOpen(id)
  }

  async #begin() {
    const { name, problem } = cleanAccountName(this.#field.value)
    this.#say(problem)
    if (problem) return this.#field.focus()
    try {
      const open = await this.chatWith(name)
      this.#field.value = ''
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
