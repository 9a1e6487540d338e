// The roles of authors in the room, beside their names.

import { ROLE } from '../model/strings/rooms.js'
import { find, make, write } from './dom.js'

/**
 * Keeps the names in a list of messages marked.
 * @param {HTMLElement} list
 * @param {Pick<import('../model/rooms.js').Rooms, 'roleOf' | 'listen'>} rooms
 * @param {AbortSignal} signal
 */
export function markRoles(list, rooms, signal) {
  const mark = (/** @type {Element} */ li) => {
    const account = li.querySelector('.byline .verified') // guests have no role
    if (!account) return
    const role = ROLE[rooms.roleOf(find(li, '.byline .who', HTMLElement).innerText)] ?? ''
    const old = li.querySelector('.byline .role')
    if (!role) return old?.remove()
    const shown = old ?? make('span', 'role')
    write(shown, role)
    if (!old) account.after(shown)
  }
  const observer = new MutationObserver((changes) => {
    for (const { addedNodes } of changes) {
      for (const one of addedNodes) if (one instanceof Element) mark(one)
    }
  })
  observer.observe(list, { childList: true })
  const unlisten = rooms.listen(() => [...list.children].forEach(mark))
  for (const li of list.children) mark(li)
  signal.addEventListener('abort', () => {
    observer.disconnect()
    unlisten()
  })
}
