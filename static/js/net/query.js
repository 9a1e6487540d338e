// The parts of a request: a segment of the path, the query, a body.

/** @param {object | undefined} body @param {Record<string, string>} headers beside it */
export const withBody = (body, headers) => (body
  ? { headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(body) }
  : { headers })

/** @param {string} segment of a path */
export const part = (segment) => encodeURIComponent(segment)

/**
 * @param {Record<string, string | number | undefined>} values
 * @returns {string} '' if there are none
 */
export function query(values) {
  const given = Object.entries(values)
    .flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]]))
  return given.length > 0 ? `?${new URLSearchParams(given)}` : ''
}
