// The buttons of a message that is long, hidden, or was not sent, and of code in
// it.

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
 * @param {(text: string) => void} on.edit a text that was not sent
 * @param {(sentence: string) => void} on.say
 * @param {(item: import('../../types.js').MessageItem) => void} on.quoted
 * @param {AbortSignal} signal
 */
export function answerClicks(list, rows, talk, { stay, changed, edit, say, quoted }, signal) {
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
    if (button.classList.contains('copy-code')) say(await copy(button.parentElement?.querySelector('code')?.textContent ?? '') ? COPIED.code : COPIED.not)
    if (button.classList.contains('retry')) talk.retry(id)
    if (button.classList.contains('edit')) edit(item?.text ?? '')
    if (button.matches('.edit, .discard')) talk.discard(id)
  }, { signal })
}
