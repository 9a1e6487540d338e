// Figures of the cluster, as people read them.

import { SERVER } from './strings.js'

/** @typedef {import('../../types.js').ClusterServer} ClusterServer */
/** @typedef {import('../../types.js').ClusterState} ClusterState */

const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 })
const tenths = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 })

/**
 * At most four digits: 0, 5.2, 161, 1,240, 12.4k, 1.2M.
 * @param {number} value
 */
export function number(value) {
  if (value < 10) return tenths.format(value)
  if (value < 9999.5) return whole.format(value)
  if (value < 999_950) return `${tenths.format(value / 1000)}k`
  return `${tenths.format(value / 1e6)}M`
}

/** @param {number} microseconds */
export function duration(microseconds) {
  if (microseconds < 999.5) return `${whole.format(microseconds)} µs`
  if (microseconds < 9950) return `${tenths.format(microseconds / 1000)} ms`
  if (microseconds < 999_500) return `${whole.format(microseconds / 1000)} ms`
  return `${tenths.format(microseconds / 1e6)} s`
}

/** @type {Set<ClusterState>} */
const FAULTY = new Set(['gone', 'deaf', 'read-only'])

/**
 * The event of a server that changed its state.
 * @param {ClusterServer} server
 * @param {ClusterState | undefined} before undefined if it was not there
 * @param {boolean} restarted another process had its name before
 * @returns {string} '' for no event
 */
export function change({ app, state }, before, restarted) {
  if (before === undefined && restarted) return SERVER.restarted(app)
  if (before === undefined && (state === 'ready' || state === 'starting')) return SERVER.joined(app)
  switch (state) {
    case 'ready': return before !== undefined && FAULTY.has(before) ? SERVER.back(app) : SERVER.ready(app)
    case 'starting': return SERVER.starting(app)
    case 'draining': return SERVER.draining(app)
    case 'deaf': return SERVER.isolated(app)
    case 'read-only': return SERVER.readOnly(app)
    case 'left': return SERVER.left(app)
    case 'gone': return SERVER.down(app)
    default: return '' // unknown: then Redis is down, which is an event of its own
  }
}
