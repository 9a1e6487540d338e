// Where values outlive a reload, as far as the browser allows it.

const PREFIX = 'livechat.'

/**
 * @param {() => Storage} storage even access throws if it is switched off
 */
const store = (storage) => ({
  /** @param {string} key */
  get(key) {
    try {
      return storage().getItem(PREFIX + key) ?? ''
    } catch {
      return ''
    }
  },
  /** @param {string} key @param {string} value '' removes it */
  set(key, value) {
    try {
      if (value) storage().setItem(PREFIX + key, value)
      else storage().removeItem(PREFIX + key)
    } catch {
      // Full or switched off: the value is lost.
    }
  },
  /** @param {string} key @returns {Record<string, any>} what is kept under it as JSON */
  object(key) {
    try {
      return { ...JSON.parse(this.get(key)) }
    } catch {
      return {} // none yet
    }
  },
})

export const browser = store(() => localStorage) // all windows of the browser
export const tab = store(() => sessionStorage) // this one

/**
 * @param {string} key @param {() => void} run after another window has changed it
 * @returns {() => void} stops watching
 */
export function watch(key, run) {
  const changed = (/** @type {StorageEvent} */ event) => {
    if (event.key === null || event.key === PREFIX + key) run()
  }
  window.addEventListener('storage', changed)
  return () => window.removeEventListener('storage', changed)
}
