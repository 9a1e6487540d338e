// The form of accounts on the card: to log in, or to register. Mistakes are
// described under the fields.

import { whyNotIn } from '../model/answers.js'
import { cleanAccountName, passwordProblem } from '../model/rules.js'
import { ENTRY, PASSWORD } from '../model/strings/card.js'
import { ApiError } from '../net/problem.js'
import { find, write } from './dom.js'

/** @typedef {'login' | 'register'} Way */
/**
 * @typedef {(way: Way, name: string, password: string) => Promise<void>} OnEnter fails as the API
 *   does
 */

const OF_NAME = new Set(['name_taken', 'name_reserved', 'bad_name']) // answers about the name alone

export class EntryForm {
  /** @type {Way} */
  #way = 'login'
  #isBusy = false
  #form
  #name
  #password
  #nameError
  #error
  #button
  #reveal
  #rules
  #onEnter

  /**
   * @param {ParentNode} root
   * @param {OnEnter} onEnter
   */
  constructor(root, onEnter) {
    this.#form = find(root, '#account-form', HTMLFormElement)
    this.#name = find(root, '#account-name', HTMLInputElement)
    this.#password = find(root, '#account-password', HTMLInputElement)
    this.#nameError = find(root, '#account-name-error', HTMLElement)
    this.#error = find(root, '#account-error', HTMLElement)
    this.#button = find(root, '#account-submit', HTMLButtonElement)
    this.#reveal = find(root, '#account-show', HTMLButtonElement)
    this.#rules = ['#account-name-rule', '#account-password-rule'].map((id) => find(root, id, HTMLElement))
    this.#onEnter = onEnter
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault()
      this.#submit()
    })
    this.#form.addEventListener('input', () => this.say(''))
    this.#reveal.addEventListener('click', () => this.#show(this.#password.type === 'password'))
    find(root, '#account-other', HTMLButtonElement).addEventListener(
      'click',
      () => this.open(this.#way === 'login' ? 'register' : 'login', this.#name.value),
    )
  }

  /** @param {Way} way @param {string} name */
  open(way, name) {
    const texts = ENTRY[way]
    this.#way = way
    write(find(this.#form, '#account-lead', HTMLElement), texts.lead)
    write(find(this.#form, '#account-question', HTMLElement), texts.question)
    write(find(this.#form, '#account-other', HTMLElement), texts.other)
    this.#password.autocomplete = way === 'login' ? 'current-password' : 'new-password'
    this.#name.value = name
    this.#show(false)
    this.say('')
    if (name) this.#password.focus()
    else this.#name.focus()
  }

  /**
   * Tells what is wrong, or what is going on.
   * @param {string} sentence
   * @param {'name' | 'waiting'} kind
   * @param {HTMLInputElement[]} [fields] in which it is wrong
   * @param {string} [wrongName] what is wrong with the name, said below it
   */
  say(sentence, kind = 'name', fields = [], wrongName = '') {
    write(this.#error, sentence)
    write(this.#nameError, wrongName)
    this.#error.dataset.kind = kind
    for (const rule of this.#rules) rule.hidden = this.#way === 'login'
    for (const field of [this.#name, this.#password]) {
      if (fields.includes(field)) field.setAttribute('aria-invalid', 'true')
      else field.removeAttribute('aria-invalid')
    }
    if (kind === 'name') this.#busy(false)
  }

  async #submit() {
    if (this.#isBusy) return
    const { name, problem } = cleanAccountName(this.#name.value)
    const password = this.#password.value
    const wrong = this.#way === 'register' ? passwordProblem(password) : password ? '' : PASSWORD.empty
    if (problem || wrong) {
      return this.#refuse(problem, wrong, [problem ? [this.#name] : [], wrong ? [this.#password] : []].flat())
    }
    this.say('')
    this.#name.value = name
    this.#show(false)
    this.#busy(true)
    const way = this.#way
    try {
      await this.#onEnter(way, name, this.#password.value)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      const why = whyNotIn(error, way)
      if (OF_NAME.has(error.code)) return this.#refuse(why, '', [this.#name])
      const fields =
        { bad_password: [this.#password], unauthorized: [this.#password, this.#name] }[error.code] ?? []
      this.#refuse('', why, fields)
    }
  }

  /**
   * @param {string} wrongName said below the name
   * @param {string} sentence said below the password, and what is wrong with neither
   * @param {HTMLInputElement[]} fields in which it is wrong, the one to begin with first
   */
  #refuse(wrongName, sentence, fields) {
    this.say(sentence, 'name', fields, wrongName)
    fields[0]?.select()
    fields[0]?.focus()
  }

  /** @param {boolean} busy */
  #busy(busy) {
    const { button, busy: doing } = ENTRY[this.#way]
    write(this.#button, busy ? doing : button)
    this.#isBusy = busy
    // The fields keep what was sent.
    for (const field of [this.#name, this.#password]) field.readOnly = busy
  }

  /** @param {boolean} plain whether the password is to be read */
  #show(plain) {
    this.#password.type = plain ? 'text' : 'password'
    this.#reveal.setAttribute('aria-pressed', String(plain))
  }
}
