// Changes of the messages of a room: edits, deletes and reactions.

import { Changes } from './changes.js'
import { Reacting } from './reacting.js'

/** @typedef {import('./sending.js').Sending} Sending */

/**
 * @param {import('../model/conversation.js').Conversation} conversation
 * @param {import('../../types.js').OwnReactions | undefined} reacted
 * @param {import('../../types.js').RoomOptions['who'] | undefined} who
 * @param {import('../../types.js').Clock} clock
 * @param {object} of
 * @param {Sending} of.sending
 * @param {import('./archive-pager.js').ArchivePager} of.archive
 * @param {() => import('../../types.js').Limits} of.limits
 * @param {() => string} of.name of the reader
 * @param {(id: string) => void} of.revise more is known of a message
 * @param {(sentence: string) => void} of.refused
 * @param {(item: import('../../types.js').MessageItem) => void} of.removed
 */
export function changesOf(conversation, reacted, who, clock, { sending, archive, limits, name, ...of }) {
  const own = {
    revise: of.revise,
    keep: (/** @type {Parameters<Sending['keepChange']>[0]} */ change) => sending.keepChange(change, name()),
    post: (/** @type {Parameters<Sending['post']>[0]} */ change) => sending.post(change),
    refused: of.refused,
  }
  const changes = new Changes(conversation, clock, {
    ...own,
    limits,
    find: (id) => conversation.find(id) ?? archive.find(id),
    drop: (id) => sending.confirmed(id),
    removed: of.removed,
  })
  const reacting = new Reacting(conversation, reacted, who ?? null, clock, {
    ...own, withdraw: (id) => sending.withdraw(id),
  })
  return { changes, reacting }
}
