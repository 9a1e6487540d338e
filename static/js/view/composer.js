// The field for a new message. Enter sends and Shift+Enter breaks the line;
// under a finger Enter breaks the line, because phones have no Shift+Enter, and
// the button sends. Enter that ends the choice of a word (an input method)
// does neither.

import { number } from '../model/clock.js'
import { characters, cleanText, isVisible } from '../model/rules.js'
import { EDITING } from '../model/strings/changes.js'
import { charactersLeft, tooLong } from '../model/strings/messages.js'
import { frameOf } from '../chat/changes.js'
import { frameSize } from '../net/frames.js'
import { Completion } from './completion.js'
import { find, isTouch, write } from './dom.js'
import { refuseDrops } from './drops.js'
import { ReplyStrip } from './quote.js'

/** @typedef {import('../../types.js').MessageItem} MessageItem */

const WARN = 200 // characters before the limit at which the counter appears
const ENTER_OF_INPUT_METHOD = 229 // keyCode; Safari says so after the composition has ended
const PART = 400 // of a message that is answered: more than is shown
const ANY_ID = '00000000-0000-4000-8000-000000000000' // as long as every id

export class Composer {
  #talk
  #draft
  #form
  #field
  #send
  #counter
  #note
  #strip
  #quote
  #said = '' // about what was dropped or pasted
  /** @type {MessageItem | null} the message whose text is changed */
  #edited = null
  #kept = '' // what was begun before
  #isAsked = false // whether that message is to be deleted
  #width = 0

  /**
   * @param {ParentNode} root
   * @param {import('../../types.js').ConversationSource} talk
   * @param {import('../../types.js').Draft} draft
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
    this.#strip = find(root, '#editing', HTMLElement)
    find(this.#strip, 'button', HTMLButtonElement).addEventListener('click', () => this.#stop(), { signal })
    this.#quote = new ReplyStrip(find(root, '#reply', HTMLElement), () => {
      this.#answer(null)
      this.#field.focus({ preventScroll: true })
    }, signal)
    const submit = () => this.#submit() && onSend()
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault()
      submit()
      this.#field.focus({ preventScroll: true })
    }, { signal })
    this.#field.addEventListener('keydown', (event) => this.#steer(event), { signal })
    this.#field.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === ENTER_OF_INPUT_METHOD) return
      if (isTouch() && !event.ctrlKey && !event.metaKey) return
      event.preventDefault()
      submit()
    }, { signal })
    this.#field.addEventListener('input', () => this.#typed(), { signal })
    refuseDrops(this.#field, () => talk.limits.text, (sentence) => this.#say(sentence), signal)
    if (talk.people) new Completion(root, this.#field, () => talk.people?.names(talk.name).filter((name) => name !== talk.name) ?? [], signal)
    this.#field.enterKeyHint = isTouch() ? 'enter' : 'send'
    const observer = new ResizeObserver(() => {
      if (this.#field.clientWidth !== this.#width) this.#grow() // the window was resized, or the phone turned
    })
    observer.observe(this.#field)
    signal.addEventListener('abort', () => observer.disconnect())
    this.#field.value = this.#draft.text
    this.#quote.show(this.#draft.reply ?? null)
    this.settle()
    this.changed()
  }

  /** Focuses the field, except on a phone, where the keyboard would come up. */
  focus() {
    if (!isTouch()) this.#field.focus({ preventScroll: true })
  }

  /** @param {string} name that is put where one writes */
  mention(name) {
    const { value, selectionStart, selectionEnd } = this.#field
    const before = value.slice(0, selectionStart)
    this.#put(`${before}${/\S$/.test(before) ? ' ' : ''}@${name} `, value.slice(selectionEnd))
  }

  /**
   * Where one writes now: a dialog over the page loses the place.
   * @returns {(text: string) => void} puts a text there, as it stands
   */
  place() {
    const { selectionStart, selectionEnd } = this.#field
    return (text) => {
      const { value } = this.#field
      this.#put(value.slice(0, selectionStart) + text, value.slice(selectionEnd), !isTouch())
    }
  }

  /** @param {MessageItem} item that is answered by what one writes */
  reply({ seq, id, name, text }) {
    if (seq === null || this.#field.disabled) return
    this.#stop()
    this.#answer({ seq, id, name, text: text.slice(0, PART) })
    this.#field.focus({ preventScroll: true })
  }

  /** @param {import('../../types.js').ReplyTo | null} reply */
  #answer(reply) {
    this.#draft.reply = reply
    this.#quote.show(reply)
    this.changed()
  }

  /** @param {string} text that was not sent, to be written again */
  edit(text) {
    this.#stop()
    this.#put(text, this.#field.value && `\n${this.#field.value}`)
  }

  /** @param {MessageItem} item that is said, and gets another text */
  change(item) {
    if (this.#field.disabled || !this.#talk.changes?.can(item).edit) return
    if (!this.#edited) this.#kept = this.#field.value
    this.#turn(item, item.text)
    this.#field.focus({ preventScroll: true })
  }

  /** What was begun before stands here again. */
  #stop() {
    if (!this.#edited) return
    this.#turn(null, this.#kept)
    this.#field.focus({ preventScroll: true })
  }

  /** @param {MessageItem | null} item @param {string} text */
  #turn(item, text) {
    this.#edited = item
    this.#isAsked = false
    this.#said = ''
    this.#strip.hidden = !item
    this.#quote.show(item ? null : this.#draft.reply ?? null)
    this.#send.setAttribute('aria-label', item ? EDITING.save : EDITING.send)
    find(this.#send, 'use', SVGUseElement).setAttribute('href', item ? '#icon-check' : '#icon-send')
    this.#field.value = text
    this.#field.setSelectionRange(text.length, text.length)
    this.changed()
  }

  /** @param {KeyboardEvent} event */
  #steer(event) {
    if (event.isComposing || event.shiftKey || event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key === 'Escape' && this.#edited) {
      event.preventDefault()
      this.#stop()
    } else if (event.key === 'Escape' && this.#draft.reply) {
      event.preventDefault()
      this.#answer(null)
    } else if (event.key === 'ArrowUp' && !this.#field.value && !this.#edited) {
      const last = this.#talk.changes?.newest(this.#talk.items)
      if (!last) return
      event.preventDefault()
      this.change(last)
    }
  }

  /** @param {string} before where the reader goes on @param {string} after */
  #put(before, after, focuses = true) {
    if (this.#field.disabled) return
    this.#field.value = before + after
    this.#field.setSelectionRange(before.length, before.length)
    if (focuses) this.#field.focus({ preventScroll: true })
    this.#typed()
  }

  /** Whether one can write here may have changed. */
  settle() {
    if (this.#edited && this.#now(this.#edited).deleted) {
      this.#stop()
      this.#say(EDITING.gone)
    }
    const closed = this.#talk.closed ?? ''
    if (this.#field.disabled === (closed !== '')) return
    this.#form.hidden = this.#field.disabled = closed !== ''
    this.changed()
  }

  /** The text, the limits or the width may have changed. */
  changed() {
    const text = cleanText(this.#field.value)
    const left = this.#left(text)
    write(this.#counter, left <= WARN ? number(left).replace('-', '−') : '')
    this.#counter.setAttribute('aria-label', left < 0 ? tooLong(-left) : charactersLeft(left))
    this.#field.setAttribute('aria-describedby', `${this.#draft.reply && !this.#edited ? 'reply-quote ' : ''}${left <= WARN ? 'counter ' : ''}composer-note`)
    this.#counter.toggleAttribute('data-over', left < 0)
    this.#field.setAttribute('aria-invalid', String(left < 0))
    write(this.#note, this.#talk.closed || (left < 0 ? tooLong(-left) : this.#said))
    this.#note.toggleAttribute('data-over', left < 0)
    this.#send.disabled = (!isVisible(text) && !this.#mayDelete) || left < 0 || this.#field.disabled
    this.#grow()
  }

  #typed() {
    this.#said = ''
    this.#isAsked = false
    if (!this.#edited) this.#draft.text = this.#field.value
    this.changed()
    if (this.#field.value.trim() && !this.#edited) this.#talk.typed()
  }

  /** @returns {boolean} whether something was sent */
  #submit() {
    if (this.#edited) return this.#save(this.#edited)
    const text = cleanText(this.#field.value)
    if (!isVisible(text) || this.#left(text) < 0 || this.#field.disabled) return false
    this.#talk.send(text, this.#draft.reply)
    this.#field.value = this.#draft.text = ''
    this.#answer(null)
    return true
  }

  /** @param {MessageItem} item that gets what stands here */
  #save(item) {
    const text = cleanText(this.#field.value)
    const { changes } = this.#talk
    const now = this.#now(item)
    if (this.#left(text) < 0) return false
    if (isVisible(text)) {
      if (!changes?.can(now).edit) return this.#say(EDITING.tooLate)
      this.#stop()
      changes.edit(now, text)
    } else if (this.#isAsked) {
      this.#stop()
      changes?.remove(now)
    } else if (this.#mayDelete) {
      this.#isAsked = true
      return this.#say(isTouch() ? EDITING.askDeleteTouch : EDITING.askDelete)
    }
    return false
  }

  /** Whether a message without text is one to delete. */
  get #mayDelete() {
    return this.#edited !== null && this.#talk.changes?.can(this.#now(this.#edited)).remove === true
  }

  /** @param {string} sentence below the field, until the reader goes on */
  #say(sentence) {
    this.#said = sentence
    this.changed()
    return false
  }

  /** @param {MessageItem} item @returns {MessageItem} as it is now */
  #now(item) {
    const { items } = this.#talk
    const found = items.at(items.placeOf(item.id) ?? -Infinity)
    return found?.kind === 'message' ? found : item
  }

  /**
   * How many characters still fit. A frame has a limit as well, in bytes: emoji
   * reach that one first.
   * @param {string} text
   */
  #left(text) {
    const { limits } = this.#talk
    const { reply } = this.#draft
    const change = this.#edited && { kind: /** @type {const} */ ('edit'), session: this.#edited.session, target: { seq: this.#edited.seq ?? 0, id: this.#edited.id } }
    const bytes = limits.frame - frameSize(frameOf({ id: ANY_ID, text, ...(reply && { reply }), ...(change && { change }) }))
    return Math.min(limits.text - characters(text), bytes < 0 ? Math.floor(bytes / 4) : Infinity)
  }

  /**
   * Makes the field as high as its text, up to the limit in the style sheet.
   * The form keeps its height meanwhile: if it shrank for a moment, the log
   * above would grow, and lose its place at the end.
   */
  #grow() {
    this.#form.style.height = `${this.#form.offsetHeight}px`
    this.#field.style.height = 'auto'
    if (this.#field.value) this.#field.style.height = `${this.#field.scrollHeight}px`
    this.#form.style.height = ''
    this.#width = this.#field.clientWidth
  }
}
