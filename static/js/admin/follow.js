// Follows one connection: the frames that it sends and gets, the newest first.

import { whyNot } from '../model/answers.js'
import { number } from '../model/clock.js'
import { FOLLOW } from '../model/strings/admin.js'
import { ApiError } from '../net/problem.js'
import { find, make, write } from '../view/dom.js'
import { Table, time } from './table.js'

/**
 * @typedef {{at: number, dir: string, type?: string, event?: string, id?: string, seq?: number,
 *   last?: number, code?: string, size?: number, count?: number}} Frame
 */

const EVERY = 1000 // ms
const MOST = 500 // frames that are shown

const { format } = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3,
})

/**
 * @param {HTMLElement} section
 * @param {import('./main.js').Tools} tools
 */
export function followView(section, { api, clock, failed }) {
  const title = find(section, 'h2', HTMLElement)
  const said = find(section, '.said', HTMLElement)
  const stop = find(section, '#follow-stop', HTMLButtonElement)
  /** @type {import('./table.js').Column<Frame & {n: number}>[]} */
  const columns = [
    { label: FOLLOW.at, cell: ({ at }) => time(at, format) },
    { label: FOLLOW.dir, cell: ({ dir }) => make('span', `tag ${dir}`, FOLLOW.dirs[dir] ?? dir) },
    { label: FOLLOW.what, kind: 'wide', cell: what },
    { label: FOLLOW.seq, kind: 'number', cell: ({ seq, last }) => [seq, last].filter(Boolean).join('–') },
    { label: FOLLOW.size, kind: 'number', cell: ({ size }) => (size === undefined ? '' : number(size)) },
    { label: FOLLOW.id, kind: 'wide', cell: ({ id }) => (id ? make('code', '', id) : '') },
  ]
  const table = new Table(find(section, '.list', HTMLElement), FOLLOW.title, columns, ({ n }) => String(n))
  let id = ''
  let after = 0
  /** @type {(Frame & {n: number})[]} */
  let frames = []
  let cancel = () => {}

  /** @param {string} sentence why it is over */
  function end(sentence) {
    cancel()
    stop.hidden = true
    write(said, sentence)
    if (!id) return
    // It ends by itself if this does not arrive.
    api.change('DELETE', `/follows/${id}/`).catch(() => {})
    id = ''
  }

  async function look() {
    const asked = id
    try {
      const page = await api.get(`/follows/${asked}/`, { after })
      if (asked !== id) return
      /** @type {(Frame & {n: number})[]} */
      const more = page.frames.map((/** @type {Frame} */ frame) => ({ ...frame, n: after++ }))
      if (more.length > 0) {
        frames = [...more.reverse(), ...frames].slice(0, MOST)
        table.show(frames, false, '')
        write(said, frames.length === MOST ? FOLLOW.cut(MOST) : '')
      }
      if (more.some(({ dir }) => dir === 'end')) return end(FOLLOW.over)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      if (asked !== id) return
      write(said, whyNot(error))
      if (!error.passes) return failed(error)
    }
    cancel = clock.after(EVERY, look)
  }

  stop.addEventListener('click', () => end(FOLLOW.stopped))
  return {
    /** @param {Record<string, string>} of the connection */
    filter({ id: next = '', name = '', room = '', app = '' }) {
      end('')
      id = next
      after = 0
      frames = []
      write(title, FOLLOW.of(name, room, app))
    },
    open() {
      stop.hidden = id === ''
      table.show(frames, false, id ? FOLLOW.waiting : FOLLOW.nobody)
      if (id) look()
    },
    close: () => end(''),
  }
}

/** @param {Frame} frame */
function what({ dir, type = '', event = '', code = '', count = 1 }) {
  if (dir === 'lost') return FOLLOW.lost(count)
  const words = [dir === 'end' ? FOLLOW.ends[type] ?? type : type, event, code].filter(Boolean).join(' ')
  return count > 1 ? `${FOLLOW.times(count)} ${words}` : words
}
