// The way to the picker of emoji, which is loaded when it is first wanted: here
// is what every visit loads of it.

import { importLater, loadedLater, styled } from './loaded-later.js'

const PICKER = 'emoji' // the id of its dialog

export class EmojiPicker {
  #navigation
  #memory
  #failed
  /** @type {import('../emoji/picker.js').Picker | null} */
  #picker = null
  #isLoading = false
  #signal

  /**
   * @param {{recent: readonly string[], tone: number}} memory
   * @param {() => void} failed it cannot be loaded now
   * @param {import('../model/navigation.js').Navigation} navigation
   * @param {AbortSignal} signal
   */
  constructor(memory, failed, navigation, signal) {
    this.#memory = memory
    this.#failed = failed
    this.#navigation = navigation
    signal.addEventListener('abort', () => this.#picker?.dialog.remove())
    addEventListener('resize', () => this.#picker?.dialog.open && this.#picker.place(), { signal })
    this.#signal = signal
  }

  /**
   * @param {HTMLElement} anchor where it opens, and what gets the focus back
   * @param {object} on
   * @param {(emoji: string) => void} on.onPick exactly one, after the picker has closed
   */
  async openPicker(anchor, { onPick }) {
    if (this.#isLoading) return
    this.#isLoading = true
    try {
      this.#picker ??= await this.#load()
    } catch {
      return this.#failed()
    } finally {
      this.#isLoading = false
    }
    if (this.#signal.aborted || !this.#picker) return
    this.#picker.open(anchor, onPick)
    this.#navigation.opened(PICKER)
  }

  /** @param {string} sheet to which the reader has gone back or forward */
  follow(sheet) {
    if (sheet === PICKER) this.#picker?.show()
    else this.#picker?.dialog.close()
  }

  async #load() {
    const answer = await fetch(loadedLater('emoji.json'))
    if (!answer.ok) throw new Error(`emoji.json: ${answer.status}`)
    const file = await answer.json()
    await styled(loadedLater('css/emoji.css'))
    /** @type {typeof import('../emoji/picker.js')} */
    const { Picker } = await importLater('js/emoji/picker.js')
    const picker = new Picker(file, this.#memory)
    picker.dialog.addEventListener('close', () => !picker.dialog.open && this.#navigation.closed(PICKER))
    document.body.append(picker.dialog)
    return picker
  }
}
