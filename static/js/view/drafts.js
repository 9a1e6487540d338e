// Where what somebody has begun to write is kept.

import { draftOf, setDraft } from '../model/chats.js'
import { draftFiles, rememberDraftFiles, roomPlace } from '../storage/attached.js'
import { settings } from '../storage/settings.js'

/** @type {import('../../types.js').Draft} */
export const draftInRoom = {
  get text() {
    return settings.draft
  },
  set text(text) {
    settings.draft = text
  },
  get reply() {
    return settings.draftReply
  },
  set reply(reply) {
    settings.draftReply = reply
  },
  get files() {
    return draftFiles(here())
  },
  set files(files) {
    rememberDraftFiles(here(), files)
  },
}

const here = () => roomPlace(settings.joined?.room ?? '')

/**
 * @param {import('../chat/direct-messages.js').DirectMessages} directMessages
 * @param {string} chat
 * @returns {import('../../types.js').Draft}
 */
export const draftIn = ({ me, chats }, chat) => ({
  get text() {
    return draftOf(chats.state, chat)
  },
  set text(text) {
    chats.do(setDraft, chat, text)
    settings.rememberDrafts(me, chats.state.drafts)
  },
  get files() {
    return draftFiles(chat)
  },
  set files(files) {
    rememberDraftFiles(chat, files)
  },
})
