// Modules that few visits need are no part of the bundle. The server makes one
// file of each, and knows them by the calls of these functions, whose arguments
// are written out for that.

/**
 * @param {string} path of a file that is loaded when it is first wanted
 * @returns {string} its address: of the same version as the page's script
 */
export function loadedLater(path) {
  const script = document.querySelector('script[type="module"]')
  if (!(script instanceof HTMLScriptElement)) throw new Error('unreachable')
  return new URL(`../${path}`, script.src).href
}

/** @type {Map<string, number>} how often each was not had */
const failures = new Map()

/**
 * Browsers do not ask again for a module that they did not get, but for another
 * address they do.
 * @param {string} path of a module
 * @returns {Promise<any>} what it exports; fails if it cannot be had now
 */
export async function importLater(path) {
  const failed = failures.get(path) ?? 0
  try {
    return await import(`${loadedLater(path)}${failed > 0 ? `?${failed}` : ''}`)
  } catch (error) {
    failures.set(path, failed + 1)
    throw error
  }
}

/** @param {string} href of a stylesheet @returns {Promise<void>} when it holds */
export function styled(href) {
  if (document.querySelector(`link[href="${href}"]`)) return Promise.resolve()
  const link = document.createElement('link')
  return new Promise((done, failed) => {
    Object.assign(link, { rel: 'stylesheet', href, onload: () => done(), onerror: () => {
      link.remove()
      failed(new Error(`${href} is away`))
    } })
    document.head.append(link)
  })
}
