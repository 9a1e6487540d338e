// A request whose body can be watched on its way: fetch does not tell how much of
// it has been sent.

/**
 * @typedef {object} Asked
 * @property {string} method
 * @property {string} url
 * @property {Record<string, string>} headers
 * @property {Blob | null} body
 * @property {(sent: number) => void} progress bytes of the body so far
 * @property {AbortSignal} signal
 */
/**
 * @typedef {{status: number, header: (name: string) => string, text: string}} Answer the
 *   header is '' if there is none
 */

/**
 * @param {Asked} asked
 * @returns {Promise<Answer | null>} null if no answer came, or it was aborted
 */
export const ask = ({ method, url, headers, body, progress, signal }) => new Promise((resolve) => {
  const request = new XMLHttpRequest()
  const abort = () => request.abort()
  request.open(method, url)
  for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value)
  // Without a listener the browser asks for less in advance.
  if (body) request.upload.onprogress = ({ loaded }) => progress(loaded)
  request.onloadend = () => {
    signal.removeEventListener('abort', abort)
    resolve(request.status === 0 ? null : {
      status: request.status,
      header: (name) => request.getResponseHeader(name) ?? '',
      text: request.responseText,
    })
  }
  if (signal.aborted) return resolve(null)
  signal.addEventListener('abort', abort)
  request.send(body)
})
