// The four measures of a server: the same in the picture, in the table, in all,
// and over time.

import { duration, number } from './figures.js'

/** @typedef {import('../../types.js').ClusterServer} ClusterServer */
/** @typedef {import('../../types.js').Measure} Measure */

/** @type {Measure[]} */
export const MEASURES = ['connections', 'rate_in', 'rate_out', 'p99_pass_us']

/**
 * As people read it.
 * @param {Measure} measure @param {number} value
 */
export function spell(measure, value) {
  // Without passes there is nothing to tell.
  if (measure === 'p99_pass_us') return value > 0 ? duration(value) : '–'
  return number(value)
}

/**
 * Something of each measure.
 * @template T
 * @param {(measure: Measure) => T} of
 * @returns {Record<Measure, T>}
 */
export function each(of) {
  return /** @type {Record<Measure, T>} */ (Object.fromEntries(MEASURES.map(
    (measure) => [measure, of(measure)],
  )))
}

/**
 * The sums, and of the passes the slowest.
 * @param {ClusterServer[]} servers
 */
export function totals(servers) {
  return each((measure) => {
    const values = servers.map((server) => server[measure])
    return measure === 'p99_pass_us' ? Math.max(0, ...values) : values.reduce((sum, value) => sum + value, 0)
  })
}
