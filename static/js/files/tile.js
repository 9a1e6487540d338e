// One file that is attached: what it is, how far it has come, and what can be
// done with it.

import { sizeOf } from '../model/bytes.js'
import { FILES } from '../model/strings/files.js'
import { find, stamp, write } from '../view/dom.js'

/** @typedef {import('../../types.js').Attached} Attached */

const SHOWN = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif', 'image/bmp'])
const KIND = 4 // letters of an extension that are shown at most

export class Tile {
  element
  #picture
  #kind
  #name
  #state
  #progress
  #alt
  #again
  #remove
  /** @type {Attached['state'] | ''} */
  #was = ''
  /** @type {Blob | null} what the picture shows */
  #blob = null

  /**
   * @param {object} on
   * @param {() => void} on.again
   * @param {() => void} on.remove
   * @param {(alt: string) => void} on.describe
   * @param {() => void} on.leave the reader goes on below
   */
  constructor({ again, remove, describe, leave }) {
    this.element = find(stamp('attached-file'), 'li', HTMLLIElement)
    this.#picture = find(this.element, 'img', HTMLImageElement)
    this.#kind = find(this.element, '.kind', HTMLElement)
    this.#name = find(this.element, '.file-name', HTMLElement)
    this.#state = find(this.element, '.file-state', HTMLElement)
    this.#progress = find(this.element, 'progress', HTMLProgressElement)
    this.#alt = find(this.element, 'input', HTMLInputElement)
    this.#again = find(this.element, '.again', HTMLButtonElement)
    this.#remove = find(this.element, '.remove', HTMLButtonElement)
    this.#again.addEventListener('click', again)
    this.#remove.addEventListener('click', remove)
    this.#alt.placeholder = FILES.alt
    this.#alt.addEventListener('input', () => describe(this.#alt.value.trim()))
    this.#alt.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.isComposing) return
      event.preventDefault() // it would send the message
      leave()
    })
    this.#picture.addEventListener('error', () => this.#show(null))
  }

  /**
   * @param {Attached} file
   * @returns {Attached['state'] | ''} what it was before
   */
  update(file) {
    const { id, name, size, state, progress = 0, alt = '', isFinal } = file
    const before = this.#was
    const isGoing = state === 'going' || state === 'waiting' || state === 'preparing'
    this.#was = state
    this.element.dataset.id = id
    this.element.dataset.state = state
    write(this.#name, name)
    this.#name.title = name
    write(this.#kind, kindOf(name))
    write(this.#state, `${sizeOf(size)}${wordsOf(file)}`)
    this.#progress.hidden = !isGoing
    this.#progress.value = progress
    this.#progress.setAttribute('aria-label', FILES.uploading(name))
    this.#again.hidden = state !== 'failed' || isFinal
    this.#again.setAttribute('aria-label', FILES.again(name))
    const words = isGoing ? FILES.cancel(name) : FILES.remove(name)
    this.#remove.title = words
    this.#remove.setAttribute('aria-label', words)
    this.#picturesOf(file)
    this.#alt.setAttribute('aria-label', FILES.altOf(name))
    if (document.activeElement !== this.#alt) this.#alt.value = alt
    if (this.#again.hidden && document.activeElement === this.#again) {
      (this.#alt.hidden ? this.#remove : this.#alt).focus()
    }
    return before
  }

  focus() {
    this.#remove.focus()
  }

  end() {
    this.#release()
    this.element.remove()
  }

  /** @param {Attached} file */
  #picturesOf({ type, blob, state }) {
    const isPicture = SHOWN.has(type)
    const isDescribed = document.activeElement === this.#alt // a space would press what comes instead
    this.#alt.hidden = !isPicture || (state === 'failed' && !isDescribed)
    if (isPicture && state !== 'preparing' && blob && blob !== this.#blob) this.#show(blob)
  }

  /** @param {Blob | null} blob */
  #show(blob) {
    this.#release()
    if (blob) this.#blob = blob
    this.#picture.hidden = blob === null
    this.#kind.hidden = blob !== null
    if (blob) this.#picture.src = URL.createObjectURL(blob)
    else this.#picture.removeAttribute('src')
  }

  #release() {
    if (this.#picture.src) URL.revokeObjectURL(this.#picture.src)
  }
}

/** @param {Attached} file what is said after its size; '' for nothing */
function wordsOf({ state, progress = 0, reason }) {
  if (state === 'failed') return ` · ${reason}`
  if (state === 'preparing') return ` · ${FILES.preparing}`
  if (state === 'waiting') return ` · ${FILES.waiting}`
  return state === 'going' ? ` · ${FILES.progress(progress)}` : ''
}

/** @param {string} name @returns {string} its extension; '' for none that is short */
function kindOf(name) {
  const [, extension = ''] = /\.([a-z0-9]+)$/i.exec(name) ?? []
  return extension.length <= KIND ? extension.toUpperCase() : ''
}
