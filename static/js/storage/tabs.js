// Which tabs are open: each holds a lock, which the browser releases when the tab
// ends. Pages over plain http from another host have no locks: there every tab
// keeps its identity, and never takes another for closed.

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
