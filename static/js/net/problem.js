// A request to the API that failed, and why.

const LONGEST_WAIT = 30_000 // ms; a longer wait is told to the user
const AWAY = new Set([502, 503, 504])
const TOO_OFTEN = 429

/** An error of the API, or no answer. */
export class ApiError extends Error {
  /**
   * @param {string} code the problem's; `network` without an answer, `bad_answer` for one we
   *   cannot read
   * @param {string} message
   * @param {number} status 0 if no answer came
   * @param {number} retryAfter ms to wait at least; 0 if unknown
   */
  constructor(code, message, status = 0, retryAfter = 0) {
    super(message)
    this.name = 'ApiError'
    this.code = code
    this.status = status
    this.retryAfter = retryAfter
  }

  /** True if the same request may succeed in a moment. */
  get passes() {
    return this.retryAfter <= LONGEST_WAIT
      && (this.code === 'network' || this.status === TOO_OFTEN || AWAY.has(this.status))
  }
}

/**
 * An answer that was cut off is no answer; one that is not JSON stays that way.
 * @param {unknown} cause @param {Response} response
 */
export const unreadable = (cause, response) => (cause instanceof SyntaxError
  ? new ApiError('bad_answer', 'the answer cannot be read', response.status)
  : new ApiError('network', 'no answer from the server'))

/**
 * @param {Response} response
 * @returns {Promise<ApiError>} also for the answer of a proxy
 */
export async function problem(response) {
  const seconds = Number(response.headers.get('Retry-After'))
  const retryAfter = seconds > 0 ? seconds * 1000 : 0
  const { code, detail } = (await response.json().catch(() => null)) ?? {}
  const said = typeof code === 'string' && typeof detail === 'string'
  return said ? new ApiError(code, detail, response.status, retryAfter)
    : new ApiError(
      'bad_answer', `the server answered with status ${response.status}`, response.status, retryAfter,
    )
}
