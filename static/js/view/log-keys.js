// The log by keyboard: one stop for Tab, arrows from message to message, and
// Tab again for the links and actions of the one that has the focus.

const CONTROLS = 'a, .quote, .copy-code, .more, .files :is(button, video, audio), .head .name, '
  + '.show-hidden, .failed button, '
  + '.reactions > [data-stop]'
const PAGE = 0.9 // of what is on the screen

/**
 * @param {HTMLElement} box what scrolls
 * @param {HTMLElement} list the messages in it
 * @param {HTMLTextAreaElement} field where one writes
 * @param {AbortSignal} signal
 */
export function steerByKeys(box, list, field, signal) {
  box.addEventListener('keydown', (event) => {
    const { target } = event
    const li = target instanceof Element && target.matches('li.message') ? target : null
    const toField = () => field.focus({ preventScroll: true })
    if (event.key === 'Escape' && list.contains(document.activeElement)) return toField()
    if (event.ctrlKey || event.metaKey || event.altKey || (target !== box && !li)) return
    if (li && event.key.length === 1 && event.key !== ' ') return toField() // the key is typed there
    if (event.shiftKey) return
    const next = messageFor(event.key, li)
    if (!next) return
    event.preventDefault()
    next.focus()
  }, { signal })
  list.addEventListener('focusin', (event) => reach(event.target, 0), { signal })
  list.addEventListener('focusout', (event) => reach(event.target, -1), { signal })
  field.addEventListener('keydown', (event) => {
    const way = { PageUp: -1, PageDown: 1 }[event.key]
    if (!way || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return
    if (field.scrollHeight > field.clientHeight) return
    event.preventDefault()
    box.scrollBy({ top: way * box.clientHeight * PAGE })
  }, { signal })

  /** @param {string} key @param {Element | null} li @returns {HTMLElement | null} where it leads */
  function messageFor(key, li) {
    const shown = list.querySelectorAll(':scope > li.message:not([data-hidden="rest"])')
    const all = /** @type {HTMLElement[]} */ ([...shown])
    const place = li ? all.findIndex((one) => one === li) : -1
    if (key === 'Home') return all[0] ?? null
    if (key === 'End') return all.at(-1) ?? null
    if (key !== 'ArrowUp' && key !== 'ArrowDown') return null
    const next = place + (key === 'ArrowUp' ? -1 : 1)
    if (place >= 0) return all[Math.min(all.length - 1, Math.max(0, next))] ?? null
    const { bottom } = box.getBoundingClientRect()
    // The last one on the screen.
    return all.filter((one) => one.getBoundingClientRect().top < bottom).at(-1) ?? null
  }
}

/** @param {EventTarget | null} target @param {number} tabIndex of what a message has to offer */
export function reach(target, tabIndex) {
  const li = target instanceof Element ? target.closest('li') : null
  for (const one of li?.querySelectorAll(CONTROLS) ?? []) {
    if (one instanceof HTMLElement) one.tabIndex = tabIndex
  }
}
