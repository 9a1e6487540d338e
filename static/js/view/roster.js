// Who is here: beside the conversation.

import { whyNoChat } from '../model/answers.js'
import { cleanAccountName } from '../model/rules.js'
import { ApiError } from '../net/api.js'
import { settings } from '../settings.js'
import { paintAvatar } from './avatar.js'
import { find, make, write } from './dom.js'
import { onceAFrame } from './frame.js'
import { Sheet } from './sheet.js'

const NARROW = '(max-width: 700px)' // as in css/room.css

export class Roster {
  #room
  #dialog
  #toggle
  #count
  #names
  #sheet
  #onWrite
  #frame = onceAFrame(() => this.#draw())

  /**
   * @param {ParentNode} root @param {import('../net/room.js').Room} room @param {AbortSignal} signal
   * @param {((name: string) => Promise<() => void>) | null} onWrite somebody wants to write to that person alone: finds what opens their chat, or fails as
   *   the API does; null for guests, who cannot
   * @param {import('../model/trail.js').Trail} trail
   */
  constructor(root, room, signal, onWrite, trail) {
    this.#room = room
    this.#onWrite = onWrite
    this.#dialog = find(root, '#roster', HTMLDialogElement)
    this.#toggle = find(root, '#people', HTMLButtonElement)
    this.#count = find(root, '#people-count', HTMLElement)
    this.#names = find(root, '#names', HTMLUListElement)
    this.#toggle.addEventListener('click', () => this.#choose(!this.#dialog.open), { signal })
    find(root, '#roster-close', HTMLButtonElement).addEventListener('click', () => this.#choose(false), { signal })
    this.#sheet = new Sheet(this.#dialog, this.#toggle, {
      narrow: NARROW, role: 'complementary', isColumnOpen: () => settings.rosterOpen, opened: () => this.changed(), trail,
    }, signal)
    signal.addEventListener('abort', () => this.#frame.cancel())
    this.#sheet.settle()
  }

  /** @param {string} sheet to which the reader has gone back or forward */
  follow(sheet) {
    this.#sheet.follow(sheet)
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
    const online = people.online.toLocaleString('en')
    write(this.#count, people.online ? online : '–')
    this.#toggle.setAttribute('aria-label', people.online ? `People: ${online}` : 'People')
    if (!this.#dialog.open) return
    write(find(this.#dialog, '#roster-count', HTMLElement), people.online ? online : '')
    const names = people.names(name)
    this.#reconcile(names)
    const foot = people.partial ? `The first ${names.length} names are shown.` : ''
    const twice = names.length > 0 && names.length < people.online ? 'Some names are here more than once.' : ''
    write(find(this.#dialog, '#roster-foot', HTMLElement), foot || twice)
  }

  /** @param {string[]} names */
  #reconcile(names) {
    const old = new Map([...this.#names.children].map((li) => [li instanceof HTMLElement ? li.dataset.name : '', li]))
    this.#names.replaceChildren(...names.map((name) => old.get(name) ?? this.#row(name)))
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
    const isOwn = name === this.#room.name
    if (isOwn || !this.#onWrite || cleanAccountName(name).name !== name || cleanAccountName(name).problem) li.append(avatar, shown)
    else li.append(this.#writeButton(li, name, avatar, shown))
    if (isOwn) li.append(make('span', 'meta you', 'you'))
    return li
  }

  /** @param {HTMLElement} li @param {string} name @param {Element[]} shown */
  #writeButton(li, name, ...shown) {
    const button = make('button', 'person')
    button.type = 'button'
    button.title = `Write to ${name}`
    button.setAttribute('aria-label', button.title)
    button.append(...shown)
    button.addEventListener('click', () => this.#write(li, name))
    return button
  }

  /**
   * Opens the chat with somebody, or says below the name why there is none: nobody can see beforehand who is a guest.
   * @param {HTMLElement} li @param {string} name
   */
  async #write(li, name) {
    li.querySelector('.why')?.remove()
    try {
      const open = await this.#onWrite?.(name)
      this.#sheet.hide()
      open?.()
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      li.querySelector('.why')?.remove() // of a click before
      const why = make('p', 'why meta', whyNoChat(error, name))
      why.setAttribute('role', 'alert')
      li.append(why)
    }
  }
}
