// The header of the room: the conversation that is open, and the menu.

import { PEOPLE } from '../model/strings/people.js'
import { paintAvatar } from './avatar.js'
import { find, write } from './dom.js'
import { Menu } from './menu.js'
import { themeChoice } from './theme.js'

export class Header {
  #root
  #room

  /**
   * @param {HTMLElement} root
   * @param {import('../chat/room.js').Room} room
   * @param {boolean} isGuest
   * @param {{leave: () => void, login: () => void, chooseDay: () => void}} on
   * @param {AbortSignal} signal
   */
  constructor(root, room, isGuest, { leave, login, chooseDay }, signal) {
    this.#root = root
    this.#room = room
    for (const [id, run] of /** @type {[string, () => void][]} */ ([
      ['#leave', leave], ['#login', login], ['#menu-login', login],
    ])) {
      const button = find(root, id, HTMLButtonElement)
      button.hidden = !isGuest
      button.addEventListener('click', run, { signal })
    }
    find(root, '#go-date', HTMLButtonElement).addEventListener('click', chooseDay, { signal })
    themeChoice(find(root, '#theme', HTMLElement))
    new Menu(find(root, '#menu-button', HTMLButtonElement), find(root, '#menu', HTMLElement), signal)
    this.people()
  }

  /** @param {{title: string}} talk that is open */
  shows({ title }) {
    write(find(this.#root, '#room-name', HTMLElement), title)
    paintAvatar(find(this.#root, '#chat-mark', HTMLElement), title)
  }

  /** Somebody has come or gone. */
  people() {
    const { online } = this.#room.people
    find(this.#root, '#crowd', HTMLElement).hidden = online === 0
    write(find(this.#root, '#people-word', HTMLElement), PEOPLE.word(online))
  }
}
