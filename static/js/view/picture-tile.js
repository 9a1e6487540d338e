// A picture or a video in the log. Its place is kept before any of it has come,
// and stays when it does not come.

import { fileUrl } from '../model/files.js'
import {
  isMoving, shapeOf, sourcesOf, stillOf, waitsToPlay, widthIn, widthOf, widthOver,
} from '../model/pictures.js'
import { FILES } from '../model/strings/shown-files.js'
import { find, make, stamp, write } from './dom.js'
import { isDoubtful, moves, wantsCalm } from './moving.js'
import { whenSeen } from './near.js'

/** @typedef {import('../../types.js').FileInfo} FileInfo */

const PHONE = '(max-width: 700px)' // as in css/files.css, and so are these sizes
const ALONE = { phone: { high: 320, wide: 400 }, desk: { high: 400, wide: 600 } }
const SIDE = { phone: 180, desk: 240 } // of one among several, the largest
const VIDEO = 16 / 9 // as long as nobody knows better

/** @type {WeakMap<Element, FileInfo>} what each tile shows */
const files = new WeakMap()

/** @param {FileInfo} file */
export function makeTile(file) {
  const tile = find(stamp('picture-file'), '.tile', HTMLElement)
  const img = find(tile, 'img', HTMLImageElement)
  img.addEventListener('load', () => settled(tile, ''))
  img.addEventListener('error', () => settled(tile, FILES.failed(files.get(tile)?.name ?? '')))
  tile.dataset.file = file.id
  return tile
}

/**
 * @param {HTMLElement} tile @param {FileInfo} file
 * @param {boolean} isAlone whether it is the only picture of its message
 */
export function updateTile(tile, file, isAlone) {
  const before = files.get(tile)
  if (before === file) return
  files.set(tile, file)
  const { width = 0, height = 0, progress } = file
  const img = find(tile, 'img', HTMLImageElement)
  keepPlace(tile, isAlone, shapeOf(file), widthOf(file))
  if (width && height) Object.assign(img, { width, height })
  img.alt = FILES.alt(file)
  const bar = find(tile, 'progress', HTMLProgressElement)
  bar.hidden = progress === undefined
  bar.value = progress ?? 0
  // A picture chosen here goes on being shown when it is sent.
  const isSent = before !== undefined && !file.blob
  const hasFailed = 'failed' in tile.dataset
  if (isSent && !hasFailed && isMoving(file)) stop(tile, file)
  else if (isSent ? hasFailed : before?.blob !== file.blob || !before) load(tile, file, isAlone)
}

/**
 * An animation that was chosen here can be stopped once it is sent.
 * @param {HTMLElement} tile @param {FileInfo} file
 */
function stop(tile, file) {
  if (waitsToPlay(file, wantsCalm())) move(tile, false)
  else offer(tile, file, true)
}

/**
 * @param {HTMLElement} tile @param {boolean} isAlone @param {number} shape @param {number} width
 */
function keepPlace(tile, isAlone, shape, width) {
  tile.style.setProperty('--ratio', isAlone ? String(shape) : '')
  tile.style.setProperty('--width', isAlone && Number.isFinite(width) ? `${width}px` : '')
}

/** @param {HTMLElement} tile @param {FileInfo} file @param {boolean} isAlone */
function load(tile, file, isAlone) {
  const img = find(tile, 'img', HTMLImageElement)
  if (file.blob) {
    img.src = URL.createObjectURL(file.blob)
    return
  }
  img.loading = 'lazy'
  if (isMoving(file)) return move(tile, !waitsToPlay(file, wantsCalm()))
  if (isDoubtful(file) && !stillOf(file)) return loadInDoubt(tile, file)
  const { phone, desk } = isAlone
    ? { phone: widthIn(file, ALONE.phone), desk: widthIn(file, ALONE.desk) }
    : { phone: widthOver(file, SIDE.phone), desk: widthOver(file, SIDE.desk) }
  const { src, srcset } = sourcesOf(file, wantsCalm())
  img.sizes = `${PHONE} ${phone}px, ${desk}px`
  if (srcset) img.srcset = srcset
  img.src = src
}

/** @param {HTMLElement} tile @param {FileInfo} file that may be an animation */
async function loadInDoubt(tile, file) {
  if (await moves(file)) return move(tile, false)
  find(tile, 'img', HTMLImageElement).src = fileUrl(file)
}

/**
 * Moves a picture, or stops it at its still.
 * @param {HTMLElement} tile @param {boolean} on
 */
function move(tile, on) {
  const file = files.get(tile)
  if (!file) return
  const img = find(tile, 'img', HTMLImageElement)
  const address = on ? fileUrl(file) : stillOf(file)
  if (address) img.src = address
  else img.removeAttribute('src')
  offer(tile, file, on)
}

/** @param {HTMLElement} tile @param {FileInfo} file that moves @param {boolean} on it does now */
function offer(tile, file, on) {
  const play = find(tile, '.play', HTMLButtonElement)
  play.hidden = false
  play.setAttribute('aria-label', on ? FILES.pause(file.name) : FILES.play(file.name))
  tile.dataset.plays = String(on)
}

/** @param {HTMLElement} tile @param {string} trouble why nothing is to be seen; '' if it is */
function settled(tile, trouble) {
  const img = find(tile, 'img', HTMLImageElement)
  if (img.src.startsWith('blob:')) URL.revokeObjectURL(img.src)
  fail(tile, trouble)
}

/** @param {HTMLElement} tile @param {string} trouble */
function fail(tile, trouble) {
  const note = find(tile, '.unloaded', HTMLElement)
  write(find(note, 'span', HTMLElement), trouble)
  note.hidden = !trouble
  tile.toggleAttribute('data-failed', trouble !== '')
  const shown = tile.querySelector('.picture, video')
  if (shown instanceof HTMLElement) shown.inert = trouble !== ''
}

/** @param {FileInfo} file that plays by the controls of the browser */
export function makeVideo(file) {
  const tile = find(stamp('picture-file'), '.tile', HTMLElement)
  const video = make('video', '')
  Object.assign(video, { controls: true, preload: 'metadata', playsInline: true, tabIndex: -1 })
  video.setAttribute('aria-label', FILES.video(file.name))
  video.addEventListener('error', () => fail(tile, FILES.notPlayed(file.name)))
  video.addEventListener('loadedmetadata', () => fail(tile, ''))
  whenSeen(video, () => { video.src = fileUrl(file) })
  const save = find(tile, '.save', HTMLAnchorElement)
  Object.assign(save, { href: fileUrl(file), download: file.name, hidden: false })
  find(tile, '.picture', HTMLElement).replaceWith(video)
  tile.dataset.file = file.id
  keepPlace(tile, true, file.width && file.height ? shapeOf(file) : VIDEO, widthOf(file))
  files.set(tile, file)
  return tile
}

/**
 * The actions of the buttons on a picture, other than to open it.
 * @param {HTMLElement} button
 */
export function pressTile(button) {
  const tile = button.closest('.tile')
  const file = tile && files.get(tile)
  if (!(tile instanceof HTMLElement) || !file) return
  if (button.matches('.play')) return move(tile, tile.dataset.plays !== 'true')
  if (!button.matches('.reload')) return
  fail(tile, '')
  const shown = find(tile, '.picture, video', HTMLElement)
  shown.focus({ preventScroll: true }) // the button is gone
  if (shown instanceof HTMLVideoElement) return shown.load()
  const img = find(tile, 'img', HTMLImageElement)
  const { src, srcset } = img
  img.srcset = srcset // asks once more
  img.src = src
}
