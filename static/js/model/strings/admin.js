// The admin page.

import { sizeOf } from '../bytes.js'
import { fullDate, number } from '../clock.js'
import { plural } from './plural.js'

export const TABLE = {
  more: 'Show more',
  loading: 'Loading…',
  buttons: 'What can be done',
}

export const ASK = { no: 'Cancel', close: 'Close' }

export const GATE = {
  guest: "You're not logged in. Log in with the account of an admin, then come back here.",
  /** @param {string} name */
  noAdmin: (name) => `${name} isn't an admin. Log in with the account of one, then come back here.`,
  logIn: 'Log in',
  room: 'To the room',
}

/** @param {string} name */
export const loggedInAs = (name) => `as ${name}`

export const ACCOUNTS = {
  name: 'Name',
  role: 'Role',
  admin: 'admin',
  sessions: 'Sessions',
  created: 'Since',
  none: 'No account has such a name.',
  details: 'Details',
  /**
   * @param {{id: number, created_at: number, role?: string, chats: number, files: number,
   *   file_bytes: number,
   *   open_sessions: {ends_at: number}[]}} account
   * @returns {[string, string][]}
   */
  detailsOf: (account) => [
    ['Id', String(account.id)],
    ['Registered', fullDate(account.created_at)],
    ['Role', account.role ?? 'none'],
    ['Private chats', number(account.chats)],
    ['Files', account.files === 0 ? 'none' : `${number(account.files)}, ${sizeOf(account.file_bytes)}`],
    ['Sessions', account.open_sessions.length === 0 ? 'none' : number(account.open_sessions.length)],
    ...account.open_sessions.slice(0, 10).map(
      ({ ends_at: at }) => /** @type {[string, string]} */ (['Session until', fullDate(at)]),
    ),
  ],
  password: 'New password',
  end: 'Log out',
  appoint: 'Make admin',
  dismiss: 'No admin',
  remove: 'Delete',
  /** @param {string} label @param {string} name */
  spoken: (label, name) => `${label}: ${name}`,
  you: 'you',

  askPassword: {
    /** @param {string} name */
    title: (name) => `New password for ${name}?`,
    text: 'They get a temporary password. The old one stops working, and they are logged out everywhere.',
    yes: 'Make a password',
    /** @param {string} name */
    result: (name) => `Give this to ${name}. It is shown once, and they should change it.`,
  },
  askEnd: {
    /** @param {string} name */
    title: (name) => `Log ${name} out?`,
    text: 'All of their sessions end, on every device. They can log in again.',
    yes: 'Log out everywhere',
  },
  askAppoint: {
    /** @param {string} name */
    title: (name) => `Make ${name} an admin?`,
    text: 'Admins see and do all that is on this page.',
    yes: 'Make admin',
  },
  askDismiss: {
    /** @param {string} name */
    title: (name) => `${name} is no admin any more?`,
    text: 'They keep the account, and lose this page.',
    yes: 'Take the role',
  },
  askRemove: {
    /** @param {string} name */
    title: (name) => `Delete the account ${name}?`,
    text: 'This cannot be undone. People keep the messages they got, and nobody can have the name again.',
    yes: 'Delete',
  },
  /** @param {string} name @param {number} ended */
  ended: (name, ended) => `${plural(ended, 'session', 'sessions')} of ${name} ended.`,
  /** @param {string} name */
  hasPassword: (name) => `${name} has a new password.`,
  /** @param {string} name */
  isAdmin: (name) => `${name} is an admin now.`,
  /** @param {string} name */
  isNoAdmin: (name) => `${name} is no admin any more.`,
  /** @param {string} name */
  isGone: (name) => `The account ${name} is deleted.`,
}

/** How a person is told from others of that name. */
export const KINDS = /** @type {Record<string, string>} */ ({
  account: 'account', guest: 'guest', address: 'address',
})

export const PEOPLE = {
  name: 'Name',
  room: 'Room',
  server: 'Server',
  since: 'Since',
  feed: 'private chats',
  none: 'Nobody is connected.',
  follow: 'Follow',
  close: 'Close',
  closeAll: 'Close all',
  /** @param {string} label @param {string} name @param {string} room */
  spoken: (label, name, room) => `${label}: ${name}, ${room}`,
  /** @param {number} total @param {string[]} missing */
  sum: (total, missing) => `${plural(total, 'connection', 'connections')}${
    missing.length > 0 ? `. No answer from ${missing.join(', ')}.` : ''}`,
  askClose: {
    /** @param {string} name @param {string} room */
    title: (name, room) => `Close ${name}'s connection to ${room}?`,
    text: 'They are told that they were removed, and may come back. A ban keeps them out.',
    yes: 'Close',
  },
  askCloseAll: {
    /** @param {string} name */
    title: (name) => `Close all connections of ${name}?`,
    text: 'In every room and on every server. They may come back. A ban keeps them out of a room, '
      + 'and ending their sessions logs an account out.',
    yes: 'Close all',
  },
  askFollow: {
    /** @param {string} name @param {string} room */
    title: (name, room) => `Follow ${name}'s connection to ${room}?`,
    text: 'You see which frames it sends and gets, for at most five minutes, and not what is written in '
      + 'them. The audit log says that you followed them.',
    yes: 'Follow',
  },
  /** @param {number} n */
  closed: (n) => `${plural(n, 'connection', 'connections')} closed.`,
}

export const ROOMS = {
  name: 'Room',
  online: 'People',
  servers: 'By server',
  title: 'Title',
  access: 'For whom',
  /** @type {Record<string, string>} */
  accesses: { open: 'everybody', registered: 'accounts', invite: 'invited' },
  owner: 'Owner',
  operator: 'the operator',
  remove: 'Delete',
  askRemove: {
    /** @param {string} room */
    title: (room) => `Delete the room ${room}?`,
    text: 'This cannot be undone. Nobody gets in any more, and nobody can have the name again.',
    yes: 'Delete',
  },
  /** @param {string} room */
  removed: (room) => `The room ${room} is deleted.`,
  none: 'No such room.',
  people: 'People',
  bans: 'Bans',
  rules: 'Rules',
  /** @param {string} label @param {string} room */
  spoken: (label, room) => `${label}: ${room}`,
  /** @param {Record<string, number>} servers */
  byServer: (servers) => Object.entries(servers).sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([app, n]) => `${app}: ${number(n)}`).join(', '),
  /** @param {number} total */
  sum: (total) => plural(total, 'room', 'rooms'),
  slow: 'Slow mode',
  /** @type {[number, string][]} in seconds */
  slows: [
    [0, 'off'], [5, '5 seconds'], [10, '10 seconds'], [30, '30 seconds'], [60, '1 minute'],
    [300, '5 minutes'], [900, '15 minutes'], [3600, '1 hour'], [21_600, '6 hours'],
  ],
  /** @param {number} seconds */
  otherSlow: (seconds) => plural(seconds, 'second', 'seconds'),
  registered: 'Only accounts may write',
  paused: 'Nobody may write',
  ask: {
    /** @param {string} room */
    title: (room) => `Rules of ${room}`,
    text: 'They hold on all servers at once.',
    yes: 'Save',
  },
  /** @param {string} room */
  saved: (room) => `The rules of ${room} are saved.`,
}

export const FOLLOW = {
  title: 'Follow',
  /** @param {string} name @param {string} room @param {string} app */
  of: (name, room, app) => `Following ${name} in ${room}, server ${app}`,
  nobody: 'Choose Follow beside a connection, under People.',
  waiting: 'Nothing yet.',
  stopped: 'Stopped.',
  over: 'The connection is over.',
  /** @param {number} most */
  cut: (most) => `Only the last ${number(most)} are shown.`,
  at: 'Time',
  dir: 'Way',
  what: 'What',
  seq: 'Number',
  size: 'Bytes',
  id: 'Id',
  /** @type {Record<string, string>} */
  dirs: { in: 'from them', out: 'to them', end: 'end', lost: 'not shown' },
  /** @type {Record<string, string>} */
  ends: { client: 'they closed it', server: 'the server closed it', network: 'the connection broke' },
  /** @param {number} n */
  lost: (n) => `${plural(n, 'frame', 'frames')}, too fast`,
  /** @param {number} n */
  times: (n) => `${number(n)} ×`,
}

export const FILES = {
  kind: 'Kind',
  files: 'Files',
  bytes: 'Size',
  none: 'There are no files.',
  all: 'All files',
  guests: 'Of guests',
  store: 'Store',
  answers: 'answers',
  away: "doesn't answer",
  user: 'One account may have',
  day: 'One address may upload as a guest in a day',
  one: 'One file may have',
  noLimit: 'no limit',
  /** @param {number} files @param {string} size @param {string} limit '' for none */
  usage: (files, size, limit) => `${plural(files, 'file', 'files')}, ${size}${limit && ` of ${limit}`}`,
}

export const SERVERS = {
  name: 'Server',
  role: 'Role',
  state: 'State',
  connections: 'Connections',
  uptime: 'Up',
  version: 'Version',
  none: 'No server answers.',
  /** @type {Record<string, string>} */
  roles: { all: 'everything', ws: 'page and WebSockets', api: 'API' },
  ok: 'ready',
  unavailable: 'takes no new clients',
  silent: "doesn't answer",
}

export const SETTINGS = {
  name: 'Name',
  value: 'Value',
  about: 'What it sets',
  secret: 'set, not shown',
  unset: 'not set',
  none: 'No setting has such a name.',
}
