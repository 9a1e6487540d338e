// Person is somebody in the room: who they are, whether they are here, and
// where they wrote last.

import { isAccount } from './authors.js'
import { hourAndMinute } from './clock.js'
import { PERSON } from './strings/people.js'

/** @typedef {import('../../types.js').Person} Person */
/** @typedef {import('../chat/room.js').Room} Room */

/**
 * The author of a message. In private chats everybody has an account.
 * @param {import('../../types.js').MessageItem} item
 * @returns {Person}
 */
export const authorOf = ({ name, nth = 1, author = '', private: isPrivate }) => ({
  name, nth, author: isPrivate ? `@${name}` : author,
})

/**
 * Somebody in the list of people. Of a guest there is only a name; who it is we
 * know if only one guest of that name has written.
 * @param {Room} room @param {string} name
 * @returns {Person}
 */
export function personNamed({ people, conversation }, name) {
  if (people.isAccount(name)) return { name, nth: 1, author: `@${name}` }
  const [author = '', ...others] = conversation.authors.known(name)
  return { name, nth: 1, author: others.length > 0 ? '' : author, vague: !author || others.length > 0 }
}

/**
 * The person of a connection, as far as their messages tell.
 * @param {Room} room @param {{session: string, name: string}} frame
 * @returns {Person}
 */
export function personTyping(room, { session, name }) {
  const items = room.conversation
  for (let place = items.length - 1; place >= items.first; place--) {
    const item = items.at(place)
    if (item?.kind === 'message' && item.session === session) return authorOf(item)
  }
  return personNamed(room, name)
}

/**
 * The lines on the card of a person.
 * @param {Person} person @param {Room} room
 * @returns {string[]}
 */
export function factsOf(person, room) {
  const app = lastServer(person, room)
  return [
    isAccount(person.author) ? PERSON.account : PERSON.guest, whether(person, room), app && PERSON.via(app),
  ].filter(Boolean)
}

/**
 * The line that says whether a person is here; '' where a guest of the same
 * name may be meant, or not all names are known.
 * @param {Person} person @param {Room} room
 */
function whether({ name, author }, { people, conversation }) {
  if (isAccount(author) !== people.isAccount(name) && people.has(name)) return ''
  if (!isAccount(author) && conversation.authors.known(name).length > 1) return ''
  if (!people.has(name)) return people.partial || people.online === 0 ? '' : PERSON.away
  const since = people.since(name)
  return since ? PERSON.since(hourAndMinute(since)) : PERSON.here
}

/**
 * The server that took their last message; '' if there is none in memory.
 * @param {Person} person @param {Room} room
 */
function lastServer({ name, author }, { conversation: items }) {
  for (let place = items.length - 1; place >= items.first; place--) {
    const item = items.at(place)
    if (item?.kind === 'message' && item.name === name && (item.author ?? '') === author) return item.app
  }
  return ''
}
