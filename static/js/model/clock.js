// Time and numbers: as the reader's browser writes them, and a clock that tests
// can replace.

/** @type {import('../../types.js').Clock} */
export const systemClock = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}

const { format } = new Intl.NumberFormat()

/** @param {number} n */
export const number = (n) => format(n)

/**
 * Dates in one locale. Times are Unix milliseconds.
 * @param {string} [locale] the browser's without one
 */
export function datesIn(locale) {
  /** @param {Intl.DateTimeFormatOptions} options */
  const formatter = (options) => {
    const { format } = new Intl.DateTimeFormat(locale, options)
    return (/** @type {number} */ at) => format(at)
  }
  const hourAndMinute = formatter({ timeStyle: 'short' })
  const weekday = formatter({ weekday: 'long', day: 'numeric', month: 'long' })
  const weekdayAndYear = formatter({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' })
  const short = formatter({ day: 'numeric', month: 'short' })
  const shortAndYear = formatter({ day: 'numeric', month: 'short', year: 'numeric' })
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })

  /** @param {number} days */
  const near = (days) => {
    const [first = '', ...rest] = relative.format(days, 'day')
    return first.toLocaleUpperCase(locale) + rest.join('')
  }

  /** @param {number} at @param {number} now @returns {string} '' for another day */
  const nearDay = (at, now) => {
    const yesterday = new Date(now)
    yesterday.setDate(yesterday.getDate() - 1)
    if (sameDay(at, now)) return near(0)
    return sameDay(at, yesterday.getTime()) ? near(-1) : ''
  }

  return {
    hourAndMinute,
    hourToSecond: formatter({ timeStyle: 'medium' }),
    /** The full date and time. */
    fullDate: formatter({ dateStyle: 'full', timeStyle: 'medium' }),
    /**
     * The day as a separator names it.
     * @param {number} at @param {number} now
     */
    dayName: (at, now) => nearDay(at, now) || (sameYear(at, now) ? weekday : weekdayAndYear)(at),
    /**
     * As short as a list wants it: the time today, the day before that.
     * @param {number} at @param {number} now
     */
    shortWhen(at, now) {
      if (sameDay(at, now)) return hourAndMinute(at)
      return nearDay(at, now) || (sameYear(at, now) ? short : shortAndYear)(at)
    },
  }
}

export const { hourAndMinute, hourToSecond, fullDate, dayName, shortWhen } = datesIn()

/**
 * @param {number} now
 * @returns {number} ms until the next day begins, where the reader is
 */
export function untilMidnight(now) {
  const day = new Date(now)
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + 1).getTime() - now
}

/**
 * @param {number} at @param {number} [before] so many days
 * @returns {number} when that day began, where the reader is
 */
export function dayStart(at, before = 0) {
  const day = new Date(at)
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() - before).getTime()
}

/**
 * The day as a field for dates writes it.
 * @param {number} at
 */
export function dayOf(at) {
  const day = new Date(at)
  return [day.getFullYear(), day.getMonth() + 1, day.getDate()]
    .map((part, i) => String(part).padStart(i ? 2 : 4, '0'))
    .join('-')
}

/**
 * @param {string} day as a field for dates writes it
 * @returns {number | null} when it began; null if it is none
 */
export function dayFrom(day) {
  const [, year, month, date] = (/^(\d{4})-(\d{2})-(\d{2})$/.exec(day) ?? []).map(Number)
  if (!year || !month || !date) return null
  return Math.max(0, new Date(year, month - 1, date).getTime())
}

/** @param {number} a @param {number} b */
export function sameDay(a, b) {
  return new Date(a).toDateString() === new Date(b).toDateString()
}

/** @param {number} a @param {number} b */
const sameYear = (a, b) => new Date(a).getFullYear() === new Date(b).getFullYear()
