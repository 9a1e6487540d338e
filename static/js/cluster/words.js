// Numbers and events of the cluster, as people read them.

/** @typedef {import('../../types.js').ClusterServer} ClusterServer */
/** @typedef {import('../../types.js').ClusterState} ClusterState */

/**
 * At most four digits: 0, 5.2, 161, 1,240, 12.4k, 1.2M.
 * @param {number} value
 */
export function number(value) {
  if (value < 10) return trim(value.toFixed(1))
  if (value < 9999.5) return Math.round(value).toLocaleString('en')
  if (value < 999_950) return `${trim((value / 1000).toFixed(1))}k`
  return `${trim((value / 1e6).toFixed(1))}M`
}

/**
 * @param {number} microseconds
 */
export function duration(microseconds) {
  if (microseconds < 999.5) return `${Math.round(microseconds)} µs`
  if (microseconds < 9950) return `${trim((microseconds / 1000).toFixed(1))} ms`
  if (microseconds < 999_500) return `${Math.round(microseconds / 1000)} ms`
  return `${trim((microseconds / 1e6).toFixed(1))} s`
}

/** @param {string} digits */
const trim = (digits) => digits.replace(/\.0$/, '')

/**
 * How long a server has been running: its two largest units.
 * @param {number} seconds
 */
export function uptime(seconds) {
  const units = /** @type {const} */ ([['d', 86_400], ['h', 3600], ['min', 60], ['s', 1]])
  const first = units.findIndex(([, size]) => seconds >= size)
  if (first < 0) return '0 s'
  let rest = seconds
  const parts = []
  for (const [name, size] of units.slice(first, first + 2)) {
    const count = Math.floor(rest / size)
    rest -= count * size
    if (count > 0) parts.push(`${count} ${name}`)
  }
  return parts.join(' ')
}

/** @type {Record<string, string>} */
const STATES = { deaf: 'does not hear Redis', 'read-only': 'Redis takes no writes', unknown: 'not known' }

/** @param {string} state */
export const stateWord = (state) => STATES[state] ?? state

/**
 * What it means that a server is in another state than it was.
 * @param {ClusterServer} server
 * @param {ClusterState | undefined} before undefined: it was not there
 * @param {boolean} restarted another process with its name was there
 */
export function change(server, before, restarted) {
  const name = `server ${server.app}`
  if (before === undefined && restarted) return `${name} has restarted`
  if (before === undefined && (server.state === 'ready' || server.state === 'starting')) return `${name} has joined`
  switch (server.state) {
    case 'ready': return before === 'gone' || before === 'deaf' || before === 'read-only' ? `${name} is back` : `${name} is ready`
    case 'starting': return `${name} is starting`
    case 'draining': return `${name} is draining: its people move over`
    case 'deaf': return `${name} does not hear Redis`
    case 'read-only': return `${name} cannot write: Redis refuses it`
    case 'left': return `${name} has left`
    case 'gone': return `${name} is gone`
    default: return '' // not known: Redis is what there is to tell about
  }
}

/** @param {{state: string, round_trip_us?: number, embedded?: boolean}} redis */
export function redisWords(redis) {
  if (redis.state !== 'up') return 'Redis does not answer. Until it does nobody knows how the other servers are.'
  const trip = redis.round_trip_us ? ` A word through it takes ${duration(redis.round_trip_us)}.` : ''
  return (redis.embedded ? 'Redis is inside the server.' : 'Redis is up.') + trip
}

/** @param {number} unit messages */
export const unitWords = (unit) => (unit === 1 ? 'a dot is a message' : `a dot is ${number(unit)} messages`)
