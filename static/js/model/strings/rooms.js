// The rooms in the list of conversations, and what leads to more of them.

import { plural } from './plural.js'

/** @type {Record<import('../rooms.js').Access, string>} */
export const ACCESS = { open: 'Open to everyone', registered: 'Accounts only', invite: 'Invite only' }

export const ROOMS = {
  more: 'More rooms',
  moreLine: 'Find one, or make your own',
  news: 'new messages',
  notLoaded: "Couldn't load that. Please try again.",
  /** @param {import('../rooms.js').RoomInfo} room @returns {string} what stands below its name */
  line: ({ topic, access, online }) =>
    (online > 0 ? `${plural(online, 'person', 'people')} here` : topic || ACCESS[access]),
  /** @param {number} n */
  reports: (n) => plural(n, 'report', 'reports'),
}

/**
 * The role of a person in the room, beside the name.
 * @type {Record<string, string>}
 */
export const ROLE = { owner: 'owner', moderator: 'mod' }
/** @type {Record<string, string>} the same in the card of a person */
export const FULL_ROLE = { owner: 'Owner of this room', moderator: 'Moderates this room' }
