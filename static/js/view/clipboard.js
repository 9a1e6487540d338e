// Copying, also where the page came over plain HTTP: browsers offer the
// clipboard to secure pages only, but let every page copy a selection.

import { make } from './dom.js'

/**
 * @param {string} text
 * @param {Element} [place] where a selection can be made: a modal dialog allows none outside
 * @returns {Promise<boolean>} whether it was copied
 */
export async function copy(text, place = document.body) {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return copySelection(text, place)
  }
}

/** @param {string} text @param {Element} place */
function copySelection(text, place) {
  const focused = document.activeElement
  const field = make('textarea', 'unseen')
  field.value = text
  place.append(field)
  field.select()
  const done = document.execCommand('copy')
  field.remove()
  if (focused instanceof HTMLElement) focused.focus({ preventScroll: true })
  return done
}
