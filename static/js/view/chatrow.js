// One conversation in the list: with whom, what was said last and when, and how
// much of it is unread.

import { shortWhen } from '../model/clock.js'
import { badge, unreadMessages } from '../model/strings/messages.js'
import { PERSON } from '../model/strings/people.js'
import { ROOMS } from '../model/strings/rooms.js'
import { paintAvatar } from './avatar.js'
import { find, stamp, write } from './dom.js'

/**
 * @typedef {object} Row
 * @property {string} id `room` for the open one, `room:` and the name of another one, `rooms` for
 *   more of them, or that of a chat
 * @property {string} name of the room or the other one
 * @property {string} title what is shown of it
 * @property {string} line what stands below the name
 * @property {boolean} draft whether that is not sent yet
 * @property {boolean} typing whether it says that the other one is writing
 * @property {number} at 0 for no time
 * @property {number} unread
 * @property {boolean} online whether the other one is in the room now
 * @property {boolean} open
 * @property {boolean} news whether there is something new; nobody knows how much
 */

/** @param {string} id */
const isChat = (id) => !id.startsWith('room')

/** @param {Row} row @returns {HTMLLIElement} */
export function makeRow({ id, name }) {
  const li = find(stamp('chat-item'), 'li', HTMLLIElement)
  li.dataset.id = id
  if (!isChat(id)) {
    if (name) li.dataset.room = name
    find(li, '.avatar', HTMLElement).replaceChildren(stamp(name ? 'room-icon' : 'more-icon'))
  } else {
    li.dataset.chat = id
  }
  return li
}

/** @param {HTMLLIElement} li @param {Row} row */
export function updateRow(li, { id, name, title, line, draft, typing, at, unread, online, open, news }) {
  write(find(li, '.chat-name', HTMLElement), title)
  if (isChat(id) && li.dataset.name !== name) { // a new row, or an account that is deleted now
    li.dataset.name = name
    paintAvatar(find(li, '.avatar', HTMLElement), title)
  }
  const text = find(li, '.chat-line', HTMLElement)
  write(text, line)
  text.toggleAttribute('data-draft', draft)
  text.toggleAttribute('data-typing', typing)
  write(find(li, 'time', HTMLElement), at ? shortWhen(at, Date.now()) : '')
  const count = find(li, '.count', HTMLElement)
  write(count, unread > 0 ? badge(unread) : '')
  write(find(li, '.count-label', HTMLElement), unread > 0 ? unreadMessages(unread) : news ? ROOMS.news : '')
  li.toggleAttribute('data-news', news)
  li.dataset.unread = String(unread)
  li.toggleAttribute('data-online', online)
  write(find(li, '.online-label', HTMLElement), online ? PERSON.here : '')
  for (const element of [li, find(li, 'button', HTMLButtonElement)]) {
    if (open) element.setAttribute('aria-current', 'true')
    else element.removeAttribute('aria-current')
  }
}
