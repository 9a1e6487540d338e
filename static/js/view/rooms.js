// The way to everything about rooms: to find one, to make one, its settings, and
// what moderators do. What does it is loaded when it is first wanted.

import { whyNot } from '../model/answers.js'
import { moderates } from '../model/rooms.js'
import { badge } from '../model/strings/messages.js'
import { ROOMS } from '../model/strings/rooms.js'
import { Box } from './box.js'
import { find, write } from './dom.js'
import { importLater, loadedLater, styled } from './loaded-later.js'

/**
 * The tools that parts loaded later get.
 * @typedef {object} RoomTools
 * @property {import('../chat/room.js').Room} room that is open
 * @property {import('../model/rooms.js').Rooms} rooms
 * @property {import('../net/api.js').Api['call']} call
 * @property {(error: unknown) => string} whyNot a request failed
 * @property {import('../chat/direct-messages.js').DirectMessages | null} directMessages null: guest
 * @property {(room: string) => void} goTo
 * @property {(id: string) => void} open a conversation
 * @property {(message: {n: number, id: string}) => void} reveal shows a message of the room
 * @property {() => void} login
 * @property {() => Record<string, string>} guest the headers of a guest; none with an account
 * @property {(sentence: string) => void} say
 * @property {(part: PartName, ...args: any[]) => void} show another part, in place of this one
 */
/**
 * A dialog with a button `.close`, and what opens it.
 * @typedef {{dialog: HTMLDialogElement, open: (...args: any[]) => void}} Part
 */
/** @typedef {keyof typeof PARTS} PartName */

const PARTS = {
  finder: () => importLater('js/rooms/finder.js'),
  maker: () => importLater('js/rooms/maker.js'),
  desk: () => importLater('js/rooms/desk.js'),
  act: () => importLater('js/rooms/act.js'),
}

export class RoomsView {
  /** @type {Map<PartName, {part: Part, box: Box}>} */
  #loaded = new Map()
  #tools
  #navigation
  #signal
  #isLoading = false

  /**
   * @param {HTMLElement} root
   * @param {Omit<RoomTools, 'whyNot' | 'show'>} tools
   * @param {import('../model/navigation.js').Navigation} navigation
   * @param {AbortSignal} signal
   */
  constructor(root, tools, navigation, signal) {
    this.#tools = tools
    this.#navigation = navigation
    this.#signal = signal
    find(root, '#menu-rooms', HTMLElement).addEventListener('click', () => this.find(), { signal })
    const settings = find(root, '#menu-room', HTMLElement)
    settings.addEventListener('click', () => this.show('desk'), { signal })
    const { rooms } = tools
    const count = find(settings, '.count', HTMLElement)
    const changed = () => {
      write(count, rooms.reports > 0 ? badge(rooms.reports) : '')
      count.setAttribute('aria-label', ROOMS.reports(rooms.reports))
      settings.hidden = !rooms.isAccount || (!rooms.here.made && !moderates(rooms.role))
    }
    signal.addEventListener('abort', rooms.listen(changed))
    changed()
    // Nobody comes into a closed room by its plain link.
    root.addEventListener('click', (event) => {
      const isInvite = event.target instanceof Element && event.target.closest('.invite')
      if (!isInvite || rooms.here.access !== 'invite') return
      event.stopPropagation()
      this.show('desk', 'invites')
    }, { capture: true, signal })
    signal.addEventListener('abort', () => {
      for (const { part } of this.#loaded.values()) part.dialog.remove()
    })
  }

  get all() {
    return this.#tools.rooms.all
  }

  /** @param {import('../model/rooms.js').RoomInfo} info */
  isUnread = (info) => this.#tools.rooms.isUnread(info)

  goTo = (/** @type {string} */ room) => this.#tools.goTo(room)

  /** The actions on the pinned message. */
  get pin() {
    const { call, room, rooms, say } = this.#tools
    const path = `/rooms/${encodeURIComponent(room.room)}`
    return {
      mayUnpin: () => moderates(rooms.role),
      unpin: () => call('DELETE', `${path}/pin/`).catch((error) => say(whyNot(error))),
      /**
       * @param {import('../../types.js').Target} message
       * @returns {Promise<string | null>} null if it is gone; '' if it is not where it was
       */
      async textOf({ seq, id }) {
        const { messages } = await call('GET', `${path}/messages/?before=${seq + 1}&limit=1`)
        if (messages.length === 0) return null // nor anything before it
        return messages.find((/** @type {{id: string}} */ one) => one.id === id)?.text ?? ''
      },
    }
  }

  /** Somebody wants to go to another room or chat. */
  find() {
    this.show('finder')
  }

  /** @param {PartName} name @param {any[]} args */
  async show(name, ...args) {
    const loaded = this.#loaded.get(name) ?? await this.#load(name)
    for (const { part } of this.#loaded.values()) part.dialog.close()
    await new Promise((resolve) => { setTimeout(resolve) }) // what has closed is out of the way back
    if (!loaded || this.#signal.aborted) return
    loaded.part.open(...args)
    loaded.box.open()
  }

  /** @param {string} sheet to which the reader has gone back or forward */
  follow(sheet) {
    for (const { box } of this.#loaded.values()) box.follow(sheet)
  }

  /** @param {PartName} name */
  async #load(name) {
    if (this.#isLoading) return null
    this.#isLoading = true
    try {
      await styled(loadedLater('css/rooms.css'))
      const { make } = await PARTS[name]()
      /** @type {Part} */
      const part = make({
        ...this.#tools, whyNot,
        show: (/** @type {PartName} */ other, /** @type {any[]} */ ...args) => this.show(other, ...args),
      })
      const loaded = { part, box: new Box(part.dialog, this.#navigation) }
      if (!this.#signal.aborted) document.body.append(part.dialog)
      this.#loaded.set(name, loaded)
      return loaded
    } catch {
      this.#tools.say(ROOMS.notLoaded)
      return null
    } finally {
      this.#isLoading = false
    }
  }
}
