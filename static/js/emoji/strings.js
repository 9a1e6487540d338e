// The texts of the emoji picker.

export const PICKER = {
  title: 'Emoji',
  search: 'Search emoji',
  categories: 'Categories',
  recent: 'Recently used',
  tone: 'Skin tone',
  close: 'Close',
  /** @param {string} typed */
  none: (typed) => `No emoji for “${typed.trim().slice(0, 40)}”.`,
  found: 'Results',
}

/** The skin tones, from none to the darkest. */
export const TONE_NAMES = ['Default', 'Light', 'Medium-light', 'Medium', 'Medium-dark', 'Dark']

/**
 * The icon and the name of each category of Unicode's list, by its name there.
 */
export const CATEGORIES = /** @type {Record<string, {icon: string, name: string}>} */ ({
  'Smileys & Emotion': { icon: '🙂', name: 'Smileys and emotion' },
  'People & Body': { icon: '👋', name: 'People and body' },
  'Animals & Nature': { icon: '🐻', name: 'Animals and nature' },
  'Food & Drink': { icon: '🍎', name: 'Food and drink' },
  'Travel & Places': { icon: '🚗', name: 'Travel and places' },
  Activities: { icon: '⚽', name: 'Activities' },
  Objects: { icon: '💡', name: 'Objects' },
  Symbols: { icon: '❤️', name: 'Symbols' },
  Flags: { icon: '🏁', name: 'Flags' },
})
