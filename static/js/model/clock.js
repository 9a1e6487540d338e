// Time: as people read it, and as a thing that tests can replace.

const LOCALE = 'en-GB' // the language of the page, and the day before the month

/** @type {import('../../types.js').Clock} */
export const systemClock = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}

/**
 * `14:05`, whatever the language: it is the same width everywhere.
 * @param {number} at Unix milliseconds
 */
export function hourAndMinute(at) {
  const time = new Date(at)
  return `${twoDigits(time.getHours())}:${twoDigits(time.getMinutes())}`
}

/** @param {number} n */
const twoDigits = (n) => String(n).padStart(2, '0')

/**
 * The full date and time, in words.
 * @param {number} at Unix milliseconds
 */
export function fullDate(at) {
  return new Date(at).toLocaleString(LOCALE, { dateStyle: 'full', timeStyle: 'medium' })
}

/**
 * The day as a separator names it.
 * @param {number} at Unix milliseconds
 * @param {number} now
 */
export function dayName(at, now) {
  const yesterday = new Date(now)
  yesterday.setDate(yesterday.getDate() - 1)
  if (sameDay(at, now)) return 'Today'
  if (sameDay(at, yesterday.getTime())) return 'Yesterday'
  const day = new Date(at)
  const year = day.getFullYear() === new Date(now).getFullYear() ? undefined : 'numeric'
  return day.toLocaleDateString(LOCALE, { weekday: 'long', day: 'numeric', month: 'long', ...(year && { year }) })
}

/**
 * When something was, as short as a list wants it: the time today, the day before that.
 * @param {number} at Unix milliseconds
 * @param {number} now
 */
export function shortWhen(at, now) {
  const day = dayName(at, now)
  if (day === 'Today') return hourAndMinute(at)
  if (day === 'Yesterday') return day
  const sameYear = new Date(at).getFullYear() === new Date(now).getFullYear()
  return new Date(at).toLocaleDateString(LOCALE, { day: 'numeric', month: 'short', ...(!sameYear && { year: 'numeric' }) })
}

/** @param {number} a @param {number} b */
export function sameDay(a, b) {
  return new Date(a).toDateString() === new Date(b).toDateString()
}
