// The controls that attach files to the message that one writes: a button,
// pasting and dropping. The strip that shows them is loaded with the first.

import { systemClock } from '../model/clock.js'
import { COMPOSER } from '../model/strings/messages.js'
import { find } from './dom.js'
import { takeDrops } from './drops.js'
import { importLater, loadedLater, styled } from './loaded-later.js'

/** @typedef {import('../files/strip.js').Strip} Strip */
/** @typedef {import('../../types.js').FileInfo} FileInfo */

const AGAIN = 3000 // ms after which what is in a draft is loaded again

export class Attach {
  #root
  #talk
  #draft
  #uploads
  #on
  #signal
  /** @type {Strip | null} */
  #strip = null
  /** @type {Promise<Strip | null> | null} null unless it is being loaded */
  #loading = null
  /** @type {((strip: Strip) => void)[]} what is done with it first */
  #queue = []
  #isAway = false // while something else is written
  #button

  /**
   * @param {ParentNode} root
   * @param {import('../../types.js').ConversationSource} talk
   * @param {import('../../types.js').Draft} draft
   * @param {import('./uploads.js').LaterUploads} uploads
   * @param {object} on
   * @param {(sentence: string) => void} on.say
   * @param {() => void} on.changed what is attached
   * @param {AbortSignal} signal
   */
  constructor(root, talk, draft, uploads, on, signal) {
    this.#root = root
    this.#talk = talk
    this.#draft = draft
    this.#uploads = uploads
    this.#on = on
    this.#signal = signal
    const field = find(root, '#text', HTMLTextAreaElement)
    const input = find(root, '#attach-input', HTMLInputElement)
    this.#button = find(root, '#attach', HTMLButtonElement)
    this.#button.addEventListener('click', () => input.click(), { signal })
    input.addEventListener('change', () => {
      const files = [...input.files ?? []]
      input.value = '' // so that the same one can be chosen again
      this.#add(files)
    }, { signal })
    takeDrops(root, field, talk, {
      say: on.say, attach: (files) => this.#add(files), mayAttach: () => this.#mayAttach,
    }, signal)
    if (draft.files.length > 0) this.#restore()
  }

  /** True if nothing is attached. */
  get isEmpty() {
    return this.files.length === 0 && this.#loading === null
  }

  /** @returns {readonly FileInfo[]} */
  get files() {
    return this.#strip?.files ?? this.#draft.files
  }

  /**
   * @returns {Promise<unknown> | null} what a message has to wait for before it is sent, null for
   *   nothing; what it becomes is null if that cannot be had
   */
  get loading() {
    return this.#loading
  }

  /** Why the message cannot be sent with them; '' if it can. */
  get problem() {
    return this.#strip?.problem ?? ''
  }

  /** @returns {readonly FileInfo[]} for a message: none is attached any more */
  take() {
    const { files } = this
    if (this.#strip) this.#strip.clear()
    else this.#draft.files = []
    return files
  }

  /** @param {readonly FileInfo[]} files of a message that was not sent */
  give(files) {
    if (files.length > 0) this.#with((strip) => strip.give(files))
  }

  /**
   * The actions that are possible may have changed.
   * @param {boolean} isAway while something else is written
   */
  changed(isAway) {
    this.#isAway = isAway
    this.#button.hidden = !this.#mayAttach
    this.#strip?.hide(isAway)
  }

  get #mayAttach() {
    return this.#talk.limits.files !== undefined && !this.#talk.closed && !this.#isAway
  }

  /** @param {File[]} files */
  #add(files) {
    if (files.length > 0) this.#with((strip) => strip.add(files))
  }

  /** @param {(strip: Strip) => void} run before a message is sent that waits for the strip */
  #with(run) {
    if (this.#strip) return run(this.#strip)
    this.#queue.push(run)
    this.#load()
  }

  async #restore() {
    if (await this.#load() || this.#signal.aborted) return
    const cancel = systemClock.after(AGAIN, () => this.#restore())
    this.#signal.addEventListener('abort', cancel, { once: true })
  }

  /** @returns {Promise<Strip | null>} null if it cannot be loaded now, which is said */
  async #load() {
    if (this.#strip) return this.#strip
    this.#loading ??= this.#make()
    const strip = await this.#loading
    this.#loading = null
    this.#on.changed()
    return strip
  }

  async #make() {
    try {
      const uploads = await this.#uploads.load()
      await styled(loadedLater('css/attach.css'))
      /** @type {typeof import('../files/strip.js')} */
      const { Strip } = await importLater('js/files/strip.js')
      if (this.#signal.aborted) return null
      this.#strip = new Strip(this.#root, uploads, this.#talk, this.#draft, this.#on, this.#signal)
      this.#strip.hide(this.#isAway)
      for (const run of this.#queue) run(this.#strip)
      return this.#strip
    } catch {
      this.#on.say(COMPOSER.filesAway)
      return null
    } finally {
      this.#queue = []
    }
  }
}
