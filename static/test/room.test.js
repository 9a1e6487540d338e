import assert from 'node:assert/strict'
import test from 'node:test'
import { addressOf } from '../js/net/address.js'
import { Room } from '../js/net/room.js'
import { EPOCH, FakeClock, FakeSocket, LIMITS, OTHER_EPOCH, lineOf, message, welcome } from './helpers.js'

function make(random = () => 0.5) {
  const clock = new FakeClock()
  const sockets = []
  const heard = []
  const states = []
  const room = new Room({
    name: 'ann', room: 'livechat', clock, random,
    address: addressOf({ socketPort: 8080 }, { protocol: 'http:', host: 'example.org:1007', hostname: 'example.org' }),
    open: (url) => sockets[sockets.push(new FakeSocket(url)) - 1],
  })
  room.listen({ items() {}, people() {}, typing() {}, unsent() {}, heard: (item) => heard.push(item.seq), state: (state) => states.push(state.kind) })
  room.join()
  const last = () => sockets.at(-1)
  const query = () => Object.fromEntries(last().url.searchParams)
  return { clock, sockets, heard, states, room, last, query }
}

function joined(options) {
  const all = make(options)
  all.last().open()
  all.last().say(welcome({ seq: 2 }))
  all.last().say(message(1))
  all.last().say(message(2))
  return all
}

test('joining asks for history, which is nothing new', () => {
  const { room, sockets, heard, states } = joined()
  assert.equal(sockets[0].url.href, 'ws://example.org:8080/ws?name=ann&room=livechat&history=200')
  assert.equal(lineOf(room.conversation), '1 2')
  sockets[0].say(message(3))
  assert.deepEqual(heard, [3])
  assert.deepEqual(states, ['connecting', 'connected'])
})

test('after a break it resumes where it was, and what was missed is new', () => {
  const { clock, room, last, query, heard, states } = joined()
  last().end(1006)
  assert.deepEqual([room.state.kind, room.state.until - clock.now()], ['waiting', 250])
  clock.pass(250)
  assert.equal(query().after, `${EPOCH}:2`)
  assert.equal(query().history, undefined)
  last().open()
  last().say(welcome({ app: '3000', session: 's2', seq: 4, recovered: true }))
  for (const seq of [3, 4]) last().say(message(seq))
  assert.deepEqual(heard, [3, 4])
  assert.deepEqual(states, ['connecting', 'connected', 'waiting', 'connecting', 'connected'])
})

test('who lost the connection before anything came asks for history again', () => {
  const { clock, last, query } = make()
  last().open()
  last().say(welcome({ seq: 9 }))
  last().end(1006)
  clock.pass(1000)
  assert.equal(query().history, '200')
})

test('a message that was not acked goes again with its id, after what was missed', () => {
  const { clock, room, last } = joined()
  room.send('hello')
  const [{ id }] = last().messages
  last().end(1006)
  room.send('second')
  clock.pass(1000)
  last().open()
  last().say(welcome({ session: 's2', seq: 3, recovered: true }))
  assert.deepEqual(last().messages, [], 'first what was missed: it may be in there')
  last().say(message(3))
  assert.deepEqual(last().messages, [{ type: 'message', id, text: 'hello' }])
  last().say({ type: 'ack', id, seq: 4, duplicate: false })
  assert.deepEqual(last().messages.map((frame) => frame.text), ['hello', 'second'])
})

test('a message that is in the log already is not sent again', () => {
  const { clock, room, last } = joined()
  room.send('hello')
  const [{ id }] = last().messages
  last().end(1006)
  clock.pass(1000)
  last().open()
  last().say(welcome({ session: 's2', seq: 3, recovered: true }))
  last().say(message(3, { id, session: 's1' }))
  assert.deepEqual([last().messages.length, room.unsent, lineOf(room.conversation)], [0, 0, '1 2 3'])
})

test('when not all that was promised comes, the outbox opens nevertheless', () => {
  const { clock, room, last } = joined()
  last().end(1006)
  room.send('hello')
  clock.pass(1000)
  last().open()
  last().say(welcome({ seq: 9, recovered: false }))
  clock.pass(2000)
  assert.equal(last().messages.length, 1)
})

test('asked to reconnect: the new socket first, then the old one closes; nothing twice, nothing lost', () => {
  const { clock, room, sockets, last, query, states } = joined()
  const [old] = sockets
  old.say({ type: 'reconnect', after_ms: 700 })
  clock.pass(699)
  assert.equal(sockets.length, 1)
  clock.pass(1)
  assert.equal(query().after, `${EPOCH}:2`)
  old.say(message(3))
  last().open()
  assert.equal(old.closed, false)
  last().say(welcome({ app: '4000', session: 's2', seq: 4, recovered: true }))
  assert.equal(old.closed, true)
  old.say(message(99))
  for (const seq of [3, 4]) last().say(message(seq))
  assert.equal(lineOf(room.conversation), '1 2 3 4')
  assert.deepEqual(states, ['connecting', 'connected', 'connected'], 'no flicker')
  assert.equal(room.state.app, '4000')
})

test('a successor that fails is tried again while the old one serves', () => {
  const { clock, sockets, last, states } = joined()
  sockets[0].say({ type: 'reconnect', after_ms: 0 })
  clock.pass(0)
  last().end(1006)
  clock.pass(5000)
  assert.equal(sockets.length, 3)
  assert.deepEqual(states, ['connecting', 'connected'])
})

test('the old socket closes before the new one stands: the new one becomes the connection', () => {
  const { clock, room, sockets, last, states } = joined()
  sockets[0].say({ type: 'reconnect', after_ms: 0 })
  clock.pass(0)
  sockets[0].end(1012)
  assert.deepEqual([room.state.kind, sockets.length], ['connecting', 2])
  last().say(welcome({ session: 's2', seq: 2, recovered: true }))
  assert.deepEqual(states, ['connecting', 'connected', 'connecting', 'connected'])
})

test('back-off doubles, has a cap, and begins anew after a connection that stood', () => {
  const { clock, room, last } = joined(() => 1)
  const waits = []
  last().end(1006)
  for (let i = 0; i < 8; i++) {
    waits.push(room.state.until - clock.now())
    clock.pass(waits.at(-1))
    last().end(1006)
  }
  assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 15_000, 15_000, 15_000])
  clock.pass(15_000)
  last().say(welcome({ seq: 2 }))
  last().end(1006)
  assert.equal(room.state.until - clock.now(), 15_000, 'a connection that breaks at once is no success')
  clock.pass(15_000)
  last().say(welcome({ seq: 2 }))
  clock.pass(10_000)
  last().end(1006)
  assert.equal(room.state.until - clock.now(), 500)
})

test('waiting ends when the network is back or the page is looked at', () => {
  const { clock, room, sockets, last } = joined(() => 1)
  last().end(1006)
  room.retryNow()
  assert.equal(sockets.length, 2)
  room.retryNow()
  clock.pass(600)
  assert.equal(sockets.length, 2, 'an attempt is under way, and the old timer is gone')
})

test('the network may be another one: a new line beside the old one', () => {
  const { room, sockets } = joined()
  room.refresh()
  room.refresh()
  assert.deepEqual([sockets.length, sockets[0].closed], [2, false])
})

test('no network, says the browser: the line counts until a new one cannot be made', () => {
  const { room, sockets, last } = joined()
  room.doubt()
  assert.deepEqual([room.state.kind, sockets.length], ['connected', 2])
  last().say(welcome({ session: 's2', seq: 2, recovered: true }))
  assert.equal(room.state.kind, 'connected', 'the server is on this machine')
  room.doubt()
  last().end(1006)
  assert.equal(room.state.kind, 'waiting')
  assert.ok(sockets[1].closed)
})

test('a handshake into the void is given up', () => {
  const { clock, room } = make()
  clock.pass(10_000)
  assert.equal(room.state.kind, 'waiting')
})

test('a final code: no more attempts', () => {
  const { clock, room, sockets, last } = joined()
  last().end(4500)
  clock.pass(600_000)
  assert.deepEqual([room.state, sockets.length], [{ kind: 'stopped', code: 4500 }, 1])
})

for (const code of [1003, 1007, 1009]) {
  test(`closed with ${code}: what was sent last failed and does not loop`, () => {
    const { clock, room, last } = joined()
    room.send('too much')
    room.send('fine')
    last().end(code)
    assert.match(lineOf(room.conversation), /^1 2 \S+:failed \S+:sending$/)
    clock.pass(1000)
    last().say(welcome({ session: 's2', seq: 2, recovered: true }))
    assert.deepEqual(last().messages.map((frame) => frame.text), ['fine'])
  })
}

test('an error for a message: final ones fail it, and trying again sends the same id', () => {
  const { room, last } = joined()
  room.send('hello')
  const [{ id }] = last().messages
  last().say({ type: 'error', id, code: 'bad_text', message: 'no', retryable: false })
  assert.equal(room.conversation.find(id).reason, 'no')
  room.retry(id)
  room.retry(id)
  assert.deepEqual(last().messages.map((frame) => frame.id), [id, id])
})

test('no ack for too long: the connection is given up and the message goes over the next one', () => {
  const { clock, room, sockets, last } = joined()
  room.send('hello')
  clock.pass(12_000)
  assert.equal(sockets[0].closed, true)
  clock.pass(1000)
  last().say(welcome({ session: 's2', seq: 2, recovered: true }))
  assert.equal(last().messages.length, 1)
})

test('typing is said at most every three seconds, and again after a message', () => {
  const { clock, room, last } = joined()
  const typed = () => last().sent.filter((frame) => frame.type === 'typing').length
  room.typed()
  clock.pass(2999)
  room.typed()
  assert.equal(typed(), 1)
  clock.pass(1)
  room.typed()
  room.send('x')
  room.typed()
  assert.equal(typed(), 3)
})

test('who is writing: others, for five seconds or until their message', () => {
  const { clock, room, last } = joined()
  const typing = (session, name) => last().say({ type: 'typing', session, name })
  typing('s1', 'ann')
  typing('s7', 'eve')
  typing('s9', 'bob')
  assert.deepEqual(room.typing, ['eve', 'bob'])
  last().say(message(3))
  assert.deepEqual(room.typing, ['eve'])
  clock.pass(4000)
  typing('s7', 'eve')
  clock.pass(4000)
  assert.deepEqual(room.typing, ['eve'])
  clock.pass(1000)
  assert.deepEqual(room.typing, [])
})

test('a reset in mid-stream is followed from its seq', () => {
  const { clock, last, query } = joined()
  last().say({ type: 'reset', epoch: OTHER_EPOCH, seq: 30 })
  last().end(1006)
  clock.pass(1000)
  assert.equal(query().after, `${OTHER_EPOCH}:30`)
})

test('unknown types, broken frames and what comes before the welcome are ignored', () => {
  const { room, last } = make()
  last().open()
  last().say(message(1))
  last().say(welcome({ seq: 0 }))
  for (const frame of [{ type: 'fireworks' }, { type: 'message', seq: -1 }, null, 7, { type: 'toString' }]) last().say(frame)
  last().onmessage({ data: '{' })
  last().onmessage({ data: new ArrayBuffer(2) })
  assert.equal(lineOf(room.conversation), '')
})

test('leaving ends everything', () => {
  const { clock, room, sockets, states } = joined()
  room.leave()
  assert.equal(sockets[0].closed, true)
  clock.pass(600_000)
  assert.deepEqual([sockets.length, states], [1, ['connecting', 'connected']])
})

test('limits of the server hold for the page', () => {
  const { room, last } = make()
  last().say(welcome({ limits: { ...LIMITS, text: 20 } }))
  assert.equal(room.limits.text, 20)
})
