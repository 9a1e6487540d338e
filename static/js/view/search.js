// Looking for messages: in one's own chats and in the rooms, as a guest in the
// room that one is in. What was found opens its conversation at the message.

import { chatOf, titleOf } from '../model/chats.js'
import { whyNot } from '../model/answers.js'
import { wishFrom } from '../model/search-words.js'
import { SEARCH } from '../model/strings/people.js'
import { Search } from '../chat/search.js'
import { find, stamp, write } from './dom.js'
import { FoundRows } from './found.js'
import { Later } from './later.js'

/** @typedef {import('../net/api.js').Found} Found */

const CALM = 300 // ms without a key, after which it is asked
const PATIENCE = 300 // ms without an answer, after which it is said that it is being looked for
const EDGE = 400 // px before the end of the list at which more is asked for

export class SearchView {
  #search
  #rows
  #directMessages
  #room
  #on
  #field
  #part
  #note
  #again
  #list
  #scroll
  #end
  #later
  #shown = 0 // rows of so many messages are in the list
  /** @type {readonly Found[]} of which they are the first */
  #of = []

  /**
   * @param {HTMLElement} place that it is put into, after the head
   * @param {import('../net/api.js').Api['search']} ask
   * @param {import('../chat/room.js').Room} room
   * @param {import('../chat/direct-messages.js').DirectMessages | null} directMessages null: guest
   * @param {object} on
   * @param {(found: Found, back: () => void) => void} on.open somebody wants to see a message, and
   *   may want to come back
   * @param {() => void} on.show what the search is in is to be seen
   * @param {() => void} on.close the search is over
   * @param {(isThere: boolean) => void} on.results whether there are results
   * @param {AbortSignal} signal
   */
  constructor(place, ask, room, directMessages, on, signal) {
    find(place, '.side-head', HTMLElement).after(stamp('search-view'))
    this.#directMessages = directMessages
    this.#room = room
    this.#on = on
    this.#later = new Later(signal)
    this.#field = find(place, '#search', HTMLInputElement)
    this.#part = find(place, '#search-part', HTMLElement)
    this.#note = find(place, '#search-note', HTMLElement)
    this.#again = find(place, '#search-again', HTMLButtonElement)
    this.#list = find(place, '#search-results', HTMLUListElement)
    this.#scroll = find(place, '#search-scroll', HTMLElement)
    this.#end = find(place, '#search-end', HTMLElement)
    this.#search = new Search(ask, () => this.#draw())
    this.#rows = new FoundRows({
      who: (found) => this.#who(found),
      isHidden: ({ name }) => name !== directMessages?.me && room.hidden.hasNamed(name),
    })
    this.#field.addEventListener(
      'input',
      () => this.#later.run('begin', this.#field.value.trim() ? CALM : 0, () => this.#begin()),
      { signal },
    )
    find(place, '#search-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault()
      this.#begin()
    }, { signal })
    find(place, '#search-clear', HTMLButtonElement).addEventListener('click', () => this.#clear(), { signal })
    this.#part.addEventListener(
      'click',
      ({ target }) => target instanceof Element && this.#clicked(target),
      { signal },
    )
    for (const part of [this.#field, this.#part]) {
      part.addEventListener('keydown', (event) => this.#pressed(event), { signal })
    }
    this.#scroll.addEventListener('scroll', () => this.#fill(), { passive: true, signal })
  }

  focus() {
    this.#on.show()
    this.#field.focus()
    this.#field.select()
  }

  /** @param {import('../../types.js').Revised} message, which has another text or none */
  revise(message) {
    if (!this.#search.revise(message)) return
    const { scrollTop } = this.#scroll
    const buttons = () => [...this.#list.querySelectorAll('button')]
    const focused = buttons().findIndex((button) => button === document.activeElement)
    this.#shown = 0
    this.#drawRows(this.#search.found, this.#search.wish?.words ?? '')
    this.#scroll.scrollTop = scrollTop
    if (focused >= 0) (buttons()[focused] ?? this.#field).focus({ preventScroll: true })
  }

  /** Nobody looks for anything any more. */
  clear() {
    if (!this.#field.value) return
    this.#field.value = ''
    this.#begin()
  }

  // ---- The search ----

  #begin() {
    this.#later.cancel('begin')
    const wish = wishFrom(this.#field.value)
    if (wish && !this.#directMessages) wish.room ||= this.#room.room // what a guest can search
    this.#search.begin(wish?.lacks ? null : wish)
    if (wish?.lacks) this.#say(wish.lacks === 'room' ? SEARCH.noRoom(wish.room) : SEARCH.noWord)
  }

  #clear() {
    this.#field.focus()
    this.clear()
  }

  #draw() {
    const { state, found, wish, error, hasMore } = this.#search
    const isLate = state === 'asking' || state === 'more'
    if (isLate) this.#later.run('late', PATIENCE, () => this.#late())
    else this.#later.cancel('late')
    this.#again.hidden = state !== 'failed' && state !== 'moreFailed'
    if (isLate) return // what is shown stays until there is an answer
    this.#drawRows(found, wish?.words ?? '')
    this.#on.results(state !== 'none' && state !== 'failed')
    this.#again.remove()
    const place = state === 'moreFailed' ? this.#end : this.#note
    place.after(this.#again)
    write(
      this.#end,
      state === 'moreFailed' ? SEARCH.moreFailed : !hasMore && found.length > 50 ? SEARCH.end : '',
    )
    if (state === 'none') this.#say('')
    else if (state === 'failed' && error) this.#say(whyNot(error))
    else if (found.length > 0) this.#say(hasMore ? SEARCH.first(found.length) : SEARCH.found(found.length))
    else if (wish) this.#say(SEARCH.none(
      wish.words,
      wish.from,
      this.#directMessages || wish.room !== this.#room.room ? wish.room : '',
    ))
    this.#fill()
  }

  #late() {
    if (this.#search.state === 'more') write(this.#end, SEARCH.searching)
    else this.#say(SEARCH.searching)
  }

  /** @param {readonly Found[]} found @param {string} words */
  #drawRows(found, words) {
    const goesOn = this.#shown > 0 && found.length >= this.#shown && found[0] === this.#of[0]
    const rows = this.#rows.make(goesOn ? found.slice(this.#shown) : found, words)
    if (goesOn) this.#list.append(...rows)
    else this.#list.replaceChildren(...rows)
    if (!goesOn) this.#scroll.scrollTop = 0
    this.#of = found
    this.#shown = found.length
  }

  /** Asks for more when the reader comes near the end. */
  #fill() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroll
    if (clientHeight > 0 && scrollHeight - scrollTop - clientHeight < EDGE) this.#search.more()
  }

  /** @param {string} note '' for nothing */
  #say(note) {
    this.#part.hidden = !note
    write(this.#note, note)
  }

  /** @param {Found} found */
  #who({ chat, room = '', name }) {
    const mine = name === this.#directMessages?.me
    const { state } = this.#directMessages?.chats ?? {}
    if (chat && state) return SEARCH.inChat(titleOf(chatOf(state, chat)), mine)
    return this.#search.wish?.room ? SEARCH.here(name, mine) : SEARCH.inRoom(name, mine, room)
  }

  // ---- The reader ----

  /** @param {Element} target */
  #clicked(target) {
    if (target === this.#again) {
      this.#field.focus() // the button is about to vanish
      this.#search.again()
      return
    }
    const li = target.closest('li')
    const found = li && this.#rows.at(li)
    const button = li?.querySelector('button')
    if (!found || !button) return
    this.#list.querySelector('[aria-current]')?.removeAttribute('aria-current')
    button.setAttribute('aria-current', 'true')
    this.#on.open(found, () => {
      this.#on.show()
      if (button.isConnected) button.focus()
      else this.#field.focus()
    })
  }

  /** @param {KeyboardEvent} event arrows go through what was found */
  #pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return
    const { key } = event
    const buttons = [...this.#list.querySelectorAll('button')]
    const now = buttons.findIndex((button) => button === document.activeElement)
    if (key === 'Escape') {
      event.stopPropagation()
      if (now < 0 && !this.#field.value) return this.#on.close()
      event.preventDefault() // it closes no sheet
      if (now >= 0) this.#field.focus()
      else this.#clear()
    } else if (key === 'ArrowDown' || key === 'ArrowUp') {
      event.preventDefault()
      if (key === 'ArrowUp' && now <= 0) return this.#field.focus()
      buttons[now + (key === 'ArrowDown' ? 1 : -1)]?.focus()
    }
  }
}
