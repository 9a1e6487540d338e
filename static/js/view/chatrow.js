// One conversation in the list: with whom, what was said last and when, and how much of it is unread.

import { shortWhen } from '../model/clock.js'
import { badge, plural } from '../model/words.js'
import { paintAvatar } from './avatar.js'
import { find, stamp, write } from './dom.js'

/**
 * @typedef {object} Row
 * @property {string} id `room`, or that of a chat
 * @property {string} name of the room or the other one
 * @property {string} title what is shown of it
 * @property {string} line what stands below the name
 * @property {boolean} draft whether that is not sent yet
 * @property {number} at 0 for no time
 * @property {number} unread
 * @property {boolean} open
 */

/** @param {Row} row @returns {HTMLLIElement} */
export function makeRow({ id, name }) {
  const li = find(stamp('chat-item'), 'li', HTMLLIElement)
  li.dataset.id = id
  if (id === 'room') {
    li.dataset.room = name
    find(li, '.avatar', HTMLElement).replaceChildren(stamp('room-icon'))
  } else {
    li.dataset.chat = id
  }
  return li
}

/** @param {HTMLLIElement} li @param {Row} row */
export function updateRow(li, { id, name, title, line, draft, at, unread, open }) {
  write(find(li, '.chat-name', HTMLElement), title)
  if (id !== 'room' && li.dataset.name !== name) { // a new row, or an account that is deleted now
    li.dataset.name = name
    paintAvatar(find(li, '.avatar', HTMLElement), title)
  }
  const text = find(li, '.chat-line', HTMLElement)
  write(text, line)
  text.toggleAttribute('data-draft', draft)
  write(find(li, 'time', HTMLElement), at ? shortWhen(at, Date.now()) : '')
  const count = find(li, '.count', HTMLElement)
  write(count, unread > 0 ? badge(unread) : '')
  write(find(li, '.count-label', HTMLElement), unread > 0 ? plural(unread, 'unread message', 'unread messages') : '')
  li.dataset.unread = String(unread)
  for (const element of [li, find(li, 'button', HTMLButtonElement)]) {
    if (open) element.setAttribute('aria-current', 'true')
    else element.removeAttribute('aria-current')
  }
}
