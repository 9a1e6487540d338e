// The door of a room in which the reader may not be: it stands where the
// conversation would be, and says why and what one can do.

import { ACCOUNTS_ONLY, BANNED, isDoor, KICKED, MEMBERS_ONLY } from '../model/close-codes.js'
import { ACCOUNTS_DOOR, bannedDoor, DOOR, KICKED_DOOR, membersDoor } from '../model/strings/rules.js'
import { find, make, stamp, write } from './dom.js'

/**
 * @typedef {object} DoorActions
 * @property {boolean} isAccount whether the reader is logged in
 * @property {() => void} login
 * @property {() => void} rooms finds another room
 */

export class DoorView {
  #root
  #talk
  #on
  #code = 0

  /**
   * @param {HTMLElement} main where the conversation is
   * @param {import('../../types.js').ConversationSource} talk
   * @param {DoorActions} on
   */
  constructor(main, talk, on) {
    this.#root = main
    this.#talk = talk
    this.#on = on
    this.changed()
  }

  /** The connection may be closed, or open. */
  changed() {
    const { state } = this.#talk
    const code = state.kind === 'stopped' && isDoor(state.code) ? state.code : 0
    if (code === this.#code) return
    const hadFocus = this.#root.contains(document.activeElement)
    this.#code = code
    this.#root.toggleAttribute('data-closed', code > 0)
    this.#root.querySelector('#door')?.remove()
    if (code === 0 || state.kind !== 'stopped') return
    const door = stamp('door-view')
    const { title, line } = this.#words(code, state.until ?? 0)
    write(find(door, '.empty-title', HTMLElement), title)
    write(find(door, '.empty-line', HTMLElement), line)
    const actions = find(door, '.door-actions', HTMLElement)
    actions.append(...this.#actions(code).map(button))
    this.#root.prepend(door)
    if (hadFocus) actions.querySelector('button')?.focus()
  }

  /** @param {number} code @param {number} until */
  #words(code, until) {
    if (code === BANNED) return bannedDoor(until, Date.now())
    if (code === KICKED) return KICKED_DOOR
    return code === MEMBERS_ONLY ? membersDoor(this.#on.isAccount) : ACCOUNTS_DOOR
  }

  /** @param {number} code @returns {[string, () => void][]} the first is what most want */
  #actions(code) {
    const { isAccount, login, rooms } = this.#on
    const join = () => this.#talk.join()
    if (code === KICKED) return [[DOOR.back, join], [DOOR.rooms, rooms]]
    const wantsAccount = !isAccount && (code === ACCOUNTS_ONLY || code === MEMBERS_ONLY)
    /** @type {[string, () => void][]} */
    const all = [[DOOR.rooms, rooms], [DOOR.again, join]]
    return wantsAccount ? [[DOOR.login, login], ...all] : all
  }
}

/** @param {[string, () => void]} action @param {number} place */
function button([label, run], place) {
  const made = make('button', place === 0 ? 'button primary' : 'button', label)
  made.type = 'button'
  made.addEventListener('click', run)
  return made
}
