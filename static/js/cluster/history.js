// The last five minutes of some figures, a value a second. Seconds of which
// nothing is known are NaN.

export const SPAN = 300 // seconds

export class History {
  #values = new Float64Array(SPAN).fill(NaN)
  #second = -Infinity

  /**
   * Notes a value. Of several in a second the last one counts.
   * @param {number} now Unix milliseconds @param {number} value
   */
  add(now, value) {
    this.#moveTo(Math.floor(now / 1000))
    this.#values[this.#second % SPAN] = value
  }

  /**
   * The last values, the oldest first.
   * @param {number} now Unix milliseconds @param {number} [span] how many
   */
  until(now, span = SPAN) {
    const end = Math.floor(now / 1000)
    const values = new Array(span)
    for (let i = 0; i < span; i++) values[i] = this.#at(end - span + 1 + i)
    return values
  }

  /** @param {number} second */
  #at(second) {
    const known = second <= this.#second && second > this.#second - SPAN
    return known ? /** @type {number} */ (this.#values[second % SPAN]) : NaN
  }

  /** @param {number} second */
  #moveTo(second) {
    if (second <= this.#second) return // the clock was set back: the newest place it is
    const from = Math.max(this.#second + 1, second - SPAN + 1)
    for (let s = from; s <= second; s++) this.#values[s % SPAN] = NaN
    this.#second = second
  }
}

/**
 * The line of some values as SVG paths, and what is below it.
 * @param {number[]} values
 * @param {number} width
 * @param {number} height
 * @param {number} top what the full height stands for
 * @returns {{line: string, area: string}}
 */
export function sparkline(values, width, height, top) {
  const step = width / (values.length - 1)
  const y = (/** @type {number} */ value) => round(height - (top > 0 ? Math.min(value / top, 1) * height : 0))
  let line = ''
  let area = ''
  for (let i = 0; i < values.length; i++) {
    const begin = i
    while (i < values.length && !Number.isNaN(values[i])) i++
    if (i === begin) continue
    const points = values.slice(begin, i).map((value, at) => `${round((begin + at) * step)} ${y(value)}`)
    // A lonely second is a short line.
    if (points.length === 1) points.push(`${round((begin + 1) * step)} ${y(values[begin] ?? 0)}`)
    line += `M${points.join('L')}`
    area += `M${round(begin * step)} ${height}L${points.join('L')}L${round((begin + points.length - 1) * step)} ${height}Z`
  }
  return { line, area }
}

/** @param {number} n */
const round = (n) => Math.round(n * 10) / 10

/**
 * Every `size` values as one, the greatest: a peak of a second must be seen.
 * @param {number[]} values @param {number} size
 */
export function thin(values, size) {
  const out = []
  for (let i = 0; i < values.length; i += size) {
    const known = values.slice(i, i + size).filter((value) => !Number.isNaN(value))
    out.push(known.length > 0 ? Math.max(...known) : NaN)
  }
  return out
}
