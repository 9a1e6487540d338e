// One conversation on the screen, the room or a private chat: what was said, how the connection is, and the field where one writes.

import { typing } from '../model/words.js'
import { Composer } from './composer.js'
import { find, stamp, write } from './dom.js'
import { LogView } from './log.js'
import { StatusView } from './status.js'

export class TalkView {
  #life = new AbortController()
  #talk
  #log
  #composer

  /**
   * @param {HTMLElement} main what it fills @param {ParentNode} root where the chip of the connection is
   * @param {import('../../types.js').Talk} talk @param {import('../../types.js').Draft} draft
   * @param {() => void} onLogin
   */
  constructor(main, root, talk, draft, onLogin) {
    const { signal } = this.#life
    this.#talk = talk
    main.replaceChildren(stamp('talk-view'))
    const box = find(main, '#log', HTMLElement)
    const typists = find(main, '#typing', HTMLElement)
    box.dataset.conversation = talk.id
    if (talk.id !== 'room') box.setAttribute('aria-label', `Conversation with ${talk.title}`)
    const log = this.#log = new LogView(main, talk, signal)
    const composer = this.#composer = new Composer(main, talk, draft, signal, () => log.toEnd())
    const status = new StatusView(root, talk, signal, onLogin)
    const unlisten = talk.listen({
      items() {
        log.changed()
        composer.settle()
      },
      heard: () => log.heard(),
      state() {
        composer.changed() // the limits may be others
        status.changed()
      },
      typing: () => write(typists, typing(talk.typing)),
      unsent: () => status.changed(),
    })
    signal.addEventListener('abort', unlisten)
    document.addEventListener('visibilitychange', () => log.isSeen && talk.seen(), { signal })
    box.addEventListener('keydown', (event) => {
      // Who begins to type means the field. A space scrolls.
      if (event.key.length === 1 && event.key !== ' ' && !event.ctrlKey && !event.metaKey && !event.altKey && event.target === event.currentTarget) composer.focus()
    }, { signal })
    log.changed()
  }

  get id() {
    return this.#talk.id
  }

  get title() {
    return this.#talk.title
  }

  /** Whether what comes in is seen as it comes. */
  get isSeen() {
    return this.#log.isSeen
  }

  focus() {
    this.#composer.focus()
  }

  /**
   * Shows a message, if it is still to be had.
   * @param {{n: number, id: string}} message
   */
  async show(message) {
    try {
      await this.#talk.reach(message)
    } catch {
      // Nobody answers: what there is stays on the screen.
    }
    if (!this.#life.signal.aborted) this.#log.reveal(message.id)
  }

  /** Another one takes its place. */
  end() {
    this.#life.abort()
  }
}
