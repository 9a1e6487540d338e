// The list of connections on all servers, and closing them.

import { shortWhen } from '../model/clock.js'
import { PEOPLE } from '../model/strings/admin.js'
import { find, make, write } from '../view/dom.js'
import { ListView } from './list.js'
import { kindOf, rowButton, time } from './table.js'

/**
 * @typedef {object} Connection
 * @property {string} session @property {string} app the server
 * @property {string} [room] @property {string} name @property {string} person
 * @property {number} since
 */

const EVERY = 5000 // ms

/**
 * @param {HTMLElement} section
 * @param {import('./main.js').Tools} tools
 */
export function peopleView(section, { api, ask, clock, failed, go }) {
  const sum = find(section, '.sum', HTMLElement)
  const roomOf = (/** @type {Connection} */ { room = PEOPLE.feed }) => room
  /** @type {ListView<Connection>} */
  const view = new ListView(section, {
    columns: [
      { label: PEOPLE.name, cell: ({ name, person }) => [name, make('span', 'tag', kindOf(person))] },
      { label: PEOPLE.room, cell: (one) => (one.room ? roomOf(one) : make('span', 'meta', roomOf(one))) },
      { label: PEOPLE.server, cell: ({ app }) => app },
      { label: PEOPLE.since, cell: ({ since }) => time(since, (at) => shortWhen(at, clock.now())) },
      { label: '', kind: 'buttons', cell: (one) => buttons(one) },
    ],
    key: ({ session }) => session,
    async load(filters, next) {
      const page = await api.get('/connections/', { ...filters, after: next })
      write(sum, PEOPLE.sum(page.total, page.missing ?? []))
      return { rows: page.connections, next: page.next }
    },
    none: PEOPLE.none,
    every: EVERY,
  }, clock, failed)

  /** @param {Connection} one */
  function buttons(one) {
    /** @param {string} what @param {string} label @param {() => void} press */
    const button = (what, label, press) =>
      rowButton(what, label, PEOPLE.spoken(label, one.name, roomOf(one)), press, what !== 'follow')
    return [
      button('follow', PEOPLE.follow, () => follow(one)),
      button('close', PEOPLE.close, () => close(
        { ...PEOPLE.askClose, title: PEOPLE.askClose.title(one.name, roomOf(one)) }, { session: one.session },
      )),
      button('close-all', PEOPLE.closeAll, () => close(
        { ...PEOPLE.askCloseAll, title: PEOPLE.askCloseAll.title(one.name) }, { person: one.person },
      )),
    ]
  }

  /** @param {Connection} one */
  async function follow(one) {
    let id = ''
    const isDone = await ask.open({
      ...PEOPLE.askFollow, title: PEOPLE.askFollow.title(one.name, roomOf(one)),
      async run(reason) {
        ({ id } = await api.change('POST', '/follows/', { session: one.session, reason }))
      },
    })
    if (isDone) go('follow', { id, name: one.name, room: roomOf(one), app: one.app })
  }

  /** @param {{title: string, text: string, yes: string}} words @param {object} which */
  async function close(words, which) {
    let closed = 0
    const isDone = await ask.open({
      ...words, isBad: true,
      async run(reason) {
        ({ closed } = await api.change('POST', '/connections/close/', { ...which, reason }))
      },
    })
    if (!isDone) return
    await view.load()
    view.say(PEOPLE.closed(closed))
  }
  return view
}
