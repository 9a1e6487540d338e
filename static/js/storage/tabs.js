// Which tabs are open: each holds a lock, which the browser releases when the tab
// ends. Pages over plain http from another host have no locks: there every tab
// keeps its identity, and never takes another for closed.

import { tab as ownStorage } from './store.js'

const RELOAD = 2000 // ms for the page before a reload to release its lock

/** @param {string} tab */
const lockOf = (tab) => `livechat.tab.${tab}`

/** @type {import('../../types.js').Tabs} */
export const tabs = {
  async hold(tab) {
    if (!navigator.locks) return true
    return new Promise((resolve) => {
      const giveUp = new AbortController()
      const timer = setTimeout(() => giveUp.abort(), RELOAD)
      const held = navigator.locks.request(lockOf(tab), { signal: giveUp.signal }, () => {
        clearTimeout(timer)
        resolve(true)
        return new Promise(() => {}) // until the page is gone
      })
      held.catch(() => resolve(false))
    })
  },

  async ifGone(tab, run) {
    await navigator.locks?.request(lockOf(tab), { ifAvailable: true }, (lock) => (lock ? run() : undefined))
  },
}

/**
 * The facts about its unsent messages that this tab remembers over a reload.
 */
export const ownTab = {
  /**
   * The identity of this tab among those that share unsent messages; '' for a
   * new one.
   */
  get tab() {
    return ownStorage.get('id')
  },
  set tab(id) {
    ownStorage.set('id', id)
  },

  /**
   * Unsent messages that are not stored yet, by id.
   * @returns {Record<string, import('../../types.js').UnsentRecord>}
   */
  get unstored() {
    return ownStorage.object('unstored')
  },
  set unstored(records) {
    ownStorage.set('unstored', Object.keys(records).length > 0 ? JSON.stringify(records) : '')
  },
}
