// The invitation in a conversation in which nobody has written yet.

import { EMPTY } from '../model/strings/invite.js'
import { paintAvatar } from './avatar.js'
import { find, write } from './dom.js'

/** @param {ParentNode} root @param {import('../../types.js').ConversationSource} talk */
export function fillEmpty(root, talk) {
  const isRoom = talk.id === 'room'
  const { title, line } = isRoom ? EMPTY.room : EMPTY.chat(talk.title)
  const box = find(root, '#empty', HTMLElement)
  const avatar = find(box, '.avatar', HTMLElement)
  if (isRoom) avatar.remove()
  else paintAvatar(avatar, talk.title)
  if (!isRoom) for (const part of ['.empty-mark', '.invite']) find(box, part, Element).remove()
  write(find(box, '.empty-title', HTMLElement), title)
  write(find(box, '.empty-line', HTMLElement), line)
}
