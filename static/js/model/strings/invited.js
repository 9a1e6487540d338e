// The card of an invite.

export const INVITED = {
  looking: 'Opening your invite…',
  title: 'This invite is over',
  to: "You're invited to",
  join: 'Join room',
  home: 'Go to the main room',
  again: 'Try again',
  /** @param {string} name */
  as: (name) => `You come in as ${name}.`,
  /** @type {Record<string, string>} by the code of the problem */
  refused: {
    unknown_invite: 'It was used or taken back, or its time is up. Ask for a new one.',
    banned: "You're banned from this room.",
    limit_reached: 'This room is full.',
  },
}
