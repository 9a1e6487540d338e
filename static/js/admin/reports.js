// Messages that people have reported, in all rooms, and what is done about them.

import { REPORTS } from '../model/strings/audit.js'
import { shortWhen } from '../model/clock.js'
import { make } from '../view/dom.js'
import { part } from './api.js'
import { ListView } from './list.js'
import { rowButton, time } from './table.js'

/**
 * @typedef {object} Report
 * @property {number} id
 * @property {string} room
 * @property {{seq: number, id: string, session: string, author?: string, name: string, text:
 *   string}} message
 * @property {string} by @property {string} [by_name]
 * @property {string} reason
 * @property {number} at
 * @property {string} [outcome] it is closed @property {string} [closed_by]
 */
/** @typedef {'delete' | 'mute' | 'ban' | 'dismiss'} Act */

const PAGE = 50

/**
 * @param {HTMLElement} section
 * @param {import('./main.js').Tools} tools
 */
export function reportsView(section, { api, ask, clock, failed }) {
  /** @type {ListView<Report>} */
  const view = new ListView(section, {
    columns: [
      { label: REPORTS.name, cell: ({ message }) => message.name },
      {
        label: REPORTS.text, kind: 'wide',
        cell: ({ message }) => message.text || make('span', 'meta', REPORTS.gone),
      },
      { label: REPORTS.room, cell: ({ room }) => room },
      { label: REPORTS.reason, kind: 'wide', cell: ({ reason }) => reason },
      { label: REPORTS.by, cell: ({ by, by_name: name }) => name || by.slice(0, by.indexOf(':')) },
      { label: REPORTS.at, cell: ({ at }) => time(at, (at) => shortWhen(at, clock.now())) },
      {
        label: '', kind: 'buttons',
        cell: (report) =>
          (report.outcome ? REPORTS.closed(report.outcome, report.closed_by ?? '') : buttons(report)),
      },
    ],
    key: ({ id }) => String(id),
    async load({ state = '' }, next) {
      const page = `state=${part(state)}&limit=${PAGE}${next && `&before=${next}`}`
      const { reports } = await api.ask('GET', `/reports/?${page}`)
      return { rows: reports, ...(reports.length === PAGE && { next: String(reports.at(-1).id) }) }
    },
    none: REPORTS.none,
  }, clock, failed)

  /** @param {Report} report */
  function buttons(report) {
    return /** @type {Act[]} */ (['dismiss', 'delete', 'mute', 'ban']).map((act) => {
      const { label } = REPORTS.acts[act]
      const spoken = REPORTS.spoken(label, report.message.name)
      return rowButton(act, label, spoken, () => run(report, act), act !== 'dismiss')
    })
  }

  /** @param {Report} report @param {Act} act */
  async function run(report, act) {
    const { room, message } = report
    const words = REPORTS.acts[act]
    const lasts = act === 'mute' || act === 'ban' ? durations() : null
    const isDone = await ask.open({
      title: words.title(message.name, room), text: words.text, yes: words.yes, isBad: act !== 'dismiss',
      ...(lasts && { more: lasts.element }),
      async run(reason) {
        const path = `/rooms/${part(room)}`
        const who = message.author ? { author: message.author } : { session: message.session }
        if (act === 'delete') {
          await api.ask('DELETE', `${path}/messages/${part(message.id)}/?seq=${message.seq}`, { reason })
        } else if (lasts) {
          const minutes = lasts.read()
          await api.ask('POST', `${path}/${act}s/`, { ...who, ...(minutes > 0 && { minutes }), reason })
        }
        await api.ask('POST', `${path}/reports/${report.id}/`, { outcome: words.outcome, reason })
      },
    })
    if (!isDone) return
    await view.load()
    view.say(words.done(message.name))
  }
  return view
}

/** A field for how long something lasts. */
function durations() {
  const element = make('div', 'fields')
  const label = make('label', 'field', REPORTS.lasts)
  const select = make('select', '')
  for (const [minutes, text] of REPORTS.durations) select.append(new Option(text, String(minutes)))
  label.append(select)
  element.append(label)
  return { element, read: () => Number(select.value) }
}
