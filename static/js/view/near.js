// Loads media when the reader comes to it and stays. Browsers do so for
// pictures; for recordings and videos each would hold a connection, however far
// up it is, and a log that is being filled shows its first lines for a moment.

const STAY = 300 // ms

/** @type {WeakMap<Element, () => void>} */
const waiting = new WeakMap()
/** @type {WeakMap<Element, number>} timers of what is on the screen */
const staying = new WeakMap()
const observer = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    clearTimeout(staying.get(target))
    if (isIntersecting) staying.set(target, setTimeout(() => seen(target), STAY))
  }
})

/** @param {Element} element */
function seen(element) {
  observer.unobserve(element)
  waiting.get(element)?.()
  waiting.delete(element)
}

/** @param {Element} element @param {() => void} run once it has been on the screen for a moment */
export function whenSeen(element, run) {
  waiting.set(element, run)
  observer.observe(element)
}
