// What few visits need is no part of the bundle.

/**
 * @param {string} path of a file that is loaded when it is first wanted
 * @returns {string} its address
 */
export const loadedLater = (path) => new URL(path, document.baseURI).href
