// How much more can be written in a message.

import { characters } from '../model/rules.js'
import { frameOf } from '../chat/changes.js'
import { frameSize } from '../net/frames.js'

const ANY_ID = '00000000-0000-4000-8000-000000000000' // as long as every id

/**
 * How many characters still fit. A frame has a limit as well, in bytes: emoji
 * reach that one first.
 * @param {string} text
 * @param {import('../../types.js').Limits} limits
 * @param {object} message
 * @param {import('../../types.js').ReplyTo | null | undefined} message.reply
 * @param {readonly import('../../types.js').FileInfo[]} message.files
 * @param {import('../../types.js').MessageItem | null} message.edited whose text it becomes
 */
export function leftIn(text, limits, { reply, files, edited }) {
  const frame = frameOf({
    id: ANY_ID, text, files, ...(reply && { reply }),
    ...(edited && {
      change: { kind: 'edit', session: edited.session, target: { seq: edited.seq ?? 0, id: edited.id } },
    }),
  })
  const bytes = limits.frame - frameSize(frame)
  return Math.min(limits.text - characters(text), bytes < 0 ? Math.floor(bytes / 4) : Infinity)
}
