// The moments at which waiting is over: the network is back, the page is looked at again, the machine has slept.

const TICK = 15_000 // ms
const SLEPT = 150_000 // ms between two ticks; a hidden page gets one a minute at least

/**
 * Watches as long as the page lives.
 * @param {object} on
 * @param {() => void} on.visible the page came into view
 * @param {() => void} on.moved the network may be another one: what looks like a connection may be dead
 * @param {() => void} on.offline the network has gone
 */
export function watchWakeups({ visible, moved, offline }) {
  let last = Date.now()
  const check = () => {
    const slept = Date.now() - last > SLEPT
    last = Date.now()
    if (slept) moved()
  }
  setInterval(check, TICK)
  window.addEventListener('online', moved)
  window.addEventListener('offline', offline)
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) return
    check()
    visible()
  })
}
