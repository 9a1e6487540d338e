// Which tabs live: each holds a lock as long as it does, and the browser releases it however the tab ends. A page that came over plain
// http from another machine has no locks: there a tab knows itself by what it remembers, and never believes that another one is gone.

const RELOAD = 2000 // ms within which the page that was here before has let go

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
