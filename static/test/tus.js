// A server that takes files by the tus protocol, and requests as net/ask.js sends
// them: Node has no XMLHttpRequest.

import http from 'node:http'

const refusal = (code) => JSON.stringify({ code, detail: 'no' })

/** A server for uploads, and its contents; tests make it fail. */
export async function tusServer() {
  const uploads = new Map()
  const files = new Map()
  const seen = []
  const all = { uploads, files, seen, cutAt: Infinity, answers: [], taken: null, gate: null }
  const idOf = (url) => url.split('/')[4] ?? ''

  const answer = async (request, response) => {
    const id = request.method === 'POST' ? request.headers['idempotency-key'] : idOf(request.url)
    seen.push(`${request.method} ${request.headers['upload-offset'] ?? ''}`.trim())
    all.guest = request.headers['livechat-guest']
    const say = (status, headers = {}, body = '') => response.writeHead(status, headers).end(body)
    await all.gate
    const planned = all.answers.shift()
    if (planned) return say(planned.status, planned.headers, planned.code && refusal(planned.code))
    const upload = uploads.get(id)
    switch (request.method) {
      case 'POST':
        if (!upload) {
          const name = Buffer.from(request.headers['upload-metadata'].split(' ')[1], 'base64').toString()
          uploads.set(id, { name, size: Number(request.headers['upload-length']), bytes: Buffer.alloc(0) })
        }
        return say(201, { 'Upload-Offset': uploads.get(id).bytes.length })
      case 'HEAD':
        return upload ? say(200, { 'Upload-Offset': upload.bytes.length }) : say(404)
      case 'DELETE':
        uploads.delete(id)
        return say(204)
      case 'PATCH': {
        if (!upload) return say(404)
        if (Number(request.headers['upload-offset']) !== upload.bytes.length) return say(409)
        for await (const chunk of request) {
          const room = all.cutAt - upload.bytes.length
          upload.bytes = Buffer.concat([upload.bytes, chunk.subarray(0, room)])
          if (upload.bytes.length >= all.cutAt) {
            all.cutAt = Infinity
            return request.socket.destroy()
          }
        }
        if (upload.bytes.length === upload.size) {
          files.set(id, { id, name: upload.name, type: 'text/plain', size: upload.size })
          uploads.delete(id)
        }
        return say(204, { 'Upload-Offset': upload.bytes.length })
      }
      default:
        if (!files.has(id)) return say(404, {}, refusal('unknown_file'))
        return say(200, {}, JSON.stringify(files.get(id)))
    }
  }
  const server = http.createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  all.close = () => {
    server.closeAllConnections()
    server.close()
  }

  /** @type {typeof import('../js/net/ask.js').ask} */
  all.ask = ({ method, url, headers, body, progress, signal }) => new Promise((resolve) => {
    const what = { port, method, path: url, headers, agent: false, signal }
    const request = http.request(what, async (response) => {
      const chunks = []
      try {
        for await (const chunk of response) chunks.push(chunk)
      } catch {
        return resolve(null)
      }
      resolve({
        status: response.statusCode, text: Buffer.concat(chunks).toString(),
        header: (name) => response.headers[name.toLowerCase()] ?? '',
      })
    })
    request.on('error', () => resolve(null))
    const send = async () => {
      const bytes = body ? Buffer.from(await body.arrayBuffer()) : Buffer.alloc(0)
      request.setHeader('Content-Length', bytes.length)
      const half = Math.ceil(bytes.length / 2)
      request.write(bytes.subarray(0, half), () => body && progress(half))
      request.end(bytes.subarray(half), () => body && progress(bytes.length))
    }
    send()
  })
  return all
}

/** A clock whose waits are over at once; those of a minute never, nor any after the test. */
export function impatientClock(t) {
  let isOver = false
  t.after(() => { isOver = true })
  return {
    now: () => Date.now(),
    after(ms, run) {
      const timer = ms < 60_000 && !isOver ? setTimeout(run, 0) : null
      return () => clearTimeout(timer)
    },
  }
}

/** Waits until something is so. */
export async function until(what, isSo) {
  const end = Date.now() + 5000
  while (!isSo()) {
    if (Date.now() > end) throw new Error(`not so in 5 s: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}
