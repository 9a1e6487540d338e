// Where the messages of a conversation belong, and whose they are.

import { saidIn } from './strings/shown-files.js'

/** @typedef {import('../../types.js').Item} Item */
/** @typedef {import('../../types.js').MessageItem} MessageItem */
/**
 * @typedef {{author?: string, name: string, text: string, edited?: number, deleted?: true}} Texts
 */

/**
 * An own message that has just been written.
 * @param {string} id
 * @param {number} era
 * @returns {MessageItem}
 */
export const blank = (id, era) => ({
  kind: 'message', key: id, id, era, seq: null, missing: 0, app: '', session: '', name: '', text: '',
  at: 0, own: true, state: 'sending', reason: '',
})

/**
 * Puts a message of the log among settled items, in the order of era and seq.
 * @param {Item[]} settled
 * @param {MessageItem} item
 * @param {(next: MessageItem) => MessageItem} replaced the item after it, which misses one
 *   message less
 */
export function insert(settled, item, replaced) {
  const index = indexOf(settled, item)
  const next = settled[index]
  if (next?.kind === 'message' && next.missing > 0) {
    settled[index] = replaced({ ...next, missing: next.missing - 1 })
  }
  settled.splice(index, 0, item)
}

/** @param {Item[]} settled @param {MessageItem} item */
function indexOf(settled, item) {
  let index = settled.length
  for (let i = index - 1; i >= 0; i--) {
    const other = settled[i]
    if (other?.kind !== 'message' || other.seq === null) continue
    if (other.era < item.era || other.seq < /** @type {number} */ (item.seq)) break
    index = i
  }
  return index
}

/**
 * True if a message of the log is the item with the same id. Ids belong to
 * authors, so another author, or another text, makes another message; but a
 * text may be edited. The author of an item that the log does not have yet is
 * us.
 * @param {MessageItem} item
 * @param {Texts} message
 * @param {string} us '' if the server does not tell
 */
export function isSame(item, message, us) {
  const { author = '', name } = message
  if (item.app === '') return us === '' || author === us
  return (item.author ?? '') === author && item.name === name
    && (textOf(item) === message.text || isChanged(item) || isChanged(message))
}

/** @param {MessageItem} item @returns {string} as the log has it */
const textOf = ({ text, was }) => was?.text ?? text

/** @param {{edited?: number, deleted?: true, was?: MessageItem['was']}} message */
const isChanged = ({ edited, deleted, was }) =>
  (was ?? { edited }).edited !== undefined || (was ?? { deleted }).deleted === true

/**
 * A message that quotes another one as that is now, if it is here.
 * @param {MessageItem} item @param {MessageItem | undefined} quoted
 */
export function quoting(item, quoted) {
  if (!quoted || !item.reply || quoted.name !== item.reply.name) return item
  if (!quoted.deleted && quoted.edited === undefined && quoted.text) return item
  const text = quoted.deleted ? '' : saidIn(quoted)
  return text === item.reply.text ? item : { ...item, reply: { ...item.reply, text } }
}
