// Where the socket is: at the origin of the page, or at another port of the same host when a web server of its own serves the page.

/**
 * @param {{socketPort?: unknown}} config /config.json
 * @param {{protocol: string, host: string, hostname: string}} location that of the page
 * @returns {import('../../types.js').Address}
 */
export function addressOf(config, location) {
  const port = Number(config.socketPort)
  const host = Number.isInteger(port) && port > 0 && port < 65536 ? `${location.hostname}:${port}` : location.host
  const secure = location.protocol === 'https:' ? 's' : ''
  return {
    socket: (query) => `ws${secure}://${host}/ws?${new URLSearchParams(query)}`,
    count: (room) => `http${secure}://${host}/rooms/${encodeURIComponent(room)}`,
    feed: `ws${secure}://${host}/feed`,
    cluster: `ws${secure}://${host}/cluster`,
  }
}

/** Asks where the socket is; without an answer it is at the origin of the page. */
export async function findAddress() {
  try {
    const response = await fetch('config.json', { cache: 'no-cache' })
    return addressOf(response.ok ? await response.json() : {}, location)
  } catch {
    return addressOf({}, location)
  }
}

/**
 * How many are in a room; null if nobody answers.
 * @param {import('../../types.js').Address} address @param {string} room
 * @returns {Promise<number | null>}
 */
export async function countOnline(address, room) {
  try {
    const response = await fetch(address.count(room), { cache: 'no-store', credentials: 'omit' })
    const { online } = await response.json()
    return Number.isInteger(online) ? online : null
  } catch {
    return null
  }
}
