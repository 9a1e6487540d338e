// The data that the servers keep of a guest, who is known by a key: export it,
// or erase it. Both fail with an ApiError.

import { ApiError, problem } from './problem.js'

const BASE = '/api/v1/guests'

/**
 * All that is kept of a guest. It takes as long as it takes.
 * @param {Record<string, string>} guest the header with the key
 * @returns {Promise<Blob>} a zip archive
 */
export const exportGuest = (guest) => ask('/export/', { headers: guest }, (response) => response.blob())

/**
 * @param {Record<string, string>} guest the header with the key
 * @param {string} messages what becomes of them: keep, erase
 */
export const eraseGuest = (guest, messages) => ask('/erase/', {
  method: 'POST', headers: { ...guest, 'Content-Type': 'application/json' }, body: JSON.stringify({ messages }),
}, async () => {})

/**
 * @template T
 * @param {string} path @param {RequestInit} request @param {(response: Response) => Promise<T>}
 *   read
 */
async function ask(path, request, read) {
  try {
    const response = await fetch(BASE + path, request)
    if (!response.ok) throw await problem(response)
    return await read(response)
  } catch (error) {
    throw error instanceof ApiError ? error : new ApiError('network', 'no answer from the server')
  }
}
