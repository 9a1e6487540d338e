// A log that is replaced: what was seen stays, nothing is shown twice, and the
// next connection begins where the new log is.

import assert from 'node:assert/strict'
import test from 'node:test'
import { Conversation } from '../js/model/conversation.js'
import { EPOCH, OTHER_EPOCH, itemsOf, lineOf, message, randomFrom, welcome } from './helpers.js'

/** A conversation that has seen the messages up to seq. */
function seen(seq) {
  const c = new Conversation()
  c.welcome(welcome({ seq }), 1)
  for (let i = 1; i <= seq; i++) c.message(message(i))
  return c
}

const reset = (epoch, seq) => ({ type: 'reset', epoch, seq })
const pending = (id) => ({ id, text: `text of ${id}`, name: 'ann', session: 's1', at: 1 })

test('a reset right where we are: the numbers go on, and nothing is missing', () => {
  const c = seen(3)
  c.reset(reset(OTHER_EPOCH, 3), 1)
  assert.deepEqual(c.position, { epoch: OTHER_EPOCH, seq: 3 })
  assert.equal(c.message(message(3)), null, 'received once more from the end of the old log')
  c.message(message(4))
  assert.equal(lineOf(c), '1 2 3 4')
})

test('a reset to a higher seq: the next one is behind it, and something may be missing before', () => {
  const c = seen(2)
  c.reset(reset(OTHER_EPOCH, 30), 1)
  assert.deepEqual(c.position, { epoch: OTHER_EPOCH, seq: 30 })
  c.message(message(31))
  assert.equal(lineOf(c), '1 2 ~? 31')
})

test('a reset to a lower seq: old numbers come again for new messages, and known messages under new numbers', () => {
  const c = seen(5)
  c.reset(reset(OTHER_EPOCH, 2), 1)
  assert.deepEqual(c.position, { epoch: OTHER_EPOCH, seq: 2 })
  assert.equal(c.message(message(3, { id: 'id-5', text: 'text 5' })), null, 'it is shown already')
  assert.equal(c.message(message(4, { id: 'new-4' })).text, 'text 4')
  c.message(message(5, { id: 'new-5' }))
  assert.equal(lineOf(c), '1 2 3 4 5 4 5', 'all that is missing is missing in the log')
  assert.deepEqual(
    itemsOf(c).filter((item) => item.kind === 'message').map((item) => item.id),
    ['id-1', 'id-2', 'id-3', 'id-4', 'id-5', 'new-4', 'new-5'],
  )
  assert.deepEqual(c.position, { epoch: OTHER_EPOCH, seq: 5 })
})

test('a log that begins at 0 is another one: nobody knows what was in the old one', () => {
  const c = seen(2)
  c.reset(reset(OTHER_EPOCH, 0), 1)
  c.message(message(1, { id: 'new' }))
  assert.equal(lineOf(c), '1 2 ~? 1')
  const empty = seen(0)
  empty.reset(reset(OTHER_EPOCH, 0), 1)
  empty.message(message(1))
  assert.equal(lineOf(empty), '1')
})

test('the newest messages are lost, which a gap says, and the log goes on behind them', () => {
  const c = seen(2)
  c.gap({ type: 'gap', from: 3, to: 6 }, 1)
  c.reset(reset(OTHER_EPOCH, 6), 1)
  assert.deepEqual(c.position, { epoch: OTHER_EPOCH, seq: 6 })
  for (const seq of [7, 8]) c.message(message(seq))
  assert.equal(lineOf(c), '1 2 ~4 7 8', 'said once, and with their number')
})

test('a log that forgot what we have seen, in the same epoch: its new numbers are not taken for the old ones', () => {
  const c = seen(5)
  c.welcome(welcome({ seq: 3, recovered: false }), 1)
  c.reset(reset(EPOCH, 1), 1)
  for (const [seq, id] of [[2, 'id-2'], [3, 'id-3'], [4, 'new-4'], [5, 'new-5']]) {
    c.message(message(seq, { id }))
  }
  assert.equal(lineOf(c), '1 2 3 4 5 4 5')
  assert.deepEqual(c.position, { epoch: EPOCH, seq: 5 })
})

test('a welcome of another epoch that recovers: the epoch is new, the seq is ours, and nothing is missing', () => {
  const c = seen(4)
  c.compose(pending('acked'))
  c.ack({ type: 'ack', id: 'acked', seq: 6 })
  c.welcome(welcome({ epoch: OTHER_EPOCH, seq: 7, session: 's2', recovered: true }), 1)
  assert.deepEqual(
    c.position,
    { epoch: EPOCH, seq: 4 },
    'a reset may be on its way: who is cut off now resumes as before',
  )
  assert.equal(c.message(message(4)), null)
  assert.deepEqual(c.position, { epoch: OTHER_EPOCH, seq: 4 })
  c.message(message(5))
  c.message(message(6, { id: 'acked', session: 's1' }))
  c.message(message(7))
  assert.equal(lineOf(c), '1 2 3 4 5 6 7')
})

test('cut off between such a welcome and its reset: nothing is skipped', () => {
  const c = seen(4)
  for (const epoch of ['second', OTHER_EPOCH]) c.welcome(welcome({ epoch, seq: 6, recovered: true }), 1)
  assert.deepEqual(c.position, { epoch: EPOCH, seq: 4 })
  c.reset(reset(OTHER_EPOCH, 2), 1)
  assert.deepEqual(c.position, { epoch: OTHER_EPOCH, seq: 2 })
  for (const [seq, id] of [[3, 'new-3'], [4, 'id-4']]) c.message(message(seq, { id }))
  assert.equal(lineOf(c), '1 2 3 4 3')
  c.welcome(welcome({ epoch: 'third', seq: 4, recovered: true }), 1)
  c.gap({ type: 'gap', from: 5, to: 6 }, 1)
  assert.deepEqual(c.position, { epoch: 'third', seq: 4 })
})

test('a reset right behind such a welcome: the end of the old log, then the new one', () => {
  for (const [end, line] of [[6, '1 2 3 4 5 6 7'], [8, '1 2 3 4 5 6 ~? 9'], [2, '1 2 3 4 5 6 3']]) {
    const c = seen(4)
    c.welcome(welcome({ epoch: OTHER_EPOCH, seq: 9, recovered: true }), 1)
    for (const seq of [5, 6]) c.message(message(seq))
    c.reset(reset(OTHER_EPOCH, end), 1)
    assert.deepEqual(c.position, { epoch: OTHER_EPOCH, seq: end })
    c.message(message(end + 1, { id: 'new' }))
    assert.equal(lineOf(c), line)
  }
})

test('a reset before anything of the other log came: said once', () => {
  const c = seen(4)
  c.welcome(welcome({ epoch: OTHER_EPOCH, seq: 9, recovered: false }), 1)
  c.reset(reset(OTHER_EPOCH, 7), 1)
  for (const seq of [8, 9]) c.message(message(seq))
  assert.equal(lineOf(c), '1 2 3 4 ~? 8 9')
})

test('what the old log took and never gave out stays where it stood', () => {
  for (const [seq, line] of [[2, '1 2 lost:sent 3 mine:sending'], [9, '1 2 lost:sent ~? 10 mine:sending']]) {
    const c = seen(2)
    c.compose(pending('lost'))
    c.compose(pending('mine'))
    c.ack({ type: 'ack', id: 'lost', seq: 3 })
    c.reset(reset(OTHER_EPOCH, seq), 1)
    c.message(message(seq + 1, { id: 'other' }))
    assert.equal(lineOf(c), line)
    c.message(message(seq + 2, { id: 'lost', session: 's1' }))
    assert.equal(
      lineOf(c),
      line.replace('lost:sent ', '').replace(' mine', ` ${seq + 2} mine`),
      'unless it comes after all',
    )
  }
})

// A log that is replaced again and again by a part of itself, read over
// connections that break, by somebody who writes as well.
test('whatever is replaced: every message once, and behind the last reset exactly the log', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = randomFrom(seed)
    const below = (n) => Math.floor(random() * n)
    const c = new Conversation()
    let epoch = 'e0'
    let log = [] // ids; the seq is the place, from 1
    let told = 0 // how far the connection has read
    const given = new Set()
    c.welcome(welcome({ epoch, seq: 0 }), 1)
    for (let step = 0; step < 80; step++) {
      const choice = random()
      if (choice < 0.5) log.push(`m${seed}-${step}`)
      else if (choice < 0.6) { // Redis came back with less, and the room is told
        log = log.slice(0, below(log.length + 1))
        epoch = `e${step}`
        told = below(Math.min(told, log.length) + 1) // some of it is given once more
        c.reset(reset(epoch, told), step)
      } else if (choice < 0.7) { // another connection resumes
        const { seq } = c.position
        if (c.position.epoch === epoch) told = Math.min(seq, log.length)
        c.welcome(welcome({ epoch, seq: log.length, recovered: true, session: `s${step}` }), step)
      } else while (told < log.length && random() < 0.8) {
        given.add(log[told])
        c.message(message(++told, { id: log[told - 1] }))
      }
    }
    while (told < log.length) {
      given.add(log[told])
      c.message(message(++told, { id: log[told - 1] }))
    }
    const ids = itemsOf(c).filter((item) => item.kind === 'message').map((item) => item.id)
    assert.equal(new Set(ids).size, ids.length, `seed ${seed}: twice`)
    assert.deepEqual([...given].filter((id) => !ids.includes(id)), [], `seed ${seed}: lost`)
    assert.deepEqual(c.position, { epoch, seq: log.length }, `seed ${seed}`)
    const inLog = ids.filter((id) => log.includes(id))
    assert.deepEqual(inLog, log.filter((id) => given.has(id)), `seed ${seed}: order`)
  }
})
