// The link to the room: to copy, to share, and as a QR code for phones nearby.

import { isLocal, roomLink } from '../model/room-link.js'
import { INVITE } from '../model/strings/invite.js'
import { Box } from './box.js'
import { copy } from './clipboard.js'
import { find, write } from './dom.js'
import { importLater } from './loaded-later.js'
import { Later } from './later.js'

const SVG = 'http://www.w3.org/2000/svg'
const QUIET = 4 // light modules around a code, which scanners need
const DONE_SHOWN = 2500 // ms

export class InviteView {
  #box
  #room
  #link
  #field
  #copy
  #note
  #later
  #code

  /**
   * @param {HTMLElement} root
   * @param {string} room
   * @param {import('../model/navigation.js').Navigation} navigation
   * @param {AbortSignal} signal
   */
  constructor(root, room, navigation, signal) {
    const dialog = find(root, '#invite-dialog', HTMLDialogElement)
    this.#box = new Box(dialog, navigation)
    this.#room = room
    this.#link = roomLink(location.href, room)
    this.#field = find(dialog, '#invite-link', HTMLInputElement)
    this.#copy = find(dialog, '#invite-copy', HTMLButtonElement)
    this.#note = find(dialog, '#invite-note', HTMLElement)
    this.#later = new Later(signal)
    this.#field.value = this.#link
    write(find(dialog, '#invite-lead', HTMLElement), INVITE.lead(room))
    const local = find(dialog, '#invite-local', HTMLElement)
    local.hidden = !isLocal(this.#link)
    write(local, INVITE.local)
    this.#field.addEventListener('focus', () => this.#field.select())
    this.#copy.addEventListener('click', () => this.#copied())
    const share = find(dialog, '#invite-share', HTMLButtonElement)
    share.hidden = !navigator.share
    share.addEventListener('click', () => this.#share())
    this.#code = find(dialog, '#invite-code', SVGSVGElement)
    this.#code.setAttribute('aria-label', INVITE.code(this.#link))
    // Also from an empty room and an empty list, which come and go.
    root.addEventListener('click', ({ target }) => {
      if (target instanceof Element && target.closest('.invite')) this.open()
    }, { signal })
  }

  open() {
    this.#box.open()
    this.#copy.focus()
    if (!this.#code.hasChildNodes()) drawCode(this.#code, this.#link)
  }

  /** @param {string} sheet to which the reader has gone back or forward */
  follow(sheet) {
    this.#box.follow(sheet)
  }

  async #copied() {
    const done = await copy(this.#link, this.#box.dialog)
    this.#copy.toggleAttribute('data-done', done)
    write(find(this.#copy, 'span', HTMLElement), done ? INVITE.copied : INVITE.copy)
    write(this.#note, done ? INVITE.copied : INVITE.notCopied) // for screen readers alone if it is done
    this.#note.classList.toggle('unseen', done)
    this.#later.run('done', DONE_SHOWN, () => {
      this.#copy.removeAttribute('data-done')
      write(find(this.#copy, 'span', HTMLElement), INVITE.copy)
      if (done) write(this.#note, '')
    })
    if (!done) this.#field.focus()
  }

  async #share() {
    try {
      await navigator.share({ title: this.#room, text: INVITE.shared(this.#room), url: this.#link })
    } catch {
      // The reader has changed their mind, or the system has nobody to share with.
    }
  }
}

/**
 * Loads the module that draws codes, as few readers want one. If it cannot be
 * loaded, there is none until the reader asks again.
 * @param {SVGSVGElement} svg @param {string} link
 */
async function drawCode(svg, link) {
  /** @type {typeof import('../model/qr.js') | null} */
  const qr = await importLater('js/model/qr.js').catch(() => null)
  const matrix = qr && qr.qrCode(link)
  svg.toggleAttribute('hidden', matrix === null)
  if (!matrix) return
  const path = document.createElementNS(SVG, 'path')
  const squares = matrix.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : '')))
  path.setAttribute('d', squares.join(''))
  const size = matrix.length + 2 * QUIET
  svg.setAttribute('viewBox', `${-QUIET} ${-QUIET} ${size} ${size}`)
  svg.replaceChildren(path)
}
