// What is pasted or dropped: files, and more text than a message could hold, are
// refused with a sentence.

import { COMPOSER } from '../model/strings/messages.js'

const MOST = 4 // times the longest message; the browser takes seconds to lay out a megabyte

/**
 * @param {HTMLElement} field
 * @param {() => number} limit characters of the longest message
 * @param {(sentence: string) => void} say
 * @param {AbortSignal} signal
 */
export function refuseDrops(field, limit, say, signal) {
  /** @param {ClipboardEvent | DragEvent} event @param {DataTransfer | null} data */
  const take = (event, data) => {
    const text = data?.getData('text/plain') ?? ''
    const tooMuch = text.length > MOST * limit()
    if (!tooMuch && (!hasFiles(data) || (text && event.type === 'paste'))) return // a table that is pasted is a picture as well
    event.preventDefault()
    say(tooMuch ? COMPOSER.tooMuch(limit()) : COMPOSER.noFiles)
  }
  field.addEventListener('paste', (event) => take(event, event.clipboardData), { signal })
  // Anywhere on the page: a browser opens a file that is dropped on it, in
  // place of the conversation.
  document.addEventListener('dragover', (event) => hasFiles(event.dataTransfer) && event.preventDefault(), { signal })
  document.addEventListener('drop', (event) => take(event, event.dataTransfer), { signal })
}

/** @param {DataTransfer | null} data */
const hasFiles = (data) => data?.types.includes('Files') ?? false
