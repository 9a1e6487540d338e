// Where what somebody has begun to write is kept.

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
}

/**
 * @param {import('../chat/direct-messages.js').DirectMessages} privates
 * @param {string} chat
 * @returns {import('../../types.js').Draft}
 */
export const draftIn = (privates, chat) => ({
  get text() {
    return privates.draft(chat)
  },
  set text(text) {
    privates.setDraft(chat, text)
    settings.rememberDrafts(privates.me, privates.chats.state.drafts)
  },
})
