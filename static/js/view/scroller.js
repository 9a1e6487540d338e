// Where the reader is in the log. At the end it sticks there; anywhere else it
// keeps what is on the screen where it is, whatever is added or taken away
// around it.

const NEAR_END = 48 // px that still count as the end
const EDGE = 800 // px before an edge at which more is fetched

export class Scroller {
  #box
  #content
  #atEnd = true
  #top = 0
  #observer

  /**
   * @param {HTMLElement} box what scrolls
   * @param {HTMLElement} content what is in it
   * @param {(at: {end: boolean, upper: boolean, lower: boolean}) => void} moved the reader has
   *   scrolled: is at the end, near an edge
   * @param {AbortSignal} signal
   */
  constructor(box, content, moved, signal) {
    this.#box = box
    this.#content = content
    box.addEventListener('scroll', () => {
      const up = box.scrollTop < this.#top
      this.#top = box.scrollTop
      const below = this.#below
      // Growing content also fires scroll events; only the reader leaves the
      // end, and only upwards.
      this.#atEnd = below <= NEAR_END || (this.#atEnd && !up)
      moved({ end: this.#atEnd, upper: up && box.scrollTop < EDGE, lower: !up && below < EDGE })
    }, { passive: true, signal })
    // The keyboard, the composer, a window that shrinks.
    this.#observer = new ResizeObserver(() => this.#atEnd && this.toEnd())
    this.#observer.observe(box)
    this.#observer.observe(content)
    signal.addEventListener('abort', () => this.#observer.disconnect())
  }

  get atEnd() {
    return this.#atEnd
  }

  /** How far it is to the end, in screens. */
  get screensBelow() {
    return this.#below / Math.max(1, this.#box.clientHeight)
  }

  /** True if the reader, or a content that is short, is near the upper edge. */
  get nearTop() {
    return this.#box.scrollTop < EDGE
  }

  get nearBottom() {
    return this.#below < EDGE
  }

  /** The last item here is not the newest of the log: no place to stick to. */
  release() {
    this.#atEnd = false
  }

  toEnd() {
    this.#atEnd = true
    this.#box.scrollTop = this.#top = this.#box.scrollHeight
    this.#top = this.#box.scrollTop
  }

  /** @param {Element} element @param {'center' | 'start'} block */
  toElement(element, block) {
    this.#atEnd = false
    element.scrollIntoView({ block })
    this.#top = this.#box.scrollTop
  }

  /** @param {Element} element @returns {number} how far below the upper edge it is, in px */
  topOf(element) {
    return rowOf(element).getBoundingClientRect().top - this.#box.getBoundingClientRect().top
  }

  /** @param {Element} element @param {number} top as topOf told it */
  toTop(element, top) {
    this.#atEnd = false
    this.#box.scrollTop += this.topOf(element) - top
    this.#top = this.#box.scrollTop
  }

  /** @returns {Element[]} the items on the screen */
  get shown() {
    const { top, bottom } = this.#box.getBoundingClientRect()
    const found = []
    for (const element of this.#content.children) {
      const place = element.getBoundingClientRect()
      if (place.top > bottom) break
      if (place.bottom > top) found.push(element)
    }
    return found
  }

  /**
   * Changes the content and leaves the reader where they are.
   * @param {() => void} change
   */
  steady(change) {
    if (this.#atEnd) {
      change()
      return this.toEnd()
    }
    const anchors = this.shown.map((item) => rowOf(item))
      .map((element) => ({ element, top: element.getBoundingClientRect().top }))
    const { top } = this.#box.getBoundingClientRect()
    change()
    const here = anchors.filter(({ element }) => element.isConnected)
    // Items at the upper edge grow out of sight.
    const anchor = here.find((one) => one.top >= top) ?? here[0]
    if (!anchor) return
    const moved = anchor.element.getBoundingClientRect().top - anchor.top
    if (moved) this.#box.scrollTop += moved
    this.#top = this.#box.scrollTop
  }

  get #below() {
    return this.#box.scrollHeight - this.#box.scrollTop - this.#box.clientHeight
  }
}

/**
 * The row of an item itself: a line above it may come or go.
 * @param {Element} item
 */
const rowOf = (item) => item.querySelector(':scope > .row') ?? item
