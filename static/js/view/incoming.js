// Messages of others while the reader is here: told by the alerts, the voice,
// and the list of conversations.

import { mentions } from '../model/mention.js'
import { privately } from '../model/strings/messages.js'

const ROOM = 'room'

export class Incoming {
  #of

  /**
   * @param {object} of
   * @param {import('../chat/room.js').Room} of.room
   * @param {import('./announcer.js').Announcer} of.announcer
   * @param {import('./alerts.js').Alerts} of.alerts
   * @param {() => import('./chats.js').ChatsView | null} of.chats null for guests
   * @param {() => import('./conversation.js').ConversationView | null} of.talk on the screen
   */
  constructor(of) {
    this.#of = of
  }

  /** @param {import('../../types.js').MessageItem} item */
  inRoom(item) {
    const { room, announcer, alerts } = this.#of
    const chats = this.#of.chats()
    if (!alerts.isMuted) announcer.received(item.key, mentions(item.text, room.name))
    alerts.inRoom(item)
    if (this.#of.talk()?.id === ROOM) return announcer.say(item)
    room.missed()
    if (!chats) return
    chats.missed.add(item.key)
    chats.changed()
  }

  /** @param {import('../../types.js').MessageItem} item of somebody else */
  removedInRoom(item) {
    const chats = this.#of.chats()
    this.#of.announcer.removed(item.key)
    this.#of.alerts.removed(item.id)
    if (chats?.missed.delete(item.key)) chats.changed()
  }

  /**
   * @param {import('../chat/direct-messages.js').DirectMessages} directMessages
   * @param {string} chat
   * @param {import('../model/messages.js').KnownMessage} message
   */
  privately(directMessages, chat, message) {
    const { name } = message
    const talk = this.#of.talk()
    this.#of.alerts.privately(chat, message)
    const isOpen = talk?.id === chat
    if (isOpen && talk?.isSeen) directMessages.read(chat) // now, so that no number flashes up
    this.#of.announcer.say({ ...message, name: isOpen ? name : privately(name) })
  }
}
