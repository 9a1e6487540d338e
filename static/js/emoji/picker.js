// The picker of emoji. It is loaded when it is first opened: a card at what
// opened it, or a sheet on a narrow screen. Tab goes from the search to the
// categories, the emoji and the skin tones; arrows move within each.

import { isTouch, make, write } from '../view/dom.js'
import { groupsOf, recall, remember, search, step, TONES, withTone } from './model.js'
import { CATEGORIES, PICKER, TONE_NAMES } from './strings.js'

/** @typedef {import('./model.js').Emoji} Emoji */

const GAP = 8 // px between the picker and what opened it
const EDGE = 8 // px at least to the edge of the window
const RECENT = '🕒'
const HAND = { text: '✋', pattern: '✋*' }

export class Picker {
  dialog = make('dialog', 'emoji-picker bottom')
  #groups
  #memory
  #search = make('input', 'emoji-search')
  #tabs = make('div', 'emoji-tabs')
  #grid = make('div', 'emoji-grid')
  #none = make('p', 'emoji-none meta')
  #name = make('span', 'emoji-name meta')
  #tones = make('div', 'emoji-tones')
  #category = 0 // 0 for the recent ones
  /** @type {Emoji[]} what the grid shows */
  #shown = []
  /** @type {Element | null} */
  #anchor = null
  /** @type {(emoji: string) => void} */
  #onPick = () => {}

  /**
   * @param {Parameters<typeof groupsOf>[0]} file
   * @param {{recent: readonly string[], tone: number}} memory what outlives the picker
   */
  constructor(file, memory) {
    this.#groups = groupsOf(file)
    this.#memory = memory
    this.dialog.id = 'emoji'
    this.dialog.setAttribute('aria-label', PICKER.title)
    this.#build()
    // A press beside it.
    this.dialog.addEventListener(
      'pointerdown',
      (event) => event.target === this.dialog && this.dialog.close(),
    )
    this.dialog.addEventListener('click', (event) => this.#clicked(event))
    this.dialog.addEventListener('keydown', (event) => this.#pressed(event))
    for (const kind of ['pointerover', 'focusin']) {
      this.#grid.addEventListener(kind, ({ target }) => write(this.#name, this.#emojiAt(target)?.name ?? ''))
    }
    this.#search.addEventListener('input', () => this.#fill())
  }

  /**
   * @param {Element} anchor where it stands on a wide screen
   * @param {(emoji: string) => void} onPick after the picker has closed
   */
  open(anchor, onPick) {
    this.#anchor = anchor
    this.#onPick = onPick
    this.#search.value = ''
    this.#choose(this.#recent().length > 0 ? 0 : Math.max(1, this.#category))
    this.#paintTones()
    this.show()
    this.#fill()
    this.place()
  }

  /** Opens it once more, as it was. */
  show() {
    this.#search.autofocus = !isTouch() // or the keyboard would come up
    for (const [i, tab] of this.#children(this.#tabs).entries()) tab.autofocus = i === this.#category
    if (!this.dialog.open) this.dialog.showModal()
  }

  /** Above what opened it, or below where there is no space. */
  place() {
    const anchor = this.#anchor?.getBoundingClientRect()
    if (!anchor) return
    const { offsetWidth, offsetHeight, style } = this.dialog
    const above = anchor.top - GAP - offsetHeight
    const top = above >= EDGE ? above : Math.min(anchor.bottom + GAP, innerHeight - offsetHeight - EDGE)
    style.setProperty('--top', `${Math.max(EDGE, top)}px`)
    style.setProperty(
      '--left',
      `${Math.max(EDGE, Math.min(anchor.right - offsetWidth, innerWidth - offsetWidth - EDGE))}px`,
    )
  }

  #build() {
    Object.assign(this.#search, {
      type: 'search', placeholder: PICKER.search, autocomplete: 'off', spellcheck: false,
      enterKeyHint: 'done', maxLength: 60,
    })
    this.#search.setAttribute('aria-label', PICKER.search)
    this.#tabs.setAttribute('role', 'tablist')
    this.#tabs.setAttribute('aria-label', PICKER.categories)
    const categories = [
      { icon: RECENT, name: PICKER.recent },
      ...this.#groups.map(({ name }) => CATEGORIES[name] ?? { icon: name.slice(0, 1), name }),
    ]
    this.#tabs.append(...categories.map(({ icon, name }) => {
      const tab = button('emoji-tab', icon, name)
      tab.setAttribute('role', 'tab')
      tab.setAttribute('aria-controls', 'emoji-grid')
      return tab
    }))
    this.#grid.id = 'emoji-grid'
    this.#grid.setAttribute('role', 'tabpanel')
    this.#none.setAttribute('role', 'status')
    this.#name.setAttribute('aria-hidden', 'true') // it is the name of the button
    this.#tones.setAttribute('role', 'radiogroup')
    this.#tones.setAttribute('aria-label', PICKER.tone)
    this.#tones.append(...TONES.map((tone, i) => {
      const radio =
        button('emoji-tone', withTone({ ...HAND, name: '', words: [], own: 0 }, tone), TONE_NAMES[i] ?? '')
      radio.setAttribute('role', 'radio')
      return radio
    }))
    const foot = make('div', 'emoji-foot')
    foot.append(this.#name, this.#tones)
    const box = make('div', 'emoji-box') // fills the dialog: a click beside it is one on the dialog
    box.append(this.#search, this.#tabs, this.#grid, this.#none, foot)
    this.dialog.append(box)
  }

  #recent() {
    return recall(this.#groups, this.#memory.recent)
  }

  /** @param {number} category */
  #choose(category) {
    this.#category = category
    this.#search.value = ''
    this.#fill()
  }

  /** Shows what is searched, or else the category. */
  #fill() {
    const typed = this.#search.value
    const isSearch = typed.trim() !== ''
    const tabs = this.#children(this.#tabs)
    for (const [i, tab] of tabs.entries()) {
      tab.setAttribute('aria-selected', String(!isSearch && i === this.#category))
      tab.tabIndex = i === this.#category ? 0 : -1
      tab.hidden = i === 0 && this.#memory.recent.length === 0
    }
    this.#shown = isSearch
      ? search(this.#groups, typed)
      : this.#category === 0 ? this.#recent() : this.#groups[this.#category - 1]?.emoji ?? []
    const tone = TONES[this.#memory.tone] ?? ''
    this.#grid.setAttribute(
      'aria-label',
      isSearch ? PICKER.found : tabs[this.#category]?.getAttribute('aria-label') ?? '',
    )
    this.#grid.replaceChildren(...this.#shown.map((emoji, i) => {
      const cell = button('emoji-cell', withTone(emoji, tone), emoji.name)
      cell.tabIndex = i === 0 ? 0 : -1
      return cell
    }))
    this.#grid.scrollTop = 0
    write(this.#name, '')
    write(this.#none, isSearch && this.#shown.length === 0 ? PICKER.none(typed) : '')
  }

  #paintTones() {
    for (const [i, radio] of this.#children(this.#tones).entries()) {
      radio.setAttribute('aria-checked', String(i === this.#memory.tone))
      radio.tabIndex = i === this.#memory.tone ? 0 : -1
    }
  }

  /** @param {number} tone its place among TONES */
  #setTone(tone) {
    this.#memory.tone = tone
    this.#paintTones()
    this.#fill()
  }

  /** @param {HTMLElement} place @returns {HTMLElement[]} */
  #children(place) {
    return /** @type {HTMLElement[]} */ ([...place.children])
  }

  /** @param {EventTarget | null} target */
  #emojiAt(target) {
    const cell = target instanceof Element ? target.closest('.emoji-cell') : null
    return cell
      ? this.#shown[this.#children(this.#grid).indexOf(/** @type {HTMLElement} */ (cell))]
      : undefined
  }

  /** @param {Event} event */
  #clicked({ target }) {
    const one = target instanceof Element ? target.closest('button') : null
    if (!one) return
    if (one.matches('.emoji-tab')) this.#choose(this.#children(this.#tabs).indexOf(one))
    else if (one.matches('.emoji-tone')) this.#setTone(this.#children(this.#tones).indexOf(one))
    else this.#pick(one.textContent ?? '')
  }

  /** @param {string} emoji */
  #pick(emoji) {
    this.#memory.recent = remember(this.#memory.recent, emoji)
    this.dialog.close()
    this.#onPick(emoji)
  }

  // ---- Keys ----

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    const { target, key } = event
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing
      || !(target instanceof HTMLElement)) return
    const done = target === this.#search
      ? this.#inSearch(key)
      : target.matches('.emoji-cell') ? this.#inGrid(key, target) : this.#inRow(key, target)
    if (done) event.preventDefault()
  }

  /** @param {string} key */
  #inSearch(key) {
    const first = this.#children(this.#grid)[0]
    if (key === 'ArrowDown') first?.focus()
    else if (key === 'Enter' && this.#search.value.trim()) first?.click()
    else return key === 'Enter'
    return true
  }

  /** @param {string} key @param {HTMLElement} cell */
  #inGrid(key, cell) {
    const cells = this.#children(this.#grid)
    if (key.length === 1 && key !== ' ') {
      this.#search.focus() // the key is typed there
      return false
    }
    const columns = cells.findIndex((one) => one.offsetTop > (cells[0]?.offsetTop ?? 0))
    const next = step(key, cells.indexOf(cell), columns < 0 ? cells.length : columns, cells.length)
    if (next === null) return false
    if (next < 0) this.#search.focus()
    else rove(cells, next)
    return true
  }

  /** @param {string} key @param {HTMLElement} one a category, or a skin tone */
  #inRow(key, one) {
    const row = one.parentElement
    if (row !== this.#tabs && row !== this.#tones) return false
    const all = this.#children(row).filter(({ hidden }) => !hidden)
    const way = {
      ArrowRight: 1, ArrowLeft: -1, ArrowDown: row === this.#tones ? 1 : 0,
      ArrowUp: row === this.#tones ? -1 : 0,
    }[key] ?? 0
    const place = key === 'Home'
      ? 0
      : key === 'End' ? all.length - 1 : way ? (all.indexOf(one) + way + all.length) % all.length : -1
    if (place >= 0) {
      all[place]?.click()
      rove(all, place)
    } else if (key === 'ArrowDown') {
      this.#children(this.#grid)[0]?.focus()
    } else {
      return false
    }
    return true
  }
}

/** @param {HTMLElement[]} all of one stop of Tab @param {number} place that has the focus */
function rove(all, place) {
  for (const [i, one] of all.entries()) one.tabIndex = i === place ? 0 : -1
  all[place]?.focus()
}

/** @param {string} className @param {string} emoji @param {string} name */
function button(className, emoji, name) {
  const button = make('button', className, emoji)
  button.type = 'button'
  button.title = name
  button.setAttribute('aria-label', name)
  return button
}
