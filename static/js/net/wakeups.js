// The moments at which waiting is over: the network is back, the page is looked at again, the machine has slept.

const TICK = 15_000 // ms
const SLEPT = 150_000 // ms between two ticks; a hidden page gets one a minute at least

/**
 * @param {AbortSignal} signal ends the watch
 * @param {object} on
 * @param {() => void} on.visible the page came into view
 * @param {() => void} on.moved the network may be another one: what looks like a connection may be dead
 * @param {() => void} on.offline the network has gone
 */
export function watchWakeups(signal, { visible, moved, offline }) {
  let last = Date.now()
  const check = () => {
    const slept = Date.now() - last > SLEPT
    last = Date.now()
    if (slept) moved()
  }
  const timer = setInterval(check, TICK)
  signal.addEventListener('abort', () => clearInterval(timer))
  window.addEventListener('online', moved, { signal })
  window.addEventListener('offline', offline, { signal })
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) return
    check()
    visible()
  }, { signal })
}
