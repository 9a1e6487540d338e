// The storage that files use, by kind, and its limits.

import { sizeOf } from '../model/bytes.js'
import { number } from '../model/clock.js'
import { FILES } from '../model/strings/admin.js'
import { find, make } from '../view/dom.js'
import { ListView } from './list.js'

/** @typedef {{kind: string, files: number, bytes: number}} Kind */

/**
 * @param {HTMLElement} section
 * @param {import('./main.js').Tools} tools
 */
export function filesView(section, { api, clock, failed }) {
  const figures = find(section, '.figures', HTMLElement)
  /** @type {ListView<Kind>} */
  return new ListView(section, {
    columns: [
      { label: FILES.kind, cell: ({ kind }) => kind },
      { label: FILES.files, kind: 'number', cell: ({ files }) => number(files) },
      { label: FILES.bytes, kind: 'number', cell: ({ bytes }) => sizeOf(bytes) },
    ],
    key: ({ kind }) => kind,
    async load() {
      const all = await api.get('/storage/')
      figures.replaceChildren(...figuresOf(all))
      return { rows: all.kinds }
    },
    none: FILES.none,
  }, clock, failed)
}

/** @param {any} all as the API tells it */
function figuresOf({ away, files, bytes, guest_files: guestFiles, guest_bytes: guestBytes, limits }) {
  const limit = (/** @type {number} */ size) => (size ? sizeOf(size) : FILES.noLimit)
  const usage = (/** @type {number} */ files, /** @type {number} */ bytes, /** @type {number} */ most) =>
    FILES.usage(files, sizeOf(bytes), most ? sizeOf(most) : '')
  return [
    figure(FILES.store, away ? FILES.away : FILES.answers, away),
    figure(FILES.all, usage(files, bytes, limits.all)),
    figure(FILES.guests, usage(guestFiles, guestBytes, limits.guests)),
    figure(FILES.user, limit(limits.user)),
    figure(FILES.day, limit(limits.guest_day)),
    figure(FILES.one, limit(limits.file)),
  ]
}

/** @param {string} label @param {string} value @param {boolean} [isBad] */
function figure(label, value, isBad = false) {
  const box = make('div', '')
  const what = make('dd', '', value)
  if (isBad) what.dataset.bad = ''
  box.append(make('dt', '', label), what)
  return box
}
