// A field that is as high as its text.

/**
 * @param {HTMLTextAreaElement} field
 * @param {HTMLFormElement} form around it
 * @param {AbortSignal} signal
 * @returns {() => void} to run when the text has changed
 */
export function growing(field, form, signal) {
  let width = 0
  /**
   * Makes the field as high as its text, up to the limit in the style sheet.
   * The form keeps its height meanwhile: if it shrank for a moment, the log
   * above would grow, and lose its place at the end.
   */
  const grow = () => {
    form.style.height = `${form.offsetHeight}px`
    field.style.height = 'auto'
    if (field.value) field.style.height = `${field.scrollHeight}px`
    form.style.height = ''
    width = field.clientWidth
  }
  const observer = new ResizeObserver(() => {
    if (field.clientWidth !== width) grow() // the window was resized, or the phone turned
  })
  observer.observe(field)
  signal.addEventListener('abort', () => observer.disconnect())
  return grow
}
