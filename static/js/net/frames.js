// Reading and writing frames. What comes in is checked here, so that nothing behind has to.

/** @typedef {import('../../types.js').ServerFrame} ServerFrame */

/**
 * The fields that a frame of each type must have, and those it may have (marked `?`).
 * @type {Record<string, Record<string, string>>}
 */
const SHAPES = {
  welcome: { app: 'string', session: 'string', author: 'string?', name: 'string', room: 'string', epoch: 'string', seq: 'number', recovered: 'boolean?', limits: 'limits' },
  message: { seq: 'number', id: 'string', app: 'string', session: 'string', author: 'string?', name: 'string', text: 'string', at: 'number' },
  ack: { id: 'string', seq: 'number', duplicate: 'boolean?' },
  error: { id: 'string?', code: 'string', message: 'string', retryable: 'boolean?', retry_after_ms: 'number?' },
  presence: { online: 'number', names: 'strings?', joined: 'strings?', left: 'strings?' },
  typing: { session: 'string', name: 'string' },
  notice: { text: 'string' },
  gap: { from: 'number', to: 'number' },
  reset: { epoch: 'string', seq: 'number' },
  reconnect: { after_ms: 'number' },
}

/** @type {Record<string, (value: any) => boolean>} */
const CHECKS = {
  string: (value) => typeof value === 'string',
  number: (value) => Number.isSafeInteger(value) && value >= 0,
  boolean: (value) => typeof value === 'boolean',
  strings: (value) => Array.isArray(value) && value.every((one) => typeof one === 'string'),
  limits: (value) => value !== null && typeof value === 'object'
    && ['text', 'frame', 'rate', 'burst'].every((field) => Number.isFinite(value[field]) && value[field] >= 0),
}

/**
 * @param {unknown} data the payload of a frame
 * @returns {ServerFrame | null} null for what this page does not know, or cannot read
 */
export function parse(data) {
  if (typeof data !== 'string') return null
  /** @type {any} */
  let value
  try {
    value = JSON.parse(data)
  } catch {
    return null
  }
  if (value === null || typeof value !== 'object' || !Object.hasOwn(SHAPES, value.type)) return null
  const shape = Object.entries(SHAPES[value.type] ?? {})
  return shape.every(([field, kind]) => fits(value[field], kind)) ? value : null
}

/** @param {any} value @param {string} kind @returns {boolean} */
function fits(value, kind) {
  if (kind.endsWith('?')) return value === undefined || fits(value, kind.slice(0, -1))
  return CHECKS[kind]?.(value) ?? false
}

/** @param {import('../../types.js').ClientFrame} frame */
export const encode = (frame) => JSON.stringify(frame)

/**
 * The size of a frame in bytes.
 * @param {import('../../types.js').ClientFrame} frame
 */
export const frameSize = (frame) => new TextEncoder().encode(encode(frame)).length
