import assert from 'node:assert/strict'
import test from 'node:test'
import { Conversation } from '../js/model/conversation.js'
import { EPOCH, OTHER_EPOCH, itemsOf, lineOf, message, randomFrom, welcome } from './helpers.js'

const pending = (id) => ({ id, text: `text of ${id}`, name: 'ann', session: 's1', at: 1 })

function joined(seq = 0) {
  const conversation = new Conversation()
  conversation.welcome(welcome({ seq }), 1)
  return conversation
}

test('history, then live, in the order of the log', () => {
  const c = joined(3)
  assert.equal(c.position, null, 'nothing seen yet: history has to be asked for again')
  for (const seq of [2, 3, 4]) assert.equal(c.message(message(seq)).seq, seq)
  assert.equal(lineOf(c), '2 3 4')
  assert.deepEqual(c.position, { epoch: EPOCH, seq: 4 })
})

test('who has received nothing in an empty room can resume', () => {
  assert.deepEqual(joined(0).position, { epoch: EPOCH, seq: 0 })
})

test('a message comes twice and is shown once', () => {
  const c = joined(2)
  for (const seq of [1, 2, 2, 1, 3]) c.message(message(seq))
  for (const seq of [4, 4]) c.message(message(seq, { id: '' }))
  assert.equal(lineOf(c), '1 2 3 4', 'its seq is enough')
})

test('a message of one\'s own: sending, then sent, under the same key', () => {
  const c = joined(1)
  c.message(message(1))
  c.compose(pending('mine'))
  assert.equal(lineOf(c), '1 mine:sending')
  c.message(message(2))
  assert.equal(lineOf(c), '1 2 mine:sending', 'what others say meanwhile comes before it')
  assert.equal(c.message(message(3, { id: 'mine', session: 's1' })), null, 'one\'s own is nothing new')
  assert.equal(lineOf(c), '1 2 3')
  assert.deepEqual([c.find('mine').key, c.find('mine').own, c.find('mine').app], ['mine', true, '2000'])
})

test('a name that nobody else can have: all that was said under it is one\'s own', () => {
  const c = new Conversation([], 'ann')
  c.welcome(welcome({ seq: 2 }), 1)
  for (const [seq, name] of [[1, 'ann'], [2, 'bob']]) c.message(message(seq, { name, session: 'elsewhere' }))
  assert.deepEqual([c.at(0).own, c.at(1).own], [true, false])
  assert.equal(joined(1).message(message(1, { name: '' })).own, false, 'guests have none')
})

test('an ack before the message, and after it', () => {
  const c = joined(0)
  c.compose(pending('a'))
  c.ack({ type: 'ack', id: 'a', seq: 1 })
  assert.equal(lineOf(c), 'a:sent')
  c.message(message(1, { id: 'a' }))
  c.ack({ type: 'ack', id: 'a', seq: 1 })
  assert.equal(lineOf(c), '1')
})

test('an ack of a message that lies before the history: it gets its place', () => {
  const c = joined(9)
  for (const seq of [7, 8, 9]) c.message(message(seq))
  c.compose(pending('old'))
  c.ack({ type: 'ack', id: 'old', seq: 3, duplicate: true })
  assert.equal(lineOf(c), '3 7 8 9')
})

test('an ack out of a log that we have not been told of yet', () => {
  const c = joined(9)
  for (const seq of [8, 9]) c.message(message(seq))
  c.compose(pending('mine'))
  c.ack({ type: 'ack', id: 'mine', seq: 1, duplicate: false })
  c.reset({ type: 'reset', epoch: OTHER_EPOCH, seq: 0 }, 1)
  c.message(message(1, { id: 'mine', session: 's1' }))
  assert.equal(lineOf(c), '8 9 ~? 1')
  c.compose(pending('resent'))
  c.ack({ type: 'ack', id: 'resent', seq: 1, duplicate: true })
  c.reset({ type: 'reset', epoch: EPOCH, seq: 0 }, 1)
  c.message(message(1, { id: 'resent', session: 's1' }))
  assert.equal(lineOf(c).replace(/^.*~\? 1 /, ''), '~? 1', 'the message itself knows better')
})

test('a message fails where it stands, can be tried again, or thrown away', () => {
  const c = joined(0)
  c.compose(pending('a'))
  c.compose(pending('b'))
  c.fail('a', 'because')
  c.message(message(1))
  assert.equal(lineOf(c), 'a:failed 1 b:sending')
  assert.equal(c.find('a').reason, 'because')
  c.retry('a', 9)
  assert.equal(lineOf(c), '1 b:sending a:sending')
  assert.deepEqual([c.find('a').reason, c.find('a').at], ['', 9])
  c.fail('b', 'because')
  c.discard('b')
  assert.equal(lineOf(c), '1 a:sending')
  c.discard('a')
  assert.equal(lineOf(c), '1 a:sending', 'only what failed can be thrown away')
})

test('a message that was given up and arrived after all is sent', () => {
  const c = joined(0)
  c.compose(pending('a'))
  c.fail('a', 'because')
  c.message(message(1))
  c.message(message(2, { id: 'a', session: 's1' }))
  assert.equal(lineOf(c), '1 2')
})

test('a hole says how many are missing', () => {
  const c = joined(1)
  c.message(message(1))
  c.gap({ type: 'gap', from: 2, to: 5 }, 1)
  assert.equal(lineOf(c), '1 ~4')
  c.gap({ type: 'gap', from: 2, to: 6 }, 1)
  assert.equal(lineOf(c), '1 ~5', 'not said twice')
  c.message(message(7))
  assert.equal(lineOf(c), '1 (5)7')
  c.message(message(4))
  assert.equal(lineOf(c), '1 4 (4)7', 'one of them came after all')
})

test('an entry that is no message counts, and is neither shown nor missing', () => {
  const c = joined(1)
  c.message(message(1))
  c.entry({ type: 'entry', seq: 2, at: 1 })
  c.entry({ type: 'entry', seq: 2, at: 1 })
  assert.deepEqual([lineOf(c), c.position.seq], ['1', 2])
  c.message(message(3))
  assert.equal(lineOf(c), '1 3')
  c.entry({ type: 'entry', seq: 5, at: 1 })
  c.entry({ type: 'entry', seq: 6, at: 1 })
  c.message(message(8))
  assert.equal(lineOf(c), '1 3 (2)8', 'what is missing before it is said with the next message')
  c.gap({ type: 'gap', from: 9, to: 10 }, 1)
  c.entry({ type: 'entry', seq: 11, at: 1 })
  c.message(message(12))
  c.message(message(13))
  assert.equal(lineOf(c), '1 3 (2)8 (2)12 13')
})

test('what happens without a number stays where it happened', () => {
  const c = joined(1)
  c.message(message(1))
  c.notice({ type: 'notice', text: 'hello' }, 5)
  c.message(message(2))
  assert.equal(lineOf(c), '1 # 2')
})

test('another log: numbers start again, ids tell what was seen', () => {
  const c = joined(8)
  for (const seq of [7, 8]) c.message(message(seq))
  c.compose(pending('mine'))
  c.welcome(welcome({ epoch: OTHER_EPOCH, seq: 3, recovered: false }), 1)
  assert.equal(c.position, null)
  assert.equal(lineOf(c), '7 8 ~? mine:sending')
  c.message(message(1, { id: 'id-8', text: 'text 8' }))
  c.message(message(2, { id: 'new' }))
  c.message(message(3, { id: 'mine' }))
  assert.equal(lineOf(c), '7 8 ~? 2 3')
  assert.deepEqual(c.position, { epoch: OTHER_EPOCH, seq: 3 })
})

test('a reset on a standing connection: the next message is the one after its seq', () => {
  const c = joined(1)
  c.message(message(1))
  c.compose(pending('acked'))
  c.ack({ type: 'ack', id: 'acked', seq: 2 })
  c.reset({ type: 'reset', epoch: OTHER_EPOCH, seq: 40 }, 1)
  c.reset({ type: 'reset', epoch: OTHER_EPOCH, seq: 40 }, 1)
  assert.equal(lineOf(c), '1 acked:sent ~?')
  c.message(message(41))
  assert.equal(lineOf(c), '1 acked:sent ~? 41')
})

test('a new window of the same person knows the messages of its earlier sessions', () => {
  const c = new Conversation(['s0'])
  c.welcome(welcome({ seq: 2 }), 1)
  c.message(message(1, { session: 's0' }))
  c.message(message(2, { session: 's2' }))
  assert.deepEqual(itemsOf(c).map((item) => item.own), [true, false])
})

test('memory is bounded, and a message from before it does not come back', () => {
  const c = joined(1)
  for (let seq = 1; seq <= 12_000; seq++) c.message(message(seq))
  const items = itemsOf(c)
  assert.ok(items.length <= 5500, `${items.length} items`)
  assert.equal(items.at(-1).seq, 12_000)
  assert.equal(c.first + items.length, 12_000, 'places do not move')
  assert.equal(c.message(message(3)), null)
})

// A random log, delivered as badly as several connections may deliver it, to
// somebody who writes as well.
test('whatever the delivery, the end is the log: in order, nothing twice', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = randomFrom(seed)
    const below = (n) => Math.floor(random() * n)
    const c = joined(0)
    const log = []
    const mine = []
    let delivered = 0
    for (let step = 0; step < 60; step++) {
      const choice = random()
      if (choice < 0.3) log.push(message(log.length + 1, { id: `other-${log.length}` }))
      else if (choice < 0.45) c.compose(pending(mine[mine.push(`mine-${step}`) - 1]))
      else if (choice < 0.6 && mine.length > 0) {
        const id = mine[below(mine.length)]
        if (!log.some((entry) => entry.id === id)) log.push(message(log.length + 1, { id, session: 's1' }))
        if (random() < 0.5) c.ack({ type: 'ack', id, seq: log.find((entry) => entry.id === id).seq })
      } else if (choice < 0.65 && mine.length > 0) c.fail(mine[below(mine.length)], 'because')
      else if (choice < 0.7 && mine.length > 0) c.retry(mine[below(mine.length)], step)
      // Another connection, from a little earlier.
      else if (choice < 0.85) delivered = Math.max(0, delivered - below(4))
      else while (delivered < log.length && random() < 0.8) c.message(log[delivered++])
    }
    for (const entry of log) c.message(entry)
    const shown = itemsOf(c)
    const placed = shown.filter((item) => item.seq !== null)
    assert.deepEqual(placed.map((item) => item.seq), log.map((entry) => entry.seq), `seed ${seed}`)
    assert.deepEqual(placed.map((item) => item.id), log.map((entry) => entry.id), `seed ${seed}`)
    assert.ok(placed.every((item) => item.state === 'sent' && item.missing === 0), `seed ${seed}`)
    assert.equal(new Set(shown.map((item) => item.key)).size, shown.length, `seed ${seed}: a key twice`)
    for (const id of mine) {
      assert.equal(shown.filter((item) => item.id === id).length, 1, `seed ${seed}: ${id}`)
    }
  }
})

test('an answer quotes what it answers as that is now', () => {
  const c = new Conversation()
  c.welcome(welcome({ seq: 2 }), 0)
  c.message(message(1))
  const reply = { seq: 1, id: 'id-1', name: 'bob', text: 'text 1' }
  c.message(message(2, { reply }))
  const quotes = () => itemsOf(c).flatMap((item) => (item.reply ? [item.reply.text] : []))
  const change = (seq, over) => c.change({ ...message(seq), target: { seq: 1, id: 'id-1' }, ...over })
  change(3, { type: 'edit', text: 'another text' })
  c.message(message(4, { reply: { ...reply, text: 'text 1' } }))
  assert.deepEqual(quotes(), ['another text', 'another text'])
  change(5, { type: 'delete', by: 'author' })
  c.message(message(6, { reply }))
  c.message(message(7, { reply: { ...reply, id: 'elsewhere' } }))
  assert.deepEqual(quotes(), ['', '', '', 'text 1'])
})
