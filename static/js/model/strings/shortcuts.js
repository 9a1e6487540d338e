// The sheet of keys.

/** @typedef {keyof typeof SHORTCUT} ShortcutName */

export const SHORTCUT = {
  send: 'Send',
  line: 'New line',
  edit: 'Edit your last message, from an empty field',
  page: 'Scroll while you write',
  latest: 'Jump to the latest message',
  message: 'Go from message to message, in the conversation',
  ends: 'First and last message shown',
  previous: 'Previous chat',
  next: 'Next chat',
  rooms: 'Go to a room or chat',
  search: 'Search messages',
  help: 'Show these keys',
}

/** @type {Record<string, string>} keys whose name is not what they are called */
const KEYS = {
  ArrowUp: '↑', ArrowDown: '↓', PageUp: 'Page Up', PageDown: 'Page Down', Escape: 'Esc', k: 'K',
}

/**
 * The labels of the keys.
 * @param {import('../shortcuts.js').Press} press
 * @param {boolean} isMac
 * @returns {string[]}
 */
export const keysOf = ({ key, ctrl, alt, shift }, isMac) => [
  ...(ctrl ? [isMac ? '⌘' : 'Ctrl'] : []),
  ...(alt ? [isMac ? '⌥' : 'Alt'] : []),
  ...(shift ? ['Shift'] : []),
  KEYS[key] ?? key,
]
