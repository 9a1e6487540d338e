// Texts of notifications.

export const ALERT = {
  blocked: 'Your browser blocks notifications for this site. Allow them in its settings.',
  /** @param {string} room */
  mute: (room) => `Mute ${room}`,
  /** @param {string} name @param {string} room */
  mention: (name, room) => `${name} mentioned you in ${room}`,
  /** @param {string} name */
  private: (name) => `${name}, privately`,
}
