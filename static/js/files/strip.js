// The strip of attached files, above the field where one writes.

import { FILES, SPOKEN } from '../model/strings/files.js'
import { pictures } from '../storage/attached.js'
import { find, make, write } from '../view/dom.js'
import { infoOf } from './following.js'
import { Tile } from './tile.js'

/** @typedef {import('../../types.js').Attached} Attached */
/** @typedef {import('../../types.js').FileInfo} FileInfo */

const LARGE = 2560 // px, above which a picture can be made smaller

export class Strip {
  #uploads
  #talk
  #draft
  #on
  #box
  #list = make('ul', 'attached-list')
  #field
  #status
  #signal
  #smaller = make('input', '')
  #choice = make('label', 'smaller')
  /** @type {string[]} */
  #ids = []
  /** @type {Map<string, Tile>} */
  #tiles = new Map()
  #kept = '' // what the draft was told last
  #look = '' // what the composer was told last
  #isAway = false

  /**
   * @param {ParentNode} root
   * @param {import('./uploads.js').Uploads} uploads
   * @param {import('../../types.js').ConversationSource} talk
   * @param {import('../../types.js').Draft} draft
   * @param {{say: (sentence: string) => void, changed: () => void}} on
   * @param {AbortSignal} signal
   */
  constructor(root, uploads, talk, draft, on, signal) {
    this.#uploads = uploads
    this.#talk = talk
    this.#draft = draft
    this.#on = on
    this.#signal = signal
    this.#box = find(root, '#attached', HTMLElement)
    this.#field = find(root, '#text', HTMLTextAreaElement)
    this.#status = find(root, '#attached-said', HTMLElement)
    this.#list.setAttribute('aria-label', FILES.attached)
    this.#smaller.type = 'checkbox'
    this.#smaller.checked = pictures.smaller
    this.#choice.append(this.#smaller, FILES.smaller)
    this.#smaller.addEventListener('change', () => this.#choose())
    this.#box.replaceChildren(this.#list, this.#choice)
    signal.addEventListener('abort', uploads.listen(() => this.#draw()))
    signal.addEventListener('abort', () => this.#tiles.forEach((tile) => tile.end()))
    this.give(draft.files)
  }

  /** @returns {readonly FileInfo[]} */
  get files() {
    return this.#all.map(infoOf)
  }

  /** Why a message cannot be sent with them; '' if it can. */
  get problem() {
    const all = this.#all
    if (all.length < this.#ids.length) return FILES.waiting // they are being taken up again
    const most = this.#talk.limits.files?.count ?? Infinity
    if (all.length > most) return FILES.overMany(most) // with those of a message that was not sent
    return all.some(({ state }) => state === 'failed') ? FILES.failedFirst : ''
  }

  /** @param {File[]} files */
  add(files) {
    const { size = 0, count = 0 } = this.#talk.limits.files ?? {}
    const room = Math.max(0, count - this.#ids.length)
    const taken = files.slice(0, room)
    const how = { most: size, smaller: pictures.smaller }
    this.#ids.push(...taken.map((file) => this.#uploads.add(file, how)))
    this.#draw()
    if (taken.length > 0) this.#announce(SPOKEN.attached(taken.map(({ name }) => name || FILES.unnamed)))
    if (taken.length < files.length) this.#on.say(FILES.tooMany(count))
  }

  /** @param {readonly FileInfo[]} files from before a reload, or of a message that was not sent */
  async give(files) {
    const ids = files.map(({ id }) => id)
    this.#ids.push(...ids)
    await Promise.all(files.map(async (file) => {
      const id = await this.#uploads.take(file)
      this.#ids = this.#ids.map((one) => (one === file.id ? id : one))
    }))
    if (!this.#signal.aborted) this.#draw() // or it is another strip's draft by now
  }

  /** They are a message's from now on. */
  clear() {
    this.#ids = []
    this.#draw()
  }

  /** @param {boolean} isAway while something else is written */
  hide(isAway) {
    this.#isAway = isAway
    this.#box.hidden = isAway || this.#ids.length === 0
  }

  // ---- Inside ----

  /** @returns {Attached[]} */
  get #all() {
    return this.#ids.flatMap((id) => this.#uploads.get(id) ?? [])
  }

  #draw() {
    const all = this.#all
    for (const [id, tile] of this.#tiles) {
      if (all.some((file) => file.id === id)) continue
      tile.end()
      this.#tiles.delete(id)
    }
    for (const [i, file] of all.entries()) {
      const tile = this.#tiles.get(file.id) ?? this.#tile(file.id)
      const there = this.#list.children[i] ?? null
      if (there !== tile.element) this.#list.insertBefore(tile.element, there)
      this.#tell(file, tile.update(file))
    }
    const isChoice = all.some((file) => file.larger || isLarge(file))
    this.#choice.hidden = !isChoice && !this.#choice.contains(document.activeElement) // while it is made
    this.hide(this.#isAway)
    this.#keep(all)
    const look = `${this.#ids} ${this.problem}`
    if (look !== this.#look) this.#on.changed()
    this.#look = look
  }

  /** @param {string} id */
  #tile(id) {
    const tile = new Tile({
      again: () => this.#uploads.retry(id),
      remove: () => this.#remove(id),
      describe: (alt) => this.#uploads.describe(id, alt),
      leave: () => this.#field.focus(),
    })
    this.#tiles.set(id, tile)
    return tile
  }

  /** @param {Attached} file @param {Attached['state'] | ''} before */
  #tell({ name, state, reason, isKept }, before) {
    if (before === '' || before === state) return
    if (state === 'done') this.#announce(SPOKEN.uploaded(name))
    if (state === 'failed') this.#announce(SPOKEN.failed(name, reason))
    if (before === 'preparing' && !isKept) this.#on.say(FILES.notKept)
  }

  /** @param {string} id */
  #remove(id) {
    const place = this.#ids.indexOf(id)
    this.#announce(SPOKEN.removed(this.#uploads.get(id)?.name ?? ''))
    this.#ids = this.#ids.filter((one) => one !== id)
    this.#uploads.drop([id])
    this.#draw()
    const next = this.#tiles.get(this.#ids[Math.min(place, this.#ids.length - 1)] ?? '')
    if (next) next.focus()
    else this.#field.focus({ preventScroll: true })
  }

  /** Pictures are made smaller, or not, from now on; those that are attached as well. */
  #choose() {
    const smaller = pictures.smaller = this.#smaller.checked
    const most = this.#talk.limits.files?.size ?? 0
    this.#ids = this.#all.map((file) => {
      const { id, name, alt, larger, blob } = file
      const other = smaller ? isLarge(file) && blob : larger
      if (!other) return id
      this.#uploads.drop([id])
      return this.#uploads.add(other, { most, smaller }, { name, ...(alt && { alt }) })
    })
    this.#draw()
  }

  /** @param {Attached[]} all that the draft has */
  #keep(all) {
    if (all.length < this.#ids.length) return // some are being taken up again
    const files = all.map(infoOf).map(({ blob, progress, ...file }) => file)
    const now = JSON.stringify(files)
    if (now !== this.#kept) this.#draft.files = files
    this.#kept = now
  }

  /** @param {string} sentence */
  #announce(sentence) {
    write(this.#status, sentence)
  }
}

/** @param {Attached} file */
const isLarge = ({ type, width = 0, height = 0 }) =>
  Math.max(width, height) > LARGE && ['image/jpeg', 'image/png', 'image/webp'].includes(type)
