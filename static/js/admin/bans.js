// The mutes and bans of all rooms, or of one.

import { fullDate, shortWhen } from '../model/clock.js'
import { BANS } from '../model/strings/audit.js'
import { make } from '../view/dom.js'
import { part } from './api.js'
import { ListView } from './list.js'
import { kindOf, rowButton, time } from './table.js'

/**
 * @typedef {{room: string, kind: string, subject: string, name?: string, by: string, reason?:
 *   string,
 *   at: number, ends?: number}} Ban
 */

/**
 * @param {HTMLElement} section
 * @param {import('./main.js').Tools} tools
 */
export function bansView(section, { api, ask, clock, failed }) {
  const when = (/** @type {number} */ at) => {
    const element = time(at, (at) => shortWhen(at, clock.now()))
    element.title = fullDate(at)
    return element
  }
  /** @type {ListView<Ban>} */
  const view = new ListView(section, {
    columns: [
      {
        label: BANS.who,
        cell: ({ name, subject }) => [name || idOf(subject), make('span', 'tag', kindOf(subject))],
      },
      { label: BANS.kind, cell: ({ kind }) => make('span', `tag ${kind}`, BANS.kinds[kind] ?? kind) },
      { label: BANS.room, cell: ({ room }) => room },
      { label: BANS.since, cell: ({ at }) => when(at) },
      { label: BANS.until, cell: ({ ends }) => (ends ? fullWhen(ends) : BANS.forEver) },
      { label: BANS.by, cell: ({ by }) => by },
      { label: BANS.reason, kind: 'wide', cell: ({ reason = '' }) => reason },
      {
        label: '', kind: 'buttons',
        cell: (ban) =>
          rowButton('lift', BANS.lift, BANS.spoken(ban.kind, ban.name ?? '', ban.room), () => lift(ban)),
      },
    ],
    key: ({ room, kind, subject }) => `${room} ${kind} ${subject}`,
    async load({ room = '' }, next) {
      const page = await api.get('/bans/', { room, before: next })
      return { rows: page.bans, next: page.next }
    },
    none: BANS.none,
  }, clock, failed)

  /** @param {Ban} ban */
  async function lift({ room, kind, subject, name = '' }) {
    const isDone = await ask.open({
      title: BANS.ask.title(kind, name, room), text: BANS.ask.text, yes: BANS.ask.yes,
      run: (reason) => api.ask('DELETE', `/rooms/${part(room)}/${kind}s/${part(subject)}/`, { reason }),
    })
    if (!isDone) return
    await view.load()
    view.say(BANS.lifted(kind, name, room))
  }
  return view
}

/** @param {string} subject kind:id */
const idOf = (subject) => subject.slice(subject.indexOf(':') + 1)

/** @param {number} at */
const fullWhen = (at) => time(at, (at) => new Date(at).toLocaleString(undefined, {
  dateStyle: 'medium', timeStyle: 'short',
}))
