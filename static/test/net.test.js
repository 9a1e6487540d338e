import assert from 'node:assert/strict'
import test from 'node:test'
import { addressOf, findAddress, findConfig, glanceFrom } from '../js/net/address.js'
import { delay, isFinal, refusesLast } from '../js/model/close-codes.js'
import { frameSize, parse } from '../js/net/frames.js'
import { isUUID, uuid, uuidOf } from '../js/model/uuid.js'
import { FakeClock, message, randomFrom, welcome } from './helpers.js'

test('where the socket is', () => {
  const page = { protocol: 'http:', host: 'localhost:1007', hostname: 'localhost' }
  assert.equal(
    addressOf({}, page).socket({ name: 'a b', room: 'x' }),
    'ws://localhost:1007/ws?name=a+b&room=x',
  )
  assert.equal(addressOf({ socketPort: 8080 }, page).socket({}), 'ws://localhost:8080/ws?')
  assert.equal(addressOf({ socketPort: 8080 }, page).glance('x'), 'http://localhost:8080/rooms/x')
  assert.equal(addressOf({ socketPort: 8080 }, page).feed, 'ws://localhost:8080/feed')
  assert.equal(
    addressOf({ socketPort: 443 }, { ...page, protocol: 'https:' }).socket({}),
    'wss://localhost:443/ws?',
  )
  for (const socketPort of ['x', 0, -1, 70_000, 1.5, null]) {
    assert.match(addressOf({ socketPort }, page).socket({}), /^ws:\/\/localhost:1007/)
  }
})

/** Asks for the configuration; the answers come one after the other. */
function configFrom(...answers) {
  const clock = new FakeClock()
  const asked = { count: 0, tryNow: null }
  const fetch = async () => {
    asked.count++
    const answer = answers.shift()
    if (answer instanceof Error) throw answer
    const { status = 200, body = '' } = answer
    return { ok: status < 400, status, json: async () => JSON.parse(body) }
  }
  const found = findConfig({ fetch, clock, random: () => 1, failed: (tryNow) => { asked.tryNow = tryNow } })
  const settle = async () => { for (let i = 0; i < 20; i++) await null }
  return { found, asked, clock, settle }
}

test('the configuration is asked for until somebody answers', async () => {
  const { found, asked, clock, settle } =
    configFrom(new TypeError('no network'), { status: 502 }, { body: '{"socketPort":8080}' })
  await settle()
  assert.deepEqual([asked.count, typeof asked.tryNow], [1, 'function'])
  clock.pass(499)
  await settle()
  assert.equal(asked.count, 1)
  clock.pass(1)
  await settle()
  assert.equal(asked.count, 2)
  asked.tryNow() // the wait of a second is cut short, and asks once only
  await settle()
  clock.pass(60_000)
  assert.deepEqual([await found, asked.count], [{ socketPort: 8080 }, 3])
})

test('a web server that does not know where the socket is says so', async () => {
  for (const answer of [{ status: 404 }, { body: '<!doctype html>' }, { body: 'null' }, { body: '{}' }]) {
    assert.deepEqual(await configFrom(answer).found, {})
  }
})

test('a page begins where the server was, and starts again where it is now', async () => {
  globalThis.location = { protocol: 'http:', host: 'h:1', hostname: 'h' }
  const memory = {
    config: null,
    may: true,
    get: () => memory.config,
    set: (config) => { memory.config = config },
    mayStartAgain: () => memory.may,
  }
  let starts = 0
  const visit = (body) => findAddress(memory, {
    fetch: async () => ({ ok: true, status: 200, json: async () => JSON.parse(await body) }),
    startAgain: () => { starts++ }, clock: new FakeClock(),
  })
  assert.match((await visit('{"socketPort":8080}')).feed, /:8080/)
  assert.deepEqual(memory.config, { socketPort: 8080 })

  let answer
  assert.match((await visit(new Promise((resolve) => { answer = resolve }))).feed, /:8080/, 'before there is an answer')
  answer('{"socketPort":8080}')
  for (let i = 0; i < 20; i++) await null
  assert.equal(starts, 0)

  assert.match((await visit('{"socketPort":9090}')).feed, /:8080/)
  for (let i = 0; i < 20; i++) await null
  assert.deepEqual([starts, memory.config], [1, { socketPort: 9090 }])

  memory.may = false // a moment later
  await visit('{}')
  for (let i = 0; i < 20; i++) await null
  assert.equal(starts, 1, 'by turns')
  Object.assign(memory, { may: true, config: { socketPort: 9090 }, set: () => {} })
  await visit('{}')
  for (let i = 0; i < 20; i++) await null
  assert.equal(starts, 1, 'it cannot be remembered')
  delete globalThis.location
})

test('a look into a room, by servers of any version', () => {
  const plain = { online: 3, names: [], keptSeconds: 0, keptCount: 0 }
  assert.deepEqual(glanceFrom({ room: 'x', online: 3 }), plain)
  assert.deepEqual(
    glanceFrom({ online: 3, names: ['ann'], kept_s: 60, kept_count: 9 }),
    { online: 3, names: ['ann'], keptSeconds: 60, keptCount: 9 },
  )
  for (const bad of [{}, { online: 'x' }, { online: 1, names: 'ann' }]) assert.equal(glanceFrom(bad), null)
})

test('frames that are what they claim to be', () => {
  for (const frame of [
    welcome(), welcome({ recovered: false }), message(1), { type: 'gap', from: 1, to: 2 },
    { type: 'presence', online: 0 },
  ]) {
    assert.deepEqual(parse(JSON.stringify(frame)), frame)
  }
  const bad = [
    message('1'), message(1.5), message(2 ** 53), { ...message(1), text: undefined },
    welcome({ limits: null }), welcome({ recovered: 'yes' }),
    { type: 'presence', online: 1, names: 'ann' }, { type: 'presence', online: 1, joined: [1] },
    { type: 'constructor' }, [], 'x', null,
  ]
  assert.deepEqual(
    parse('{"type":"later","seq":7,"id":"x","what":{},"at":5}'),
    { type: 'entry', seq: 7, at: 5 },
  )
  for (const later of [
    '{"type":"later","seq":7}', '{"type":"later","at":7}', '{"type":"later","seq":0,"at":1}',
    '{"seq":1,"at":1}', '{"type":1,"seq":1,"at":1}',
  ]) {
    assert.equal(parse(later), null, later)
  }
  for (const frame of bad) assert.equal(parse(JSON.stringify(frame)), null, JSON.stringify(frame))
})

test('the size of a frame is in bytes', () => {
  assert.equal(
    frameSize({ type: 'message', id: '', text: 'ä👍\n' }),
    JSON.stringify({ type: 'message', id: '', text: '' }).length + 2 + 4 + 2,
  )
})

test('close codes', () => {
  assert.deepEqual([1000, 1006, 4008, 4499].map(isFinal), [false, false, false, false])
  assert.deepEqual([4500, 4999].map(isFinal), [true, true])
  assert.deepEqual([1000, 1012, 4500].map(refusesLast), [false, false, false])
})

test('delays are spread over their whole span, and never too short', () => {
  const random = randomFrom(1)
  const all = (code, attempt) => Array.from({ length: 1000 }, () => delay(code, attempt, random))
  const span = (delays) => [Math.min(...delays), Math.max(...delays)]
  const [least, most] = span(all(1006, 5))
  assert.ok(least >= 100 && least < 300 && most > 14_000 && most <= 15_000, `${least} to ${most}`)
  const [soonest, soon] = span(all(1012, 0))
  assert.ok(soonest >= 100 && soon <= 1000 && soon > 900, `${soonest} to ${soon}`)
  const [later] = span(all(1013, 0))
  assert.ok(later >= 2000, `${later}`)
  assert.ok(span(all(1006, 1000))[1] <= 15_000)
})

test('ids are UUIDs of version 4, with and without a secure context', () => {
  const v4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
  assert.match(uuid(), v4)
  assert.equal(uuidOf(new Uint8Array(16)), '00000000-0000-4000-8000-000000000000')
  assert.equal(uuidOf(new Uint8Array(16).fill(255)), 'ffffffff-ffff-4fff-bfff-ffffffffffff')
  assert.ok(isUUID(uuid()))
  for (const other of ['', uuid().toUpperCase(), uuid().slice(1), `${uuid()}0`, uuid().replaceAll('-', '')]) {
    assert.ok(!isUUID(other), other)
  }
})

test('what a message answers has a number, an id, a name and a text', () => {
  const frame = { type: 'message', seq: 3, id: 'x', app: '1', session: 's', name: 'ann', text: 'hi', at: 5 }
  const reply = { seq: 2, id: 'y', name: 'bob', text: '' }
  assert.deepEqual(parse(JSON.stringify({ ...frame, reply, mentions: ['bob'] }))?.reply, reply)
  for (const wrong of [
    { reply: 7 }, { reply: null }, { reply: { ...reply, name: 7 } }, { reply: { ...reply, seq: -1 } },
    { mentions: 'bob' },
  ]) {
    assert.equal(parse(JSON.stringify({ ...frame, ...wrong })), null, JSON.stringify(wrong))
  }
})
