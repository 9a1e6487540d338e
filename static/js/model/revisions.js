// The fate of messages: the newest text of those that were edited, which were
// deleted, and the reader's changes that the log does not have yet. It is
// remembered apart from the messages, because either may come first.

/** @typedef {import('../../types.js').MessageItem} MessageItem */
/**
 * @typedef {object} Revision an edit or a deletion that is in the log
 * @property {string} text '' of a deletion
 * @property {number} at Unix milliseconds
 * @property {number} [seq] its own; none if only the text has come
 * @property {number} [era] in which it has that seq
 * @property {true} [deleted]
 * @property {string} [by] the moderator who deleted it
 */
/**
 * @typedef {{id: string, text: string, deleted?: true, isAcked?: true}} OwnChange that the log has
 *   not brought yet
 */
/**
 * @typedef {{author?: string, session: string, id: string}} Identity ids belong to authors, or to
 *   the session of who has none
 */

const ANYONE = '*' // by whomever the message is
const MEMORY = 5000 // revisions that are remembered, for messages that come later

/** @param {Identity} message */
export const keyOf = ({ author = '', session, id }) => `${author || session}\n${id}`

export class Revisions {
  /** @type {Map<string, Revision>} by message */
  #known = new Map()
  /** @type {Map<string, OwnChange[]>} by message, in the order in which they were made */
  #own = new Map()

  /**
   * Takes what the log says of a message. Nothing wins over a deletion.
   * @param {Identity} message @param {Revision} revision
   * @returns {boolean} whether it is the newest
   */
  take(message, revision) {
    const key = keyOf(revision.by === undefined ? message : { ...message, author: ANYONE })
    const known = this.#known.get(key)
    if (known && !isNewer(revision, known)) return false
    this.#known.delete(key)
    this.#known.set(key, revision)
    for (const oldest of this.#known.keys()) if (this.#known.size > MEMORY) this.#known.delete(oldest)
    return true
  }

  /**
   * Takes what a message itself says of its text.
   * @param {Identity & {text: string, at: number, edited?: number, deleted?: true}} message
   * @returns {boolean} whether that is news
   */
  meet(message) {
    if (message.deleted) return this.take(message, { text: '', at: message.at, deleted: true })
    return message.edited !== undefined && this.take(message, { text: message.text, at: message.edited })
  }

  /**
   * Shows a change of the reader's own until it is settled.
   * @param {Identity} message @param {OwnChange} change
   */
  begin(message, change) {
    const key = keyOf(message)
    this.#own.set(key, [...(this.#own.get(key) ?? []), change])
  }

  /** @param {Identity} message @param {string} id of a change that has arrived */
  acked(message, id) {
    const key = keyOf(message)
    this.#own.set(
      key,
      (this.#own.get(key) ?? []).map((one) => (one.id === id ? { ...one, isAcked: true } : one)),
    )
  }

  /** @param {Identity} message @param {string} id of a change that is settled, or given up */
  end(message, id) {
    const key = keyOf(message)
    const left = (this.#own.get(key) ?? []).filter((one) => one.id !== id)
    if (left.length > 0) this.#own.set(key, left)
    else this.#own.delete(key)
  }

  /**
   * A message as it is now.
   * @template {Identity & Partial<Omit<MessageItem, 'reactions'>> & {text: string}} M
   * @param {M} message
   * @returns {M} the same object if nothing is different
   */
  revised(message) {
    const key = keyOf(message)
    const known = this.#known.get(keyOf({ author: ANYONE, session: '', id: message.id }))
      ?? this.#known.get(key)
    const own = this.#own.get(key)?.at(-1)
    if (!known && !own && !message.was) return message
    const { edited, deleted, by, changing, was, ...rest } = message
    const logged = settled(was ?? { text: message.text, ...optional({ edited, deleted, by }) }, known)
    const shown = own && !logged.deleted ? {
      ...changed(logged, own), ...(!own.isAcked && { changing: /** @type {const} */ (true) }), was: logged,
    } : logged
    const next = /** @type {M} */ (/** @type {unknown} */ ({ ...rest, ...shown }))
    if (logged.deleted) delete next.files // what can be taken back keeps them
    return isAlike(message, next) ? message : next
  }
}

/** @typedef {NonNullable<MessageItem['was']>} Logged what the log says of a text */

/** @param {Logged} logged @param {Revision | undefined} known @returns {Logged} */
function settled(logged, known) {
  if (logged.deleted && logged.by) return logged
  if (known?.deleted) return { text: '', deleted: true, ...optional({ by: known.by }) }
  if (!known || logged.deleted) return logged // each text that has come was met
  return { text: known.text, edited: known.at }
}

/** @param {Logged} logged @param {OwnChange} own @returns {Logged} */
const changed = ({ edited }, { text, deleted }) =>
  (deleted ? { text: '', deleted } : { text, ...optional({ edited }) })

/**
 * Seqs compare inside an era. The same one may come twice: by an ack, and with
 * the time of the log.
 * @param {Revision} revision @param {Revision} known
 */
function isNewer(revision, known) {
  if (known.deleted || revision.deleted) {
    return !known.deleted || (revision.by !== undefined && known.by === undefined)
  }
  if (revision.era !== undefined && revision.era === known.era) return (revision.seq ?? 0) >= (known.seq ?? 0)
  return revision.at >= known.at
}

/**
 * @param {Partial<Logged> | undefined} one @param {Partial<Logged> | undefined} other
 */
const isAlikeIn = (one, other) =>
  one?.text === other?.text && one?.edited === other?.edited && one?.deleted === other?.deleted

/** @param {Partial<MessageItem>} one @param {Partial<MessageItem>} other */
const isAlike = (one, other) => one.files === other.files && isAlikeIn(one, other)
  && one.by === other.by && one.changing === other.changing && isAlikeIn(one.was, other.was)

/**
 * Without the members that are undefined.
 * @template {object} T @param {T} of
 * @returns {{[K in keyof T]?: Exclude<T[K], undefined>}}
 */
const optional = (of) => {
  const given = Object.entries(of).filter(([, value]) => value !== undefined)
  return /** @type {any} */ (Object.fromEntries(given))
}
