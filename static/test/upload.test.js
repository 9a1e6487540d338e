// One file on its way to the server, over what breaks.

import assert from 'node:assert/strict'
import test from 'node:test'
import { uuid } from '../js/model/uuid.js'
import { Upload } from '../js/net/upload.js'
import { impatientClock, tusServer, until } from './tus.js'

const TEXT = 'x'.repeat(300_000)

async function open(t, over = {}, isLoggedIn = undefined) {
  const server = await tusServer()
  t.after(server.close)
  const id = uuid()
  const shares = []
  const upload = new Upload(
    { id, name: 'Brücke 🌉.txt', blob: new Blob([TEXT]), isNew: true, ...over },
    {
      ask: server.ask, headers: () => ({ 'Livechat-Guest': 'key' }), clock: impatientClock(t),
      ...(isLoggedIn && { isLoggedIn }),
    },
    (share) => shares.push(share),
  )
  return { server, id, shares, upload }
}

test('a file is created, sent and told of, with its name and who sends it', async (t) => {
  const { server, id, shares, upload } = await open(t)
  const known = await upload.run()
  assert.deepEqual(known, { id, name: 'Brücke 🌉.txt', type: 'text/plain', size: TEXT.length })
  assert.deepEqual(server.seen, ['POST', 'PATCH 0', 'GET'])
  assert.equal(server.guest, 'key')
  assert.deepEqual([shares[0], shares.at(-1)], [0, 1])
  assert.deepEqual(shares, shares.toSorted((a, b) => a - b))
})

test('what was cut off goes on where the server has it', async (t) => {
  const { server, upload } = await open(t)
  server.cutAt = 100_000
  await upload.run()
  assert.deepEqual(server.seen, ['POST', 'PATCH 0', 'HEAD', 'PATCH 100000', 'GET'])
})

test('a server that is away, busy or overloaded is asked again', async (t) => {
  const { server, upload } = await open(t)
  server.answers = [
    { status: 503 }, { status: 502 },
    { status: 429, headers: { 'Retry-After': '1' }, code: 'rate_limited' }, null,
    { status: 409, code: 'locked' }, { status: 409, code: 'locked' }, null,
  ]
  await upload.run()
  assert.deepEqual(server.seen, ['POST', 'POST', 'POST', 'POST', 'PATCH 0', 'HEAD', 'HEAD', 'PATCH 0', 'GET'])
})

test('a server that lost it gets it once more, under the same id', async (t) => {
  const { server, id, upload } = await open(t)
  server.cutAt = 100_000
  server.answers = [null, null, { status: 404 }, { status: 404, code: 'unknown_file' }]
  const run = upload.run()
  await until('cut off', () => server.seen.includes('HEAD'))
  server.uploads.clear()
  assert.equal((await run).id, id)
  assert.equal(server.files.size, 1)
  assert.equal(server.seen.filter((one) => one === 'POST').length, 2)
})

const refusals = { too_large: 413, unsupported_type: 415, bad_image: 422, quota: 507 }
for (const [code, status] of Object.entries(refusals)) {
  test(`${code} is final`, async (t) => {
    const { server, upload } = await open(t)
    server.answers = [null, { status, code }]
    await assert.rejects(upload.run(), { code, status })
    assert.deepEqual(server.seen, ['POST', 'PATCH 0'])
  })
}

test('a server that fails for no reason is given up in the end', async (t) => {
  const { server, upload } = await open(t)
  server.answers = Array.from({ length: 50 }, () => ({ status: 500, code: 'internal' }))
  await assert.rejects(upload.run(), { status: 500 })
  assert.ok(server.seen.length < 10)
})

test('after a reload the rest is sent; what is a file already is not', async (t) => {
  const { server, id, upload } = await open(t, { isNew: false })
  server.uploads.set(id, { name: 'a', size: TEXT.length, bytes: Buffer.from(TEXT.slice(0, 1000)) })
  await upload.run()
  assert.deepEqual(server.seen, ['HEAD', 'PATCH 1000', 'GET'])
  const again = await open(t, { isNew: false, blob: null })
  again.server.files.set(again.id, { id: again.id, name: 'a', type: 'text/plain', size: 3 })
  assert.equal((await again.upload.run()).size, 3)
  assert.deepEqual(again.server.seen, ['HEAD', 'GET'])
})

test('a file that is neither here nor there fails', async (t) => {
  const { upload } = await open(t, { isNew: false, blob: null })
  await assert.rejects(upload.run(), { code: 'unknown_file' })
})

test('a cancelled upload stops, and the server forgets it', async (t) => {
  const { server, id, upload } = await open(t)
  server.cutAt = 100_000
  server.answers = [null, null, ...Array.from({ length: 9999 }, () => ({ status: 503 }))]
  const run = upload.run()
  await until('half of it is there', () => server.seen.includes('HEAD'))
  server.answers = []
  server.gate = new Promise((resolve) => setTimeout(resolve, 20))
  upload.remove()
  await assert.rejects(run, { code: 'cancelled' })
  await until('forgotten', () => !server.uploads.has(id))
})

test('a server that asks who it is gets an answer, and the rest of the file', async (t) => {
  let asked = 0
  const { server, upload } = await open(t, {}, async () => { // the account is still logged in
    if (++asked === 1) throw new TypeError('no network')
    return true
  })
  server.answers = [null, { status: 401, code: 'unauthorized' }, { status: 401, code: 'unauthorized' }]
  await upload.run()
  assert.deepEqual([asked, server.seen], [2, ['POST', 'PATCH 0', 'HEAD', 'HEAD', 'PATCH 0', 'GET']])
})

test('an account that is logged out uploads no more', async (t) => {
  const { server, upload } = await open(t, {}, async () => false)
  server.answers = [null, { status: 401, code: 'unauthorized' }]
  await assert.rejects(upload.run(), { code: 'cancelled' })
  assert.deepEqual(server.seen, ['POST', 'PATCH 0'])
})

test('a server that says no to whoever it is, is given up in the end', async (t) => {
  const { server, upload } = await open(t)
  server.answers = Array.from({ length: 50 }, () => ({ status: 401, code: 'unauthorized' }))
  await assert.rejects(upload.run(), { status: 401 })
  assert.ok(server.seen.length < 10)
})
