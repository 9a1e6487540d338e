// How the reader reacts: by the chips below a message, or by a few emoji at hand
// in a card and in the sheet of a message, from where the picker leads to all.

import { find, stamp } from './dom.js'
import { importLater } from './loaded-later.js'
import { stopAt } from './reactions.js'

const CARD = 'react'
const GAP = 4 // px between the card and what opened it
const EDGE = 8 // px at least to the edge of the window

/** @typedef {import('../../types.js').MessageItem} MessageItem */
/** @typedef {(anchor: HTMLElement, onPick: (emoji: string) => void) => void} Pick */

export class ReactView {
  #card
  #list
  #item
  #reacting
  #pick
  #navigation
  #signal
  /** @type {HTMLElement | null} what opened the card */
  #anchor = null
  /** @type {MessageItem | undefined} to which the card gives an emoji */
  #of

  /**
   * @param {ParentNode} root
   * @param {HTMLElement} list
   * @param {object} of
   * @param {(li: Element) => MessageItem | undefined} of.item
   * @param {import('../chat/reacting.js').Reacting | undefined} of.reacting
   * @param {Pick} of.pick opens the picker
   * @param {import('../model/navigation.js').Navigation} navigation
   * @param {AbortSignal} signal
   */
  constructor(root, list, { item, reacting, pick }, navigation, signal) {
    const card = this.#card = find(root, `#${CARD}`, HTMLDialogElement)
    for (const place of [card, find(root, '#message-sheet', HTMLElement)]) place.prepend(stamp('quick-emoji'))
    this.#list = list
    this.#item = item
    this.#reacting = reacting
    this.#pick = pick
    this.#navigation = navigation
    this.#signal = signal
    list.addEventListener('click', (event) => this.#clicked(event), { signal })
    list.addEventListener('focusin', ({ target }) => {
      if (target instanceof Element && target.matches('.reactions > button')) stopAt(target)
    }, { signal })
    for (const row of [list, card]) row.addEventListener('keydown', steer, { signal })
    card.addEventListener('click', ({ target }) => this.#chosen(target), { signal })
    // Beside it.
    card.addEventListener('pointerdown', ({ target }) => target === card && card.close(), { signal })
    card.addEventListener('close', () => !card.open && navigation.closed(CARD), { signal })
    addEventListener('resize', () => card.open && this.#place(), { signal })
    if (reacting?.knowsWho) this.#waitForWho(reacting)
  }

  /** @param {MessageItem} item */
  can(item) {
    return this.#reacting?.can(item) === true
  }

  /**
   * Opens the card.
   * @param {MessageItem} item @param {HTMLElement} anchor
   */
  open(item, anchor) {
    this.#of = item
    this.#anchor = anchor
    hold(anchor)
    this.mark(this.#card, item)
    this.#show()
    this.#navigation.opened(CARD)
  }

  /** @param {string} sheet to which the reader has gone back or forward */
  follow(sheet) {
    if (sheet !== CARD) this.#card.close()
    else if (this.#anchor?.isConnected && !this.#card.open) this.#show()
  }

  /**
   * Shows which of the emoji at hand the reader has given.
   * @param {ParentNode} place @param {MessageItem} item
   */
  mark(place, { reactions = [] }) {
    const given = new Set(reactions.filter(({ own }) => own).map(({ emoji }) => emoji))
    for (const button of place.querySelectorAll('.give')) {
      button.setAttribute('aria-pressed', String(given.has(button.textContent ?? '')))
    }
  }

  /** @param {MessageItem} item @param {string} emoji */
  give = (item, emoji) => this.#reacting?.toggle(item, emoji)

  /**
   * Opens the picker after something else has closed, as the way back wants it.
   * @param {MessageItem} item @param {HTMLElement} anchor @param {HTMLElement} dialog
   */
  giveOther(item, anchor, dialog) {
    dialog.addEventListener('close', () => {
      hold(anchor)
      this.#pick(anchor, (emoji) => this.give(item, emoji))
    }, { once: true, signal: this.#signal })
  }

  #show() {
    this.#card.showModal()
    this.#place()
  }

  #place() {
    const anchor = this.#anchor?.getBoundingClientRect()
    if (!anchor) return
    const { offsetWidth, offsetHeight, style } = this.#card
    const above = anchor.top - GAP - offsetHeight
    style.setProperty('--top', `${above >= EDGE ? above : anchor.bottom + GAP}px`)
    style.setProperty('--left', `${Math.max(EDGE, Math.min(anchor.left, innerWidth - offsetWidth - EDGE))}px`)
  }

  /** @param {EventTarget | null} target in the card */
  #chosen(target) {
    const button = target instanceof Element ? target.closest('button') : null
    const item = this.#of
    if (!button || !item || !this.#anchor) return
    if (button.matches('.give-other')) this.giveOther(item, this.#anchor, this.#card)
    this.#card.close()
    if (button.matches('.give')) this.give(item, button.textContent ?? '')
  }

  /** @param {Event} event in the list */
  #clicked({ target }) {
    const button = target instanceof Element ? target.closest('.reactions > button') : null
    const li = button?.closest('li')
    const item = li && this.#item(li)
    if (!item || !(button instanceof HTMLElement)) return
    if (button.matches('.reaction')) this.give(item, button.dataset.emoji ?? '')
    else this.open(item, button)
  }

  /**
   * The names of those who reacted are asked for when somebody comes to a chip
   * for the first time; the module that does so is loaded then.
   * @param {import('../chat/reacting.js').Reacting} reacting
   */
  #waitForWho(reacting) {
    const over = new AbortController()
    /** @type {Event | null} what brought somebody to a chip, where they still are */
    let latest = null
    let isLoading = false
    const meet = async (/** @type {Event} */ event) => {
      if (!(event.target instanceof Element) || !event.target.closest('.reaction')) return
      latest = event
      if (isLoading) return
      isLoading = true
      try {
        /** @type {typeof import('../reactions/who.js')} */
        const { WhoReacted } = await importLater('js/reactions/who.js')
        if (this.#signal.aborted) return
        over.abort()
        const who = new WhoReacted(this.#list, this.#item, (item) => reacting.who(item), this.#signal)
        if (latest) who.met(latest)
      } catch {
        isLoading = false // without a network
      }
    }
    for (const kind of ['pointerover', 'pointerdown', 'focusin']) {
      this.#list.addEventListener(kind, meet, { signal: over.signal })
    }
    for (const kind of ['pointerout', 'pointerup', 'focusout']) {
      this.#list.addEventListener(kind, () => { latest = null }, { signal: over.signal })
    }
  }
}

/**
 * The bar of a message stays, while what it has opened has the focus.
 * @param {HTMLElement} anchor
 */
function hold(anchor) {
  const bar = anchor.closest('.actions')
  const over = new AbortController()
  bar?.setAttribute('data-open', '')
  document.addEventListener('focusin', ({ target }) => {
    if (target instanceof Element && target.closest('dialog:modal')) return
    bar?.removeAttribute('data-open')
    over.abort()
  }, { signal: over.signal })
}

/**
 * Arrows lead from emoji to emoji.
 * @param {KeyboardEvent} event
 */
function steer(event) {
  const { target, key } = event
  const way = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity }[key]
  const row = target instanceof Element ? target.closest('.quick, .reactions') : null
  if (!row || !way || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return
  const all = /** @type {HTMLElement[]} */ ([...row.querySelectorAll('button')])
  event.preventDefault()
  all[Math.max(0, Math.min(all.length - 1, all.indexOf(/** @type {HTMLElement} */ (target)) + way))]?.focus()
}
