// Work that is done once for many changes: with the next picture, or soon when
// no picture is drawn because nobody looks.

const UNSEEN_LIMIT = 150 // ms

/**
 * @param {() => void} draw
 * @returns {{ask: () => void, cancel: () => void}}
 */
export function onceAFrame(draw) {
  let frame = 0
  let timer = 0
  const cancel = () => {
    cancelAnimationFrame(frame)
    clearTimeout(timer)
    frame = timer = 0
  }
  const run = () => {
    cancel()
    draw()
  }
  const ask = () => {
    if (timer) return
    frame = requestAnimationFrame(run)
    timer = window.setTimeout(run, UNSEEN_LIMIT)
  }
  return { ask, cancel }
}
