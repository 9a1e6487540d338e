// Where the reader left off in a room: a line stands above the first message
// that came since. It stays until they leave off once more.

import { NewLine } from '../model/new-line.js'

/** @typedef {import('../../types.js').MessageItem} MessageItem */

export class LastSeen {
  /** @type {MessageItem | null} the one below the line */
  firstNew = null
  #items
  #conversation
  #archive
  #memory
  #isHidden
  /** @type {import('../../types.js').Position | null} where an earlier page has left off */
  #before
  #isReady = false // what is in the log is known
  #isPending = false // something came that has not been seen yet
  #since = 0 // the seq at which the line is
  #count = 0
  /** @type {MessageItem | null} */
  #last = null

  /**
   * @param {import('../model/conversation.js').Conversation} conversation
   * @param {import('./archive-pager.js').ArchivePager} archive
   * @param {import('../../types.js').Memory | null} memory outlives a reload
   * @param {(item: MessageItem) => boolean} [isHidden] what the reader does not want to see
   */
  constructor(conversation, archive, memory, isHidden = () => false) {
    this.#items = new NewLine(archive.items, this)
    this.#conversation = conversation
    this.#archive = archive
    this.#memory = memory
    this.#isHidden = isHidden
    this.#before = memory?.position ?? null
  }

  /**
   * The items shown, with the line. Another object when it is another part of
   * the past, with places of its own.
   */
  get items() {
    const { shown } = this.#archive
    if (this.#items.of !== shown) this.#items = new NewLine(shown, this)
    return this.#items
  }

  /** @returns {import('../../types.js').NewFrom | null} */
  get newFrom() {
    const { firstNew } = this
    if (!firstNew && !(this.#before && this.#isReady)) return null
    return { key: firstNew?.key ?? '', id: firstNew?.id ?? '', n: this.#since, count: this.#count }
  }

  /** @param {MessageItem} item that another user has just sent */
  received(item) {
    this.#last = item
  }

  /** The message that was just received was not seen. */
  missed() {
    if (!this.#last) return
    if (!this.#isPending) {
      this.#isPending = true
      this.#before = null
      this.firstNew = this.#last
      this.#since = this.#last.seq ?? 0
      this.#count = 0
    }
    this.#count++
  }

  /** The reader sees the newest message. */
  seen() {
    if (!this.#isReady) return
    this.#isPending = false
    const { position } = this.#conversation
    if (this.#memory && position) this.#memory.position = position
  }

  /** @param {MessageItem} item of another user, which is deleted: it does not count any more */
  removed(item) {
    const { firstNew } = this
    if (this.#last?.key === item.key) this.#last = null
    if (item.own || item.seq === null || item.seq < (firstNew?.seq ?? this.#since) || this.#count === 0) return
    this.#count--
    if (!firstNew || (this.#count > 0 && item.key !== firstNew.key)) return
    this.firstNew = this.#count > 0 ? after(item.seq, this.#archive.shown, this.#isHidden).first : null
    if (!this.firstNew) this.#isPending = false
  }

  /** More of the log is known: perhaps the message after the one seen last. */
  find() {
    this.#isReady = true
    const { position } = this.#conversation
    const before = this.#before
    if (!before) return
    if (position?.epoch !== before.epoch || position.seq <= before.seq) {
      this.#before = null
      return
    }
    this.#since = before.seq
    const { first, count, isWhole } = after(before.seq, this.#archive.items, this.#isHidden)
    this.#count = isWhole ? count : count + Math.max(0, (this.#archive.items.oldest ?? 0) - 1 - before.seq)
    const far = isWhole ? null : this.#farAfter(before.seq)
    if (!isWhole && !far && this.#archive.canGrow) return
    this.#before = null
    this.firstNew = far ?? first
  }

  /**
   * In the part of the past that is shown.
   * @param {number} seq
   */
  #farAfter(seq) {
    const { shown, items } = this.#archive
    const { first, isWhole } = after(seq, shown, this.#isHidden)
    return shown !== items && isWhole ? first : null
  }
}

/**
 * The messages of others after a seq. A seq that is higher than the one after
 * it belongs to an older log.
 * @param {number} seq @param {import('../../types.js').Items} items
 * @param {(item: MessageItem) => boolean} isHidden
 */
function after(seq, items, isHidden) {
  /** @type {MessageItem | null} */
  let first = null
  let count = 0
  let newest = Infinity
  for (let place = items.length - 1; place >= items.first; place--) {
    const item = items.at(place)
    if (item?.kind !== 'message' || item.seq === null) continue
    if (item.seq <= seq || item.seq > newest) return { first, count, isWhole: true }
    newest = item.seq
    if (item.own || item.deleted || isHidden(item)) continue
    first = item
    count++
  }
  return { first, count, isWhole: false }
}
