// The details of an entry of the audit log, in words.

import { AUDIT } from './strings/audit.js'

const { format } = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })

/**
 * Names the details; an unknown one is shown as it is.
 * @param {Record<string, unknown>} details @returns {string} '' for none
 */
export function plain(details) {
  return Object.entries(details)
    .filter(([, value]) => value !== null && typeof value !== 'object')
    .map(([key, value]) => `${AUDIT.keys[key] ?? key}: ${valueOf(key, value)}`)
    .join(', ')
}

/** @param {string} key @param {unknown} value @returns {string} */
function valueOf(key, value) {
  if (key === 'until' && typeof value === 'number') return format(value)
  if (key.endsWith('_ms') && typeof value === 'number') return value ? `${value / 1000} s` : AUDIT.no
  if (typeof value === 'boolean') return value ? AUDIT.yes : AUDIT.no
  return value === '' ? AUDIT.nothing : String(value)
}
