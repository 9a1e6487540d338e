// The keys of the page. A pressed key is looked up here, and the sheet that
// lists them is made from here. Keys without a command are handled by the part
// that has the focus.
//
// None is one that browsers or screen readers need: letters alone and Ctrl with
// letters are theirs, but for Ctrl+K, which leads to rooms and chats as it does
// elsewhere. Single characters can be switched off (WCAG 2.1.4).

/**
 * @typedef {Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>} Event
 */
/** @typedef {'help' | 'search' | 'previous' | 'next' | 'latest' | 'rooms'} Command */
/** @typedef {{key: string, ctrl?: boolean, alt?: boolean, shift?: boolean}} Press */
/**
 * @typedef {object} Shortcut
 * @property {import('./strings/shortcuts.js').ShortcutName} name
 * @property {Press[]} presses one of them is enough
 * @property {Command} [command]
 * @property {true} [forAccounts] there is nothing to do for guests
 */

/** @type {readonly Shortcut[]} */
export const SHORTCUTS = [
  { name: 'send', presses: [{ key: 'Enter' }] },
  { name: 'line', presses: [{ key: 'Enter', shift: true }] },
  { name: 'edit', presses: [{ key: 'ArrowUp' }] },
  { name: 'page', presses: [{ key: 'PageUp' }, { key: 'PageDown' }] },
  { name: 'latest', presses: [{ key: 'Escape' }], command: 'latest' },
  { name: 'message', presses: [{ key: 'ArrowUp' }, { key: 'ArrowDown' }] },
  { name: 'ends', presses: [{ key: 'Home' }, { key: 'End' }] },
  { name: 'previous', presses: [{ key: 'ArrowUp', alt: true }], command: 'previous', forAccounts: true },
  { name: 'next', presses: [{ key: 'ArrowDown', alt: true }], command: 'next', forAccounts: true },
  { name: 'rooms', presses: [{ key: 'k', ctrl: true }], command: 'rooms' },
  { name: 'search', presses: [{ key: '/' }], command: 'search' },
  { name: 'help', presses: [{ key: '?' }, { key: '/', ctrl: true }], command: 'help' },
]

/**
 * True if that is a character, which a field would take.
 * @param {Press} press
 */
export const isCharacter = ({ key, ctrl, alt }) => key.length === 1 && !ctrl && !alt

/**
 * @typedef {object} Situation
 * @property {boolean} isWriting the focus is in a field
 * @property {boolean} takesCharacters whether single characters are commands elsewhere
 * @property {boolean} isGuest
 * @property {boolean} needsAlt whether Alt with an arrow moves in the field: on a Mac, in a text
 */

/**
 * The command of a key.
 * @param {Event & {isComposing: boolean}} event
 * @param {Situation} now
 * @returns {Command | ''}
 */
export function commandOf(event, { isWriting, takesCharacters, isGuest, needsAlt }) {
  if (event.isComposing || (event.altKey && needsAlt)) return ''
  const isOff = (/** @type {Press} */ press) => isCharacter(press) && (isWriting || !takesCharacters)
  const found = SHORTCUTS.find(({ command, presses, forAccounts }) => command && !(forAccounts && isGuest)
    && presses.some((press) => isPressed(press, event) && !isOff(press)))
  return found?.command ?? ''
}

/**
 * Keyboards differ in whether a character needs Shift.
 * @param {Press} press
 * @param {Event} event
 */
function isPressed({ key, ctrl = false, alt = false, shift = false }, event) {
  const isShifted = key.length === 1 || event.shiftKey === shift
  return event.key === key && isShifted && (event.ctrlKey || event.metaKey) === ctrl && event.altKey === alt
}
