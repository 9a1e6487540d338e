// Elements in one expression: what the parts that are loaded later are built of.

import { make } from '../view/dom.js'

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string | boolean | number | ((event: any) => void) | undefined>}
 *   attributes
 *   functions are listeners, `class` and `text` what they say, false and undefined nothing
 * @param {(Node | string | null | false | undefined)[]} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function h(tag, { class: className = '', text = '', ...others } = {}, ...children) {
  const element = make(tag, String(className), String(text))
  for (const [name, value] of Object.entries(others)) {
    if (typeof value === 'function') element.addEventListener(name, value)
    else if (value === true) element.setAttribute(name, '')
    else if (value !== false && value !== undefined) element.setAttribute(name, String(value))
  }
  for (const child of children) if (child) element.append(child)
  return element
}

/** @param {string} label @param {() => void} click @param {string} [className] */
export const button = (label, click, className = 'button') =>
  h('button', { type: 'button', class: className, click }, label)

/** @param {string} name of an icon of the page @param {string} [className] */
export function icon(name, className = 'icon') {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
  svg.setAttribute('class', className)
  svg.setAttribute('aria-hidden', 'true')
  const use = document.createElementNS(svg.namespaceURI ?? '', 'use')
  use.setAttribute('href', `#icon-${name}`)
  svg.append(use)
  return svg
}

/** The cross of a dialog. */
export const cross = () => h(
  'button', { type: 'button', class: 'button ghost square close', 'aria-label': 'Close' }, icon('close'),
)

let fields = 0 // that have got an id

/**
 * A field with its label.
 * @template {HTMLElement} T
 * @param {string} label @param {T} field @param {string} [hint]
 */
export function labelled(label, field, hint = '') {
  const id = field.id ||= `field-${++fields}`
  if (hint) field.setAttribute('aria-describedby', `${id}-hint`)
  return h(
    'div', { class: 'field' }, h('label', { for: id, text: label }), field,
    hint ? h('p', { class: 'meta', id: `${id}-hint`, text: hint }) : null,
  )
}

/**
 * One of several, as a row of buttons that arrows move in.
 * @param {string} label @param {string} name of the group
 * @param {{value: string, label: string}[]} choices @param {string} value that is chosen
 * @param {(value: string) => void} [chosen]
 */
export function choice(label, name, choices, value, chosen = () => {}) {
  const group = h('fieldset', { class: 'segments' }, h('legend', { text: label }))
  const row = h('div', { class: 'segment-row' })
  for (const one of choices) {
    const input = h('input', { type: 'radio', name, value: one.value, change: () => chosen(one.value) })
    input.checked = one.value === value
    row.append(h('label', { class: 'segment' }, input, h('span', { text: one.label })))
  }
  group.append(row)
  return {
    element: group,
    get value() {
      const checked = /** @type {HTMLInputElement | null} */ (row.querySelector('input:checked'))
      return checked?.value ?? value
    },
  }
}

/**
 * @param {string} label @param {boolean} isOn @param {string} [hint]
 */
export function check(label, isOn, hint = '') {
  const input = h('input', { type: 'checkbox' })
  input.checked = isOn
  const element = h('label', { class: 'switch' }, h(
    'span', {}, h('span', { text: label }), hint ? h('span', { class: 'meta', text: hint }) : null,
  ), input)
  return { element, input }
}
