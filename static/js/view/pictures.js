// The way to the lightbox, which is loaded when somebody first opens a picture:
// here is what every visit loads of it.

import { kindOf } from '../model/files.js'
import { FILES } from '../model/strings/shown-files.js'
import { importLater, loadedLater, styled } from './loaded-later.js'
import { pressTile } from './picture-tile.js'

const LIGHTBOX = 'lightbox' // the id of its dialog

/** @typedef {import('../../types.js').MessageItem} MessageItem */
/** @typedef {{file: import('../../types.js').FileInfo, item: MessageItem}} Picture */

export class PicturesView {
  #talk
  #say
  #navigation
  #signal
  /** @type {import('../lightbox/lightbox.js').Lightbox | null} */
  #lightbox = null
  #isLoading = false

  /**
   * @param {HTMLElement} list
   * @param {import('../../types.js').ConversationSource} talk
   * @param {(li: Element) => MessageItem | undefined} item
   * @param {(sentence: string) => void} say
   * @param {import('../model/navigation.js').Navigation} navigation
   * @param {AbortSignal} signal
   */
  constructor(list, talk, item, say, navigation, signal) {
    this.#talk = talk
    this.#say = say
    this.#navigation = navigation
    this.#signal = signal
    list.addEventListener('click', ({ target }) => {
      const button = target instanceof Element ? target.closest('button') : null
      const tile = button?.closest('.tile')
      const li = tile?.closest('li')
      const of = li && item(li)
      if (!button || !(tile instanceof HTMLElement) || !of) return
      if (button.matches('.picture')) this.#open(of, tile.dataset.file ?? '', button)
      else pressTile(button)
    }, { signal })
    signal.addEventListener('abort', () => this.#lightbox?.dialog.remove())
  }

  /** @param {string} sheet to which the reader has gone back or forward */
  follow(sheet) {
    if (sheet === LIGHTBOX) this.#lightbox?.show()
    else this.#lightbox?.dialog.close()
  }

  /** The message of an open picture may be deleted. */
  changed() {
    if (this.#lightbox?.dialog.open) this.#lightbox.keep(this.#all)
  }

  /** @param {MessageItem} item @param {string} file @param {HTMLElement} button */
  async #open(item, file, button) {
    if (this.#isLoading) return
    this.#isLoading = true
    try {
      this.#lightbox ??= await this.#load()
    } catch {
      return this.#say(FILES.noLightbox)
    } finally {
      this.#isLoading = false
    }
    if (this.#signal.aborted) return
    this.#lightbox.open(this.#all, { item: item.id, file }, button)
    this.#navigation.opened(LIGHTBOX)
  }

  async #load() {
    await styled(loadedLater('css/lightbox.css'))
    /** @type {typeof import('../lightbox/lightbox.js')} */
    const { Lightbox } = await importLater('js/lightbox/lightbox.js')
    const lightbox = new Lightbox()
    lightbox.dialog.id = LIGHTBOX
    const { dialog } = lightbox
    dialog.addEventListener('close', () => !dialog.open && this.#navigation.closed(LIGHTBOX))
    document.body.append(lightbox.dialog)
    return lightbox
  }

  /** The pictures of what is here of the conversation, as they follow one another. */
  get #all() {
    const { items } = this.#talk
    /** @type {Picture[]} */
    const all = []
    for (let place = items.first; place < items.length; place++) {
      const item = items.at(place)
      if (item?.kind !== 'message' || item.deleted || !item.files || this.#talk.hides(item)) continue
      for (const file of item.files) if (kindOf(file) === 'picture') all.push({ file, item })
    }
    return all
  }
}
