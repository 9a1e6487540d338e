// The field for a new message, also for one that gets another text.

import { number } from '../model/clock.js'
import { cleanText, isVisible } from '../model/rules.js'
import { EDITING } from '../model/strings/changes.js'
import { charactersLeft, tooLong } from '../model/strings/messages.js'
import { sendIn } from '../model/strings/rules.js'
import { Attach } from './attach.js'
import { Completion } from './completion.js'
import { find, isTouch, write } from './dom.js'
import { sendByEnter } from './enter.js'
import { growing } from './grow.js'
import { HoldNote } from './hold.js'
import { leftIn } from './limit.js'
import { ReplyStrip } from './quote.js'

/** @typedef {import('../../types.js').MessageItem} MessageItem */

const WARN = 200 // characters before the limit at which the counter appears
const PART = 400 // of a message that is answered: more than is shown

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
  #grow
  /** @type {Attach} */ #attach
  /** @type {HoldNote} */ #hold

  /**
   * @param {ParentNode} root
   * @param {import('../../types.js').ConversationSource} talk
   * @param {import('../../types.js').Draft} draft
   * @param {import('./uploads.js').LaterUploads} uploads
   * @param {AbortSignal} signal @param {() => void} onSend
   */
  constructor(root, talk, draft, uploads, signal, onSend) {
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
    const submit = () => {
      const { loading } = this.#attach
      if (loading) loading.then((strip) => strip && submit())
      else if (this.#submit()) onSend()
    }
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault()
      submit()
      this.#field.focus({ preventScroll: true })
    }, { signal })
    this.#field.addEventListener('keydown', (event) => this.#steer(event), { signal })
    sendByEnter(this.#field, submit, signal)
    this.#field.addEventListener('input', () => this.#typed(), { signal })
    this.#grow = growing(this.#field, this.#form, signal)
    this.#hold = new HoldNote(root, talk, () => this.changed(), signal)
    this.#attach = new Attach(root, talk, draft, uploads, {
      say: (sentence) => this.#say(sentence), changed: () => this.changed(),
    }, signal)
    const others = () => talk.people?.names(talk.name).filter((name) => name !== talk.name) ?? []
    if (talk.people) new Completion(root, this.#field, others, signal)
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

  /** @param {MessageItem} item that was not sent, to be written again */
  edit({ text, files = [] }) {
    this.#stop()
    this.#put(text, this.#field.value && `\n${this.#field.value}`)
    this.#attach.give(files)
  }

  /** @param {MessageItem} item that the rules of the room have kept from being sent */
  takeBack({ text, reply, files = [] }) {
    this.#stop()
    const begun = this.#field.value
    this.#put(begun ? `${begun}\n${text}` : text, '', false)
    if (reply && !this.#draft.reply) this.#answer(reply)
    this.#attach.give(files)
  }

  /** @param {MessageItem} item that is said, and gets another text */
  change(item) {
    if (this.#field.disabled || !this.#talk.changes?.can(item).edit) return
    if (!this.#edited) this.#kept = this.#field.value
    this.#turn(item, item.text)
    this.#field.focus({ preventScroll: true })
  }

  /** Ends the edit. The draft from before it stands here again. */
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

  /** The answer whether one can write here may have changed. */
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
    const isReply = this.#draft.reply && !this.#edited
    const about = [isReply && 'reply-quote', left <= WARN && 'counter', 'composer-note']
    this.#field.setAttribute('aria-describedby', about.filter(Boolean).join(' '))
    this.#counter.toggleAttribute('data-over', left < 0)
    this.#field.setAttribute('aria-invalid', String(left < 0))
    const { sentence, blocks, seconds } = this.#hold.show()
    write(this.#note, this.#talk.closed || (left < 0 ? tooLong(-left) : this.#said || sentence))
    this.#note.toggleAttribute('data-over', left < 0)
    const hasMore = this.#edited ? this.#mayDelete : !this.#attach.isEmpty
    const waits = seconds > 0 && !this.#edited // what is said may be changed
    this.#send.disabled = (!isVisible(text) && !hasMore) || left < 0 || this.#field.disabled
      || (blocks && !this.#edited)
    if (!this.#edited) this.#send.setAttribute('aria-label', waits ? sendIn(seconds) : EDITING.send)
    this.#send.toggleAttribute('data-wait', waits)
    this.#attach.changed(this.#edited !== null)
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
    const clean = cleanText(this.#field.value)
    const text = isVisible(clean) ? clean : ''
    if ((!text && this.#attach.isEmpty) || this.#left(clean) < 0 || this.#send.disabled) return false
    if (this.#attach.problem) return this.#say(this.#attach.problem)
    this.#talk.send(text, this.#draft.reply, this.#attach.take())
    this.#field.value = this.#draft.text = ''
    this.#answer(null)
    return true
  }

  /** @param {MessageItem} item that gets what stands here */
  #save(item) {
    const clean = cleanText(this.#field.value)
    const text = isVisible(clean) ? clean : ''
    const { changes } = this.#talk
    const now = this.#now(item)
    if (this.#left(clean) < 0) return false
    if (text || now.files) { // its files are left
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

  /** True if a message without text is one to delete. */
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

  /** @param {string} text @returns {number} how many characters still fit */
  #left(text) {
    const { files } = this.#attach
    return leftIn(text, this.#talk.limits, { reply: this.#draft.reply, files, edited: this.#edited })
  }
}
