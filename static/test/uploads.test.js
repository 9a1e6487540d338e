// The files that are attached, together.

import assert from 'node:assert/strict'
import test from 'node:test'
import { Uploads } from '../js/files/uploads.js'
import { impatientClock, tusServer, until } from './tus.js'

const HOW = { most: 1000, smaller: true }

function storeOf(records = new Map()) {
  return {
    records,
    all: async () => [...records.values()],
    get: async (id) => records.get(id),
    put: async (record) => records.set(record.id, record),
    remove: async (id) => records.delete(id),
  }
}

async function open(t, over = {}) {
  const server = over.server ?? await tusServer()
  t.after(server.close)
  const store = over.store ?? storeOf()
  const me = { owner: '' }
  const uploads = new Uploads({
    store, owner: () => me.owner, headers: () => ({}), clock: impatientClock(t), send: server.ask,
    prepare: over.prepare ?? (async (blob) => ({ blob })), ...(over.isLoggedIn && { isLoggedIn: over.isLoggedIn }),
  })
  const states = () => [...uploads.all()].map(({ state }) => state).join(' ')
  const isSettled = ({ state }) => state === 'done' || state === 'failed'
  const settled = () => until('all settled', () => [...uploads.all()].every(isSettled))
  return { server, store, uploads, me, states, settled }
}

const file = (name, text = name) => new File([text], name, { type: 'text/plain' })

test('each goes as soon as it is attached, two at a time', async (t) => {
  const { server, uploads, store, settled } = await open(t)
  let release
  server.gate = new Promise((resolve) => { release = resolve })
  const ids = ['a', 'b', 'c', 'd'].map((name) => uploads.add(file(name), HOW))
  await until('two are going', () => server.seen.length === 2)
  assert.deepEqual(ids.map((id) => uploads.get(id).state), ['going', 'going', 'waiting', 'waiting'])
  release()
  await settled()
  assert.deepEqual([...server.files.values()].map(({ name }) => name).sort(), ['a', 'b', 'c', 'd'])
  assert.deepEqual([...server.files.keys()].sort(), ids.toSorted())
  assert.equal(store.records.size, 4)
  uploads.release(ids)
  assert.deepEqual([store.records.size, [...uploads.all()].length], [0, 0])
  assert.ok(!server.seen.includes('DELETE'))
})

test('what is too large, empty or unreadable is not sent, and says why', async (t) => {
  const { server, uploads, settled } = await open(t)
  const broken = file('folder')
  broken.slice = () => ({ arrayBuffer: () => Promise.reject(new Error('gone')) })
  const ids = [file('a', 'x'.repeat(1001)), file('b', ''), broken].map((one) => uploads.add(one, HOW))
  await settled()
  const [large, empty, unreadable] = ids.map((id) => uploads.get(id))
  assert.equal(large.reason, 'Too large: 1 kB is the most.')
  assert.match(empty.reason, /empty/)
  assert.match(unreadable.reason, /folder/)
  assert.ok(ids.every((id) => uploads.get(id).isFinal))
  assert.deepEqual(server.seen, [])
})

test('a refusal is said, and tried again only if that may help', async (t) => {
  const { server, uploads, settled } = await open(t)
  server.answers = [{ status: 507, code: 'quota' }]
  const id = uploads.add(file('a'), HOW)
  await settled()
  assert.match(uploads.get(id).reason, /no space left/)
  uploads.retry(id)
  await settled()
  assert.equal(uploads.get(id).state, 'done')
  server.answers = [{ status: 415, code: 'unsupported_type' }]
  const other = uploads.add(file('b'), HOW)
  await settled()
  uploads.retry(other)
  assert.deepEqual([uploads.get(other).state, uploads.get(other).isFinal], ['failed', true])
})

test('a removed one is gone here and at the server', async (t) => {
  const { server, uploads, store, settled } = await open(t)
  const id = uploads.add(file('a'), HOW)
  await settled()
  uploads.drop([id])
  await until('told', () => server.seen.includes('DELETE'))
  assert.deepEqual([store.records.size, uploads.get(id)], [0, undefined])
})

test('a message hears of its files until all are at the server', async (t) => {
  const { server, uploads } = await open(t)
  server.cutAt = 3
  const ids = ['abcdef', 'b'].map((name) => uploads.add(file(name), HOW))
  const told = []
  await new Promise((resolve, reject) => {
    uploads.follow(ids.map((id) => uploads.get(id)), {
      changed: (files) => told.push(files), ready: resolve, failed: reject,
    })
  })
  assert.ok(told.length > 1 && told.every((files) => files.length === 2))
  assert.deepEqual(told.at(-1).map(({ id, progress }) => [id, progress]), ids.map((id) => [id, undefined]))
  assert.ok(told.at(-1).every(({ blob, state }) => blob && state === undefined))
})

test('a message whose file is refused fails with the reason', async (t) => {
  const { server, uploads } = await open(t)
  server.answers = [{ status: 422, code: 'bad_image' }]
  const id = uploads.add(file('a'), HOW)
  const reason = await new Promise((failed) => {
    uploads.follow([uploads.get(id)], { changed() {}, ready() {}, failed })
  })
  assert.match(reason, /picture can't be read/)
})

test('after a reload the stored ones go on under their ids', async (t) => {
  const before = await open(t)
  const id = before.uploads.add(file('abc'), HOW)
  before.server.answers = Array.from({ length: 3 }, () => ({ status: 503 }))
  await until('stored', () => before.store.records.has(id))
  const after = await open(t, { server: await tusServer(), store: before.store })
  const info = { id, name: 'abc', type: 'text/plain', size: 3, alt: 'three letters' }
  assert.equal(await after.uploads.take(info), id)
  await after.settled()
  assert.equal(after.uploads.get(id).alt, 'three letters')
  assert.deepEqual([...after.server.files.keys()], [id])
})

test('somebody who has logged in since sends it under another id', async (t) => {
  const { server, uploads, me, settled } = await open(t)
  const id = uploads.add(file('abc'), HOW)
  await settled()
  me.owner = 'ann'
  uploads.turn()
  const other = await uploads.take(uploads.get(id))
  assert.notEqual(other, id)
  await settled()
  assert.deepEqual([uploads.get(id), uploads.get(other).owner], [undefined, 'ann'])
  assert.ok(server.files.has(other))
})

test('one that the server has forgotten is sent again for its message', async (t) => {
  const { server, uploads, settled } = await open(t)
  const id = uploads.add(file('abc'), HOW)
  await settled()
  const files = await new Promise((ready, failed) => {
    uploads.follow([uploads.get(id)], { changed() {}, ready, failed }, true)
  })
  assert.notEqual(files[0].id, id)
  assert.ok(server.files.has(files[0].id))
})

test('without room to store them they are sent, and that is known', async (t) => {
  const store = { ...storeOf(), put: async () => { throw new DOMException('full', 'QuotaExceededError') } }
  const { uploads, settled } = await open(t, { store })
  const id = uploads.add(file('a'), HOW)
  await settled()
  assert.deepEqual([uploads.get(id).state, uploads.get(id).isKept], ['done', false])
})

test('what is attached is made ready one after another', async (t) => {
  let [busy, most] = [0, 0]
  const prepare = async (blob) => {
    most = Math.max(most, ++busy)
    await new Promise((resolve) => setTimeout(resolve, 1))
    busy--
    return { blob }
  }
  const { uploads, settled } = await open(t, { prepare })
  for (const name of ['a', 'b', 'c', 'd']) uploads.add(file(name), HOW)
  await settled()
  assert.equal(most, 1)
})

test('one that is taken up twice at once is uploaded once', async (t) => {
  const before = await open(t)
  const id = before.uploads.add(file('abc'), HOW)
  await before.settled()
  let release
  const slow = new Promise((resolve) => { release = resolve })
  const reads = [slow, undefined]
  const store = {
    ...before.store,
    get: async (one) => {
      await reads.pop()
      return before.store.records.get(one)
    },
  }
  const { server, uploads, states, settled } = await open(t, { server: await tusServer(), store })
  const info = { id, name: 'abc', type: 'text/plain', size: 3 }
  const [first, second] = [uploads.take(info), uploads.take(info)]
  await first
  await settled()
  release()
  assert.deepEqual([await second, states()], [id, 'done'])
  assert.equal(server.seen.filter((one) => one === 'POST').length, 1)
})

test('what an account had attached is not uploaded when it is back without its draft', async (t) => {
  const { server, uploads, me, store } = await open(t)
  me.owner = 'ann'
  server.answers = Array.from({ length: 9999 }, () => ({ status: 503 }))
  const id = uploads.add(file('abc'), HOW)
  await until('going', () => server.seen.length > 0)
  me.owner = ''
  uploads.turn()
  assert.equal(uploads.get(id), undefined)
  me.owner = 'ann'
  uploads.turn()
  server.answers = []
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.deepEqual([[...uploads.all()], [...server.files.keys()]], [[], []])
  // A message that was not sent has it still.
  assert.equal(await uploads.take({ id, name: 'abc', type: 'text/plain', size: 3 }), id)
  await until('uploaded', () => server.files.has(id))
  assert.ok(store.records.has(id))
})

test('an account that is logged out takes its uploads along', async (t) => {
  const at = await open(t, {
    isLoggedIn: async () => {
      at.me.owner = ''
      at.uploads.turn()
      return false
    },
  })
  const { server, uploads, me, store } = at
  me.owner = 'ann'
  server.answers = [null, { status: 401, code: 'unauthorized' }]
  const id = uploads.add(file('abc'), HOW)
  await until('left', () => uploads.get(id) === undefined)
  assert.deepEqual([[...server.files], store.records.has(id)], [[], true])
})
