// A dot on the icon of the browser's tab, while something is unread.

import { find } from './dom.js'

let plain = ''

/** @param {boolean} isUnread */
export function markIcon(isUnread) {
  const link = find(document, 'link[rel="icon"]', HTMLLinkElement)
  plain ||= link.href
  const href = isUnread ? new URL('icons/icon-unread.svg', document.baseURI).href : plain
  if (link.href !== href) link.href = href
}
