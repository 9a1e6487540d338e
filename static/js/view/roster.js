// The list of people, beside the conversation.

import { number } from '../model/clock.js'
import { PEOPLE } from '../model/strings/people.js'
import { ROLE } from '../model/strings/rooms.js'
import { settings } from '../storage/settings.js'
import { paintAvatar } from './avatar.js'
import { find, make, write } from './dom.js'
import { onceAFrame } from './frame.js'
import { accountMark } from './mark.js'
import { Sheet } from './sheet.js'

const NARROW = '(max-width: 700px)' // as in css/room.css

export class Roster {
  #room
  #dialog
  #toggle
  #count
  #names
  #sheet
  #onPerson
  #roleOf
  #frame = onceAFrame(() => this.#draw())

  /**
   * @param {ParentNode} root
   * @param {import('../chat/room.js').Room} room
   * @param {AbortSignal} signal
   * @param {(name: string, row: Element) => void} onPerson somebody wants to know more of them
   * @param {(name: string) => string} roleOf what an account is in the room
   * @param {import('../model/navigation.js').Navigation} navigation
   */
  constructor(root, room, signal, onPerson, roleOf, navigation) {
    this.#room = room
    this.#onPerson = onPerson
    this.#roleOf = roleOf
    this.#dialog = find(root, '#roster', HTMLDialogElement)
    this.#toggle = find(root, '#people', HTMLButtonElement)
    this.#count = find(root, '#people-count', HTMLElement)
    this.#names = find(root, '#names', HTMLUListElement)
    this.#toggle.addEventListener('click', () => this.#choose(!this.#dialog.open), { signal })
    find(root, '#roster-close', HTMLButtonElement).addEventListener(
      'click', () => this.#choose(false), { signal },
    )
    this.#sheet = new Sheet(this.#dialog, this.#toggle, {
      narrow: NARROW, role: 'complementary', isColumnOpen: () => settings.rosterOpen,
      opened: () => this.changed(), navigation,
    }, signal)
    signal.addEventListener('abort', () => this.#frame.cancel())
    this.#sheet.settle()
  }

  /** @param {string} sheet to which the reader has gone back or forward */
  follow(sheet) {
    this.#sheet.follow(sheet)
  }

  /** If it lies over the conversation, it has done what it was opened for. */
  hide() {
    this.#sheet.hide()
  }

  /** Somebody has come or gone. */
  changed() {
    this.#frame.ask()
  }

  /** @param {boolean} open */
  #choose(open) {
    if (!this.#sheet.isSheet) settings.rosterOpen = open
    this.#sheet.set(open)
    if (!open) this.#toggle.focus()
  }

  #draw() {
    const { people, name } = this.#room
    const online = number(people.online)
    write(this.#count, people.online ? online : '–')
    this.#toggle.setAttribute('aria-label', PEOPLE.button(people.online))
    if (!this.#dialog.open) return
    write(find(this.#dialog, '#roster-count', HTMLElement), people.online ? online : '')
    const names = people.names(name)
    this.#reconcile(names)
    find(this.#dialog, '#roster-alone', HTMLElement).hidden = people.online !== 1 || names.length > 1
    const foot = people.partial ? PEOPLE.part(names.length, people.online) : ''
    write(find(this.#dialog, '#roster-foot', HTMLElement), foot)
  }

  /**
   * Touches only the rows that come, go or move: a row that is taken out and
   * put back loses the focus.
   * @param {string[]} names
   */
  #reconcile(names) {
    const here = new Set(names)
    /** @type {Map<string, HTMLElement>} */
    const old = new Map()
    for (const li of [...this.#names.children]) {
      if (!(li instanceof HTMLElement)) continue
      const name = li.dataset.name ?? ''
      if (here.has(name)) old.set(name, li)
      else li.remove()
    }
    let next = this.#names.firstElementChild
    for (const name of names) {
      const li = old.get(name) ?? this.#row(name)
      this.#mark(li, this.#room.people.isAccount(name))
      this.#times(li, this.#room.people.connections(name))
      this.#role(li, this.#room.people.isAccount(name) ? ROLE[this.#roleOf(name)] ?? '' : '')
      if (li === next) next = next.nextElementSibling
      else this.#names.insertBefore(li, next)
    }
  }

  /** @param {HTMLElement} li @param {boolean} isAccount a guest's name may become that of one */
  #mark(li, isAccount) {
    const mark = li.querySelector('.verified')
    if (!isAccount) mark?.remove()
    else if (!mark) find(li, 'bdi', HTMLElement).after(accountMark())
  }

  /** @param {HTMLElement} li @param {number} connections */
  #times(li, connections) {
    const old = li.querySelector('.times')
    if (connections < 2) return old?.remove()
    const times = old ?? make('span', 'meta times')
    write(times, PEOPLE.times(connections))
    if (!old) (li.querySelector('.verified') ?? find(li, 'bdi', HTMLElement)).after(times)
  }

  /** @param {HTMLElement} li @param {string} role '' for nothing to be said of */
  #role(li, role) {
    const old = li.querySelector('.role')
    if (!role) return old?.remove()
    const shown = old ?? make('span', 'meta role')
    write(shown, role)
    if (!old) (li.querySelector('button') ?? find(li, '.you', HTMLElement)).append(shown)
  }

  /** @param {string} name */
  #row(name) {
    const li = make('li', '')
    li.dataset.name = name
    const avatar = make('span', 'avatar')
    avatar.setAttribute('aria-hidden', 'true')
    paintAvatar(avatar, name)
    const shown = make('bdi', '', name)
    shown.title = name
    if (name === this.#room.name) li.append(avatar, shown, make('span', 'meta you', PEOPLE.you))
    else li.append(this.#button(name, avatar, shown))
    return li
  }

  /** @param {string} name @param {Element[]} shown */
  #button(name, ...shown) {
    const button = make('button', 'person')
    button.type = 'button'
    button.setAttribute('aria-haspopup', 'dialog')
    button.append(...shown)
    button.addEventListener('click', () => this.#onPerson(name, button))
    return button
  }
}
