// The dialog that asks before anything is changed. It stays open while the
// server is asked, and tells what went wrong.

import { whyNot } from '../model/answers.js'
import { ASK } from '../model/strings/admin.js'
import { ApiError } from '../net/problem.js'
import { find, write } from '../view/dom.js'

/**
 * @typedef {object} Question
 * @property {string} title
 * @property {string} text
 * @property {string} yes the label of the button; '' if there is nothing to do but to look
 * @property {boolean} [isBad] it cannot be undone
 * @property {boolean} [noReason] the audit log takes none
 * @property {(reason: string) => Promise<string | void>} run returns what is shown once, such as a
 *   password; fails as the API does
 * @property {string} [result] what that is
 * @property {Node} [more] fields, which run reads
 */

export class Ask {
  #dialog
  #no
  #yes
  /** @type {Question | null} */
  #question = null
  #done = (/** @type {boolean} */ _) => {}
  #succeeded = false

  /** @param {ParentNode} root */
  constructor(root) {
    this.#dialog = find(root, '#ask', HTMLDialogElement)
    this.#no = find(this.#dialog, '#ask-no', HTMLButtonElement)
    this.#yes = find(this.#dialog, '#ask-yes', HTMLButtonElement)
    this.#no.addEventListener('click', () => this.#dialog.close())
    this.#dialog.addEventListener('close', () => this.#done(this.#succeeded))
    this.#dialog.addEventListener('click', (event) => event.target === this.#dialog && this.#dialog.close())
    find(this.#dialog, '#ask-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault()
      this.#run()
    })
  }

  /** @param {Question} question @returns {Promise<boolean>} whether it was done */
  open(question) {
    this.#question = question
    this.#succeeded = false
    write(find(this.#dialog, '#ask-title', HTMLElement), question.title)
    write(find(this.#dialog, '#ask-text', HTMLElement), question.text)
    write(find(this.#dialog, '#ask-error', HTMLElement), '')
    find(this.#dialog, '#ask-more', HTMLElement).replaceChildren(...(question.more ? [question.more] : []))
    find(this.#dialog, '#ask-why', HTMLElement).hidden = question.yes === '' || question.noReason === true
    find(this.#dialog, '#ask-result', HTMLOutputElement).hidden = true
    find(this.#dialog, '#ask-reason', HTMLInputElement).value = ''
    write(this.#yes, question.yes)
    write(this.#no, question.yes ? ASK.no : ASK.close)
    this.#yes.hidden = question.yes === ''
    this.#yes.disabled = false
    this.#yes.classList.toggle('danger', question.isBad === true)
    this.#dialog.showModal()
    const first = find(this.#dialog, '#ask-more', HTMLElement).querySelector('input, select')
    if (first instanceof HTMLElement) first.focus()
    else if (this.#yes.hidden || question.noReason) this.#no.focus()
    else find(this.#dialog, '#ask-reason', HTMLInputElement).focus()
    return new Promise((resolve) => { this.#done = resolve })
  }

  async #run() {
    const question = this.#question
    if (!question || this.#yes.disabled || this.#yes.hidden) return
    this.#yes.disabled = true
    const error = find(this.#dialog, '#ask-error', HTMLElement)
    write(error, '')
    try {
      const result = await question.run(find(this.#dialog, '#ask-reason', HTMLInputElement).value)
      this.#succeeded = true
      if (!result) return this.#dialog.close()
      this.#show(question.result ?? '', result)
    } catch (failure) {
      if (!(failure instanceof ApiError)) throw failure
      write(error, whyNot(failure))
    } finally {
      this.#yes.disabled = false
    }
  }

  /** @param {string} text @param {string} result */
  #show(text, result) {
    const output = find(this.#dialog, '#ask-result', HTMLOutputElement)
    write(find(this.#dialog, '#ask-text', HTMLElement), text)
    find(this.#dialog, '#ask-why', HTMLElement).hidden = true
    find(this.#dialog, '#ask-more', HTMLElement).replaceChildren()
    output.hidden = false
    write(output, result)
    this.#yes.hidden = true
    write(this.#no, ASK.close)
    this.#no.focus()
  }
}
