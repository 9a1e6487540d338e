// Every text that the JavaScript of the cluster page shows, in English: what
// model/strings.js is for the room.

/** @type {Record<string, string>} by state */
const STATES = { deaf: 'cut off from Redis', 'read-only': "can't write to Redis", gone: 'down' }

/** @param {string} state */
export const stateName = (state) => STATES[state] ?? state

/** Events of a server. */
export const SERVER = {
  joined: (/** @type {string} */ app) => `Server ${app} joined`,
  restarted: (/** @type {string} */ app) => `Server ${app} restarted`,
  starting: (/** @type {string} */ app) => `Server ${app} is starting`,
  ready: (/** @type {string} */ app) => `Server ${app} is ready`,
  back: (/** @type {string} */ app) => `Server ${app} is back`,
  draining: (/** @type {string} */ app) => `Server ${app} is draining: people are moving to the others`,
  isolated: (/** @type {string} */ app) => `Server ${app} is cut off from Redis`,
  readOnly: (/** @type {string} */ app) => `Server ${app} can't write: Redis refuses it`,
  left: (/** @type {string} */ app) => `Server ${app} left`,
  down: (/** @type {string} */ app) => `Server ${app} is down`,
}

export const REDIS = {
  back: 'Redis is back',
  lost: "Redis isn't answering",
  down: "Redis isn't answering. Until it does, we don't know how the other servers are.",
  embedded: 'Redis is built into this server.',
  up: 'Redis is up.',
  noAnswer: 'no answer',
  /** @param {string} duration */
  roundTrip: (duration) => `Round trip ${duration}.`,
}

export const STATUS = {
  /** @param {string} app */
  live: (app) => `live · ${app}`,
  reconnecting: 'reconnecting',
  lost: 'no server answers',
  stale: "Can't reach any server. These are the last figures.",
}

/** @param {number} ready @param {number} all */
export const serversReady = (ready, all) => `${ready} of ${all} ready`

/** @param {string} messages @param {boolean} isOne */
export const dotIs = (messages, isOne) => `each dot is ${isOne ? 'a message' : `${messages} messages`}`
