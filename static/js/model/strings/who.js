// The text that names those who reacted to a message; loaded when it is wanted.

import { plural } from './plural.js'

/**
 * Names the people who gave an emoji.
 * @param {string[]} names of some of them @param {number} count of all
 */
export function whoReacted(names, count) {
  const others = count - names.length
  const [one, many] = names.length > 0 ? ['other', 'others'] : ['person', 'people']
  const all = others > 0 ? [...names, plural(others, one ?? '', many ?? '')] : names
  return all.length > 1 ? `${all.slice(0, -1).join(', ')} and ${all.at(-1)}` : all.join('')
}

export const WHO = { you: 'You', failed: "Couldn't load who reacted." }
