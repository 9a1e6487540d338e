// Whether a text names somebody.

const WORD = /[\p{L}\p{N}\p{M}_-]/u

/**
 * @param {string} text
 * @param {string} name
 * @returns {boolean} whether the text has the whole name after an at sign
 */
export function mentions(text, name) {
  const [words = '', wanted = ''] = [text, `@${name}`].map((one) => one.normalize('NFC').toLocaleLowerCase())
  if (!name) return false
  for (let at = words.indexOf(wanted); at >= 0; at = words.indexOf(wanted, at + 1)) {
    const [before = ''] = words.slice(0, at).match(/.$/u) ?? ['']
    const [after = ''] = words.slice(at + wanted.length).match(/^./u) ?? ['']
    if (!WORD.test(before) && !WORD.test(after)) return true
  }
  return false
}
