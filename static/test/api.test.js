import assert from 'node:assert/strict'
import test from 'node:test'
import { Api } from '../js/net/api.js'
import { ApiError } from '../js/net/problem.js'
import { FakeClock } from './helpers.js'

const problem = (status, code, headers = {}) => () => new Response(
  JSON.stringify({ type: 'about:blank', title: '', status, detail: `about ${code}`, code }),
  { status, headers: { 'Content-Type': 'application/problem+json', ...headers } },
)
const answer = (body, status = 200) => () => new Response(JSON.stringify(body), { status })
const broken = () => { throw new TypeError('fetch failed') }
const silence = (signal) => new Promise((_, reject) => { signal.onabort = () => reject(signal.reason) })
const settle = () => new Promise((resolve) => { setImmediate(resolve) })

/** An API whose server gives these answers, one after the other. */
function make(...answers) {
  const clock = new FakeClock()
  const asked = []
  let out = 0
  const fetch = async (url, { method, body, signal, headers }) => {
    asked.push({ method, url, body: body && JSON.parse(body), type: headers?.['Content-Type'] })
    return await (answers.shift() ?? broken)(signal)
  }
  const api = new Api({ fetch, clock, random: () => 1, loggedOut: () => { out++ } })
  return { api, clock, asked, answers, get out() { return out } }
}
/** The outcome of a promise, once time has passed as often as needed. */
async function outcome(promise, clock) {
  let done = false
  promise.catch(() => {}).finally(() => { done = true })
  for (let i = 0; i < 50 && !done; i++) {
    await settle()
    if (!done) clock.pass(1000)
  }
  return promise.catch((error) => error)
}

const said = { id: 'm1', n: 1, name: 'ann', text: 'hi', at: 5 }

test('what is asked, and how', async () => {
  const { api, asked } = make(
    answer({ name: 'ann', created_at: 5 }, 201), answer({ chats: [], next: 'x y' }), answer({ chats: [] }),
    answer({ messages: [said] }),
    answer(said, 201), answer({ read: 7 }), answer({ results: [] }), answer({ reactions: [] }),
    answer({ reactions: [] }), ...[1, 2, 3].map(() => () => new Response(null, { status: 204 })),
  )
  assert.deepEqual(await api.register('ann', 'secret word'), { name: 'ann', created: 5 })
  assert.deepEqual(await api.chats(), { chats: [], next: 'x y' })
  assert.deepEqual(await api.chats('x y'), { chats: [], next: null })
  assert.deepEqual(await api.messages('c1', { before: 9, limit: 100 }), [said])
  assert.deepEqual(await api.send('c1', 'm1', 'hi'), said)
  assert.equal(await api.read('c1', 7), 7)
  assert.deepEqual(
    await api.search({ q: 'a&b', from: 'bob', room: '', before: '', limit: 50 }),
    { results: [], next: null },
  )
  assert.deepEqual(await api.whoReacted('a-b', 'm1'), [])
  assert.deepEqual(await api.whoReacted('c1', 'm1', 'chats'), [])
  for (const on of [true, false]) await api.react('c1', 'm1', '👍', on)
  await api.logout()
  assert.deepEqual(asked.map(({ method, url }) => `${method} ${url}`), [
    'POST /api/v1/accounts/', 'GET /api/v1/chats/', 'GET /api/v1/chats/?before=x+y',
    'GET /api/v1/chats/c1/messages/?before=9&limit=100',
    'POST /api/v1/chats/c1/messages/', 'POST /api/v1/chats/c1/read/',
    'GET /api/v1/search/?q=a%26b&from=bob&limit=50', 'GET /api/v1/rooms/a-b/messages/m1/reactions/',
    'GET /api/v1/chats/c1/messages/m1/reactions/',
    'PUT /api/v1/chats/c1/messages/m1/reactions/%F0%9F%91%8D/',
    'DELETE /api/v1/chats/c1/messages/m1/reactions/%F0%9F%91%8D/',
    'POST /api/v1/logout/',
  ])
  assert.deepEqual(
    [asked[4].body, asked[4].type, asked[1].body],
    [{ id: 'm1', text: 'hi' }, 'application/json', undefined],
  )
})

test('a chat as the page has it', async () => {
  const { api } = make(
    answer(
      {
        id: 'c1',
        with: { name: 'bob' },
        created_at: 1,
        updated_at: 2,
        last: said,
        unread: 3,
        read: 4,
        other_read: 5,
      },
      201,
    ),
  )
  assert.deepEqual(
    await api.createChat('bob'),
    { id: 'c1', other: 'bob', created: 1, updated: 2, last: said, unread: 3, read: 4, otherRead: 5 },
  )
})

test('a problem is an error with its code', async () => {
  const { api, asked } = make(
    problem(409, 'id_conflict'),
    problem(404, 'unknown_user'),
    () => new Response('<html>', { status: 500 }),
    () => new Response('<html>'),
  )
  const error = await api.send('c1', 'm1', 'hi').catch((e) => e)
  assert.ok(error instanceof ApiError)
  assert.deepEqual([error.code, error.status, error.message], ['id_conflict', 409, 'about id_conflict'])
  await assert.rejects(api.createChat('bob'), { code: 'unknown_user' })
  await assert.rejects(api.chats(), { code: 'bad_answer', status: 500 })
  await assert.rejects(api.chats(), { code: 'bad_answer', status: 200 })
  assert.equal(asked.length, 4, 'none of them passes by itself')
})

test('no answer: the same message with the same id, later and later', async () => {
  const { api, clock, asked } = make(broken, broken, () => new Response('', { status: 502 }), answer(said))
  const times = []
  const sent = api.send('c1', 'm1', 'hi')
  for (let i = 0, start = clock.now(); i < 5000; i += 100) {
    await settle()
    times[asked.length - 1] ??= clock.now() - start
    clock.pass(100)
  }
  assert.deepEqual(await sent, said)
  assert.deepEqual(times, [0, 500, 1500, 3500])
  assert.deepEqual(new Set(asked.map(({ body }) => JSON.stringify(body))).size, 1)
})

test('it is given up after a while', async () => {
  const { api, clock, asked } = make(broken, broken, broken, broken, broken)
  const error = await outcome(api.messages('c1'), clock)
  assert.deepEqual([error.code, error.status, asked.length], ['network', 0, 5])
})

test('what must not happen twice is asked once', async () => {
  for (const ask of [
    (api) => api.login('ann', 'x'), (api) => api.register('ann', 'x'), (api) => api.changePassword('x', 'y'),
    (api) => api.deleteAccount('x'), (api) => api.ticket(),
  ]) {
    const { api, clock, asked } = make(broken)
    assert.equal((await outcome(ask(api), clock)).code, 'network')
    assert.equal(asked.length, 1)
  }
})

test('the server says when to come back, unless that is too long', async () => {
  const { api, clock, asked, answers } = make(
    problem(429, 'rate_limited', { 'Retry-After': '7' }),
    answer(said),
  )
  const sent = api.send('c1', 'm1', 'hi')
  await settle()
  clock.pass(6999)
  await settle()
  assert.equal(asked.length, 1)
  clock.pass(1)
  assert.deepEqual(await sent, said)
  answers.push(problem(429, 'rate_limited', { 'Retry-After': '60' }))
  const error = await outcome(api.send('c1', 'm2', 'hi'), clock)
  assert.deepEqual([error.code, error.retryAfter, asked.length], ['rate_limited', 60_000, 3])
})

test('a server that says nothing is asked again', async () => {
  const { api, clock, asked } = make(silence, answer(said))
  const sent = api.send('c1', 'm1', 'hi')
  await settle()
  clock.pass(14_999)
  await settle()
  assert.equal(asked.length, 1)
  assert.deepEqual(await outcome(sent, clock), said)
})

test('logged out: said once, until somebody logs in', async () => {
  const gone = problem(401, 'unauthorized')
  const all = make(gone, gone, answer({ name: 'ann', created_at: 5 }), gone)
  await assert.rejects(all.api.chats(), { code: 'unauthorized' })
  await assert.rejects(all.api.send('c1', 'm1', 'hi'), { code: 'unauthorized' })
  assert.equal(all.out, 1)
  await all.api.login('ann', 'secret word')
  await assert.rejects(all.api.ticket(), { code: 'unauthorized' })
  assert.equal(all.out, 2)
})

test('nobody is logged in, or not with that password: an answer like others', async () => {
  const all = make(problem(401, 'unauthorized'), problem(401, 'unauthorized'))
  assert.equal(await all.api.me(), null)
  await assert.rejects(all.api.login('ann', 'wrong'), { code: 'unauthorized' })
  assert.equal(all.out, 0)
})

test('forgotten: what was asked in a session that is over is not asked again, and says nothing of the next one', async () => {
  const all = make(broken, silence)
  const [waiting, flying] = ['m1', 'm2'].map(
    (id) => all.api.send('c1', id, 'hi').catch((error) => error.code),
  )
  await settle()
  all.api.forget()
  all.clock.pass(60_000)
  assert.deepEqual([await waiting, await flying, all.asked.length], ['network', 'network', 2])
  let late
  all.answers.push(() => new Promise((resolve) => { late = resolve }))
  const old = all.api.chats().catch((error) => error.status)
  await settle()
  all.api.forget()
  late(problem(401, 'unauthorized')())
  assert.deepEqual([await old, all.out], [401, 0])
})
