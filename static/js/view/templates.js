// The templates of a page that is not bundled, such as that of `make cluster
// ARGS=-live`. In a bundled page they are already there, and no link to them.

/** Puts each file of templates where the page names it. */
export async function putTemplates() {
  const links = [...document.querySelectorAll('link[href^="templates/"]')]
  await Promise.all(links.map(async (link) => {
    const response = await fetch(/** @type {HTMLLinkElement} */ (link).href)
    if (!response.ok) throw new Error(`${link.getAttribute('href')}: ${response.status}`)
    // Nothing of it runs: a parser of its own makes no scripts go.
    const { head, body } = new DOMParser().parseFromString(await response.text(), 'text/html')
    link.replaceWith(...head.children, ...body.children)
  }))
}
