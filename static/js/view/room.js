// The room on the screen: puts the views on the stage and passes on what happens.

import { typing } from '../model/words.js'
import { settings } from '../settings.js'
import { Announcer } from './announcer.js'
import { Composer } from './composer.js'
import { find, stamp, write } from './dom.js'
import { LogView } from './log.js'
import { Roster } from './roster.js'
import { StatusView } from './status.js'
import { themeButton } from './theme.js'

export class RoomView {
  #life = new AbortController()

  /**
   * @param {Element} stage
   * @param {import('../net/room.js').Room} room
   * @param {() => void} onLeave
   */
  constructor(stage, room, onLeave) {
    const { signal } = this.#life
    const root = stamp('room-view')
    find(root, '#room-name', HTMLElement).textContent = room.room
    const typists = find(root, '#typing', HTMLElement)
    find(root, '#leave', HTMLButtonElement).addEventListener('click', onLeave)
    themeButton(find(root, '#theme', HTMLButtonElement))
    stage.replaceChildren(root)

    const log = new LogView(stage, room, signal)
    const composer = new Composer(stage, room, signal, () => log.toEnd())
    const roster = new Roster(stage, room, signal)
    const status = new StatusView(stage, room, signal)
    const announcer = new Announcer(room.room === 'livechat' ? 'livechat' : `${room.room} · livechat`, signal)

    const unlisten = room.listen({
      items: () => log.changed(),
      heard(item) {
        log.heard()
        announcer.heard(item)
      },
      state(state) {
        if (state.kind === 'connected') settings.rememberSessions(room.name, room.conversation.sessions)
        composer.changed() // the limits may be others
        status.changed()
      },
      people: () => roster.changed(),
      typing: () => write(typists, typing(room.typing)),
      unsent: () => status.changed(),
    })
    signal.addEventListener('abort', unlisten)
    find(stage, '#log', HTMLElement).addEventListener('keydown', (event) => {
      // Who begins to type means the field. A space scrolls.
      if (event.key.length === 1 && event.key !== ' ' && !event.ctrlKey && !event.metaKey && !event.altKey && event.target === event.currentTarget) composer.focus()
    }, { signal })
    log.changed()
    roster.changed()
    composer.focus()
  }

  /** The room is gone. */
  end() {
    this.#life.abort()
  }
}
