import assert from 'node:assert/strict'
import test from 'node:test'
import { EPOCH, LIMITS, OTHER_EPOCH, lineOf, message, welcome } from './helpers.js'
import { joined, make } from './joined.js'

test('joining asks for history, which is nothing new', () => {
  const { room, sockets, received, states } = joined()
  assert.equal(sockets[0].url.href, 'ws://example.org:8080/ws?name=ann&room=livechat&history=200')
  assert.equal(lineOf(room.conversation), '1 2')
  sockets[0].say(message(3))
  assert.deepEqual(received, [3])
  assert.deepEqual(states, ['connecting', 'connected'])
})

test('an entry of a type that the page does not know is counted, and nothing else', () => {
  const { clock, room, sockets, last, query, received } = joined()
  const send = () => sockets.at(-1).say({ type: 'later', seq: 3, id: 'x', at: 5 })
  send()
  assert.deepEqual([lineOf(room.conversation), received], ['1 2', []])
  last().end(1006)
  clock.pass(250)
  assert.equal(query().after, `${EPOCH}:3`)
  last().open()
  last().say(welcome({ session: 's2', seq: 4, recovered: true }))
  room.send('hello')
  assert.deepEqual(last().messages, [], 'an entry is missing yet')
  last().say({ type: 'later', seq: 4, id: 'y', at: 5 })
  assert.equal(last().messages.length, 1)
})

test('after a break it resumes where it was, and what was missed is new', () => {
  const { clock, room, last, query, received, states } = joined()
  last().end(1006)
  assert.deepEqual([room.state.kind, room.state.until - clock.now()], ['waiting', 250])
  clock.pass(250)
  assert.equal(query().after, `${EPOCH}:2`)
  assert.equal(query().history, undefined)
  last().open()
  last().say(welcome({ app: '3000', session: 's2', seq: 4, recovered: true }))
  for (const seq of [3, 4]) last().say(message(seq))
  assert.deepEqual(received, [3, 4])
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
  assert.equal(room.conversation.find(id).reason, 'this message has no visible text')
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
  for (const frame of [{ type: 'fireworks' }, { type: 'message', seq: -1 }, null, 7, { type: 'toString' }]) {
    last().say(frame)
  }
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

test('a reset behind a welcome: what is promised is still awaited, and nothing of ours goes out before', () => {
  const { clock, room, last, query } = joined()
  last().end(1006)
  room.send('hello')
  clock.pass(1000)
  last().say(welcome({ session: 's2', epoch: OTHER_EPOCH, seq: 4, recovered: true }))
  last().say({ type: 'reset', epoch: OTHER_EPOCH, seq: 2 })
  last().say(message(3))
  assert.deepEqual(last().messages, [])
  last().say(message(4))
  assert.equal(last().messages.length, 1)
  last().end(1006)
  clock.pass(1000)
  assert.equal(query().after, `${OTHER_EPOCH}:4`)
})

test('resumed in another epoch with nothing lost: the next connection asks in that epoch, right behind what came', () => {
  const { clock, last, query } = joined()
  last().end(1006)
  clock.pass(1000)
  last().say(welcome({ session: 's2', epoch: OTHER_EPOCH, seq: 9, recovered: true }))
  last().say(message(3))
  last().end(1006)
  clock.pass(1000)
  assert.equal(query().after, `${OTHER_EPOCH}:3`)
})
