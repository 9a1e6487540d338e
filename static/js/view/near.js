// What is loaded when the reader comes near it. Browsers do so for pictures; for
// recordings and videos each would hold a connection, however far up it is.

/** @type {WeakMap<Element, () => void>} */
const waiting = new WeakMap()
const observer = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue
    observer.unobserve(target)
    waiting.get(target)?.()
    waiting.delete(target)
  }
})

/** @param {Element} element @param {() => void} run once it is on the screen */
export function whenSeen(element, run) {
  waiting.set(element, run)
  observer.observe(element)
}
