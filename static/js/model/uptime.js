// How long something has been running, as people read it.

import { UNITS } from './strings/units.js'

const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 })

const LENGTHS = /** @type {const} */ ([['day', 86_400], ['hour', 3600], ['minute', 60], ['second', 1]])

/**
 * The two largest units of it.
 * @param {number} seconds
 */
export function uptime(seconds) {
  const first = LENGTHS.findIndex(([, length]) => seconds >= length)
  if (first < 0) return `0 ${UNITS.second}`
  let rest = seconds
  const parts = []
  for (const [unit, length] of LENGTHS.slice(first, first + 2)) {
    const count = Math.floor(rest / length)
    rest -= count * length
    if (count > 0) parts.push(`${whole.format(count)} ${UNITS[unit]}`)
  }
  return parts.join(' ')
}
