// The keys that work anywhere in the room, and the sheet that lists all of them.

import { commandOf, isCharacter, SHORTCUTS } from '../model/shortcuts.js'
import { keysOf, SHORTCUT } from '../model/strings/shortcuts.js'
import { settings } from '../storage/settings.js'
import { Box } from './box.js'
import { find, make } from './dom.js'

const FIELDS = 'input, textarea, select, [contenteditable]'
const OWN_KEYS = '[role="menu"]' // where characters and arrows have a meaning of their own

export class ShortcutsView {
  #box
  #on
  #isGuest
  #isMac = /mac/i.test(navigator.platform)

  /**
   * @param {ParentNode} root
   * @param {boolean} isGuest
   * @param {Record<Exclude<import('../model/shortcuts.js').Command, 'help'>, () => void>} on
   * @param {import('../model/navigation.js').Navigation} navigation
   * @param {AbortSignal} signal
   */
  constructor(root, isGuest, on, navigation, signal) {
    const dialog = find(root, '#keys-dialog', HTMLDialogElement)
    this.#box = new Box(dialog, navigation)
    this.#isGuest = isGuest
    this.#on = { ...on, help: () => this.#box.open() }
    find(root, '#menu-keys', HTMLButtonElement).addEventListener('click', () => this.#box.open(), { signal })
    this.#list(find(dialog, '#keys', HTMLUListElement))
    const single = find(dialog, '#single-keys', HTMLInputElement)
    single.checked = settings.singleKeys
    single.addEventListener('change', () => { settings.singleKeys = single.checked })
    // Before the log takes a character for the beginning of a message.
    document.addEventListener('keydown', (event) => this.#pressed(event), { capture: true, signal })
    document.addEventListener('keydown', (event) => this.#escaped(event), { signal })
  }

  /** @param {string} sheet to which the reader has gone back or forward */
  follow(sheet) {
    this.#box.follow(sheet)
  }

  /** @param {HTMLUListElement} list */
  #list(list) {
    const shown = SHORTCUTS.filter(({ forAccounts }) => !(forAccounts && this.#isGuest))
    list.replaceChildren(...shown.map(({ name, presses }) => {
      const li = make('li', '', SHORTCUT[name])
      const ways = make('span', 'ways-to-press')
      for (const press of presses) {
        const keys = make('span', 'press')
        keys.append(...keysOf(press, this.#isMac).map((key) => make('kbd', '', key)))
        keys.toggleAttribute('data-single', isCharacter(press))
        ways.append(keys)
      }
      li.append(ways)
      return li
    }))
  }

  /** @param {KeyboardEvent} event */
  #commandOf(event) {
    const { target } = event
    if (!(target instanceof Element) || target.closest(OWN_KEYS) || document.querySelector('dialog:modal')) {
      return ''
    }
    if (this.#isMac && event.ctrlKey && event.key === 'k') return '' // deletes to the end of the line
    const field = target.closest(FIELDS)
    const text = field instanceof HTMLTextAreaElement || field instanceof HTMLInputElement ? field.value : ''
    return commandOf(event, {
      isWriting: field !== null,
      takesCharacters: settings.singleKeys,
      isGuest: this.#isGuest,
      needsAlt: this.#isMac && text !== '',
    })
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    const command = this.#commandOf(event)
    if (!command || command === 'latest') return
    event.preventDefault()
    event.stopPropagation()
    this.#on[command]()
  }

  /** @param {KeyboardEvent} event Escape, if no other part had a use for it */
  #escaped(event) {
    const { target } = event
    const isFree = target === document.body || (target instanceof Element && target.id === 'text')
    if (isFree && !event.defaultPrevented && this.#commandOf(event) === 'latest') this.#on.latest()
  }
}
