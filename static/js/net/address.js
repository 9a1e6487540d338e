// Where the server is: at the origin of the page, or at another port of its host
// if a separate web server serves the page.

import { systemClock } from '../model/clock.js'
import { delay } from '../model/close-codes.js'

const BROKEN = 1006 // the back-off of a connection that broke
const TIMEOUT = 10_000 // ms for one try

/**
 * @param {{socketPort?: unknown}} config /config.json
 * @param {{protocol: string, host: string, hostname: string}} location that of the page
 * @returns {import('../../types.js').Address}
 */
export function addressOf(config, location) {
  const port = Number(config.socketPort)
  const host = Number.isInteger(port) && port > 0 && port < 65536
    ? `${location.hostname}:${port}`
    : location.host
  const secure = location.protocol === 'https:' ? 's' : ''
  return {
    socket: (query) => `ws${secure}://${host}/ws?${new URLSearchParams(query)}`,
    glance: (room) => `http${secure}://${host}/rooms/${encodeURIComponent(room)}`,
    feed: `ws${secure}://${host}/feed`,
    cluster: `ws${secure}://${host}/cluster`,
  }
}

/**
 * Asks where the server is, until there is an answer. A web server that does
 * not know says so with 404, or with another page: then it is at the origin.
 * @param {object} with_
 * @param {typeof globalThis.fetch} with_.fetch
 * @param {import('../../types.js').Clock} with_.clock
 * @param {() => number} with_.random from 0 to 1
 * @param {(tryNow: () => void) => void} with_.failed nobody answered; it is asked again later,
 *   or at once by `tryNow`
 */
export async function findConfig({ fetch, clock, random, failed }) {
  for (let attempt = 0; ; attempt++) {
    const config = await askOnce(fetch, clock)
    if (config) return config
    await new Promise((resolve) => {
      const cancel = clock.after(delay(BROKEN, attempt, random), () => resolve(null))
      failed(() => {
        cancel()
        resolve(null)
      })
    })
  }
}

/**
 * @param {typeof globalThis.fetch} fetch @param {import('../../types.js').Clock} clock
 * @returns {Promise<object | null>} null without an answer
 */
async function askOnce(fetch, clock) {
  const abort = new AbortController()
  const cancel = clock.after(TIMEOUT, () => abort.abort())
  try {
    const response = await fetch('config.json', { signal: abort.signal })
    if (response.status >= 500) return null
    const config = response.ok ? await response.json() : {}
    return typeof config === 'object' && config ? config : {}
  } catch (error) {
    return error instanceof SyntaxError ? {} : null
  } finally {
    cancel()
  }
}

/**
 * Where the server is, for a page. Where it was the last time is good enough to
 * begin with; if it is elsewhere now, the page starts again.
 * Servers that answer differently by turns do not make it start again and again.
 * @param {object} memory of /config.json
 * @param {() => object | null} memory.get
 * @param {(config: object) => void} memory.set
 * @param {() => boolean} memory.mayStartAgain
 * @param {object} with_
 * @param {(tryNow: () => void) => void} [with_.failed] nobody answered, and nothing is remembered
 * @param {typeof globalThis.fetch} [with_.fetch]
 * @param {() => void} [with_.startAgain]
 * @param {import('../../types.js').Clock} [with_.clock]
 */
export async function findAddress(memory, with_) {
  const {
    failed = () => {}, fetch = globalThis.fetch.bind(globalThis), startAgain = () => location.reload(), clock = systemClock,
  } = with_
  const known = memory.get()
  const asking = findConfig({ fetch, clock, random: Math.random, failed: known ? () => {} : failed }).then((config) => {
    memory.set(config)
    const isKept = isSame(memory.get(), config) // or it would start as it did now
    if (known && !isSame(known, config) && isKept && memory.mayStartAgain()) startAgain()
    return config
  })
  return addressOf(known ?? await asking, location)
}

/** @param {object | null} a @param {object} b */
const isSame = (a, b) => addressOf(a ?? {}, location).feed === addressOf(b, location).feed

/**
 * The facts about a room that can be seen from outside.
 * @typedef {object} Glance
 * @property {number} online connections
 * @property {string[]} names the first few; none where the server that was asked knows none
 * @property {number} keptSeconds how long messages are archived; 0: for good
 * @property {number} keptCount how many of the newest are archived; 0: all
 */

/**
 * Looks into a room.
 * @param {import('../../types.js').Address} address @param {string} room
 * @returns {Promise<Glance | null>} null without an answer
 */
export async function lookInto(address, room) {
  try {
    const response = await fetch(address.glance(room), { cache: 'no-store', credentials: 'omit' })
    return glanceFrom(await response.json())
  } catch {
    return null
  }
}

/**
 * @param {any} answer of any server, also of an older one
 * @returns {Glance | null}
 */
export function glanceFrom({ online, names = [], kept_s = 0, kept_count = 0 }) {
  if (!Number.isInteger(online) || !Array.isArray(names)) return null
  return { online, names: names.map(String), keptSeconds: Number(kept_s), keptCount: Number(kept_count) }
}
