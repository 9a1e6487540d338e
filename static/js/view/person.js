// The card of a person, opened from their name: who they are, and what can be
// done about it. On a wide screen it stands beside the name, on a narrow one it
// is a sheet.

import { whyNoChat, whyNot } from '../model/answers.js'
import { isAccount, numbered } from '../model/authors.js'
import { factsOf } from '../model/person.js'
import { BLOCKED, HIDDEN, PERSON } from '../model/strings/people.js'
import { FULL_ROLE } from '../model/strings/rooms.js'
import { ApiError } from '../net/problem.js'
import { paintAvatar } from './avatar.js'
import { find, make, write } from './dom.js'
import { accountMark } from './mark.js'

/** @typedef {import('../../types.js').Person} Person */

const GAP = 4 // px between the name and the card
const EDGE = 8 // px at least to the edge of the window

export class PersonCard {
  #dialog
  #why
  #room
  #on
  #navigation
  /** @type {Person | null} whose card it is */
  #person = null
  /** @type {Element | null} */
  #anchor = null

  /**
   * @param {ParentNode} root
   * @param {import('../chat/room.js').Room} room
   * @param {object} on
   * @param {(name: string) => void} on.mention
   * @param {((name: string) => Promise<() => void>) | null} on.write finds what opens the chat
   *   with them, or fails as the API does; null for guests, who cannot
   * @param {import('../chat/blocked.js').Blocked | null} on.blocked null for guests, who cannot
   * @param {() => void} on.leave something else is about to be shown
   * @param {(name: string) => string} on.role what an account is in the room
   * @param {() => boolean} on.moderates whether the reader moderates the room
   * @param {(person: Person, anchor: Element) => void} on.act moderates
   * @param {import('../model/navigation.js').Navigation} navigation
   * @param {AbortSignal} signal
   */
  constructor(root, room, on, navigation, signal) {
    const dialog = this.#dialog = find(root, '#person', HTMLDialogElement)
    this.#why = find(dialog, '#person-why', HTMLElement)
    this.#room = room
    this.#on = on
    this.#navigation = navigation
    // A press beside it.
    dialog.addEventListener('pointerdown', (event) => event.target === dialog && dialog.close(), { signal })
    dialog.addEventListener('close', () => !dialog.open && navigation.closed(dialog.id), { signal })
    find(dialog, '#person-mention', HTMLElement).addEventListener('click', () => this.#mention(), { signal })
    find(dialog, '#person-hide', HTMLElement).addEventListener('click', () => this.#hide(), { signal })
    find(dialog, '#person-write', HTMLElement).addEventListener('click', () => this.#write(), { signal })
    find(dialog, '#person-block', HTMLElement).addEventListener('click', () => this.#block(), { signal })
    find(dialog, '#person-act', HTMLElement).addEventListener('click', () => this.#act(), { signal })
  }

  /** @param {Person} person @param {Element} anchor their name */
  open(person, anchor) {
    this.#person = person
    this.#anchor = anchor
    this.#show(person)
    this.#place(anchor.getBoundingClientRect())
    this.#navigation.opened(this.#dialog.id)
  }

  /** @param {string} sheet to which the reader has gone back or forward */
  follow(sheet) {
    const isWanted = sheet === this.#dialog.id && this.#person !== null
    if (isWanted && !this.#dialog.open && this.#person) this.#show(this.#person)
    if (!isWanted) this.#dialog.close()
  }

  /** @param {Person} person */
  #show(person) {
    const name = find(this.#dialog, '#person-name', HTMLElement)
    const hasAccount = isAccount(person.author)
    paintAvatar(find(this.#dialog, '.avatar', HTMLElement), numbered(person))
    name.replaceChildren(make('bdi', '', numbered(person)), ...(hasAccount ? [' ', accountMark()] : []))
    this.#tell(person)
    find(this.#dialog, '#person-write', HTMLElement).hidden = !hasAccount || !this.#on.write
    const hide = find(this.#dialog, '#person-hide', HTMLElement)
    hide.hidden = person.vague ?? false
    write(hide, this.#room.hidden.has(person) ? HIDDEN.unhide : HIDDEN.hide)
    const block = find(this.#dialog, '#person-block', HTMLElement)
    block.hidden = !hasAccount || !this.#on.blocked || person.name === this.#room.name
    write(block, this.#on.blocked?.has(person.name) ? BLOCKED.unblock : BLOCKED.block)
    find(this.#dialog, '#person-act', HTMLElement).hidden = !this.#on.moderates()
    this.#say(hasAccount && this.#on.write ? '' : PERSON.noChat, 'hint')
    if (!this.#dialog.open) this.#dialog.showModal()
  }

  /** @param {Person} person */
  #tell(person) {
    const role = isAccount(person.author) ? FULL_ROLE[this.#on.role(person.name)] ?? '' : ''
    const facts = [role, ...factsOf(person, this.#room)].filter(Boolean)
    find(this.#dialog, '#person-facts', HTMLElement)
      .replaceChildren(...facts.map((fact) => make('li', '', fact)))
  }

  /** Somebody has come or gone. */
  changed() {
    if (this.#person && this.#dialog.open) this.#tell(this.#person)
  }

  /**
   * Below the name, or above it where there is no space.
   * @param {DOMRect} name
   */
  #place(name) {
    const { offsetWidth, offsetHeight, style } = this.#dialog
    const fits = name.bottom + GAP + offsetHeight + EDGE <= innerHeight
    const top = fits ? name.bottom + GAP : Math.max(EDGE, name.top - GAP - offsetHeight)
    style.setProperty('--top', `${top}px`)
    style.setProperty('--left', `${Math.max(EDGE, Math.min(name.left, innerWidth - offsetWidth - EDGE))}px`)
  }

  #mention() {
    const { name = '' } = this.#person ?? {}
    this.#dialog.close()
    this.#on.leave()
    this.#on.mention(name)
  }

  #hide() {
    const { hidden } = this.#room
    const person = this.#person
    this.#dialog.close()
    if (!person) return
    if (hidden.has(person)) hidden.unhide(person)
    else hidden.hide(person, numbered(person))
  }

  async #block() {
    const { name = '' } = this.#person ?? {}
    const { blocked } = this.#on
    this.#say('')
    try {
      await blocked?.set(name, !blocked.has(name))
      this.#dialog.close()
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.#say(whyNot(error))
    }
  }

  #act() {
    const [person, anchor] = [this.#person, this.#anchor]
    this.#dialog.close()
    if (person && anchor) this.#on.act(person, anchor)
  }

  async #write() {
    const { name = '' } = this.#person ?? {}
    this.#say('')
    try {
      const open = await this.#on.write?.(name)
      this.#dialog.close()
      this.#on.leave()
      open?.()
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.#say(whyNoChat(error, name))
    }
  }

  /** @param {string} sentence @param {'wrong' | 'hint'} kind */
  #say(sentence, kind = 'wrong') {
    write(this.#why, sentence)
    this.#why.dataset.kind = kind
  }
}
