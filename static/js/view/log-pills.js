// The pills over the log: to what is unread, to who mentions the reader, and to
// the newest.

import { find } from './dom.js'
import { LogPill } from './log-pill.js'
import { MentionPill } from './mention-pill.js'
import { UnreadPill } from './unread.js'

export class LogPills {
  #newest
  #unread
  #mentioned

  /**
   * @param {ParentNode} root
   * @param {HTMLElement} box what scrolls
   * @param {import('../../types.js').ConversationSource} talk
   * @param {import('./rows.js').Rows} rows
   * @param {object} log
   * @param {() => void} log.toEnd
   * @param {(id: string) => boolean} log.reveal
   * @param {(message: {n: number, id: string}) => Promise<boolean>} log.travel
   * @param {(sentence: string) => void} log.say
   * @param {AbortSignal} signal
   */
  constructor(root, box, talk, rows, { toEnd, reveal, travel, say }, signal) {
    this.#newest = new LogPill(find(root, '#newer', HTMLButtonElement), () => {
      toEnd()
      box.focus({ preventScroll: true }) // the button is about to vanish
    }, signal)
    this.#unread = new UnreadPill(root, box, talk, rows, { reveal, say }, signal)
    this.#mentioned = new MentionPill(root, box, talk, rows, travel, signal)
  }

  /** @param {import('../../types.js').MessageItem} [item] that somebody else has said */
  received(item) {
    this.#newest.received(item?.key)
    this.#mentioned.received(item)
  }

  /** @param {string} key of what is deleted */
  removed(key) {
    this.#newest.removed(key)
    this.#mentioned.removed(key)
  }

  /** The reader has said something, and knows where they are. */
  end() {
    this.#unread.end()
  }

  /**
   * @param {boolean} isNewest whether the newest message is in the page
   * @param {boolean} isAtEnd whether the reader sees it
   * @param {boolean} isFar whether that is screens below
   */
  draw(isNewest, isAtEnd, isFar) {
    this.#unread.draw(isNewest)
    this.#mentioned.draw()
    this.#newest.draw(isAtEnd, !isNewest || isFar)
  }
}
