// Has the page kept for times without a network: sw.js, which browsers allow on
// secure origins only. Without it, or where storage is switched off, the page is
// the same as long as there is a network.

export async function keepForOffline() {
  if (!window.isSecureContext || !('serviceWorker' in navigator)) return
  // After all that the visit needs.
  if (document.readyState !== 'complete') {
    await new Promise((loaded) => window.addEventListener('load', loaded))
  }
  try {
    await navigator.serviceWorker.register('sw.js')
  } catch {
    // Nothing is kept.
  }
}
