// Parses and encodes frames. Received ones are validated here, once.

import { withFiles } from '../model/files.js'

/** @typedef {import('../../types.js').ServerFrame} ServerFrame */

/** @type {import('../../types.js').Limits} until a welcome brings others */
export const LIMITS = { text: 4000, frame: 16_384, rate: 5, burst: 10 }

const ENTRY = {
  seq: 'number', id: 'string', app: 'string', session: 'string', author: 'string?', name: 'string',
  at: 'number',
}
const CHANGES = new Set(['edit', 'delete', 'tombstone', 'reactions'])

/**
 * The fields of each type of frame; `?` marks optional ones.
 * @type {Record<string, Record<string, string>>}
 */
const SHAPES = {
  welcome: {
    app: 'string', session: 'string', author: 'string?', name: 'string', room: 'string',
    epoch: 'string', seq: 'number', recovered: 'boolean?', pinned: 'pin?', limits: 'limits',
  },
  message: {
    ...ENTRY, text: 'string', reply: 'reply?', mentions: 'strings?', edited: 'number?', reactions: 'counts?',
  },
  edit: { ...ENTRY, text: 'string', target: 'target', mentions: 'strings?' },
  delete: { ...ENTRY, target: 'target', by: 'string' },
  tombstone: { ...ENTRY, target: 'target?' },
  reactions: { seq: 'number', id: 'string', app: 'string', target: 'target', counts: 'counts', at: 'number' },
  ack: { id: 'string', seq: 'number?', duplicate: 'boolean?' },
  error: {
    id: 'string?', code: 'string', message: 'string', retryable: 'boolean?', retry_after_ms: 'number?',
  },
  presence: {
    online: 'number', names: 'strings?', joined: 'strings?', left: 'strings?', accounts: 'strings?',
  },
  typing: { session: 'string?', chat: 'string?', name: 'string' },
  notice: { text: 'string' },
  pin: { pinned: 'pin?' },
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
  target: (value) =>
    value !== null && typeof value === 'object' && fits(value.seq, 'number') && fits(value.id, 'string'),
  pin: (value) => value !== null && typeof value === 'object' && fits(value.target, 'target')
    && fits(value.name, 'string'),
  counts: (value) =>
    value !== null && typeof value === 'object' && Object.values(value).every((one) => fits(one, 'number')),
  reply: (value) => value !== null && typeof value === 'object' && fits(value.seq, 'number')
    && ['id', 'name', 'text'].every((field) => fits(value[field], 'string')),
  limits: (value) => value !== null && typeof value === 'object'
    && ['text', 'frame', 'rate', 'burst']
      .every((field) => Number.isFinite(value[field]) && value[field] >= 0),
}

/**
 * @param {unknown} data the payload of a frame
 * @returns {ServerFrame | null} null if unknown or unreadable. An entry of the
 *   log of a type that we do not know is an `entry`
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
  if (value === null || typeof value !== 'object') return null
  if (!Object.hasOwn(SHAPES, value.type)) return entryOf(value)
  const shape = Object.entries(SHAPES[value.type] ?? {})
  if (value.type === 'message' && value.files !== undefined) value = withFiles(value)
  if (shape.every(([field, kind]) => fits(value[field], kind))) return value
  return CHANGES.has(value.type) ? entryOf(value) : null // it has a number all the same
}

/**
 * Any frame with both a number and a time is in the log.
 * @param {any} value
 * @returns {import('../../types.js').EntryFrame | null}
 */
function entryOf({ type, seq, at }) {
  return typeof type === 'string' && fits(seq, 'number') && seq > 0 && fits(at, 'number')
    ? { type: 'entry', seq, at }
    : null
}

/** @param {any} value how often each emoji was given to a message */
export const isCounts = (value) => fits(value, 'counts')

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
