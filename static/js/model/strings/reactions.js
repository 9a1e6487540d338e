// Reactions to messages.

import { number } from '../clock.js'

/** @type {Record<string, string>} by the server's code */
const REFUSED = {
  bad_request: "Your reaction wasn't saved. Try again later.",
  unknown_message: "That message isn't available any more.",
  too_many_reactions: "That message can't have more reactions.", // kinds of them, or people
  rate_limited: "Your reaction wasn't saved: too many in a short time.",
  forbidden: "You can't react to messages here.",
}

export const REACTION = {
  /** @param {string} emoji @param {number} count @param {boolean} own */
  spoken: (emoji, count, own) =>
    `${emoji} ${number(count)}${own ? (count > 1 ? ', you among them' : ', yours') : ''}`,
  /** @param {number} most */
  tooMany: (most) => `A message has at most ${most} kinds of reactions.`,
  /** @param {string} code @param {string} reason the second half of a sentence */
  refused: (code, reason) => REFUSED[code]
    ?? `Your reaction wasn't saved${reason ? `: ${reason.replace(/\.$/, '')}` : ''}.`,
}
