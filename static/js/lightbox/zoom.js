// A picture that comes nearer: by a click or a tap, by two fingers, by the wheel
// with Control. Once it is near it is drawn around; before that a finger that
// is drawn across turns the page.

const NEAR = 2.5 // times
const MOST = 8
const SLIP = 8 // px that a click may move
const SWIPE = 60 // px of a finger that wants the next picture, or to leave
const STEP = 80 // px by an arrow

/** @typedef {{x: number, y: number}} Point relative to the middle of the stage */

export class Zoom {
  #stage
  #img
  #on
  #scale = 1
  #x = 0
  #y = 0
  /** @type {Map<number, Point>} what is pressed */
  #pointers = new Map()
  /** @type {Point} where the first one was pressed */
  #began = { x: 0, y: 0 }
  #hasMoved = false

  /**
   * @param {HTMLElement} stage
   * @param {HTMLElement} img in it
   * @param {object} on
   * @param {(isIn: boolean) => void} on.changed
   * @param {(step: -1 | 0 | 1) => void} on.swiped to the one before, away, to the next one
   */
  constructor(stage, img, on) {
    this.#stage = stage
    this.#img = img
    this.#on = on
    stage.addEventListener('pointerdown', (event) => this.#down(event))
    stage.addEventListener('pointermove', (event) => this.#moved(event))
    for (const kind of /** @type {const} */ (['pointerup', 'pointercancel'])) {
      stage.addEventListener(kind, (event) => this.#up(event))
    }
    stage.addEventListener('click', (event) => {
      if (this.#hasMoved) return
      const at = event.detail === 0 ? { x: 0, y: 0 } : this.#point(event) // 0: by the keyboard
      this.#to(this.isIn ? 1 : NEAR, at)
    })
    stage.addEventListener('wheel', (event) => {
      if (!event.ctrlKey) return
      event.preventDefault()
      this.#to(this.#scale * Math.exp(-event.deltaY / 100), this.#point(event))
    }, { passive: false })
  }

  get isIn() {
    return this.#scale > 1
  }

  reset() {
    this.#pointers.clear()
    this.#to(1, { x: 0, y: 0 })
  }

  /** @param {number} x @param {number} y by an arrow: what is there comes into sight */
  pan(x, y) {
    this.#put(this.#x - x * STEP, this.#y - y * STEP)
  }

  /** @param {PointerEvent} event */
  #down(event) {
    if (event.button !== 0) return
    if (this.#pointers.size === 0) this.#hasMoved = false
    this.#pointers.set(event.pointerId, this.#point(event))
    if (this.#pointers.size === 1) this.#began = this.#point(event)
    else this.#hasMoved = true
    this.#stage.setPointerCapture(event.pointerId)
  }

  /** @param {PointerEvent} event */
  #moved(event) {
    const before = this.#pointers.get(event.pointerId)
    if (!before) return
    const now = this.#point(event)
    if (Math.hypot(now.x - this.#began.x, now.y - this.#began.y) > SLIP) this.#hasMoved = true
    const other = [...this.#pointers].find(([id]) => id !== event.pointerId)?.[1]
    this.#pointers.set(event.pointerId, now)
    if (other) {
      const factor = distance(now, other) / Math.max(1, distance(before, other))
      this.#to(this.#scale * factor, { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 })
    } else if (this.isIn) {
      this.#put(this.#x + now.x - before.x, this.#y + now.y - before.y)
    }
  }

  /** @param {PointerEvent} event */
  #up(event) {
    const at = this.#pointers.get(event.pointerId)
    const isLast = this.#pointers.size === 1
    this.#pointers.delete(event.pointerId)
    if (!at || !isLast || this.isIn || event.type === 'pointercancel' || event.pointerType === 'mouse') return
    const x = at.x - this.#began.x
    const y = at.y - this.#began.y
    if (Math.abs(x) > SWIPE && Math.abs(x) > Math.abs(y)) this.#on.swiped(x < 0 ? 1 : -1)
    else if (y > SWIPE && y > Math.abs(x)) this.#on.swiped(0)
  }

  /** @param {MouseEvent} event @returns {Point} */
  #point({ clientX, clientY }) {
    const { left, top, width, height } = this.#stage.getBoundingClientRect()
    return { x: clientX - left - width / 2, y: clientY - top - height / 2 }
  }

  /** @param {number} scale @param {Point} at what stays where it is */
  #to(scale, at) {
    const before = this.#scale
    const next = Math.min(MOST, Math.max(1, scale))
    this.#scale = next
    const factor = next / before
    this.#put(at.x - (at.x - this.#x) * factor, at.y - (at.y - this.#y) * factor)
    if ((before > 1) !== (next > 1)) this.#on.changed(next > 1)
  }

  /** @param {number} x @param {number} y where the picture is; it does not leave the stage */
  #put(x, y) {
    const { offsetWidth, offsetHeight } = this.#img
    const across = Math.max(0, (offsetWidth * this.#scale - this.#stage.clientWidth) / 2)
    const down = Math.max(0, (offsetHeight * this.#scale - this.#stage.clientHeight) / 2)
    this.#x = this.isIn ? Math.min(across, Math.max(-across, x)) : 0
    this.#y = this.isIn ? Math.min(down, Math.max(-down, y)) : 0
    this.#img.style.transform = this.isIn ? `translate(${this.#x}px, ${this.#y}px) scale(${this.#scale})` : ''
  }
}

/** @param {Point} one @param {Point} other */
const distance = (one, other) => Math.hypot(one.x - other.x, one.y - other.y)
