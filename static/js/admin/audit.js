// Actions of operators, admins and moderators, the newest first.

import { AUDIT } from '../model/strings/audit.js'
import { plain } from '../model/audit.js'
import { make } from '../view/dom.js'
import { ListView } from './list.js'
import { time } from './table.js'

/**
 * @typedef {{id: number, at: number, by: string, actor?: number, action: string, room?: string,
 *   target_kind?: string, target_id?: string, target?: string, reason?: string,
 *   details?: Record<string, unknown>}} Entry
 */

const { format } = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })

/**
 * @param {HTMLElement} section
 * @param {import('./main.js').Tools} tools
 */
export function auditView(section, { api, clock, failed }) {
  /** @type {ListView<Entry>} */
  return new ListView(section, {
    columns: [
      { label: AUDIT.at, cell: ({ at }) => time(at, format) },
      { label: AUDIT.by, cell: ({ by, actor }) => (actor ? by : make('span', 'tag', by)) },
      { label: AUDIT.action, cell: ({ action }) => AUDIT.actions[action] ?? action },
      { label: AUDIT.target, cell: ({ target = '', target_id: id = '' }) => target || id },
      { label: AUDIT.room, cell: ({ room = '' }) => room },
      { label: AUDIT.reason, kind: 'wide', cell: ({ reason = '' }) => reason },
      { label: AUDIT.details, kind: 'wide', cell: ({ details }) => plain(details ?? {}) },
    ],
    key: ({ id }) => String(id),
    async load(filters, next) {
      const page = await api.get('/audit/', { ...filters, before: next })
      return { rows: page.entries, next: page.next }
    },
    none: AUDIT.none,
  }, clock, failed)
}
