// Texts for moderators, and for reports. Loaded with the dialogs that show
// them.

import { plural } from './plural.js'

export const ACT = {
  /** @param {string} name */
  title: (name) => `Message by ${name}`,
  report: 'Report…',
  pin: 'Pin message',
  pinned: 'Message pinned',
  remove: 'Delete message',
  mute: 'Mute…',
  ban: 'Ban…',
  erase: 'Delete their last hour…',
  kick: 'Disconnect…',
  back: 'Back',
  cancel: 'Cancel',
  noPerson: "There's no telling which guest of that name is meant. Use one of their messages.",
}

/**
 * The forms, by what they do: title, what it means, the button, and what is said when it is done.
 */
export const FORMS = {
  mute: {
    /** @param {string} name */
    title: (name) => `Mute ${name}`,
    about: "They can read, but can't write or react.",
    button: 'Mute',
    /** @param {string} name */
    done: (name) => `${name} is muted`,
  },
  ban: {
    /** @param {string} name */
    title: (name) => `Ban ${name}`,
    about: "They can't come in, read or write.",
    button: 'Ban',
    /** @param {string} name */
    done: (name) => `${name} is banned`,
  },
  erase: {
    /** @param {string} name */
    title: (name) => `Delete what ${name} said`,
    about: 'All their messages of the last hour in this room are deleted for everybody.',
    button: 'Delete messages',
    /** @param {string} _ @param {number} [count] */
    done: (_, count = 0) =>
      (count > 0 ? `${plural(count, 'message', 'messages')} deleted` : 'Nothing to delete'),
  },
  kick: {
    /** @param {string} name */
    title: (name) => `Disconnect ${name}`,
    about: 'They are disconnected from this room, and can come back.',
    button: 'Disconnect',
    /** @param {string} name */
    done: (name) => `${name} was disconnected`,
  },
  report: {
    /** @param {string} name */
    title: (name) => `Report a message by ${name}`,
    about: 'Those who moderate this room will look at it. Nobody else sees that you reported it.',
    button: 'Report',
    done: () => 'Reported. Thank you.',
  },
}
/** @typedef {keyof typeof FORMS} FormName */

/** How long, by minutes; 0 for good. */
export const LASTS = [
  { value: '60', label: '1 hour' },
  { value: '1440', label: '1 day' },
  { value: '10080', label: '1 week' },
  { value: '0', label: 'For good' },
]

export const FORM = {
  lasts: 'For how long',
  reason: 'Reason',
  optional: 'Reason (optional)',
  seen: 'Others who moderate see it.',
  also: 'Their address too, if it is known',
  what: "What's wrong?",
  busy: 'One moment…',
  deleted: 'Message deleted',
  soon: 'Done. It holds in a moment.',
}

/** Why a report is made. */
export const REPORTS = { spam: 'Spam', abuse: 'Insults', other: 'Other' }

/** @type {Record<string, string>} by the code of the problem */
export const DENIED = {
  forbidden: "You can't do that in this room.",
  unknown_message: 'That message is no longer there.',
  unknown_user: 'No account with that name.',
  not_found: 'That was taken back already.',
}
