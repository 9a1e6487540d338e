// Looking for messages: in one's own chats and in the rooms. What was found opens its conversation at the message.

import { chatOf, titleOf } from '../model/chats.js'
import { whyNot } from '../model/answers.js'
import { fullDate, shortWhen } from '../model/clock.js'
import { plural } from '../model/words.js'
import { ApiError } from '../net/api.js'
import { find, stamp, write } from './dom.js'

/** @typedef {Awaited<ReturnType<import('../net/privates.js').Privates['search']>>[number]} Found */

const CALM = 300 // ms without a key, after which it is asked
const PATIENCE = 300 // ms without an answer, after which it is said that it is being looked for

export class SearchView {
  #privates
  #room
  #onOpen
  #field
  #part
  #note
  #list
  #others
  #timer = 0
  #patience = 0
  #turn = 0
  /** @type {WeakMap<Element, Found>} */
  #found = new WeakMap()

  /**
   * @param {ParentNode} root
   * @param {import('../net/privates.js').Privates} privates @param {import('../net/room.js').Room} room
   * @param {(id: string, message: {n: number, id: string}) => void} onOpen
   * @param {AbortSignal} signal
   */
  constructor(root, privates, room, onOpen, signal) {
    this.#privates = privates
    this.#room = room
    this.#onOpen = onOpen
    this.#field = find(root, '#search', HTMLInputElement)
    this.#part = find(root, '#search-part', HTMLElement)
    this.#note = find(root, '#search-note', HTMLElement)
    this.#list = find(root, '#search-results', HTMLUListElement)
    this.#others = find(root, '#chats-part', HTMLElement)
    this.#field.addEventListener('input', () => this.#later(), { signal })
    this.#field.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || !this.#field.value) return
      event.preventDefault() // it empties the field, and closes no sheet
      this.#clear()
    }, { signal })
    find(root, '#search-clear', HTMLButtonElement).addEventListener('click', () => this.#clear(), { signal })
    find(root, '#search-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault()
      this.#search()
    }, { signal })
    this.#list.addEventListener('click', (event) => this.#clicked(event), { signal })
    signal.addEventListener('abort', () => this.#stop())
  }

  #clear() {
    this.#field.value = ''
    this.#field.focus()
    this.#search()
  }

  #later() {
    clearTimeout(this.#timer)
    this.#timer = window.setTimeout(() => this.#search(), this.#field.value.trim() ? CALM : 0)
  }

  #stop() {
    clearTimeout(this.#timer)
    clearTimeout(this.#patience)
  }

  /** What is shown stays until there is an answer. */
  async #search() {
    this.#stop()
    const turn = ++this.#turn
    const words = this.#field.value.trim()
    if (!words) return this.#show('')
    this.#patience = window.setTimeout(() => this.#say('Searching…'), PATIENCE)
    try {
      const found = await this.#privates.search(words)
      if (turn === this.#turn) this.#show(found.length > 0 ? plural(found.length, 'message', 'messages') : 'Nothing was found.', found)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (turn === this.#turn) this.#show(whyNot(error))
    }
  }

  /** @param {string} note '' for nothing @param {Found[] | null} [found] null for no answer: then the chats are back */
  #show(note, found = null) {
    clearTimeout(this.#patience)
    this.#list.replaceChildren(...(found ?? []).map((one) => this.#row(one)))
    this.#others.hidden = found !== null
    this.#say(note)
  }

  /** @param {string} note */
  #say(note) {
    this.#part.hidden = !note
    write(this.#note, note)
  }

  /** @param {Found} found */
  #row(found) {
    const li = find(stamp('found-item'), 'li', HTMLLIElement)
    const where = found.chat ? titleOf(chatOf(this.#privates.chats.state, found.chat)) : found.room ?? ''
    const mine = found.name === this.#privates.me
    const who = found.chat ? `${mine ? 'You to ' : ''}${where}` : `${mine ? 'You' : found.name} in ${where}`
    find(li, '.chat-name', HTMLElement).textContent = who
    find(li, '.found-text', HTMLElement).textContent = found.text
    const time = find(li, 'time', HTMLElement)
    time.textContent = shortWhen(found.at, Date.now())
    time.title = fullDate(found.at)
    this.#found.set(li, found)
    return li
  }

  /** @param {Event} event */
  #clicked(event) {
    const li = event.target instanceof Element ? event.target.closest('li') : null
    const found = li && this.#found.get(li)
    if (!found) return
    if (found.chat) this.#onOpen(found.chat, found)
    else if (found.room === this.#room.room) this.#onOpen('room', found)
    else location.search = `?${new URLSearchParams({ room: found.room ?? '' })}`
  }
}
