// The actions on a message of somebody else, or on its author: to report it,
// and for moderators to delete, to mute, to ban. First the choices, then a
// small form. A card at the element that opened it, or a sheet on a narrow
// screen.

import { isAccount, numbered } from '../model/authors.js'
import { moderates } from '../model/rooms.js'
import { ACT, DENIED, FORM, FORMS, LASTS, REPORTS } from '../model/strings/moderation.js'
import { make as element, write } from '../view/dom.js'
import { button, check, choice, cross, h, labelled } from './build.js'
import { RoomsApi } from './api.js'

/** @typedef {import('../view/actions.js').Acted} Acted */
/** @typedef {import('../model/strings/moderation.js').FormName} FormName */

const GAP = 4 // px between the card and what opened it
const EDGE = 8 // px at least to the edge of the window
const REASON = 500 // characters
const REASONS = Object.entries(REPORTS).map(([value, label]) => ({ value, label }))
const WEIGHTY = new Set(['ban', 'erase'])

/** @param {import('../view/rooms.js').RoomTools} tools */
export const make = (tools) => new Act(tools)

class Act {
  dialog = element('dialog', 'bottom act')
  #tools
  #api
  /** @type {Acted | null} */
  #of = null
  #anchor = new DOMRect()
  #title = h('h2', { id: 'act-title' })
  #head
  #body = h('div', { class: 'act-body' })
  #error = h('p', { class: 'error', role: 'alert' })

  /** @param {import('../view/rooms.js').RoomTools} tools */
  constructor(tools) {
    this.#tools = tools
    this.#api = new RoomsApi(tools.call, tools.room.room)
    this.dialog.id = 'act'
    this.dialog.setAttribute('aria-labelledby', 'act-title')
    this.#head = h('header', { class: 'act-head' }, this.#title, cross())
    this.dialog.append(this.#head, this.#body, this.#error)
    this.dialog.addEventListener('pointerdown', ({ target }) => target === this.dialog && this.dialog.close())
  }

  /** @param {Acted} of @param {Element} anchor */
  open(of, anchor) {
    this.#of = of
    this.#anchor = anchor.getBoundingClientRect()
    this.#choices()
    this.dialog.showModal()
    this.#place()
    this.dialog.addEventListener('close', () => {
      // The button that opened it is shown only while the message is pointed at.
      if (document.activeElement === document.body && anchor instanceof HTMLElement) {
        anchor.focus({ preventScroll: true })
      }
    }, { once: true })
  }

  /** Below what opened it, or above it where there is no space. */
  #place() {
    const { offsetWidth, offsetHeight, style } = this.dialog
    const { top, bottom, left } = this.#anchor
    const fits = bottom + GAP + offsetHeight + EDGE <= innerHeight
    style.setProperty('--top', `${fits ? bottom + GAP : Math.max(EDGE, top - GAP - offsetHeight)}px`)
    style.setProperty('--left', `${Math.max(EDGE, Math.min(left, innerWidth - offsetWidth - EDGE))}px`)
  }

  get #name() {
    return this.#of ? numbered(this.#of.person) : ''
  }

  // ---- What one can do ----

  #choices() {
    const { item, person } = this.#of ?? {}
    const isModerator = moderates(this.#tools.rooms.role)
    const isKnown = Boolean(item || person?.author)
    const pin = () => this.#at(() => this.#api.pin(target(item)), ACT.pinned)
    const remove = () => this.#at(() => this.#api.remove(target(item)), FORM.deleted)
    /** @type {[string, string, () => void, boolean][]} */
    const all = [
      ['report', ACT.report, () => this.#form('report'), item !== undefined],
      ['pin', ACT.pin, pin, isModerator && item !== undefined],
      ['remove', ACT.remove, remove, isModerator && item !== undefined],
      ['mute', ACT.mute, () => this.#form('mute'), isModerator && isKnown],
      ['kick', ACT.kick, () => this.#form('kick'), isModerator],
      ['erase', ACT.erase, () => this.#form('erase'), isModerator && isKnown],
      ['ban', ACT.ban, () => this.#form('ban'), isModerator && isKnown],
    ]
    write(this.#title, item ? ACT.title(this.#name) : this.#name)
    this.#say('')
    const shown = all.filter(([, , , isShown]) => isShown)
    this.#body.replaceChildren(
      ...shown.map(([name, label, run]) => h('button', {
        type: 'button', class: `button item${WEIGHTY.has(name) ? ' bad' : ''}`, 'data-does': name, click: run,
      }, label)),
      ...(isKnown ? [] : [h('p', { class: 'meta hint', text: ACT.noPerson })]),
    )
  }

  // ---- A form ----

  /** @param {FormName} name */
  #form(name) {
    const { title, about, button: label } = FORMS[name]
    const hasEnd = name === 'mute' || name === 'ban'
    const lasts = hasEnd ? choice(FORM.lasts, 'lasts', LASTS, name === 'mute' ? '60' : '1440') : null
    const kinds = name === 'report' ? choice(FORM.what, 'kind', REASONS, 'spam') : null
    const isGuest = !isAccount(this.#of?.person.author ?? '')
    const address = name === 'ban' && isGuest ? check(FORM.also, false) : null
    const reason = h('input', { type: 'text', maxlength: REASON, autocomplete: 'off', dir: 'auto' })
    const isMild = name === 'report'
    const kind = `button primary${isMild ? '' : ' danger'}`
    const submit = h('button', { type: 'submit', class: kind, text: label })
    const form = h(
      'form', {
        class: 'act-form', novalidate: true,
        submit: (/** @type {Event} */ event) => {
          event.preventDefault()
          this.#at(() => this.#run(name, {
            minutes: Number(lasts?.value ?? 0), reason: reason.value.trim(),
            address: address?.input.checked ?? false, kind: kinds?.value ?? '',
          }), name, submit)
        },
      },
      h('p', { class: 'meta', text: about }), kinds?.element, lasts?.element, address?.element,
      labelled(FORM.optional, reason, name === 'report' ? '' : FORM.seen),
      h('div', { class: 'act-buttons' }, button(ACT.back, () => this.#back(name)), submit),
    )
    write(this.#title, title(this.#name))
    this.#say('')
    this.#body.replaceChildren(form)
    this.#place()
    this.#focusOn('input:checked, input[type=text]')
  }

  /** @param {FormName} name of the form that was open */
  #back(name) {
    this.#choices()
    this.#place()
    this.#focusOn(`[data-does="${name}"]`)
  }

  /** @param {string} selector */
  #focusOn(selector) {
    const element = this.#body.querySelector(selector)
    if (element instanceof HTMLElement) element.focus()
  }

  /**
   * @param {FormName} name
   * @param {{minutes: number, reason: string, address: boolean, kind: string}} wish
   * @returns {Promise<string>} what is said of it
   */
  async #run(name, { minutes, reason, address, kind }) {
    const who = whoOf(this.#of)
    const { done } = FORMS[name]
    if (name === 'report') {
      await this.#api.report(target(this.#of?.item), reasonOf(kind, reason), this.#tools.guest())
    }
    if (name === 'kick') await this.#api.kick(who ?? { name: this.#of?.person.name ?? '' }, reason)
    if (name === 'erase') {
      const { deleted } = await this.#api.erase(authorOf(this.#of), reason)
      return done(this.#name, deleted)
    }
    if (name === 'mute' || name === 'ban') {
      await this.#api.sentence(name, { ...who, minutes, reason, ...(address && { address }) })
    }
    return done(this.#name)
  }

  /**
   * Does it, and closes.
   * @param {() => Promise<any>} run @param {string} said a sentence, or the form
   * @param {HTMLButtonElement} [submit]
   */
  async #at(run, said, submit) {
    if (this.dialog.hasAttribute('data-busy')) return
    this.dialog.setAttribute('data-busy', '')
    submit?.setAttribute('aria-busy', 'true')
    this.#say('')
    try {
      const sentence = await run()
      this.dialog.close()
      this.#tools.say(typeof sentence === 'string' ? sentence : said)
    } catch (error) {
      const { code = '' } = /** @type {{code?: string}} */ (error)
      this.#say(DENIED[code] ?? this.#tools.whyNot(error))
    } finally {
      this.dialog.removeAttribute('data-busy')
      submit?.removeAttribute('aria-busy')
    }
  }

  /** @param {string} sentence */
  #say(sentence) {
    write(this.#error, sentence)
  }
}

/** @param {string} kind @param {string} words of the reader */
const reasonOf = (kind, words) =>
  [REPORTS[/** @type {keyof typeof REPORTS} */ (kind)], words].filter(Boolean).join(': ')

/** @param {import('../../types.js').MessageItem | undefined} item */
const target = (item) => ({ seq: item?.seq ?? 0, id: item?.id ?? '' })

/** @param {Acted | null} of @returns {Record<string, any> | null} null if there is only a name */
function whoOf(of) {
  if (of?.item) return { message: target(of.item) }
  return of?.person.author ? { author: of.person.author } : null
}

/** @param {Acted | null} of @returns {{author?: string, session?: string}} */
const authorOf = (of) =>
  (of?.person.author ? { author: of.person.author } : { session: of?.item?.session ?? '' })
