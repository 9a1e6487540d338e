// The actions on a message: a bar beside it under the mouse or the focus, a
// sheet after a long press. One bar serves all messages.

import { messageLink } from '../model/message-link.js'
import { authorOf } from '../model/person.js'
import { COPIED } from '../model/strings/messages.js'
import { copy } from './clipboard.js'
import { find, stamp } from './dom.js'
import { PicturesView } from './pictures.js'
import { ReactView } from './react.js'

const LONG_PRESS = 450 // ms
const SLIP = 10 // px that a finger may move meanwhile
const SHEET = 'message-sheet'
const PRESSED_LONG = 'a:not(.document), button:not(.picture), video, audio, .selectable'

/** @typedef {import('../../types.js').MessageItem} MessageItem */
/**
 * Whom something is done to, perhaps because of a message.
 * @typedef {{item?: MessageItem, person: import('../../types.js').Person}} Acted
 */

export class MessageActions {
  #bar
  #sheet
  #item
  #hasLinks
  #navigation
  #changes
  #react
  #pictures
  /** @type {Element | null} the message that the sheet is of */
  #li = null
  /**
   * The action of each button, by its class. The markup of a new one goes into
   * both the bar and the sheet, its condition into #offer.
   * @type {Record<string, (item: MessageItem, button: HTMLElement) => unknown>}
   */
  #does
  /** @type {MessageItem | undefined} the message of the sheet */
  #pressed

  /**
   * @param {ParentNode} root
   * @param {HTMLElement} list
   * @param {object} of
   * @param {(li: Element) => MessageItem | undefined} of.item
   * @param {(sentence: string) => void} of.say
   * @param {import('../../types.js').ConversationSource} of.talk
   * @param {(name: string) => void} of.mention
   * @param {(item: MessageItem) => void} of.reply
   * @param {(item: MessageItem) => void} of.edit
   * @param {import('./react.js').Pick} of.pick an emoji, of all
   * @param {(of: Acted, anchor: Element) => void} of.act moderates, or reports
   * @param {import('../model/navigation.js').Navigation} navigation
   * @param {AbortSignal} signal
   */
  constructor(root, list, of, navigation, signal) {
    const { item, say, talk, mention, reply, edit, pick, act } = of
    const { changes, reacting } = talk
    this.#bar = find(stamp('message-actions'), '.actions', HTMLElement)
    this.#sheet = find(root, `#${SHEET}`, HTMLDialogElement)
    this.#item = item
    this.#hasLinks = talk.id === 'room' // others can open an address of a message
    this.#navigation = navigation
    this.#changes = changes
    const react = this.#react = new ReactView(root, list, { item, reacting, pick }, navigation, signal)
    this.#pictures = new PicturesView(list, talk, item, say, navigation, signal)
    this.#does = {
      react: (one, button) => react.open(one, button),
      give: (one, button) => react.give(one, button.textContent ?? ''),
      'give-other': (one) => this.#li instanceof HTMLElement && react.giveOther(one, this.#li, this.#sheet),
      reply,
      'copy-text': async ({ text }) => say(await copy(text) ? COPIED.text : COPIED.not),
      'copy-link': async ({ seq, id }) => {
        if (seq !== null) say(await copy(messageLink(location, { seq, id })) ? COPIED.link : COPIED.not)
      },
      mention: ({ name }) => mention(name),
      'select-text': () => this.#select(),
      change: edit,
      remove: (one) => this.#remove(one),
      act: (one, button) => act({ item: one, person: authorOf(one) }, this.#li ?? button),
    }
    // Not `pointerover`: what scrolls under a mouse at rest would take the bar
    // from the message that has the focus.
    list.addEventListener('pointermove', ({ pointerType, target }) => {
      if (pointerType === 'mouse') this.#showAt(target)
    }, { signal })
    list.addEventListener('focusin', (event) => this.#showAt(event.target), { signal })
    list.addEventListener('pointerdown', (event) => {
      if (event.pointerType !== 'mouse') this.#press(event)
    }, { signal })
    list.addEventListener('contextmenu', (event) => this.#sheet.open && event.preventDefault(), { signal })
    const ofBar = () => this.#item(this.#bar.closest('li') ?? this.#bar)
    this.#bar.addEventListener('click', (event) => this.#clicked(event, ofBar()))
    this.#sheet.addEventListener('click', (event) => this.#clicked(event, this.#pressed), { signal })
    this.#sheet.addEventListener('close', () => !this.#sheet.open && navigation.closed(SHEET), { signal })
    this.#sheet.addEventListener('pointerdown', ({ target }) => {
      if (target === this.#sheet) this.#sheet.close()
    }, { signal })
  }

  /** @param {EventTarget | null} target */
  #showAt(target) {
    const li = messageAt(target)
    const item = li && this.#item(li)
    if (!li || !item || item.deleted || this.#bar.parentElement?.closest('li') === li) return
    this.#offer(this.#bar, item)
    find(li, '.said', HTMLElement).append(this.#bar)
  }

  /** @param {ParentNode} place @param {MessageItem} item */
  #offer(place, item) {
    find(place, '.reply', HTMLButtonElement).hidden = !this.#hasLinks || item.seq === null // in the room
    find(place, '.copy-link', HTMLButtonElement).hidden = !this.#hasLinks || item.seq === null
    find(place, '.mention', HTMLButtonElement).hidden = !this.#hasLinks || item.own // in the room
    for (const one of place.querySelectorAll('.copy-text, .select-text')) {
      one.toggleAttribute('hidden', item.text === '')
    }
    find(place, '.react, .quick', HTMLElement).hidden = !this.#react.can(item)
    this.#react.mark(place, item)
    const can = this.#changes?.can(item)
    find(place, '.change', HTMLButtonElement).hidden = !can?.edit
    find(place, '.remove', HTMLButtonElement).hidden = !can?.remove
    const isOthers = this.#hasLinks && !item.own && item.seq !== null // in the room
    find(place, '.act', HTMLButtonElement).hidden = !isOthers
  }

  /** @param {MessageItem} item whose row stays, and has the focus if the bar had it */
  #remove(item) {
    const li = this.#bar.closest('li')
    const hadFocus = this.#bar.contains(document.activeElement)
    this.#changes?.remove(item)
    if (hadFocus) li?.focus({ preventScroll: true })
    this.#bar.remove() // before the row is drawn once more: Tab leads to the way back
  }

  /** The actions that are possible may have changed. */
  changed() {
    this.#pictures.changed()
    const li = this.#bar.closest('li')
    const item = li && this.#item(li)
    if (item) this.#offer(this.#bar, item)
    if (!this.#li || !this.#item(this.#li)?.deleted) return
    this.#li = null
    this.#pressed = undefined
    if (this.#sheet.open) this.#sheet.close()
  }

  /** @param {string} sheet to which the reader has gone back or forward */
  follow(sheet) {
    if (sheet === SHEET && this.#pressed) this.#open(this.#pressed)
    else if (this.#sheet.open) this.#sheet.close()
    this.#react.follow(sheet)
    this.#pictures.follow(sheet)
  }

  /** @param {MessageItem} item */
  #open(item) {
    this.#pressed = item
    this.#offer(this.#sheet, item)
    if (!this.#sheet.open) this.#sheet.showModal()
    this.#navigation.opened(SHEET)
  }

  /** Selects the text of a message: from there a finger chooses a part of it. */
  #select() {
    const text = this.#li?.querySelector('.text')
    if (!text) return
    text.classList.add('selectable')
    getSelection()?.selectAllChildren(text)
    const watch = new AbortController()
    document.addEventListener('selectionchange', () => {
      if (!getSelection()?.isCollapsed) return
      text.classList.remove('selectable')
      watch.abort()
    }, { signal: watch.signal })
  }

  /** @param {PointerEvent} event */
  #press(event) {
    const li = messageAt(event.target)
    const item = li && this.#item(li)
    // Which have a long press of their own.
    if (!item || item.deleted || event.target instanceof Element && event.target.closest(PRESSED_LONG)) return
    const over = new AbortController()
    const end = () => over.abort()
    const timer = setTimeout(() => {
      end()
      this.#li = li
      this.#open(item)
    }, LONG_PRESS)
    over.signal.addEventListener('abort', () => clearTimeout(timer))
    for (const kind of ['pointerup', 'pointercancel', 'scroll']) {
      document.addEventListener(kind, end, { capture: true, signal: over.signal })
    }
    document.addEventListener('pointermove', (moved) => {
      if (Math.hypot(moved.clientX - event.clientX, moved.clientY - event.clientY) > SLIP) end()
    }, { signal: over.signal })
  }

  /** @param {Event} event @param {MessageItem | undefined} item */
  #clicked(event, item) {
    const button = event.target instanceof Element ? event.target.closest('button') : null
    if (!button) return
    event.stopPropagation()
    if (this.#sheet.open) this.#sheet.close()
    const action = [...button.classList].find((name) => name in this.#does)
    if (item && action) this.#does[action]?.(item, button)
  }
}

/** @param {EventTarget | null} target */
const messageAt = (target) =>
  (target instanceof Element ? target.closest('li.message:not([data-hidden])') : null)
