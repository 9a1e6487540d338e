// The circle with a person's initial.

import { personHue } from '../model/hue.js'
import { initial } from '../model/linkify.js'

/** @param {HTMLElement} element @param {string} name */
export function paintAvatar(element, name) {
  element.textContent = initial(name)
  element.style.setProperty('--hue', String(personHue(name)))
}
