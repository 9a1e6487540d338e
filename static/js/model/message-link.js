// The address of one message of a room: that of the page, with the place and
// the id of the message after the hash.

/**
 * @param {{origin: string, pathname: string, search: string}} page
 * @param {{seq: number, id: string}} message
 */
export const messageLink = ({ origin, pathname, search }, { seq, id }) =>
  `${origin}${pathname}${search}#m/${seq}/${encodeURIComponent(id)}`

/**
 * @param {string} hash of an address
 * @returns {{n: number, id: string} | null} the message that it names
 */
export function linkedMessage(hash) {
  const [, n = '', id = ''] = /^#m\/(\d{1,15})\/([\w%.-]{1,200})$/.exec(hash) ?? []
  if (!id) return null
  try {
    return { n: Number(n), id: decodeURIComponent(id) }
  } catch {
    return null
  }
}

/**
 * @param {string} href @param {{origin: string, pathname: string, search: string}} page
 * @returns {{n: number, id: string} | null} the message of this page's room that it leads to
 */
export function linkedHere(href, { origin, pathname, search }) {
  const here = `${origin}${pathname}${search}#`
  return href.startsWith(here) ? linkedMessage(href.slice(here.length - 1)) : null
}
