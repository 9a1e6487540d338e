// Runs before the first paint, therefore not a module: somebody who chose a
// theme must not see the other one flash by. js/view/theme.js does the same
// when the choice changes.
{
  let choice = null
  try {
    choice = localStorage.getItem('livechat.theme')
  } catch {
    // Storage is switched off: the system's theme it is.
  }
  const dark = /** @type {HTMLLinkElement} */ (document.getElementById('dark'))
  if (choice === 'dark') dark.media = 'all'
  if (choice === 'light') dark.media = 'not all'
}
