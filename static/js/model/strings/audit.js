// The lists of the admin page about moderation: bans, reports and the audit log.

/** How a person is called whose name nobody has given. */
const someone = (/** @type {string} */ name) => name || 'somebody'

export const BANS = {
  who: 'Who',
  kind: 'What',
  room: 'Room',
  since: 'Since',
  until: 'Until',
  by: 'By',
  reason: 'Reason',
  forEver: 'for ever',
  none: 'Nobody is muted or banned.',
  lift: 'Take back',
  /** @type {Record<string, string>} */
  kinds: { ban: 'banned', mute: 'muted' },
  /** @param {string} kind @param {string} name @param {string} room */
  spoken: (kind, name, room) => `Take back: ${someone(name)} is ${BANS.kinds[kind] ?? kind} in ${room}`,
  ask: {
    /** @param {string} kind @param {string} name @param {string} room */
    title: (kind, name, room) => (kind === 'mute' ? `Let ${someone(name)} write in ${room} again?`
      : `Let ${someone(name)} into ${room} again?`),
    text: 'It holds on all servers at once.',
    yes: 'Take it back',
  },
  /** @param {string} kind @param {string} name @param {string} room */
  lifted: (kind, name, room) => `${someone(name)} is no longer ${BANS.kinds[kind] ?? kind} in ${room}.`,
}

export const REPORTS = {
  name: 'Who wrote',
  text: 'What',
  gone: 'deleted',
  room: 'Room',
  reason: 'Why',
  by: 'Reported by',
  at: 'When',
  none: 'No reports.',
  lasts: 'For how long',
  /** @type {[number, string][]} in minutes; 0: for ever */
  durations: [[60, 'an hour'], [1440, 'a day'], [10_080, 'a week'], [0, 'for ever']],
  /** @param {string} label @param {string} name */
  spoken: (label, name) => `${label}: ${name}`,
  /** @param {string} outcome @param {string} by */
  closed: (outcome, by) => `${outcome} by ${by}`,
  acts: {
    dismiss: {
      label: 'Dismiss', yes: 'Dismiss', outcome: 'dismissed',
      text: 'The report is closed, and nothing else is done.',
      /** @param {string} name */
      title: (name) => `Dismiss the report about ${name}?`,
      done: () => 'The report is dismissed.',
    },
    delete: {
      label: 'Delete message', yes: 'Delete', outcome: 'deleted',
      text: 'The message is deleted for everybody.',
      /** @param {string} name */
      title: (name) => `Delete ${name}'s message?`,
      done: () => 'The message is deleted.',
    },
    mute: {
      label: 'Mute', yes: 'Mute', outcome: 'muted', text: 'They may read, and not write.',
      /** @param {string} name @param {string} room */
      title: (name, room) => `Mute ${name} in ${room}?`,
      /** @param {string} name */
      done: (name) => `${name} is muted.`,
    },
    ban: {
      label: 'Ban', yes: 'Ban', outcome: 'banned', text: 'They may not come in, on any server.',
      /** @param {string} name @param {string} room */
      title: (name, room) => `Ban ${name} from ${room}?`,
      /** @param {string} name */
      done: (name) => `${name} is banned.`,
    },
  },
}

export const AUDIT = {
  at: 'When',
  by: 'By',
  action: 'What',
  target: 'About',
  room: 'Room',
  reason: 'Reason',
  details: 'More',
  none: 'No entry.',
  operator: 'operator',
  /** @type {Record<string, string>} what is not here is shown as it is */
  actions: {
    'user.passwd': 'new password',
    'user.sessions': 'logged out',
    'user.role': 'role',
    'user.delete': 'account deleted',
    'connection.close': 'connection closed',
    'connection.follow': 'followed',
    'room.mute': 'muted',
    'room.unmute': 'mute taken back',
    'room.ban': 'banned',
    'room.unban': 'ban taken back',
    'room.rules': 'rules of the room',
    'user.erase': 'account deleted, and all it wrote',
    'guest.erase': 'all deleted that a guest wrote',
    'room.make': 'room made',
    'room.set': 'room changed',
    'room.delete': 'room deleted',
    'room.owner': 'room handed over',
    'room.role': 'role in the room',
    'room.join': 'came in by an invite',
    'room.leave': 'left the room',
    'room.remove': 'removed from the members',
    'room.invite': 'invite made',
    'room.uninvite': 'invite taken back',
    'room.kick': 'removed from the room',
    'room.pin': 'message pinned',
    'room.unpin': 'pin taken away',
    'message.delete': 'message deleted',
    'messages.delete': 'messages deleted',
    'report.close': 'report closed',
  },
  /** @type {Record<string, string>} */
  keys: {
    until: 'until', sessions: 'sessions', from: 'was', to: 'is', slow_ms: 'slow mode',
    registered: 'accounts only', paused: 'paused', words: 'blocked words', connections: 'connections',
  },
  yes: 'yes',
  no: 'no',
  nothing: 'none',
}
