// The field where one writes. Enter sends, Shift+Enter breaks the line; Enter that ends the choice of a word (an input method) does neither.

import { characters, cleanText } from '../model/rules.js'
import { plural, tooLong } from '../model/words.js'
import { frameSize } from '../net/frames.js'
import { find, write } from './dom.js'

const WARN = 200 // characters before the limit at which the counter appears
const ENTER_OF_INPUT_METHOD = 229 // keyCode; Safari says so after the composition has ended
const ANY_ID = '00000000-0000-4000-8000-000000000000' // as long as every id

export class Composer {
  #talk
  #draft
  #form
  #field
  #send
  #counter
  #note

  /**
   * @param {ParentNode} root @param {import('../../types.js').Talk} talk @param {import('../../types.js').Draft} draft
   * @param {AbortSignal} signal @param {() => void} onSend
   */
  constructor(root, talk, draft, signal, onSend) {
    this.#talk = talk
    this.#draft = draft
    this.#field = find(root, '#text', HTMLTextAreaElement)
    this.#send = find(root, '#send', HTMLButtonElement)
    this.#counter = find(root, '#counter', HTMLElement)
    this.#form = find(root, '#composer', HTMLFormElement)
    this.#note = find(root, '#composer-note', HTMLElement)
    const submit = () => {
      if (this.#submit()) onSend()
    }
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault()
      submit()
      this.focus()
    }, { signal })
    this.#field.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === ENTER_OF_INPUT_METHOD) return
      event.preventDefault()
      submit()
    }, { signal })
    this.#field.addEventListener('input', () => this.#typed(), { signal })
    this.#field.value = this.#draft.text
    this.settle()
    this.changed()
  }

  focus() {
    this.#field.focus({ preventScroll: true })
  }

  /** Whether one can write here may have changed. */
  settle() {
    const closed = this.#talk.closed ?? ''
    if (this.#field.disabled === (closed !== '')) return
    this.#form.hidden = this.#field.disabled = closed !== ''
    this.changed()
  }

  /** The text, the limits or the width may have changed. */
  changed() {
    const text = cleanText(this.#field.value)
    const left = this.#left(text)
    write(this.#counter, left <= WARN ? String(left).replace('-', '−') : '')
    this.#counter.setAttribute('aria-label', left < 0 ? tooLong(-left) : `${plural(left, 'character', 'characters')} left`)
    this.#counter.toggleAttribute('data-over', left < 0)
    this.#field.setAttribute('aria-invalid', String(left < 0))
    write(this.#note, this.#talk.closed || (left < 0 ? tooLong(-left) : ''))
    this.#note.toggleAttribute('data-over', left < 0)
    this.#send.disabled = !text || left < 0 || this.#field.disabled
    this.#grow()
  }

  #typed() {
    this.#draft.text = this.#field.value
    this.changed()
    if (this.#field.value.trim()) this.#talk.typed()
  }

  /** @returns {boolean} whether something was sent */
  #submit() {
    const text = cleanText(this.#field.value)
    if (!text || this.#left(text) < 0 || this.#field.disabled) return false
    this.#talk.send(text)
    this.#field.value = this.#draft.text = ''
    this.changed()
    return true
  }

  /**
   * How many characters still fit. A frame has a limit as well, in bytes: emoji reach that one first.
   * @param {string} text
   */
  #left(text) {
    const { limits } = this.#talk
    const bytes = limits.frame - frameSize({ type: 'message', id: ANY_ID, text })
    return Math.min(limits.text - characters(text), bytes < 0 ? Math.floor(bytes / 4) : Infinity)
  }

  /** As high as the text; the style sheet knows the most. */
  #grow() {
    this.#field.style.height = 'auto'
    if (this.#field.value) this.#field.style.height = `${this.#field.scrollHeight}px`
  }
}
