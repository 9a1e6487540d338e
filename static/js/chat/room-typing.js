// The people who write in a room, and telling them that we write.

import { personTyping } from '../model/person.js'
import { Typists, TypingPace } from '../model/typists.js'

export class RoomTyping {
  #room
  #typists
  #clock
  #pace = new TypingPace()
  #tell

  /**
   * @param {import('./room.js').Room} room
   * @param {import('../../types.js').Clock} clock
   * @param {object} on
   * @param {() => unknown} on.changed others begin to write, or stop
   * @param {() => unknown} on.typed the others are to be told
   */
  constructor(room, clock, { changed, typed }) {
    this.#room = room
    this.#typists = new Typists(clock, changed)
    this.#clock = clock
    this.#tell = typed
  }

  get names() {
    return this.#typists.names
  }

  typed() {
    if (this.#room.state.kind === 'connected' && this.#pace.isDue(this.#clock.now())) this.#tell()
  }

  sent() {
    this.#pace.reset()
  }

  /** @param {import('../../types.js').TypingFrame} frame */
  received({ session, name }) {
    const { conversation, hidden } = this.#room
    if (session === undefined || conversation.isOwn(session)) return
    if (!hidden.has(personTyping(this.#room, { session, name }))) this.#typists.add(session, name)
  }

  /** @param {string} session that has sent its message */
  remove(session) {
    this.#typists.remove(session)
  }

  clear() {
    this.#typists.clear()
  }
}
