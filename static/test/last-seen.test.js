import assert from 'node:assert/strict'
import test from 'node:test'
import { EPOCH, message, OTHER_EPOCH, welcome } from './helpers.js'
import { make } from './joined.js'

const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i)

/** A room of which the newest messages have come. */
function arrive(seqs, options, epoch = EPOCH) {
  const all = make(undefined, options)
  all.last().open()
  all.last().say(welcome({ seq: seqs.at(-1), epoch }))
  for (const seq of seqs) all.say(seq)
  return all
}

const lines = ({ items }) => range(items.first, items.length - 1)
  .filter((place) => items.at(place).isNew)
  .map((place) => items.at(place).seq)

/** The messages up to a seq. */
const archive = (last) => async ({ before, limit }) => {
  const page = range(1, last).filter((seq) => seq < before).slice(-limit)
  return page.map((seq) => {
    const { type, ...rest } = message(seq)
    return { ...rest, epoch: EPOCH }
  })
}

test('a line above the first message that was not seen, until the reader leaves again', () => {
  const { room, say } = arrive([1, 2])
  room.seen()
  for (const seq of [3, 4]) {
    say(seq)
    room.missed()
  }
  assert.deepEqual([lines(room), room.newFrom], [[3], { key: 'id-3', id: 'id-3', n: 3, count: 2 }])
  const item = room.items.at(2)
  room.seen()
  say(5)
  assert.deepEqual([lines(room), room.items.at(2) === item], [[3], true], 'it stays, and so does the item')
  say(6)
  room.missed()
  assert.deepEqual([lines(room), room.newFrom.count], [[6], 1])
})

test('a page that is loaded again goes on where the reader left off', () => {
  const memory = { position: { epoch: EPOCH, seq: 3 } }
  const { room, last } = arrive(range(1, 6), { lastSeen: memory })
  assert.deepEqual([lines(room), room.newFrom.count], [[4], 3])
  room.seen()
  assert.deepEqual([memory.position.seq, lines(room)], [6, [4]])
  assert.deepEqual(arrive(range(1, 6), { lastSeen: memory }).room.newFrom, null)
  last().end()
})

test('what is not known yet is not taken as seen', () => {
  const memory = { position: { epoch: EPOCH, seq: 3 } }
  const { room, last, say } = make(undefined, { lastSeen: memory })
  last().open()
  last().say(welcome({ seq: 5 }))
  say(2)
  room.seen()
  assert.equal(memory.position.seq, 3)
})

test('another log says nothing about what was seen', () => {
  assert.equal(
    arrive([1, 2, 3], { lastSeen: { position: { epoch: EPOCH, seq: 1 } } }, OTHER_EPOCH).room.newFrom,
    null,
  )
})

test('the line is farther up than what has come: the reader can go there', async () => {
  const { room } = arrive(
    range(441, 460),
    { lastSeen: { position: { epoch: EPOCH, seq: 18 } }, archive: archive(460) },
  )
  assert.deepEqual([lines(room), room.newFrom], [[], { key: '', id: '', n: 18, count: 442 }])
  await room.older()
  assert.deepEqual(lines(room), [])
  await room.reach(room.newFrom)
  assert.deepEqual([lines(room), room.newFrom.count], [[19], 442])
  room.latest()
  assert.deepEqual([lines(room), room.newFrom.id], [[], 'id-19'], 'it is still where it is')
})

test('where the past has ended, the line is above all of it', () => {
  assert.deepEqual(
    lines(arrive(range(41, 60), { lastSeen: { position: { epoch: EPOCH, seq: 18 } } }).room),
    [41],
  )
})
