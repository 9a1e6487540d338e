// A picture alone on the screen, and the way to those around it: by arrows, by
// buttons, by a finger. Loaded when somebody first opens one.

import { sizeOf } from '../model/bytes.js'
import { fileUrl } from '../model/files.js'
import { fullDate } from '../model/clock.js'
import { isMoving, largeOf, largeStillOf, stillOf } from '../model/pictures.js'
import { FILES, LIGHTBOX } from '../model/strings/shown-files.js'
import { YOU } from '../model/strings/messages.js'
import { make, write } from '../view/dom.js'
import { isDoubtful, moves, wantsCalm } from '../view/moving.js'
import { Zoom } from './zoom.js'

/** @typedef {import('../view/pictures.js').Picture} Picture */
/** @typedef {import('../../types.js').FileInfo} FileInfo */

export class Lightbox {
  dialog = make('dialog', 'lightbox')
  #stage = make('button', 'lightbox-stage')
  #img = make('img', '')
  #count = make('p', 'lightbox-count')
  #voice = make('p', 'unseen')
  #download = make('a', 'button ghost square')
  #play = make('button', 'lightbox-play')
  #previous = button('previous', LIGHTBOX.previous, 'M12.5 4.5L7 10l5.5 5.5')
  #next = button('next', LIGHTBOX.next, 'M7.5 4.5L13 10l-5.5 5.5')
  #trouble = make('p', 'lightbox-trouble')
  #said = make('p', 'lightbox-alt')
  #name = make('bdi', 'lightbox-name')
  #who = make('bdi', 'lightbox-who')
  #time = make('time', '')
  #zoom
  /** @type {readonly Picture[]} */
  #pictures = []
  #at = 0
  #isPlaying = false
  #blobUrl = '' // of a picture that is not sent yet
  /** @type {Map<string, boolean>} whether those that were doubtful move, by id */
  #known = new Map()
  /** @type {HTMLElement[]} what opened it, and the message of that, which may be left alone */
  #openers = []

  constructor() {
    const { dialog } = this
    dialog.setAttribute('aria-label', LIGHTBOX.title)
    this.#build()
    this.#zoom = new Zoom(this.#stage, this.#img, {
      changed: (isIn) => this.#zoomed(isIn),
      swiped: (step) => (step === 0 ? dialog.close() : this.#go(step)),
    })
    dialog.addEventListener('keydown', (event) => this.#pressed(event))
    dialog.addEventListener('close', () => {
      if (dialog.open) return
      this.#img.removeAttribute('src')
      this.#release()
      this.#known.clear()
      this.#openers.find((one) => one.isConnected)?.focus({ preventScroll: true })
    })
    this.#previous.addEventListener('click', () => this.#go(-1))
    this.#next.addEventListener('click', () => this.#go(1))
    this.#play.addEventListener('click', () => this.#turn(!this.#isPlaying))
    this.#img.addEventListener('load', () => {
      this.#img.style.backgroundImage = ''
      this.#fails('')
    })
    this.#img.addEventListener('error', () => this.#fails(FILES.failed(this.#now?.file.name ?? '')))
  }

  /**
   * @param {readonly Picture[]} pictures as they follow one another
   * @param {{item: string, file: string}} which is seen first, by ids
   * @param {HTMLElement} opener gets the focus back
   */
  open(pictures, which, opener) {
    this.#openers = [opener, opener.closest('li') ?? opener]
    this.#pictures = pictures
    this.#at = Math.max(0, placeOf(pictures, which))
    write(this.#voice, '')
    this.show()
  }

  /** Opens it once more, where it was. */
  show() {
    if (!this.#now || this.dialog.open) return
    this.dialog.showModal()
    this.#stage.focus()
    this.#draw()
  }

  /**
   * Only these are left, or there are more of them.
   * @param {readonly Picture[]} pictures
   */
  keep(pictures) {
    const { item, file } = this.#now ?? {}
    const at = placeOf(pictures, { item: item?.id ?? '', file: file?.id ?? '' })
    this.#pictures = pictures
    if (at < 0) return this.dialog.close() // it is deleted
    this.#at = at
    this.#tell()
  }

  get #now() {
    return this.#pictures[this.#at]
  }

  // ---- Drawing ----

  #build() {
    const close = button('close', LIGHTBOX.close, 'M5 5l10 10M15 5L5 15')
    close.addEventListener('click', () => this.dialog.close())
    this.#stage.type = this.#play.type = 'button'
    this.#stage.append(this.#img)
    this.#img.draggable = false
    this.#voice.setAttribute('role', 'status')
    this.#trouble.setAttribute('role', 'alert')
    this.#said.dir = 'auto'
    this.#download.setAttribute('aria-label', LIGHTBOX.download)
    this.#download.title = LIGHTBOX.download
    this.#download.append(icon('M10 3.5v9M6 9l4 4 4-4M4 16.5h12'))
    const again = make('button', 'as-link', LIGHTBOX.tryAgain)
    again.type = 'button'
    again.addEventListener('click', () => {
      this.#stage.focus()
      this.#load()
    })
    this.#trouble.append(make('span', ''), ' ', again)
    const bar = make('div', 'lightbox-bar')
    bar.append(this.#count, this.#voice, this.#download, close)
    const facts = make('p', 'lightbox-facts')
    facts.append(this.#who, ' · ', this.#time, ' · ', this.#name)
    const caption = make('div', 'lightbox-caption')
    caption.append(this.#said, facts)
    this.dialog.append(bar, this.#previous, this.#stage, this.#next, this.#trouble, this.#play, caption)
  }

  /** Another picture is to be seen. */
  #draw() {
    const { file, item } = this.#now ?? {}
    if (!file || !item) return
    this.#zoom.reset()
    const { width = 0, height = 0 } = file
    for (const [name, value] of /** @type {const} */ ([['width', width], ['height', height]])) {
      if (value) this.#img[name] = value
      else this.#img.removeAttribute(name)
    }
    this.#img.alt = '' // the button has its name
    write(this.#said, file.alt ?? '')
    write(this.#name, `${file.name}, ${sizeOf(file.size)}`)
    write(this.#who, item.own ? YOU : item.name)
    write(this.#time, fullDate(item.at))
    this.#time.dateTime = new Date(item.at).toISOString()
    this.#play.hidden = !this.#moves(file)
    this.#isPlaying = !this.#play.hidden && !wantsCalm()
    this.#load()
    this.#tell()
    if (this.#isUnknown(file)) this.#look(file)
  }

  /** @param {FileInfo} file */
  #moves = (file) => !file.blob && (isMoving(file) || this.#known.get(file.id) === true)

  /** @param {FileInfo} file */
  #isUnknown = (file) => isDoubtful(file) && !this.#known.has(file.id)

  /** @param {FileInfo} file of which only a still is shown until it is known */
  async #look(file) {
    this.#known.set(file.id, await moves(file))
    if (this.#now?.file.id === file.id && this.dialog.open) this.#draw()
  }

  /** The pictures before and after this one may change. */
  #tell() {
    const { file } = this.#now ?? {}
    if (!file) return
    const all = this.#pictures.length
    this.#download.hidden = file.blob !== undefined // it may be sent meanwhile
    if (!file.blob) Object.assign(this.#download, { href: fileUrl(file), download: file.name })
    write(this.#count, all > 1 ? LIGHTBOX.count(this.#at + 1, all) : '')
    const hadFocus = this.#previous === document.activeElement || this.#next === document.activeElement
    this.#previous.disabled = this.#at === 0
    this.#next.disabled = this.#at === all - 1
    if (hadFocus && document.activeElement === document.body) this.#stage.focus()
    this.#zoomed(this.#zoom.isIn)
  }

  #load() {
    const file = this.#now?.file
    if (!file) return
    this.#fails('')
    this.#release()
    if (file.blob) {
      this.#img.src = this.#blobUrl = URL.createObjectURL(file.blob)
      return
    }
    const still = stillOf(file)
    this.#img.style.backgroundImage = still && `url("${still}")` // what the log has shown
    const isStill = this.#moves(file) ? !this.#isPlaying : this.#isUnknown(file)
    const address = isStill ? largeStillOf(file) : this.#moves(file) ? fileUrl(file) : largeOf(file)
    if (address) this.#img.src = address
    else this.#img.removeAttribute('src')
    this.#play.textContent = this.#isPlaying ? LIGHTBOX.pause : LIGHTBOX.play
    for (const near of [this.#pictures[this.#at + 1], this.#pictures[this.#at - 1]]) ahead(near)
  }

  #release() {
    URL.revokeObjectURL(this.#blobUrl)
    this.#blobUrl = ''
  }

  /** @param {boolean} isPlaying a picture that moves */
  #turn(isPlaying) {
    this.#isPlaying = isPlaying
    this.#load()
  }

  /** @param {string} trouble why it is not to be seen; '' if it is */
  #fails(trouble) {
    write(/** @type {Element} */ (this.#trouble.firstElementChild), trouble)
    this.#trouble.hidden = !trouble
    this.#img.classList.toggle('gone', trouble !== '')
  }

  /** @param {boolean} isIn */
  #zoomed(isIn) {
    const { file } = this.#now ?? {}
    if (!file) return
    const alt = FILES.alt(file)
    this.#stage.setAttribute('aria-label', isIn ? LIGHTBOX.zoomOut(alt) : LIGHTBOX.zoomIn(alt))
    this.#stage.toggleAttribute('data-in', isIn)
    const isWhole = file.blob || this.#moves(file) || largeOf(file) === fileUrl(file)
    if (isIn && !isWhole && !this.#isUnknown(file)) this.#img.src = fileUrl(file) // who looks closely wants all of it
  }

  // ---- The reader ----

  /** @param {number} step */
  #go(step) {
    const at = this.#at + step
    if (!this.#pictures[at]) return
    this.#at = at
    this.#draw()
    // The focus stays where it was, and so is not read out.
    const { file } = this.#now ?? {}
    if (file) write(this.#voice, `${LIGHTBOX.count(at + 1, this.#pictures.length)}: ${FILES.alt(file)}`)
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key]
    if (!way) return
    event.preventDefault()
    const [x = 0, y = 0] = way
    if (this.#zoom.isIn) this.#zoom.pan(x, y)
    else if (x) this.#go(x)
  }
}

/** @param {readonly Picture[]} pictures @param {{item: string, file: string}} which by ids */
const placeOf = (pictures, which) =>
  pictures.findIndex(({ item, file }) => item.id === which.item && file.id === which.file)

/** @param {Picture | undefined} picture that may be looked at next */
function ahead(picture) {
  if (!picture || picture.file.blob || isMoving(picture.file)) return
  new Image().src = largeOf(picture.file)
}

/** @param {string} className @param {string} label @param {string} path of its icon */
function button(className, label, path) {
  const made = make('button', `button ghost square ${className}`)
  made.type = 'button'
  made.title = label
  made.setAttribute('aria-label', label)
  made.append(icon(path))
  return made
}

/** @param {string} path */
function icon(path) {
  const [svg, line] = /** @type {const} */ (['svg', 'path']).map(
    (name) => document.createElementNS('http://www.w3.org/2000/svg', name),
  )
  if (!svg || !line) throw new Error('unreachable')
  svg.setAttribute('viewBox', '0 0 20 20')
  svg.setAttribute('class', 'icon')
  svg.setAttribute('aria-hidden', 'true')
  line.setAttribute('d', path)
  svg.append(line)
  return svg
}
