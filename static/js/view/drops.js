// Pasting and dropping: files are attached, wherever on the page they are
// dropped; more text than a message could hold is refused with a sentence.

import { COMPOSER } from '../model/strings/messages.js'
import { find, write } from './dom.js'

const MOST = 4 // times the longest message; the browser takes seconds to lay out a megabyte
const OVER = 1000 // ms without a sign of what was dragged, after which it has gone elsewhere
const LEFT = 150 // ms after it has left the page, or, in Safari, any part of it

/**
 * @param {ParentNode} root
 * @param {HTMLTextAreaElement} field
 * @param {import('../../types.js').ConversationSource} talk
 * @param {object} on
 * @param {(sentence: string) => void} on.say
 * @param {(files: File[]) => void} on.attach
 * @param {() => boolean} on.mayAttach
 * @param {AbortSignal} signal
 */
export function takeDrops(root, field, talk, { say, attach, mayAttach }, signal) {
  const target = find(root, '#drop', HTMLElement)
  let timer = 0
  const leave = () => {
    clearTimeout(timer)
    target.hidden = true
  }
  signal.addEventListener('abort', leave)

  /** @param {ClipboardEvent | DragEvent} event @param {DataTransfer | null} data */
  const take = (event, data) => {
    leave()
    const text = data?.getData('text/plain') ?? ''
    const isTooMuch = text.length > MOST * talk.limits.text
    // A table that is pasted is a picture as well, and a file may come with its name.
    const isText = event.type === 'paste' && text !== '' && !isOfNames(text, data)
    if (!isTooMuch && (!hasFiles(data) || isText)) return
    event.preventDefault() // a browser opens what is dropped, in place of the conversation
    if (isOverDialog()) return
    if (isTooMuch) say(COMPOSER.tooMuch(talk.limits.text))
    else if (mayAttach()) attach([...data?.files ?? []])
    else say(COMPOSER.noFiles)
  }
  document.addEventListener('paste', (event) => {
    const { target: at } = event
    const isElsewhere = at instanceof Element && at !== field && at.matches('input, textarea')
    if (!isElsewhere) take(event, event.clipboardData)
  }, { signal })
  document.addEventListener('drop', (event) => take(event, event.dataTransfer), { signal })
  document.addEventListener('dragover', (event) => {
    const { dataTransfer } = event
    if (!dataTransfer || !hasFiles(dataTransfer)) return
    event.preventDefault()
    const isWanted = mayAttach() && !isOverDialog()
    dataTransfer.dropEffect = isWanted ? 'copy' : 'none'
    target.hidden = !isWanted
    write(find(target, 'span', HTMLElement), COMPOSER.drop(talk.title))
    clearTimeout(timer)
    timer = setTimeout(leave, OVER)
  }, { signal })
  document.addEventListener('dragleave', ({ relatedTarget }) => {
    if (relatedTarget || target.hidden) return
    clearTimeout(timer)
    timer = setTimeout(leave, LEFT)
  }, { signal })
}

/** @param {DataTransfer | null} data */
const hasFiles = (data) => data?.types.includes('Files') ?? false

/**
 * True if a text only names the files beside it.
 * @param {string} text @param {DataTransfer | null} data
 */
function isOfNames(text, data) {
  const names = [...data?.files ?? []].map(({ name }) => name)
  return text.split(/[\r\n]+/).every((line) => names.includes(line))
}

const isOverDialog = () => document.querySelector('dialog:modal') !== null
