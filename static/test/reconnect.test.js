import assert from 'node:assert/strict'
import test from 'node:test'
import { EPOCH, lineOf, message, welcome } from './helpers.js'
import { joined, make } from './joined.js'

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

test('back-off doubles, has a cap, and begins again after a connection that stood', () => {
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

const tooSlow = (ms) => ({
  type: 'error',
  code: 'too_slow',
  message: 'too slow',
  retryable: true,
  retry_after_ms: ms,
})

/**
 * Comes back and is cut off with that code, without the clock's help beyond
 * what is needed.
 */
function comeBackAndEnd({ clock, room, last }, code) {
  clock.pass(room.state.until - clock.now())
  last().say(welcome({ seq: 2, session: 's2', recovered: true }))
  last().end(code)
}

test('too slow once or twice: back as soon as after any break', () => {
  const all = joined(() => 1)
  all.last().end(4008)
  comeBackAndEnd(all, 4008)
  assert.deepEqual([all.room.state.away, all.room.state.until - all.clock.now()], [false, 1000])
})

test('too slow three times in a minute: it stays away for a while, whoever asks for less', () => {
  const all = joined(() => 0.5)
  const { clock, room, sockets, last } = all
  last().end(4008)
  comeBackAndEnd(all, 4008)
  comeBackAndEnd(all, 4008)
  assert.deepEqual(
    [room.state.kind, room.state.code, room.state.away, room.state.until - clock.now()],
    ['waiting', 4008, true, 16_875],
  )
  const before = sockets.length
  room.retryNow()
  room.refresh()
  clock.pass(16_874)
  assert.equal(sockets.length, before)
  clock.pass(1)
  assert.equal(sockets.length, before + 1)
  last().say(welcome({ seq: 2, session: 's9', recovered: true }))
  last().end(4008)
  assert.equal(room.state.away, false, 'it is counted again')
})

test('three times in more than a minute is no reason', () => {
  const all = joined(() => 0.5)
  all.last().end(4008)
  comeBackAndEnd(all, 4008)
  all.clock.pass(all.room.state.until - all.clock.now())
  all.last().say(welcome({ seq: 2, session: 's2', recovered: true }))
  all.clock.pass(60_000)
  all.last().end(4008)
  assert.equal(all.room.state.away, false)
})

test('the server says how long to stay away, whether its close arrives or not', () => {
  for (const code of [4008, 1006]) {
    const { clock, room, sockets, last } = joined(() => 0)
    last().say(tooSlow(30_000))
    assert.equal(room.state.kind, 'connected', 'the line still serves')
    last().end(code)
    assert.deepEqual([room.state.code, room.state.away, room.state.until - clock.now()], [4008, true, 30_000])
    clock.pass(30_000)
    assert.equal(sockets.length, 2)
    last().end(1006)
    assert.equal(room.state.away, false, 'it was asked once')
  }
})

test('back too early: it is told again, in place of a welcome, how long is left', () => {
  const { clock, room, last, states } = joined(() => 0)
  last().end(1006)
  clock.pass(room.state.until - clock.now())
  last().open()
  last().say(tooSlow(8000))
  last().end(4008)
  assert.deepEqual([room.state.code, room.state.away, room.state.until - clock.now()], [4008, true, 8000])
  assert.deepEqual(states, ['connecting', 'connected', 'waiting', 'connecting', 'waiting'])
})

test('a successor that is told to stay away is tried again only then', () => {
  const { clock, sockets, last, states } = joined(() => 0)
  sockets[0].say({ type: 'reconnect', after_ms: 0 })
  clock.pass(0)
  last().say(tooSlow(8000))
  last().end(4008)
  clock.pass(7999)
  assert.equal(sockets.length, 2)
  clock.pass(1)
  assert.equal(sockets.length, 3)
  assert.deepEqual(states, ['connecting', 'connected'])
})

test('too slow while a successor is being made: that one does not take over', () => {
  const { room, sockets } = joined(() => 0)
  sockets[0].say({ type: 'reconnect', after_ms: 0 })
  room.refresh()
  sockets[0].say(tooSlow(5000))
  sockets[0].end(4008)
  assert.deepEqual([room.state.kind, room.state.away, sockets[1].closed], ['waiting', true, true])
})

test('nobody is sent away for ever', () => {
  const { clock, room, last } = joined(() => 0)
  last().say(tooSlow(Number.MAX_SAFE_INTEGER))
  last().end(4008)
  assert.equal(room.state.until - clock.now(), 600_000)
})
