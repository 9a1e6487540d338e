// The few words that the views have for the document. Text goes in as text,
// never as markup.

/**
 * The content of templates, once more.
 * @param {string[]} ids
 */
export function stamp(...ids) {
  const stamped = document.createDocumentFragment()
  for (const id of ids) {
    stamped.append(document.importNode(find(document, `#${id}`, HTMLTemplateElement).content, true))
  }
  return stamped
}

/**
 * An element that is there, and of that kind: anything else is a mistake in the
 * templates.
 * @template {Element} T
 * @param {ParentNode} root @param {string} selector @param {new () => T} kind
 * @returns {T}
 */
export function find(root, selector, kind) {
  const element = root.querySelector(selector)
  if (!(element instanceof kind)) throw new Error(`no ${kind.name} at ${selector}`)
  return element
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag @param {string} className @param {string} [text]
 */
export function make(tag, className, text = '') {
  const element = document.createElement(tag)
  if (className) element.className = className
  if (text) element.textContent = text
  return element
}

/**
 * Sets a text only if it is another one: screen readers and selections notice.
 * @param {Element} element @param {string} text
 */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text
}

/** True if the reader uses a finger: a keyboard comes up with the focus. */
export const isTouch = () => matchMedia('(pointer: coarse)').matches
