// The last contents of config.json, so that a visit need not wait for it.

import { browser, tab } from './store.js'

const PAUSE = 60_000 // ms between two new starts of a window, however servers answer

export const knownConfig = {
  /** @returns {object | null} null if nothing is known */
  get: () => (browser.get('config') ? browser.object('config') : null),

  /** @param {object} config */
  set: (config) => browser.set('config', JSON.stringify(config)),

  /** True if the page may start again now, which is remembered. */
  mayStartAgain() {
    if (Date.now() - Number(tab.get('restarted')) < PAUSE) return false
    tab.set('restarted', String(Date.now()))
    return tab.get('restarted') !== ''
  },
}
