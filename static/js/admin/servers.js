// The processes of the cluster.

import { number } from '../model/clock.js'
import { uptime } from '../model/uptime.js'
import { SERVERS } from '../model/strings/admin.js'
import { make } from '../view/dom.js'
import { ListView } from './list.js'

/**
 * @typedef {{node: string, app: string, role: string, version?: string, uptime_s?: number,
 *   connections: number, unavailable?: boolean}} Server
 */

const EVERY = 5000 // ms

/**
 * @param {HTMLElement} section
 * @param {import('./main.js').Tools} tools
 */
export function serversView(section, { api, clock, failed }) {
  /** @type {ListView<Server>} */
  return new ListView(section, {
    columns: [
      { label: SERVERS.name, cell: ({ app }) => app },
      { label: SERVERS.role, cell: ({ role }) => SERVERS.roles[role] ?? role },
      { label: SERVERS.state, cell: state },
      { label: SERVERS.connections, kind: 'number', cell: ({ connections }) => number(connections) },
      {
        label: SERVERS.uptime,
        cell: ({ uptime_s: seconds = 0, version }) => (version ? uptime(seconds) : ''),
      },
      { label: SERVERS.version, kind: 'wide', cell: ({ version = '' }) => version },
    ],
    key: ({ node }) => node,
    load: async () => ({ rows: (await api.get('/servers/')).servers }),
    none: SERVERS.none,
    every: EVERY,
  }, clock, failed)
}

/** @param {Server} server */
function state({ version, unavailable }) {
  if (!version) return make('span', 'tag ban', SERVERS.silent)
  return unavailable ? make('span', 'tag ban', SERVERS.unavailable) : SERVERS.ok
}
