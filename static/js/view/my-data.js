// The requests of a guest about their data: all that the servers keep of this
// browser's guest, and to erase it.

import { whyNot } from '../model/answers.js'
import { MY_DATA } from '../model/strings/card.js'
import { eraseGuest, exportGuest } from '../net/guest-data.js'
import { ApiError } from '../net/problem.js'
import { guestHeader } from '../storage/guest-key.js'
import { settings } from '../storage/settings.js'
import { find, make, write } from './dom.js'

export class MyDataView {
  #dialog
  #note
  #erase
  #isSure = false // the button was pressed once

  /**
   * @param {ParentNode} root
   * @param {import('../model/navigation.js').Navigation} navigation
   * @param {AbortSignal} signal
   */
  constructor(root, navigation, signal) {
    const dialog = this.#dialog = find(root, '#my-data-dialog', HTMLDialogElement)
    const open = find(root, '#my-data', HTMLElement)
    this.#note = find(dialog, '#my-data-note', HTMLElement)
    this.#erase = find(dialog, '#my-data-erase', HTMLButtonElement)
    open.hidden = false
    open.addEventListener('click', () => {
      this.#open()
      navigation.opened(dialog.id)
    }, { signal })
    dialog.addEventListener('close', () => !dialog.open && navigation.closed(dialog.id), { signal })
    // A click beside it.
    dialog.addEventListener('click', (event) => event.target === dialog && dialog.close(), { signal })
    find(dialog, '#my-data-close', HTMLElement).addEventListener('click', () => dialog.close(), { signal })
    find(dialog, '#my-data-download', HTMLElement).addEventListener('click', () => this.#try(async () => {
      this.#say(MY_DATA.loading, 'done')
      save(await exportGuest(guestHeader(settings.guestKey)), MY_DATA.file)
      this.#say(MY_DATA.downloaded, 'done')
    }), { signal })
    const form = find(dialog, '#my-data-form', HTMLFormElement)
    form.addEventListener('change', () => this.#reset(), { signal })
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      if (!this.#isSure) return this.#ask()
      const messages = String(new FormData(form).get('messages'))
      this.#try(async () => {
        await eraseGuest(guestHeader(settings.guestKey), messages)
        this.#reset()
        this.#say(MY_DATA.erasing, 'done')
      })
    }, { signal })
  }

  /** @param {string} sheet to which the reader has gone back or forward */
  follow(sheet) {
    const isWanted = sheet === this.#dialog.id
    if (isWanted && !this.#dialog.open) this.#open()
    if (!isWanted) this.#dialog.close()
  }

  #open() {
    find(this.#dialog, '#my-data-form', HTMLFormElement).reset()
    this.#reset()
    this.#dialog.showModal()
  }

  /** It cannot be undone, so it takes two presses. */
  #ask() {
    this.#isSure = true
    write(this.#erase, MY_DATA.sure)
    this.#say(MY_DATA.ask, 'wrong')
  }

  #reset() {
    this.#isSure = false
    write(this.#erase, MY_DATA.erase)
    this.#say('', 'done')
  }

  /** @param {() => Promise<void>} run */
  async #try(run) {
    try {
      await run()
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.#say(whyNot(error), 'wrong')
    }
  }

  /** @param {string} sentence @param {'wrong' | 'done'} kind */
  #say(sentence, kind) {
    write(this.#note, sentence)
    this.#note.dataset.kind = kind
  }
}

/** @param {Blob} blob @param {string} name */
function save(blob, name) {
  const link = make('a', '')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000) // the browser has begun by then
}
