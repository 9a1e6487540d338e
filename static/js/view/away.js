// The notice in place of the card while the address of the server is not known.

import { find, stamp } from './dom.js'

/** @param {HTMLElement} stage @param {() => void} tryNow */
export function showAway(stage, tryNow) {
  if (!stage.querySelector('#away')) stage.replaceChildren(stamp('away-view'))
  find(stage, '#away button', HTMLButtonElement).onclick = tryNow
}
