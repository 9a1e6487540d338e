// The theme: that of the system, or one that was chosen. dark.css lies over
// light.css and counts when its media condition does.

import { settings } from '../storage/settings.js'
import { theme } from '../model/strings/messages.js'
import { find } from './dom.js'

/** @typedef {import('../../types.js').Theme} Theme */

/** @type {Theme[]} */
const THEMES = ['system', 'light', 'dark']

/**
 * @type {Record<Theme, Record<'light' | 'dark', string>>} which media condition a theme has in
 *   each choice
 */
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
    const { label, spoken } = theme(settings.theme, next())
    button.title = label
    button.setAttribute('aria-label', spoken)
  }
  const next = () => THEMES[(THEMES.indexOf(settings.theme) + 1) % THEMES.length] ?? 'system'
  button.addEventListener('click', () => {
    settings.theme = next()
    applyTheme()
    show()
  })
  show()
}

/**
 * The same as words to choose from.
 * @param {HTMLElement} group
 */
export function themeChoice(group) {
  const words = [...group.querySelectorAll('button')]
  const show = () =>
    words.forEach((word) => word.setAttribute('aria-checked', String(word.dataset.theme === settings.theme)))
  for (const word of words) {
    word.addEventListener('click', () => {
      settings.theme = THEMES.find((theme) => theme === word.dataset.theme) ?? 'system'
      applyTheme()
      show()
    })
  }
  show()
}
