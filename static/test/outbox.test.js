import assert from 'node:assert/strict'
import test from 'node:test'
import { Bucket } from '../js/model/bucket.js'
import { Outbox } from '../js/model/outbox.js'
import { FakeClock, LIMITS } from './helpers.js'

function make() {
  const clock = new FakeClock()
  const log = []
  const outbox = new Outbox(clock, {
    send: (frame) => log.push(`send ${frame.id}`),
    fail: (id, reason) => log.push(`fail ${id}: ${reason}`),
    stalled: () => log.push('stalled'),
  })
  const taken = () => log.splice(0).join(', ')
  return { clock, outbox, taken }
}

const frame = (id) => ({ type: 'message', id, text: 'x' })
const refusal = (id, over = {}) => ({
  type: 'error',
  id,
  code: 'unavailable',
  message: 'not now',
  retryable: true,
  retry_after_ms: 200,
  ...over,
})

test('one at a time, in order', () => {
  const { outbox, taken } = make()
  outbox.add(frame('a'))
  assert.equal(taken(), '', 'nothing goes before the connection stands')
  outbox.add(frame('b'))
  outbox.open(LIMITS)
  assert.equal(taken(), 'send a')
  outbox.confirm('a')
  assert.equal(taken(), 'send b')
  outbox.confirm('b')
  outbox.confirm('b')
  assert.equal(outbox.size, 0)
})

test('what was on its way when the connection broke goes again, first', () => {
  const { outbox, taken } = make()
  outbox.open(LIMITS)
  outbox.add(frame('a'))
  outbox.add(frame('b'))
  outbox.close()
  assert.equal(taken(), 'send a')
  outbox.open(LIMITS)
  assert.equal(taken(), 'send a')
})

test('a retryable error: the same again after the pause, before the others', () => {
  const { clock, outbox, taken } = make()
  outbox.open(LIMITS)
  outbox.add(frame('a'))
  outbox.refuse(refusal('a'))
  outbox.add(frame('b'))
  clock.pass(199)
  assert.equal(taken(), 'send a')
  clock.pass(1)
  assert.equal(taken(), 'send a')
})

test('an error about something else changes nothing', () => {
  const { outbox, taken } = make()
  outbox.open(LIMITS)
  outbox.add(frame('a'))
  outbox.refuse(refusal('z', { retryable: false }))
  outbox.refuse(refusal(undefined, { retryable: false }))
  assert.equal(taken(), 'send a')
})

test('a final error, or too many tries, and people are asked; the next one goes', () => {
  const { clock, outbox, taken } = make()
  outbox.open(LIMITS)
  outbox.add(frame('a'))
  outbox.add(frame('b'))
  outbox.refuse(refusal('a', { retryable: false, message: 'too long' }))
  assert.equal(taken(), 'send a, fail a: too long, send b')
  for (let i = 0; i < 8; i++) {
    outbox.refuse(refusal('b', { code: 'rate_limited' }))
    clock.pass(200)
  }
  assert.equal(taken(), `${'send b, '.repeat(7)}fail b: not now`)
  assert.equal(outbox.size, 0)
})

test('while the log cannot be reached it tries on, as long as the server knows the id', () => {
  const { clock, outbox, taken } = make()
  outbox.open(LIMITS)
  outbox.add(frame('a'))
  for (let i = 0; i < 89; i++) {
    clock.pass(9_800)
    outbox.refuse(refusal('a'))
    clock.pass(200)
  }
  assert.equal(taken(), Array(90).fill('send a').join(', '))
  clock.pass(10_000)
  outbox.refuse(refusal('a'))
  clock.pass(200)
  assert.match(taken(), /^fail a: we don't know/)
})

test('a message that closed the connection is not sent again by itself', () => {
  const { outbox, taken } = make()
  outbox.open(LIMITS)
  outbox.add(frame('a'))
  outbox.add(frame('b'))
  taken()
  outbox.close()
  outbox.refuseFlying('too big')
  assert.equal(taken(), '', 'nothing was on its way')
  outbox.open(LIMITS)
  outbox.refuseFlying('too big')
  assert.equal(taken(), 'send a, fail a: too big, send b')
})

test('no answer for too long: the connection is to be given up', () => {
  const { clock, outbox, taken } = make()
  outbox.open(LIMITS)
  outbox.add(frame('a'))
  clock.pass(60_000)
  assert.equal(taken(), 'send a, stalled')
})

test('what may be in a log that forgot its id is not sent again by itself', () => {
  const { clock, outbox, taken } = make()
  outbox.open(LIMITS)
  outbox.add(frame('a'))
  outbox.close()
  outbox.add(frame('b')) // never sent: may wait as long as it likes
  clock.pass(16 * 60_000)
  outbox.open(LIMITS)
  assert.equal(taken(), "send a, fail a: we don't know whether it arrived, send b")
})

test('it keeps to the rate of the server', () => {
  const { clock, outbox, taken } = make()
  outbox.open({ ...LIMITS, rate: 5, burst: 3 })
  for (const id of ['a', 'b', 'c', 'd', 'e']) outbox.add(frame(id))
  for (const id of ['a', 'b', 'c']) outbox.confirm(id)
  assert.equal(taken(), 'send a, send b, send c')
  clock.pass(199)
  assert.equal(taken(), '')
  clock.pass(1)
  assert.equal(taken(), 'send d')
})

test('a bucket gives its burst and then its rate', () => {
  const bucket = new Bucket()
  assert.equal(bucket.take(0), 0, 'no limit is known')
  bucket.fill({ ...LIMITS, rate: 4, burst: 2 }, 0)
  assert.deepEqual(
    [0, 0, 0, 100, 250, 250, 10_000, 10_000, 10_000].map((now) => bucket.take(now)),
    [0, 0, 250, 150, 0, 250, 0, 0, 250],
  )
})

test('slow mode: a short wait passes by itself, a long one is told', () => {
  const { clock, outbox, taken } = make()
  outbox.open(LIMITS)
  outbox.add(frame('a'))
  outbox.add(frame('b'))
  outbox.refuse(refusal('a', { code: 'slow_mode', retry_after_ms: 10_000 }))
  assert.equal(taken(), 'send a')
  clock.pass(10_000)
  assert.equal(taken(), 'send a')
  outbox.refuse(refusal('a', { code: 'slow_mode', retry_after_ms: 300_000 }))
  assert.equal(taken(), 'fail a: this room is in slow mode; wait 5 minutes, send b')
})
