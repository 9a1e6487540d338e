// Messages that are edited or deleted.

export const EDITED = 'edited'
/** @param {string} when */
export const editedAt = (when) => `Edited ${when}`

/** @param {string} [by] who deleted it, if that was not the one who wrote it */
export const deleted = (by) => (by ? `Message deleted by ${by}` : 'Message deleted')

export const EDITING = {
  tooLate: "It's too late to edit that message.",
  save: 'Save',
  send: 'Send',
  askDelete: 'Delete this message? Press Enter again, or Esc to keep it.',
  askDeleteTouch: 'Delete this message? Tap again, or the cross to keep it.',
  gone: "That message was deleted, so you can't edit it any more.",
}

const GONE = "That message isn't available any more."

/** @type {Record<string, Record<string, string>>} by kind and by the server's code */
const REFUSED = {
  edit: {
    too_old: EDITING.tooLate,
    not_yours: 'Only its author can edit a message.',
    unknown_message: GONE,
    rate_limited: "Your edit wasn't saved: too many messages in a short time.",
    forbidden: "Messages can't be edited here.",
  },
  delete: {
    not_yours: 'Only its author can delete a message.',
    unknown_message: GONE,
    rate_limited: "The message wasn't deleted: too many messages in a short time.",
    forbidden: "Messages can't be deleted here.",
  },
}

/** Why a change came to nothing. */
export const CHANGE = {
  gone: "That message was deleted, so your edit wasn't saved.",
  /** @param {'edit' | 'delete'} kind */
  unknown: (kind) => (kind === 'edit' ? "We don't know whether your edit was saved." : "We don't know whether the message was deleted."),
  /**
   * @param {'edit' | 'delete'} kind @param {string} code
   * @param {string} reason the second half of a sentence
   */
  refused: (kind, code, reason) => REFUSED[kind]?.[code]
    ?? `${kind === 'edit' ? "Your edit wasn't saved" : "The message wasn't deleted"}${reason ? `: ${reason.replace(/\.$/, '')}` : ''}.`,
}
