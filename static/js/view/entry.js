// The form of accounts on the card: to log in, or to register. What is wrong stands under the fields in words.

import { whyNotIn } from '../model/answers.js'
import { cleanAccountName, passwordProblem } from '../model/rules.js'
import { ApiError } from '../net/api.js'
import { find, write } from './dom.js'

/** @typedef {'login' | 'register'} Way */

/** @type {Record<Way, {lead: string, button: string, busy: string, question: string, other: string, autocomplete: 'current-password' | 'new-password'}>} */
const WORDS = {
  login: { lead: 'Log in to join under your own name, with your private chats beside the room.', button: 'LOG IN', busy: 'LOGGING IN…', question: 'No account yet?', other: 'Register', autocomplete: 'current-password' },
  register: { lead: 'Register a name that nobody else can take, and write to people privately.', button: 'REGISTER', busy: 'REGISTERING…', question: 'Have an account?', other: 'Log in', autocomplete: 'new-password' },
}

export class EntryForm {
  /** @type {Way} */
  #way = 'login'
  #isBusy = false
  #form
  #name
  #password
  #error
  #button
  #reveal
  #rules
  #onEnter

  /**
   * @param {ParentNode} root
   * @param {(way: Way, name: string, password: string) => Promise<void>} onEnter fails as the API does
   */
  constructor(root, onEnter) {
    this.#form = find(root, '#account-form', HTMLFormElement)
    this.#name = find(root, '#account-name', HTMLInputElement)
    this.#password = find(root, '#account-password', HTMLInputElement)
    this.#error = find(root, '#account-error', HTMLElement)
    this.#button = find(root, '#account-submit', HTMLButtonElement)
    this.#reveal = find(root, '#account-show', HTMLButtonElement)
    this.#rules = find(root, '#account-rules', HTMLElement)
    this.#onEnter = onEnter
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault()
      this.#submit()
    })
    this.#form.addEventListener('input', () => this.say(''))
    this.#reveal.addEventListener('click', () => this.#show(this.#password.type === 'password'))
    find(root, '#account-other', HTMLButtonElement).addEventListener('click', () => this.open(this.#way === 'login' ? 'register' : 'login', this.#name.value))
  }

  /** @param {Way} way @param {string} name */
  open(way, name) {
    const words = WORDS[way]
    this.#way = way
    write(find(this.#form, '#account-lead', HTMLElement), words.lead)
    write(find(this.#form, '#account-question', HTMLElement), words.question)
    write(find(this.#form, '#account-other', HTMLElement), words.other)
    this.#password.autocomplete = words.autocomplete
    this.#name.value = name
    this.#show(false)
    this.say('')
    if (name) this.#password.focus()
    else this.#name.focus()
  }

  /**
   * What is wrong, or what is going on.
   * @param {string} sentence @param {'name' | 'waiting'} kind @param {HTMLInputElement[]} [fields] in which it is wrong
   */
  say(sentence, kind = 'name', fields = []) {
    write(this.#error, sentence)
    this.#error.dataset.kind = kind
    this.#rules.hidden = this.#way === 'login' || sentence !== '' // which says the rule that counts
    for (const field of [this.#name, this.#password]) {
      if (fields.includes(field)) field.setAttribute('aria-invalid', 'true')
      else field.removeAttribute('aria-invalid')
    }
    if (kind === 'name') this.#busy(false)
  }

  async #submit() {
    if (this.#isBusy) return
    const { name, problem } = cleanAccountName(this.#name.value)
    const wrong = this.#way === 'register' || !this.#password.value ? passwordProblem(this.#password.value) : ''
    if (problem) return this.#refuse(problem, this.#name)
    if (wrong) return this.#refuse(wrong, this.#password)
    this.say('')
    this.#name.value = name
    this.#show(false)
    this.#busy(true)
    const way = this.#way
    try {
      await this.#onEnter(way, name, this.#password.value)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      const fields = { name_taken: [this.#name], name_reserved: [this.#name], bad_name: [this.#name], bad_password: [this.#password], unauthorized: [this.#password, this.#name] }[error.code] ?? []
      this.#refuse(whyNotIn(error, way), ...fields)
    }
  }

  /** @param {string} sentence @param {HTMLInputElement[]} fields in which it is wrong, the one to begin with first */
  #refuse(sentence, ...fields) {
    this.say(sentence, 'name', fields)
    fields[0]?.select()
    fields[0]?.focus()
  }

  /** @param {boolean} busy */
  #busy(busy) {
    const { button, busy: doing } = WORDS[this.#way]
    write(this.#button, busy ? doing : button)
    this.#isBusy = busy
  }

  /** @param {boolean} plain whether the password is to be read */
  #show(plain) {
    this.#password.type = plain ? 'text' : 'password'
    this.#reveal.setAttribute('aria-pressed', String(plain))
  }
}
