// To find a room, to make one, and its settings. Loaded with what does it.

import { plural } from './plural.js'

export const FINDER = {
  field: 'Go to a room or chat',
  list: 'Rooms and chats',
  here: 'You are here',
  chat: 'Private chat',
  byName: 'Open the room with this name',
  none: 'Nothing by that name. Room names use a–z, 0–9 and hyphens.',
  make: 'New room',
  login: 'Log in to make a room',
}

export const MAKER = {
  title: 'New room',
  name: 'Title',
  nameHint: 'What people see. You can change it later.',
  address: 'Address',
  addressHint: 'a–z, 0–9 and hyphens. It stays as it is.',
  topic: 'Topic (optional)',
  access: 'Who may come in',
  listed: 'Show it to everyone',
  listedHint: 'In the list of rooms, with its topic',
  make: 'Make room',
  noTitle: 'Give it a title first.',
  noAddress: 'An address needs 1–32 characters: a–z, 0–9 or hyphens.',
}

/** The meaning of each kind of access. */
export const ACCESS_MEANS = {
  open: 'Guests and accounts, by its link.',
  registered: 'Everyone who is logged in.',
  invite: 'Only members. Others need an invite.',
}
export const ACCESS_SHORT = { open: 'Everyone', registered: 'Accounts', invite: 'Invited' }

export const DESK = {
  pages: { room: 'Room', people: 'Members', invites: 'Invites', rules: 'Blocked', reports: 'Reports' },
  save: 'Save',
  saved: 'Saved',
  slow: 'Slow mode',
  slowHint: 'How often each person may write. Moderators are free.',
  paused: 'Pause the room',
  pausedHint: 'Only moderators can write.',
  words: 'Blocked words',
  wordsHint: 'One per line. Only moderators see them and may write them. \\bword\\b finds whole words only.',
  wordsSave: 'Save words',
  delete: 'Delete room',
  deleteAsk: 'Delete this room with all its messages? Its address can never be used again.',
  deleteYes: 'Delete for good',
  leave: 'Leave this room',
  left: 'You left the room',
  /** @param {string} owner */
  owner: (owner) => (owner ? `Made by ${owner}` : 'Run by the operator'),
}

/** Slow mode, by seconds. */
export const SLOW = [
  { value: '0', label: 'Off' }, { value: '5', label: '5 s' }, { value: '30', label: '30 s' },
  { value: '60', label: '1 min' }, { value: '300', label: '5 min' }, { value: '3600', label: '1 h' },
]

export const MEMBERS = {
  none: 'Nobody yet. Send someone an invite.',
  role: (/** @type {string} */ name) => `Role of ${name}`,
  roles: { member: 'Member', moderator: 'Moderator', owner: 'Owner' },
  remove: 'Remove',
  removeOf: (/** @type {string} */ name) => `Remove ${name}`,
  handOver: (/** @type {string} */ name) => `Make ${name} the owner? You become a moderator.`,
  yes: 'Make owner',
  more: 'Show more',
}

export const INVITES = {
  lead: 'Each link lets people with an account become members of this room.',
  uses: 'For how many people',
  lasts: 'Works for',
  make: 'Make a link',
  copy: 'Copy link',
  copied: 'Copied',
  notCopied: "Couldn't copy. Select the link and copy it yourself.",
  link: 'Invite link',
  once: 'This link is shown only now. Copy it before you leave.',
  code: (/** @type {string} */ link) => `QR code of ${link}`,
  open: 'Links that still work',
  /** @param {number} uses @param {string} until */
  left: (uses, until) => `${plural(uses, 'use', 'uses')} left, until ${until}`,
  by: (/** @type {string} */ name) => `Made by ${name}`,
  remove: 'Take back',
  /** @param {string} link */
  plain: (link) => link,
}

/** @type {{value: string, label: string}[]} */
export const INVITE_USES = ['1', '10', '100'].map((value) => ({ value, label: value }))
/** @type {{value: string, label: string}[]} seconds */
export const INVITE_LASTS = [
  { value: '86400', label: '1 day' }, { value: '604800', label: '1 week' },
  { value: '2592000', label: '30 days' },
]

export const LISTS = {
  mute: 'Muted', ban: 'Banned', noMutes: 'Nobody is muted.', noBans: 'Nobody is banned.', lift: 'Take back',
  liftOf: (/** @type {string} */ name) => `Take back: ${name}`,
  guest: 'a guest', address: 'an address', account: 'an account',
  /** @param {string} by @param {string} until '' for good */
  line: (by, until) => `by ${by}, ${until ? `until ${until}` : 'for good'}`,
}

export const QUEUE = {
  none: 'Nothing to look at. Reports from people in the room come here.',
  guest: 'a guest',
  gone: 'This message is deleted.',
  /** @param {string} by @param {string} reason */
  why: (by, reason) => `Reported by ${by}${reason ? `: ${reason}` : ''}`,
  show: 'Show', remove: 'Delete', dismiss: 'Dismiss',
}

/** @type {Record<string, string>} by the code of the problem */
export const REFUSED = {
  forbidden: "You can't do that in this room.",
  room_taken: 'This address is taken. Try another.',
  not_found: 'That is gone already.',
  unknown_user: 'No account with that name.',
}
