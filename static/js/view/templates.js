// The templates of a page that is not bundled, such as that of `make cluster
// ARGS=-live`. In a bundled page they are already there, and no link to them.

/** Puts each file of templates where the page names it. */
export const putTemplates = () => Promise.all(
  [...document.querySelectorAll('link[href^=templates]')].map(async (link) => {
    const response = await fetch(/** @type {HTMLLinkElement} */ (link).href)
    // Nothing of it runs: a parser of its own makes no scripts go.
    const { head, body } = new DOMParser().parseFromString(await response.text(), 'text/html')
    link.replaceWith(...head.children, ...body.children)
  }),
)
