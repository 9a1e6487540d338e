// The buttons of a message that is long, hidden, or was not sent, and of code in
// it; and links to other messages of the room.

import { linkedHere } from '../model/message-link.js'
import { COPIED } from '../model/strings/messages.js'
import { copy } from './clipboard.js'
import { turnFold } from './message.js'

/**
 * @param {HTMLElement} list
 * @param {import('./rows.js').Rows} rows
 * @param {import('../../types.js').ConversationSource} talk
 * @param {object} on
 * @param {() => void} on.stay the reader goes on where they are
 * @param {() => void} on.changed which messages are shown
 * @param {(item: import('../../types.js').MessageItem) => void} on.edit one that was not sent
 * @param {(sentence: string) => void} on.say
 * @param {(item: import('../../types.js').MessageItem) => void} on.quoted
 * @param {(message: {n: number, id: string}) => void} on.follow a link
 * @param {AbortSignal} signal
 */
export function answerClicks(list, rows, talk, { stay, changed, edit, say, quoted, follow }, signal) {
  if (talk.id === 'room') list.addEventListener('click', (event) => followLink(event, follow), { signal })
  list.addEventListener('click', async ({ target }) => {
    const button = target instanceof Element ? target.closest('button') : null
    const li = button?.closest('li')
    const id = li?.dataset.id
    if (!button || !li || !id) return
    if (button.classList.contains('more')) {
      stay()
      turnFold(li)
      if (li.classList.contains('folded')) li.scrollIntoView({ block: 'nearest' })
    }
    if (button.classList.contains('show-hidden') && rows.unfold(li)) {
      changed()
      li.focus({ preventScroll: true })
    }
    const item = rows.messageOf(li)
    if (item && button.classList.contains('quote')) quoted(item)
    if (button.classList.contains('copy-code')) {
      const code = button.parentElement?.querySelector('code')?.textContent ?? ''
      say(await copy(code) ? COPIED.code : COPIED.not)
    }
    if (button.classList.contains('retry')) talk.retry(id)
    const isEdited = button.classList.contains('edit')
    if (item && isEdited) edit(item)
    if (button.matches('.edit, .discard')) talk.discard(id, isEdited)
  }, { signal })
}

/**
 * Follows a link to a message of this room within the page, so that one comes
 * back from there; with a key that opens a window the browser does it.
 * @param {MouseEvent} event @param {(message: {n: number, id: string}) => void} follow
 */
function followLink(event, follow) {
  const link = event.target instanceof Element ? event.target.closest('a') : null
  const message = link && linkedHere(link.href, location)
  if (!message || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return
  event.preventDefault()
  follow(message)
}
