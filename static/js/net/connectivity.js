// Events after which to stop waiting: the network is back, the page is visible
// again, the computer woke up.

const TICK = 15_000 // ms
const SLEPT = 150_000 // ms between two ticks; a hidden page gets one a minute at least

/**
 * Watches as long as the page lives.
 * @param {object} on
 * @param {() => void} on.visible the page came into view
 * @param {() => void} on.moved the network may have changed: connections may be dead
 * @param {() => void} on.offline the network is lost
 */
export function watchConnectivity({ visible, moved, offline }) {
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
