// Texts that invite people into a room, and those of an empty conversation.

export const INVITE = {
  /** @param {string} room */
  lead: (room) => `Anyone with this link can join ${room}.`,
  local: 'This address works on this computer only. Others need the name or the address of your server.',
  copy: 'Copy link',
  copied: 'Copied',
  notCopied: "Couldn't copy. Select the link and copy it yourself.",
  /** @param {string} room what is shared with the link */
  shared: (room) => `Join me in ${room} on livechat`,
  /** @param {string} link */
  code: (link) => `QR code of ${link}`,
}

export const EMPTY = {
  room: { title: 'Nobody has written here yet', line: 'Say hello, or bring people in.' },
  /** @param {string} name */
  chat: (name) => ({ title: name, line: 'No messages yet. Only the two of you see this chat.' }),
}
