// What this tab remembers about its unsent messages over a reload: who it is, and
// what is not stored yet.

import { tab } from './store.js'

export const ownTab = {
  /**
   * The identity of this tab among those that share unsent messages; '' for a
   * new one.
   */
  get tab() {
    return tab.get('id')
  },
  set tab(id) {
    tab.set('id', id)
  },

  /**
   * Unsent messages that are not stored yet, by id.
   * @returns {Record<string, import('../../types.js').UnsentRecord>}
   */
  get unstored() {
    return tab.object('unstored')
  },
  set unstored(records) {
    tab.set('unstored', Object.keys(records).length > 0 ? JSON.stringify(records) : '')
  },
}
