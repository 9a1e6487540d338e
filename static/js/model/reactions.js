// Reactions to messages: how often each emoji was given, as the log says, and
// what the reader has changed that it does not say yet. They are remembered apart
// from the messages, because either may come first.

/** @typedef {import('../../types.js').Reaction} Reaction */
/** @typedef {import('../../types.js').OwnReactions} OwnReactions */
/** @typedef {import('../../types.js').WhoReacted} WhoReacted */
/**
 * @typedef {object} Change of the reader's own, until the log counts it
 * @property {string} id
 * @property {boolean} on
 * @property {boolean} isCounted whether the log's count has the reader in it
 * @property {boolean} isAcked
 */
/**
 * @typedef {object} Known
 * @property {Map<string, number>} counts as the log says
 * @property {{era: number, seq: number} | null} place of the entry that says so; null if it was
 *   something else, or entries may be missing since
 * @property {Map<string, Change>} changes by emoji
 * @property {readonly Reaction[]} list what is shown
 */

export const KINDS = 20 // emoji that one message may have
const MEMORY = 5000 // messages whose reactions are remembered
/** @type {readonly Reaction[]} */
const NONE = Object.freeze([])
/** @type {OwnReactions} where nothing can be remembered */
const FORGETFUL = { of: () => [], set() {}, watch: () => () => {} }

export class Reactions {
  /** @type {Map<string, Known>} by the id of the message */
  #known = new Map()
  #own

  /** @param {OwnReactions} [own] which of them are the reader's */
  constructor(own = FORGETFUL) {
    this.#own = own
  }

  /** @param {string} id of a message */
  of = (id) => this.#known.get(id)?.list ?? NONE

  /**
   * A message with its reactions.
   * @template {Pick<import('../../types.js').MessageItem, 'id' | 'deleted' | 'reactions'>} M
   * @param {M} message
   * @returns {M} the same object if nothing is different
   */
  shown(message) {
    const list = message.deleted ? NONE : this.of(message.id)
    if (list === (message.reactions ?? NONE)) return message
    const { reactions, ...rest } = message
    return /** @type {M} */ (/** @type {unknown} */ (list === NONE ? rest : { ...rest, reactions: list }))
  }

  /**
   * Takes what the log says. Each of these has a returned value: whether
   * something else is shown.
   * @param {string} id of the message @param {Record<string, number>} counts
   * @param {{era: number, seq: number}} place of the entry
   * @param {boolean} [isOurs] whether the reader has reacted since the one before
   */
  take(id, counts, place, isOurs = false) {
    const known = this.#get(id)
    if (known.place?.era === place.era && known.place.seq > place.seq) return false
    const before = known.counts
    known.place = place
    known.counts = new Map(Object.entries(counts))
    for (const [emoji, change] of known.changes) {
      const more = isOurs ? (known.counts.get(emoji) ?? 0) - (before.get(emoji) ?? 0) : 0
      if (more !== 0) {
        change.isCounted = more > 0
        this.#remember(id, emoji, more > 0)
        if (change.isCounted === change.on) known.changes.delete(emoji)
      // Of a summary from before the change there may still be one on its way.
      } else if (change.isAcked && (!change.on || known.counts.has(emoji))) known.changes.delete(emoji)
      else change.isCounted = this.#isCounted(id, emoji)
    }
    return this.#draw(id)
  }

  /**
   * Takes what a message itself says, as the archive has it, which may be behind
   * the log. Without counts it says nothing.
   * @param {string} id @param {Record<string, number> | undefined} reactions
   */
  meet(id, reactions) {
    const isEmpty = !this.#known.has(id) && Object.keys(reactions ?? {}).length === 0
    if (!reactions || isEmpty || this.#known.get(id)?.place) return false
    const known = this.#get(id)
    known.counts = new Map(Object.entries(reactions))
    for (const [emoji, change] of known.changes) {
      if (!change.isAcked) change.isCounted = this.#isCounted(id, emoji)
    }
    return this.#draw(id)
  }

  /** Entries may be missing: what a message itself says may be newer. */
  doubt() {
    for (const known of this.#known.values()) known.place = null
  }

  // ---- The reader's own ----

  /**
   * Shows a change of the reader's own until it is settled.
   * @param {string} id @param {string} emoji @param {{id: string, on: boolean}} change
   */
  begin(id, emoji, change) {
    const { changes } = this.#get(id)
    const isCounted = changes.get(emoji)?.isCounted ?? this.#isCounted(id, emoji)
    changes.delete(emoji)
    changes.set(emoji, { ...change, isCounted, isAcked: false })
    return this.#draw(id)
  }

  /**
   * The log has it, and is about to count it.
   * @param {string} id @param {string} emoji @param {{id: string, on: boolean}} change
   * @returns {boolean} whether it has not been counted yet
   */
  acked(id, emoji, { id: changeId, on }) {
    this.#remember(id, emoji, on)
    const change = this.#known.get(id)?.changes.get(emoji)
    if (change?.id !== changeId) return false
    return change.isAcked = true
  }

  /**
   * @param {string} id @param {string} emoji
   * @param {string} changeId of one that is counted by now, or given up
   */
  end(id, emoji, changeId) {
    const changes = this.#known.get(id)?.changes
    if (changes?.get(emoji)?.id !== changeId) return false
    changes.delete(emoji)
    return this.#draw(id)
  }

  /**
   * Takes who reacted. An answer that counts otherwise than the log is of
   * another time.
   * @param {string} id @param {WhoReacted[]} answer
   * @param {(author: string) => boolean} isMe
   */
  correct(id, answer, isMe) {
    const { counts, changes } = this.#get(id)
    for (const { emoji, count, people } of answer) {
      if (changes.has(emoji) || counts.get(emoji) !== count) continue
      const isOwn = people.some(({ author = '' }) => isMe(author))
      if (isOwn || people.length >= count) this.#remember(id, emoji, isOwn)
    }
    return this.#draw(id)
  }

  /**
   * Which are the reader's has changed in another window.
   * @returns {string[]} the messages of which something else is shown
   */
  refresh() {
    return [...this.#known.keys()].filter((id) => this.#draw(id))
  }

  // ---- Inside ----

  /** @param {string} id */
  #get(id) {
    const known = this.#known.get(id) ?? { counts: new Map(), place: null, changes: new Map(), list: NONE }
    this.#known.delete(id)
    this.#known.set(id, known)
    for (const [oldest, { changes }] of this.#known) {
      if (this.#known.size <= MEMORY) break
      if (changes.size === 0) this.#known.delete(oldest)
    }
    return known
  }

  /** @param {string} id @param {string} emoji whether the log counts the reader */
  #isCounted(id, emoji) {
    return (this.#known.get(id)?.counts.get(emoji) ?? 0) > 0 && this.#own.of(id).includes(emoji)
  }

  /** @param {string} id @param {string} emoji @param {boolean} on */
  #remember(id, emoji, on) {
    const all = this.#own.of(id)
    if (all.includes(emoji) === on) return
    this.#own.set(id, on ? [...all, emoji] : all.filter((one) => one !== emoji))
  }

  /** @param {string} id @returns {boolean} whether something else is shown */
  #draw(id) {
    const known = this.#get(id)
    const list = listOf(known, this.#own.of(id))
    const before = known.list
    if (list.length === before.length && list.every((one, i) => isAlike(one, before[i]))) return false
    known.list = list.length > 0 ? list : NONE
    return true
  }
}

/**
 * The reactions to show. Those shown before keep their places, new ones come
 * last.
 * @param {Known} known @param {readonly string[]} own
 * @returns {Reaction[]}
 */
function listOf({ counts, changes, list }, own) {
  const fresh = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).map(([emoji]) => emoji)
  const kinds = new Set([...list.map(({ emoji }) => emoji), ...fresh, ...changes.keys()])
  return [...kinds].flatMap((emoji) => {
    const change = changes.get(emoji)
    const count = (counts.get(emoji) ?? 0) + (change ? Number(change.on) - Number(change.isCounted) : 0)
    return count > 0 ? [{ emoji, count, own: change?.on ?? own.includes(emoji) }] : []
  })
}

/** @param {Reaction} one @param {Reaction | undefined} other */
const isAlike = (one, other) =>
  one.emoji === other?.emoji && one.count === other.count && one.own === other.own
