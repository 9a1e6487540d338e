// The theme: that of the system, or one that was chosen. dark.css lies over light.css and counts when its media condition does.

import { settings } from '../settings.js'
import { find } from './dom.js'

/** @typedef {import('../../types.js').Theme} Theme */

/** @type {Theme[]} */
const THEMES = ['system', 'light', 'dark']

/** @type {Record<Theme, Record<'light' | 'dark', string>>} which media condition a theme has in each choice */
const MEDIA = {
  system: { light: '(prefers-color-scheme: light)', dark: '(prefers-color-scheme: dark)' },
  light: { light: 'all', dark: 'not all' },
  dark: { light: 'not all', dark: 'all' },
}

export function applyTheme() {
  const media = MEDIA[settings.theme]
  find(document, '#dark', HTMLLinkElement).media = media.dark
  const [light, dark] = document.querySelectorAll('meta[name="theme-color"]')
  light?.setAttribute('media', media.light)
  dark?.setAttribute('media', media.dark)
}

/**
 * A button that goes through the themes.
 * @param {HTMLButtonElement} button
 */
export function themeButton(button) {
  const show = () => {
    button.dataset.theme = settings.theme
    button.title = `Theme: ${settings.theme}`
    button.setAttribute('aria-label', `Theme: ${settings.theme}. Switch to ${next()}`)
  }
  const next = () => THEMES[(THEMES.indexOf(settings.theme) + 1) % THEMES.length] ?? 'system'
  button.addEventListener('click', () => {
    settings.theme = next()
    applyTheme()
    show()
  })
  show()
}
