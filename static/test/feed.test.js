import assert from 'node:assert/strict'
import test from 'node:test'
import { ApiError } from '../js/net/problem.js'
import { eventOf, Feed } from '../js/net/feed.js'
import { EPOCH, FakeClock, FakeSocket, message, OTHER_EPOCH, welcome } from './helpers.js'

const settle = () => new Promise((resolve) => { setImmediate(resolve) })
const event = (seq, over = {}) =>
  message(seq, { event: 'message', chat: 'c1', n: seq, message: `m-${seq}`, sent: 77, ...over })

/**
 * A feed that has started. Tickets are t1, t2 and so on, unless `refuse` says
 * why there is none.
 */
async function make(start = true) {
  const clock = new FakeClock()
  const all = {
    clock,
    random: 0,
    sockets: [],
    tickets: 0,
    refuse: null,
    events: [],
    catchUps: [],
    out: 0,
    states: [],
  }
  all.feed = new Feed({
    url: 'ws://example.org/feed', clock, random: () => all.random,
    ticket: async () => {
      all.tickets++
      if (all.refuse) throw all.refuse
      return `t${all.tickets}`
    },
    open: (url, protocols) =>
      all.sockets[all.sockets.push(Object.assign(new FakeSocket(url), { protocols })) - 1],
  }, {
    event: (one) => all.events.push(one),
    catchUp: (done) => all.catchUps.push(done),
    loggedOut: () => { all.out++ },
    state: ({ kind }) => all.states.push(kind),
  })
  all.last = () => all.sockets.at(-1)
  all.after = () => all.last().url.searchParams.get('after')
  /** The socket ends, and another one is made. */
  all.comeBack = async (code = 1006) => {
    all.last().end(code)
    clock.pass(all.feed.state.until - clock.now())
    await settle()
  }
  if (start) {
    all.feed.start()
    await settle()
  }
  return all
}

/** A feed that stands at seq 5 and has caught up. */
async function standing() {
  const all = await make()
  all.last().open()
  all.last().say(welcome({ seq: 5 }))
  all.catchUps[0]()
  return all
}

test('a ticket first, then the socket with the ticket beside its protocol, never in its address', async () => {
  const { sockets, last, tickets } = await make()
  assert.deepEqual([tickets, sockets.length], [1, 1])
  assert.deepEqual(last().protocols, ['livechat.user', 'livechat.ticket.t1'])
  assert.equal(last().url.href, 'ws://example.org/feed')
})

test('after the first welcome all is asked for by HTTP; what comes then is an event', async () => {
  const { feed, last, catchUps, events } = await make()
  assert.equal(catchUps.length, 0)
  last().say(welcome({ seq: 5 }))
  assert.deepEqual([catchUps.length, feed.state.kind], [1, 'connected'])
  for (const frame of [
    event(6), event(6), event(7, { event: 'read', n: 3 }), event(8, { event: 'chat', n: 0 }),
    event(9, { event: 'future' }),
  ]) last().say(frame)
  assert.deepEqual(events, [
    { kind: 'message', chat: 'c1', n: 6, id: 'm-6', name: 'bob', text: 'text 6', at: 77 },
    { kind: 'read', chat: 'c1', n: 3, name: 'bob' },
    { kind: 'chat', chat: 'c1', name: 'bob' },
  ])
  assert.equal(catchUps.length, 1, 'nothing was missing')
})

test('it resumes after what it has received, with another ticket, and need not ask by HTTP', async () => {
  const all = await standing()
  all.last().say(event(6))
  await all.comeBack()
  assert.deepEqual([all.after(), all.last().protocols[1]], [`${EPOCH}:6`, 'livechat.ticket.t2'])
  all.last().say(welcome({ seq: 7, recovered: true }))
  all.last().say(event(7))
  assert.deepEqual([all.events.length, all.catchUps.length], [2, 1])
})

test('who has received nothing yet resumes after the welcome', async () => {
  const all = await standing()
  await all.comeBack()
  assert.equal(all.after(), `${EPOCH}:5`)
})

test('not recovered: it is asked for by HTTP, and the feed goes on from there', async () => {
  for (const epoch of [EPOCH, OTHER_EPOCH]) {
    const all = await standing()
    await all.comeBack()
    all.last().say(welcome({ epoch, seq: 900, recovered: false }))
    all.last().say({ type: 'gap', from: 6, to: 800 })
    assert.equal(all.catchUps.length, 2)
    all.catchUps[1]()
    all.last().say(event(901))
    assert.deepEqual([all.events.length, all.catchUps.length], [1, 2])
    await all.comeBack()
    assert.equal(all.after(), `${epoch}:901`)
  }
})

test('a reset, a gap and a hole: it is asked for by HTTP, once each', async () => {
  const all = await standing()
  all.last().say({ type: 'gap', from: 6, to: 8 })
  assert.equal(all.catchUps.length, 2)
  all.catchUps[1]()
  all.last().say(event(9))
  assert.equal(all.catchUps.length, 2, 'that is no hole besides')
  all.last().say(event(11))
  all.last().say(event(14))
  assert.equal(all.catchUps.length, 4, 'also while a catch-up is under way: that may have asked too early')
  all.catchUps[3]()
  all.last().say({ type: 'reset', epoch: OTHER_EPOCH, seq: 2 })
  assert.equal(all.catchUps.length, 5)
  all.last().say(event(3))
  assert.equal(all.events.length, 4, 'its numbers begin again')
  await all.comeBack()
  assert.equal(all.after(), `${OTHER_EPOCH}:3`)
})

test('an entry of an unknown type is counted; a hole before it is asked for', async () => {
  const all = await standing()
  const before = all.catchUps.length
  all.last().say({ type: 'later', seq: 6, id: 'x', at: 5 })
  all.last().say(event(7))
  assert.deepEqual([all.events.map(({ n }) => n), all.catchUps.length], [[7], before])
  all.last().say({ type: 'later', seq: 9, id: 'y', at: 5 })
  assert.equal(all.catchUps.length, before + 1)
  await all.comeBack()
  assert.equal(all.after(), `${EPOCH}:9`)
})

test('a reset at where the feed is: nothing is missing, and nothing is asked for', async () => {
  const all = await standing()
  all.last().say(event(6))
  all.last().say({ type: 'reset', epoch: OTHER_EPOCH, seq: 6 })
  all.clock.pass(60_000)
  assert.equal(all.catchUps.length, 1)
  all.last().say(event(7))
  assert.deepEqual([all.events.length, all.catchUps.length], [2, 1], 'its numbers go on')
  await all.comeBack()
  assert.equal(all.after(), `${OTHER_EPOCH}:7`)
})

test('what all have lost at the same moment, each asks for at a moment of its own, and once', async () => {
  for (const loss of [
    { type: 'reset', epoch: OTHER_EPOCH, seq: 2 }, { type: 'gap', from: 6, to: 8 },
    welcome({ seq: 900, recovered: false }),
  ]) {
    const waits = []
    for (const random of [0.01, 0.5, 0.99]) {
      const all = await standing()
      all.random = random
      if (loss.type === 'welcome') await all.comeBack()
      const before = all.clock.now()
      all.last().say(loss)
      all.last().say({ type: 'gap', from: 9000, to: 9001 })
      while (all.catchUps.length === 1 && all.clock.now() - before < 60_000) all.clock.pass(10)
      waits.push(Math.round((all.clock.now() - before) / 100))
      all.catchUps[1]()
      all.clock.pass(60_000)
      assert.equal(all.catchUps.length, 2)
    }
    assert.deepEqual(waits, [0, 15, 30], loss.type)
  }
})

test('who stops asks for nothing any more', async () => {
  const all = await standing()
  all.random = 1
  all.last().say({ type: 'gap', from: 6, to: 8 })
  all.feed.stop()
  all.clock.pass(60_000)
  assert.equal(all.catchUps.length, 1)
})

test('a catch-up that was not done is asked for again; one that was overtaken does not count', async () => {
  const all = await make()
  all.last().say(welcome({ seq: 5 }))
  await all.comeBack()
  all.last().say(welcome({ seq: 5, recovered: true }))
  assert.equal(all.catchUps.length, 2)
  all.catchUps[0]()
  await all.comeBack()
  all.last().say(welcome({ seq: 5, recovered: true }))
  assert.equal(all.catchUps.length, 3)
  all.catchUps[2]()
  await all.comeBack()
  all.last().say(welcome({ seq: 5, recovered: true }))
  assert.equal(all.catchUps.length, 3)
})

test('closed because of a logout: one new ticket; if it is refused, logged out', async () => {
  const all = await standing()
  all.refuse = new ApiError('unauthorized', 'no', 401)
  await all.comeBack(4001)
  assert.deepEqual(
    [all.tickets, all.sockets.length, all.out, all.feed.state],
    [2, 1, 1, { kind: 'stopped', code: 4001 }],
  )
  all.clock.pass(600_000)
  await settle()
  assert.deepEqual([all.tickets, all.out, all.states.at(-1)], [2, 1, 'stopped'])
})

test('closed because of a logout on another device, and still logged in: it goes on', async () => {
  const all = await standing()
  await all.comeBack(4001)
  all.last().say(welcome({ seq: 5, recovered: true }))
  assert.deepEqual([all.out, all.feed.state.kind, all.tickets], [0, 'connected', 2])
})

test('no ticket because nobody answers: it waits longer and longer; told to come later, later', async () => {
  const all = await make(false)
  all.random = 1
  all.refuse = new ApiError('network', 'no')
  all.feed.start()
  const waits = []
  for (let i = 0; i < 4; i++) {
    await settle()
    waits.push(all.feed.state.until - all.clock.now())
    if (i === 2) all.refuse = new ApiError('unavailable', 'no', 503)
    all.clock.pass(waits.at(-1))
  }
  assert.deepEqual(waits, [500, 1000, 2000, 4000])
  assert.deepEqual([all.feed.state.kind, all.out, all.sockets.length], ['connecting', 0, 0])
  const other = await make(false)
  other.random = 1
  other.refuse = new ApiError('unavailable', 'no', 503)
  other.feed.start()
  await settle()
  assert.equal(other.feed.state.until - other.clock.now(), 4000)
})

test('a ticket that comes too late opens nothing', async () => {
  const all = await make(false)
  all.feed.start()
  all.feed.stop()
  await settle()
  assert.equal(all.sockets.length, 0)
})

test('asked to reconnect: the new socket first, with its own ticket', async () => {
  const all = await standing()
  all.last().say({ type: 'reconnect', after_ms: 0 })
  all.clock.pass(0)
  all.sockets[0].say(event(6))
  await settle()
  assert.deepEqual([all.sockets.length, all.sockets[0].closed, all.after()], [2, false, `${EPOCH}:6`])
  all.last().say(welcome({ seq: 6, recovered: true }))
  assert.deepEqual([all.sockets[0].closed, all.catchUps.length], [true, 1])
})

test('events that cannot be read are none', () => {
  for (const over of [
    { chat: 5 }, { n: -1 }, { n: 0 }, { n: '1' }, { message: undefined }, { sent: 'x' }, { event: undefined },
  ]) assert.equal(eventOf(event(1, over)), null, JSON.stringify(over))
})
