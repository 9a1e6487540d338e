// The files of a message: its pictures side by side, then what else it has. The
// elements stay the same as long as their files do.

import { sizeOf } from '../model/bytes.js'
import { extensionOf, fileUrl, kindOf, nameParts } from '../model/files.js'
import { FILES, saidIn } from '../model/strings/shown-files.js'
import { find, make, stamp, write } from './dom.js'
import { whenSeen } from './near.js'
import { makeTile, makeVideo, updateTile } from './picture-tile.js'

/** @typedef {import('../../types.js').FileInfo} FileInfo */
/** @typedef {{id: string, kind: string, element: HTMLElement}} Shown */

/** @type {WeakMap<Element, {of: readonly FileInfo[], parts: Shown[]}>} by message */
const shown = new WeakMap()

/**
 * @param {HTMLLIElement} li @param {import('../../types.js').MessageItem} item
 */
export function updateFiles(li, { files = [], deleted: isDeleted, text, reply }) {
  const wanted = isDeleted ? [] : files
  const before = shown.get(li)
  if (!before && wanted.length === 0) return
  find(li, '.bubble', HTMLElement).hidden = wanted.length > 0 && text === '' && !reply
  if (before?.of === wanted) return
  li.toggleAttribute('data-files', wanted.length > 0)
  const parts = wanted.map((file) => partOf(file, before?.parts ?? []))
  shown.set(li, { of: wanted, parts })
  const isAlone = parts.filter(({ kind }) => kind === 'picture').length === 1
  for (const [i, file] of wanted.entries()) {
    const part = parts[i]
    if (part) update(part, file, isAlone)
  }
  if (before && isSame(before.parts, parts)) return
  place(li, parts, wanted)
}

/**
 * @param {HTMLLIElement} li @param {Shown[]} parts @param {readonly FileInfo[]} files
 */
function place(li, parts, files) {
  const old = li.querySelector('.files')
  const hadFocus = old?.contains(document.activeElement)
  const all = make('div', 'files')
  const pictures = parts.filter(({ kind }) => kind === 'picture')
  if (pictures.length > 0) {
    const gallery = make('div', 'gallery')
    gallery.dataset.count = String(pictures.length)
    if (pictures.length > 1) {
      gallery.setAttribute('role', 'group')
      gallery.setAttribute('aria-label', saidIn({ text: '', files: files.filter(isPicture) }))
    }
    gallery.append(...pictures.map(({ element }) => element))
    all.append(gallery)
  }
  all.append(...parts.filter(({ kind }) => kind !== 'picture').map(({ element }) => element))
  old?.remove()
  if (parts.length > 0) find(li, '.bubble', HTMLElement).after(all)
  if (hadFocus) li.focus({ preventScroll: true })
}

/** @param {FileInfo} file @param {Shown[]} before @returns {Shown} */
function partOf(file, before) {
  const isWaiting = file.blob !== undefined && kindOf(file) !== 'picture' // it plays once it is sent
  const kind = isWaiting ? 'document' : kindOf(file)
  const known = before.find((one) => one.id === file.id && one.kind === kind)
  return known ?? { id: file.id, kind, element: makePart(kind, file) }
}

/** @param {string} kind @param {FileInfo} file */
function makePart(kind, file) {
  if (kind === 'picture') return makeTile(file)
  if (kind === 'video') return makeVideo(file)
  if (kind !== 'audio') return makeCard(file)
  const both = make('div', 'audio')
  const audio = make('audio', '')
  Object.assign(audio, { controls: true, preload: 'metadata', tabIndex: -1 })
  audio.setAttribute('aria-label', FILES.audio(file.name))
  audio.addEventListener('error', () => both.setAttribute('data-failed', ''))
  whenSeen(audio, () => { audio.src = fileUrl(file) })
  both.append(makeCard(file), audio)
  return both
}

/** @param {FileInfo} file @returns {HTMLAnchorElement} */
function makeCard(file) {
  const card = find(stamp('document-file'), 'a', HTMLAnchorElement)
  const [start, end] = nameParts(file.name)
  find(card, '.name-start', HTMLElement).textContent = start
  find(card, '.name-end', HTMLElement).textContent = end
  find(card, '.sign', HTMLElement).textContent = extensionOf(file).slice(0, 4) || FILES.sign
  find(card, '.meta', HTMLElement).textContent = sizeOf(file.size)
  card.title = file.name
  return card
}

/**
 * @param {Shown} part @param {FileInfo} file @param {boolean} isAlone
 */
function update({ kind, element }, file, isAlone) {
  if (kind === 'picture') return updateTile(element, file, isAlone)
  const card = element instanceof HTMLAnchorElement ? element : element.querySelector('a.document')
  if (!(card instanceof HTMLAnchorElement)) return // of a video
  const isSent = file.blob === undefined
  if (isSent && !card.href) {
    Object.assign(card, { href: fileUrl(file), download: file.name })
    card.setAttribute('aria-label', FILES.download(file))
  }
  write(find(card, '.meta', HTMLElement), sizeOf(file.size)) // as the server counts
  const bar = find(card, 'progress', HTMLProgressElement)
  bar.hidden = file.progress === undefined
  bar.value = file.progress ?? 0
}

const isPicture = (/** @type {FileInfo} */ file) => kindOf(file) === 'picture'

/** @param {Shown[]} one @param {Shown[]} other */
const isSame = (one, other) =>
  one.length === other.length && one.every(({ element }, i) => element === other[i]?.element)
