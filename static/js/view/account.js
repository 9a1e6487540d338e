// The account of whoever is logged in: to log out, to change the password, to
// delete it.

import { whyNot } from '../model/answers.js'
import { passwordProblem } from '../model/rules.js'
import { accountOf, PASSWORD } from '../model/strings/card.js'
import { ApiError } from '../net/problem.js'
import { paintAvatar } from './avatar.js'
import { BlockedView } from './blocked.js'
import { find, write } from './dom.js'

export class AccountView {
  #dialog
  #note
  #atStake
  #isAdmin
  #leave = async () => {} // as the reader wants it, once it is clear what that deletes

  /**
   * @param {ParentNode} root
   * @param {{me: string, blocked: import('../chat/blocked.js').Blocked}} account
   * @param {object} does all fail as the API does
   * @param {() => Promise<string>} does.atStake what logging out would delete, in a sentence;
   *   '' for nothing
   * @param {() => Promise<boolean>} does.isAdmin
   * @param {() => Promise<void>} does.logout
   * @param {() => Promise<void>} does.logoutEverywhere
   * @param {(old: string, new_: string) => Promise<void>} does.changePassword
   * @param {(password: string, messages: string) => Promise<void>} does.deleteAccount
   * @param {import('../model/navigation.js').Navigation} navigation
   * @param {AbortSignal} signal
   */
  constructor(root, { me: name, blocked }, does, navigation, signal) {
    const button = find(root, '#account', HTMLButtonElement)
    this.#dialog = find(root, '#account-dialog', HTMLDialogElement)
    this.#note = find(this.#dialog, '#account-note', HTMLElement)
    this.#atStake = does.atStake
    this.#isAdmin = does.isAdmin
    for (const place of [button, this.#dialog]) paintAvatar(find(place, '.avatar', HTMLElement), name)
    button.hidden = false
    button.title = accountOf(name)
    button.setAttribute('aria-label', button.title)
    find(this.#dialog, '#account-title', HTMLElement).textContent = name
    // A reset keeps it.
    for (const id of ['#password-user', '#delete-user']) {
      find(this.#dialog, id, HTMLInputElement).defaultValue = name
    }
    new BlockedView(this.#dialog, blocked, signal)
    button.addEventListener('click', () => {
      this.#open()
      navigation.opened(this.#dialog.id)
    })
    this.#dialog.addEventListener('close', () => !this.#dialog.open && navigation.closed(this.#dialog.id))
    // A click beside it.
    this.#dialog.addEventListener('click', (event) => event.target === this.#dialog && this.#dialog.close())
    find(this.#dialog, '#account-close', HTMLButtonElement).addEventListener(
      'click', () => this.#dialog.close(),
    )
    this.#dialog.addEventListener('input', () => this.#say(''))
    this.#leaves('#logout', does.logout)
    this.#leaves('#logout-all', does.logoutEverywhere)
    find(this.#dialog, '#unsent-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault()
      this.#try(find(this.#dialog, '#unsent-confirm', HTMLElement), this.#leave)
    })
    this.#fold('#change-password', '#password-form')
    this.#fold('#delete-account', '#delete-form')
    find(this.#dialog, '#password-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault()
      this.#changePassword(does.changePassword)
    })
    find(this.#dialog, '#delete-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault()
      const field = this.#field('#delete-password')
      const password = field.value
      if (!password) return this.#say(PASSWORD.empty, field)
      const form = find(this.#dialog, '#delete-form', HTMLFormElement)
      const messages = String(new FormData(form).get('messages'))
      this.#try(field, () => does.deleteAccount(password, messages), 'password')
    })
  }

  /** @param {string} sheet to which the reader has gone back or forward */
  follow(sheet) {
    const isWanted = sheet === this.#dialog.id
    if (isWanted && !this.#dialog.open) this.#open()
    if (!isWanted) this.#dialog.close()
  }

  #open() {
    this.#foldAll()
    this.#say('')
    this.#dialog.showModal()
    this.#showAdmin()
  }

  /** Admins find the way to their page. The role may have changed meanwhile. */
  async #showAdmin() {
    const isAdmin = await this.#isAdmin().catch(() => false) // it is not known: then there is no way
    find(this.#dialog, '#admin', HTMLAnchorElement).hidden = !isAdmin
  }

  /** One form at a time: what a sentence below it is about must be clear. */
  #foldAll() {
    for (const form of this.#dialog.querySelectorAll('form')) {
      form.reset()
      form.hidden = true
    }
    for (const button of this.#dialog.querySelectorAll('[aria-expanded]')) {
      button.setAttribute('aria-expanded', 'false')
    }
  }

  /**
   * Logs out, but says before what that deletes.
   * @param {string} button @param {() => Promise<void>} leave
   */
  #leaves(button, leave) {
    const toggle = find(this.#dialog, button, HTMLButtonElement)
    const form = find(this.#dialog, '#unsent-form', HTMLFormElement)
    toggle.addEventListener('click', async () => {
      const isOpen = toggle.getAttribute('aria-expanded') === 'true'
      const words = isOpen ? '' : await this.#atStake()
      this.#foldAll()
      if (!words && !isOpen) return this.#try(toggle, leave)
      this.#leave = leave
      this.#say('')
      toggle.after(form)
      form.hidden = isOpen
      toggle.setAttribute('aria-expanded', String(!isOpen))
      write(find(form, '#unsent-note', HTMLElement), words)
      form.scrollIntoView({ block: 'nearest' })
    })
  }

  /**
   * @param {string} button that shows a form, or puts it away
   * @param {string} form
   */
  #fold(button, form) {
    const toggle = find(this.#dialog, button, HTMLButtonElement)
    const folded = find(this.#dialog, form, HTMLFormElement)
    toggle.addEventListener('click', () => {
      const isWanted = folded.hidden
      this.#foldAll()
      folded.hidden = !isWanted
      toggle.setAttribute('aria-expanded', String(isWanted))
      this.#say('')
      const first = find(folded, 'input:not([hidden], [type="radio"])', HTMLInputElement)
      first.scrollIntoView({ block: 'nearest' })
      if (!folded.hidden) first.focus()
    })
  }

  /** @param {(old: string, new_: string) => Promise<void>} change */
  async #changePassword(change) {
    const [old, new_] = [this.#field('#old-password'), this.#field('#new-password')]
    if (!old.value) return this.#say(PASSWORD.empty, old)
    const problem = passwordProblem(new_.value)
    if (problem) return this.#say(problem, new_)
    await this.#try(old, async () => {
      await change(old.value, new_.value)
      const toggle = find(this.#dialog, '#change-password', HTMLButtonElement)
      this.#foldAll()
      toggle.focus()
      this.#say(PASSWORD.changed, toggle, 'done')
    }, 'password')
  }

  /**
   * @param {HTMLElement} below where it is said that it failed
   * @param {() => Promise<void>} run
   * @param {import('../model/answers.js').Limited} [what] it is, to a server that has had too
   *   much of it
   */
  async #try(below, run, what) {
    this.#say('')
    try {
      await run()
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.#say(whyNot(error, what), below)
    }
  }

  /** @param {string} selector */
  #field(selector) {
    return find(this.#dialog, selector, HTMLInputElement)
  }

  /**
   * @param {string} sentence
   * @param {HTMLElement} [below] what it is about: a field that is wrong is marked
   * @param {'wrong' | 'done'} kind
   */
  #say(sentence, below, kind = 'wrong') {
    for (const field of this.#dialog.querySelectorAll('[aria-invalid]')) {
      for (const name of ['aria-invalid', 'aria-describedby']) field.removeAttribute(name)
    }
    below?.after(this.#note)
    write(this.#note, sentence)
    this.#note.dataset.kind = kind
    if (!(below instanceof HTMLInputElement)) return
    below.setAttribute('aria-invalid', 'true')
    below.setAttribute('aria-describedby', this.#note.id)
    below.focus()
  }
}
