// The service worker: keeps the page for times without a network, when messages
// that wait should still be seen. While there is a network, what it has kept is
// never shown instead of a newer page: the HTML comes from the network, and
// files are taken from the cache only under their versioned address, v/HASH/.

const CACHE = 'livechat-page'
const worker = /** @type {any} */ (self)
const page = new URL('./', location.href).href // for any room
const config = new URL('config.json', page).href
const files = new URL('v/', page).href
// The files that the page loads when it first needs them, beside the others of
// its version.
/** @type {string[]} filled in by the server that bundles the page */
const later = []
/** @type {Promise<void>} */
let keeping = Promise.resolve() // one page at a time

worker.addEventListener('install', (/** @type {any} */ event) => {
  worker.skipWaiting()
  event.waitUntil(fetch(page, { cache: 'no-cache' }).then(keepInTurn))
})

worker.addEventListener('activate', (/** @type {any} */ event) => {
  // The network is asked while the worker still starts.
  event.waitUntil(Promise.all([worker.clients.claim(), worker.registration.navigationPreload?.enable()]))
})

worker.addEventListener('fetch', (/** @type {any} */ event) => {
  const { request } = event
  const address = request.url.split(/[?#]/)[0]
  if (request.method !== 'GET') return
  if (request.mode === 'navigate' && address === page) event.respondWith(visit(event))
  else if (address.startsWith(files)) event.respondWith(caches.match(request).then(
    (kept) => kept ?? fetch(request),
  ))
  else if (address === config) event.respondWith(configuration(request))
})

// Of a notification that the page could not show itself.
worker.addEventListener('notificationclick', (/** @type {any} */ event) => {
  event.notification.close()
  const windows = worker.clients.matchAll({ type: 'window', includeUncontrolled: true })
  const { open, page: of } = event.notification.data
  event.waitUntil(windows.then(async (/** @type {any[]} */ all) => {
    const one = all.find(({ url }) => url.split('#')[0] === of)
    if (!one) return worker.clients.openWindow(of)
    one.postMessage({ open })
    await one.focus()
  }))
})

/** @param {any} event of a navigation */
async function visit(event) {
  try {
    const response = (await event.preloadResponse) ?? (await fetch(event.request))
    // The files kept before are complete, and stay.
    if (response.ok) event.waitUntil(keepInTurn(response.clone()).catch(() => {}))
    return isAway(response) ? ((await caches.match(page)) ?? response) : response
  } catch {
    return (await caches.match(page)) ?? Response.error()
  }
}

/**
 * True if a proxy says that it has no server.
 * @param {Response} response
 */
const isAway = (response) => response.status >= 502 && response.status <= 504

/** @param {Request} request */
async function configuration(request) {
  try {
    const response = await fetch(request)
    if (response.ok) await (await caches.open(CACHE)).put(config, response.clone())
    return response
  } catch {
    return (await caches.match(config)) ?? Response.error()
  }
}

/** @param {Response} response */
function keepInTurn(response) {
  const kept = keeping.then(() => keep(response))
  keeping = kept.catch(() => {})
  return kept
}

/**
 * Keeps the page with all that it loads, or nothing of it; then lets go of the
 * version before. A page that is not bundled is not kept: its files have no
 * version.
 * @param {Response} response
 */
async function keep(response) {
  const html = await response.clone().text()
  const named = [...html.matchAll(/(?:src|href)="((v\/[^/]+\/)[^"]+)"/g)]
  const versions = new Set(named.map(([, , version = '']) => version))
  const beside = [...versions].flatMap((version) => later.map((name) => version + name))
  const needed = [...named.map(([, path = '']) => path), ...beside].map((path) => new URL(path, page).href)
  if (!response.ok || needed.length === 0) return
  const cache = await caches.open(CACHE)
  const has = (await cache.keys()).map(({ url }) => url)
  await Promise.all(needed.filter((url) => !has.includes(url)).map((url) => keepFile(cache, url)))
  if (!has.includes(config)) await cache.add(config)
  await cache.put(page, response)
  await Promise.all(has.filter((url) => ![...needed, page, config].includes(url)).map(
    (url) => cache.delete(url),
  ))
}

/** @param {Cache} cache @param {string} url */
async function keepFile(cache, url) {
  const response = await fetch(url)
  // During an update, a server of another version has sent its own file instead.
  if (!response.headers.get('Cache-Control')?.includes('immutable')) {
    throw new TypeError(`${url} is of another version`)
  }
  await cache.put(url, response)
}
