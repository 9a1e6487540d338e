// Enter sends and Shift+Enter breaks the line; under a finger Enter breaks the
// line, because phones have no Shift+Enter, and the button sends. Enter that
// ends the choice of a word (an input method) does neither.

import { isTouch } from './dom.js'

const ENTER_OF_INPUT_METHOD = 229 // keyCode; Safari says so after the composition has ended

/** @param {HTMLTextAreaElement} field @param {() => void} submit @param {AbortSignal} signal */
export function sendByEnter(field, submit, signal) {
  field.enterKeyHint = isTouch() ? 'enter' : 'send'
  field.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing
      || event.keyCode === ENTER_OF_INPUT_METHOD) return
    if (isTouch() && !event.ctrlKey && !event.metaKey) return
    event.preventDefault()
    submit()
  }, { signal })
}
