// Makes a room: a title, an address, who may come in.

import { validRoom } from '../model/rules.js'
import { ACCESS_MEANS, ACCESS_SHORT, MAKER, REFUSED } from '../model/strings/making.js'
import { make as element, write } from '../view/dom.js'
import { RoomsApi } from './api.js'
import { check, choice, cross, h, labelled } from './build.js'

const TITLE = 60 // characters
const TOPIC = 300

/** @param {import('../view/rooms.js').RoomTools} tools */
export const make = (tools) => new Maker(tools)

class Maker {
  dialog = element('dialog', 'box')
  #tools
  #error = h('p', { class: 'error', role: 'alert' })
  #title = h('input', { type: 'text', maxlength: TITLE, autocomplete: 'off', dir: 'auto' })
  #address = h('input', {
    type: 'text', maxlength: 32, autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false',
  })
  #topic = h('input', { type: 'text', maxlength: TOPIC, autocomplete: 'off', dir: 'auto' })
  #submit = h('button', { type: 'submit', class: 'button primary', text: MAKER.make })
  #means = h('p', { class: 'meta' })
  #listed = check(MAKER.listed, true, MAKER.listedHint)
  #access
  #isOwnAddress = false // whether somebody has typed it

  /** @param {import('../view/rooms.js').RoomTools} tools */
  constructor(tools) {
    this.#tools = tools
    this.dialog.id = 'room-maker'
    this.dialog.setAttribute('aria-labelledby', 'maker-title')
    const kinds = Object.entries(ACCESS_SHORT).map(([value, label]) => ({ value, label }))
    this.#access = choice(MAKER.access, 'access', kinds, 'open', () => this.#told())
    this.#title.id = 'maker-name'
    this.#address.id = 'maker-address'
    this.#title.addEventListener('input', () => {
      if (!this.#isOwnAddress) this.#address.value = addressFrom(this.#title.value)
      this.#say('')
    })
    this.#address.addEventListener('input', () => {
      this.#isOwnAddress = this.#address.value !== ''
      this.#say('')
    })
    this.dialog.append(
      h('header', { class: 'box-head' }, h('h2', { id: 'maker-title', text: MAKER.title }), cross()),
      h(
        'form', { class: 'room-form', novalidate: true, submit: (/** @type {Event} */ event) => {
          event.preventDefault()
          this.#make()
        } },
        labelled(MAKER.name, this.#title, MAKER.nameHint),
        labelled(MAKER.address, this.#address, MAKER.addressHint), labelled(MAKER.topic, this.#topic),
        this.#access.element, this.#means, this.#listed.element, this.#error,
        h('div', { class: 'form-foot' }, this.#submit),
      ),
    )
    this.#told()
  }

  open() {
    this.#isOwnAddress = false
    for (const field of [this.#title, this.#address, this.#topic]) field.value = ''
    this.#say('')
    this.dialog.showModal()
    this.#title.focus()
  }

  #told() {
    const access = /** @type {keyof typeof ACCESS_MEANS} */ (this.#access.value)
    write(this.#means, ACCESS_MEANS[access])
    this.#listed.element.hidden = access === 'invite' // nobody finds it
  }

  async #make() {
    const title = this.#title.value.trim()
    const name = this.#address.value.trim().toLowerCase()
    if (!title) return this.#say(MAKER.noTitle, this.#title)
    if (!validRoom(name)) return this.#say(MAKER.noAddress, this.#address)
    if (this.#submit.getAttribute('aria-busy')) return
    this.#submit.setAttribute('aria-busy', 'true')
    const access = this.#access.value
    try {
      const made = await new RoomsApi(this.#tools.call, name).make({
        name, title, topic: this.#topic.value.trim(), access,
        listed: access !== 'invite' && this.#listed.input.checked,
      })
      this.#tools.rooms.renew()
      const goThere = () => this.#tools.goTo(made.name)
      this.dialog.addEventListener('close', () => setTimeout(goThere), { once: true })
      this.dialog.close()
    } catch (error) {
      const { code = '' } = /** @type {{code?: string}} */ (error)
      this.#say(REFUSED[code] ?? this.#tools.whyNot(error), code === 'room_taken' ? this.#address : undefined)
    } finally {
      this.#submit.removeAttribute('aria-busy')
    }
  }

  /** @param {string} sentence @param {HTMLInputElement} [field] that is wrong */
  #say(sentence, field) {
    write(this.#error, sentence)
    for (const one of [this.#title, this.#address]) {
      if (one === field) one.setAttribute('aria-invalid', 'true')
      else one.removeAttribute('aria-invalid')
    }
    field?.focus()
  }
}

/** @param {string} title @returns {string} an address like it; '' if there is none */
const addressFrom = (title) => title.normalize('NFKD').replace(/\p{Mn}/gu, '').toLowerCase()
  .replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 32).replace(/-+$/, '')
