// The settings in force.

import { SETTINGS } from '../model/strings/admin.js'
import { make } from '../view/dom.js'
import { ListView } from './list.js'

/**
 * @typedef {{name: string, about: string, value: string, secret?: boolean, changed?: boolean}}
 *   Setting
 */

/**
 * @param {HTMLElement} section
 * @param {import('./main.js').Tools} tools
 */
export function settingsView(section, { api, clock, failed }) {
  /** @type {ListView<Setting>} */
  return new ListView(section, {
    columns: [
      { label: SETTINGS.name, cell: ({ name }) => make('code', '', name) },
      { label: SETTINGS.value, kind: 'wide', cell: value },
      { label: SETTINGS.about, kind: 'wide', cell: ({ about }) => about },
    ],
    key: ({ name }) => name,
    async load({ q = '', which = '' }) {
      /** @type {{settings: Setting[]}} */
      const { settings } = await api.get('/settings/')
      const words = q.toUpperCase()
      const rows = settings.filter(({ name, changed }) => name.includes(words) && (which === '' || changed))
      return { rows }
    },
    none: SETTINGS.none,
  }, clock, failed)
}

/** @param {Setting} setting */
function value({ value, secret, changed }) {
  if (secret) return make('span', 'tag', SETTINGS.secret)
  if (value === '') return make('span', 'meta', SETTINGS.unset)
  return make(changed ? 'strong' : 'span', 'value', value)
}
