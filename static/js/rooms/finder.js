// Goes to a room or a private chat: type a part of its name, or move with the
// arrows. Users with an account make a room from here.

import { chatsInOrder, titleOf } from '../model/chats.js'
import { bareRoom } from '../model/rooms.js'
import { validRoom } from '../model/rules.js'
import { ROOMS } from '../model/strings/rooms.js'
import { FINDER } from '../model/strings/making.js'
import { make as element, write } from '../view/dom.js'
import { paintAvatar } from '../view/avatar.js'
import { roomsSeen } from '../storage/rooms-seen.js'
import { RoomsApi } from './api.js'
import { button, cross, h, icon } from './build.js'

/**
 * @typedef {object} Choice
 * @property {string} title
 * @property {string} line below it
 * @property {string} name by which it is found as well
 * @property {boolean} isRoom
 * @property {boolean} news
 * @property {() => void} go
 */

const FRESH = 30_000 // ms for which the public rooms are not asked for again

/** @param {import('../view/rooms.js').RoomTools} tools */
export const make = (tools) => new Finder(tools)

class Finder {
  dialog = element('dialog', 'box finder')
  #tools
  #field = h('input', {
    type: 'text', id: 'finder-field', role: 'combobox', 'aria-label': FINDER.field, placeholder: FINDER.field,
    'aria-expanded': 'true', 'aria-controls': 'finder-list', 'aria-autocomplete': 'list', autocomplete: 'off',
    autocapitalize: 'off', spellcheck: 'false', enterkeyhint: 'go',
  })
  #list = h('ul', { id: 'finder-list', role: 'listbox', 'aria-label': FINDER.list })
  #note = h('p', { class: 'meta', role: 'status' })
  /** @type {import('../model/rooms.js').RoomInfo[]} */
  #listed = []
  #asked = -Infinity
  /** @type {Choice[]} what the list shows */
  #shown = []
  #at = 0

  /** @param {import('../view/rooms.js').RoomTools} tools */
  constructor(tools) {
    this.#tools = tools
    this.dialog.id = 'room-finder'
    this.dialog.setAttribute('aria-label', FINDER.list)
    const { isAccount } = tools.rooms
    const make = () => (isAccount ? tools.show('maker') : this.#leave(tools.login))
    this.dialog.append(
      h('div', { class: 'finder-head' }, icon('search'), this.#field, cross()),
      this.#list, this.#note,
      h('div', { class: 'finder-foot' }, button(isAccount ? FINDER.make : FINDER.login, make)),
    )
    this.#field.addEventListener('input', () => this.#draw(0))
    this.#field.addEventListener('keydown', (event) => this.#pressed(event))
    this.#list.addEventListener('click', ({ target }) => this.#clicked(target))
    this.#list.addEventListener('pointermove', ({ target }) => this.#pointed(target))
    this.dialog.addEventListener('keydown', (event) => {
      if (!(event.ctrlKey || event.metaKey) || event.key !== 'k') return
      event.preventDefault() // or the browser's own field has the focus
      this.dialog.close()
    })
  }

  open() {
    this.#field.value = ''
    this.#draw(1) // the first that is not here already
    this.dialog.showModal()
    this.#field.focus()
    this.#ask()
  }

  /** Asks for the rooms that everybody may find. */
  async #ask() {
    if (Date.now() - this.#asked < FRESH) return
    this.#asked = Date.now()
    try {
      const { rooms } = await new RoomsApi(this.#tools.call, '').listed()
      this.#listed = rooms
      this.#draw(this.#at)
    } catch {
      this.#asked = -Infinity // the others are there
    }
  }

  /** @returns {Choice[]} all, in their order */
  get #all() {
    const { rooms, directMessages, room } = this.#tools
    const known = new Map([
      ...roomsSeen.names.map((name) => /** @type {const} */ ([name, bareRoom(name)])),
      ...[...this.#listed, ...rooms.all].map((info) => /** @type {const} */ ([info.name, info])),
    ])
    const isMine = (/** @type {string} */ name) => rooms.all.some((one) => one.name === name)
    const own = [...known.values()].sort((a, b) => Number(isMine(b.name)) - Number(isMine(a.name)))
    const chats = directMessages ? chatsInOrder(directMessages.chats.state) : []
    return [
      ...own.map((info) => ({
        title: info.title, line: info.name === room.room ? FINDER.here : ROOMS.line(info), name: info.name,
        isRoom: true, news: rooms.isUnread(info) && isMine(info.name), go: () => this.#goTo(info.name),
      })),
      ...chats.map((chat) => ({
        title: titleOf(chat), line: FINDER.chat, name: chat.other, isRoom: false,
        news: (directMessages?.unreadIn(chat) ?? 0) > 0,
        go: () => this.#leave(() => this.#tools.open(chat.id)),
      })),
    ]
  }

  /** @param {string} room */
  #goTo(room) {
    const { goTo, open } = this.#tools
    this.#leave(() => (room === this.#tools.room.room ? open('room') : goTo(room)))
  }

  /** @param {() => void} then runs when the dialog has gone */
  #leave(then) {
    this.dialog.addEventListener('close', () => setTimeout(then), { once: true })
    this.dialog.close()
  }

  // ---- Drawing ----

  /** @param {number} at which is chosen */
  #draw(at) {
    const words = fold(this.#field.value).split(' ').filter(Boolean)
    const isFound = (/** @type {Choice} */ { title, name }) =>
      words.every((word) => fold(`${title} ${name}`).includes(word))
    const found = this.#all.filter(isFound)
    const other = this.#field.value.trim().toLowerCase()
    if (validRoom(other) && !found.some(({ isRoom, name }) => isRoom && name === other)) {
      found.push({
        title: other, line: FINDER.byName, name: other, isRoom: true, news: false,
        go: () => this.#goTo(other),
      })
    }
    this.#shown = found
    this.#list.replaceChildren(...found.map((one, place) => row(one, place)))
    write(this.#note, found.length === 0 ? FINDER.none : '')
    this.#choose(at)
  }

  /** @param {number} at */
  #choose(at) {
    this.#at = Math.max(0, Math.min(this.#shown.length - 1, at))
    for (const [place, li] of [...this.#list.children].entries()) {
      li.setAttribute('aria-selected', String(place === this.#at))
    }
    const li = this.#list.children[this.#at]
    this.#field.setAttribute('aria-activedescendant', li?.id ?? '')
    li?.scrollIntoView({ block: 'nearest' })
  }

  // ---- The reader ----

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (event.isComposing) return
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 6, PageUp: -6 }[event.key]
    if (step) this.#choose(this.#at + step)
    else if (event.key === 'Enter') this.#shown[this.#at]?.go()
    else return
    event.preventDefault()
  }

  /** @param {EventTarget | null} target */
  #placeOf(target) {
    const li = target instanceof Element ? target.closest('li') : null
    return li ? [...this.#list.children].indexOf(li) : -1
  }

  /** @param {EventTarget | null} target */
  #clicked(target) {
    this.#shown[this.#placeOf(target)]?.go()
  }

  /** @param {EventTarget | null} target */
  #pointed(target) {
    const place = this.#placeOf(target)
    if (place >= 0 && place !== this.#at) this.#choose(place)
  }
}

/** @param {string} text */
const fold = (text) => text.normalize('NFKD').replace(/\p{Mn}/gu, '').toLowerCase().trim()

/** @param {Choice} choice @param {number} place */
function row({ title, line, isRoom, news }, place) {
  const avatar = h('span', { class: `avatar${isRoom ? ' of-room' : ''}`, 'aria-hidden': 'true' })
  if (isRoom) avatar.append(icon('room'))
  else paintAvatar(avatar, title)
  return h(
    'li', { id: `found-room-${place}`, role: 'option', 'data-news': news }, avatar,
    h('span', { class: 'finder-words' }, h('bdi', { text: title }), h('span', { class: 'meta', text: line })),
    news ? h('span', { class: 'unseen', text: ROOMS.news }) : null,
  )
}
