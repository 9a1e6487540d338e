// Sizes of files, as people read them: in units of 1000, as systems of today show
// them.

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte']

/**
 * @param {number} size in bytes
 * @param {string} [locale] the browser's without one
 */
export function sizeOf(size, locale) {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log10(Math.max(1, size)) / 3))
  const value = size / 1000 ** power
  return new Intl.NumberFormat(locale, {
    style: 'unit', unit: UNITS[power], unitDisplay: power ? 'short' : 'long',
    maximumFractionDigits: power > 1 && value < 100 ? 1 : 0,
  }).format(value)
}
