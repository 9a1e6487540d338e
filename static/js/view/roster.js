// Who is here. On a wide screen a column beside the conversation, on a narrow one a sheet over it; one element for both, because a
// modal dialog brings what a sheet needs: focus stays inside, Escape closes it, the rest is out of reach.

import { settings } from '../settings.js'
import { paintAvatar } from './avatar.js'
import { find, make, write } from './dom.js'
import { onceAFrame } from './frame.js'

const NARROW = '(max-width: 700px)' // as in css/room.css

export class Roster {
  #room
  #dialog
  #toggle
  #count
  #names
  #frame = onceAFrame(() => this.#draw())
  #narrow = matchMedia(NARROW)

  /** @param {ParentNode} root @param {import('../net/room.js').Room} room @param {AbortSignal} signal */
  constructor(root, room, signal) {
    this.#room = room
    this.#dialog = find(root, '#roster', HTMLDialogElement)
    this.#toggle = find(root, '#people', HTMLButtonElement)
    this.#count = find(root, '#people-count', HTMLElement)
    this.#names = find(root, '#names', HTMLUListElement)
    this.#toggle.addEventListener('click', () => this.#choose(!this.#dialog.open), { signal })
    find(root, '#roster-close', HTMLButtonElement).addEventListener('click', () => this.#choose(false), { signal })
    this.#dialog.addEventListener('click', (event) => {
      if (event.target === this.#dialog && this.#narrow.matches) this.#choose(false) // beside the sheet
    }, { signal })
    this.#dialog.addEventListener('close', () => this.#told(), { signal })
    this.#narrow.addEventListener('change', () => this.#settle(), { signal })
    signal.addEventListener('abort', () => this.#frame.cancel())
    this.#settle()
  }

  /** Somebody has come or gone. */
  changed() {
    this.#frame.ask()
  }

  /** The screen has become wide or narrow, or is seen for the first time: a sheet opens only when asked for. */
  #settle() {
    if (this.#dialog.open) this.#dialog.close()
    if (!this.#narrow.matches) this.#set(settings.rosterOpen)
  }

  /** @param {boolean} open */
  #choose(open) {
    if (!this.#narrow.matches) settings.rosterOpen = open
    this.#set(open)
    if (!open) this.#toggle.focus()
  }

  /** @param {boolean} open */
  #set(open) {
    if (open === this.#dialog.open) return
    if (!open) this.#dialog.close()
    else if (this.#narrow.matches) this.#dialog.showModal()
    else this.#dialog.setAttribute('open', '') // show() would take the focus away
    this.#told()
    this.#draw()
  }

  #told() {
    this.#toggle.setAttribute('aria-expanded', String(this.#dialog.open))
    this.#dialog.setAttribute('role', this.#narrow.matches ? 'dialog' : 'complementary')
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
    li.append(avatar, shown)
    if (name === this.#room.name) li.append(make('span', 'meta you', 'you'))
    return li
  }
}
