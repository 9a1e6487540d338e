import assert from 'node:assert/strict'
import test from 'node:test'
import { Conversation } from '../js/model/conversation.js'
import { ArchivedItems, messagesOf } from '../js/model/archive.js'
import { ArchivedPart } from '../js/model/excerpt.js'
import { ArchivePager } from '../js/chat/archive-pager.js'
import { EPOCH, message, OTHER_EPOCH, welcome } from './helpers.js'

const archived = (seq, over = {}) => {
  const { type, ...rest } = message(seq, over)
  return { ...rest, epoch: EPOCH, ...over }
}
const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i)

/** A room whose socket has brought the messages from `first` to `last`. */
function received(first, last) {
  const conversation = new Conversation(['s1'])
  conversation.welcome(welcome({ seq: last }), 1)
  for (const seq of range(first, last)) conversation.message(message(seq))
  return conversation
}

/**
 * An archive of the messages up to `last`, but for those that it has not, in
 * pages of ten. `others` are ranges of those that are in it and no messages.
 */
function make(conversation, last, without = [], others = []) {
  const all = { asked: [], fails: false }
  all.earlier = new ArchivePager(conversation, async ({ before }) => {
    all.asked.push(before)
    if (all.fails) throw new Error('away')
    const messages = range(1, last).filter((seq) => seq < before && !without.includes(seq)).slice(-10)
      .map((seq) => archived(seq))
    return messagesOf({
      messages, others: others.filter(([first]) => first < before && first > (messages[0]?.seq ?? 0)),
    })
  })
  return all
}
const line = (items) => range(items.first, items.length - 1).map((place) => {
  const { seq, missing } = items.at(place)
  return (missing ? `(${missing})` : '') + seq
}).join(' ')

test('page by page, before what is here, whose places stay', async () => {
  const { earlier, asked } = make(received(21, 23), 23)
  const { items } = earlier
  const before = items.at(1)
  assert.deepEqual([items.first, items.length, earlier.hasOlder], [0, 3, true])
  await earlier.older()
  assert.deepEqual([items.first, items.length, items.oldest, items.at(1)], [-10, 3, 11, before])
  await earlier.older()
  assert.deepEqual([line(items), earlier.hasOlder], [range(1, 23).join(' '), false])
  await earlier.older()
  assert.deepEqual(asked, [21, 11])
})

test('what the archive has not is announced, also where the past ends', async () => {
  const { earlier } = make(received(21, 22), 22, [5, 10, 11, 18, 19, 20])
  await earlier.older()
  await earlier.older()
  assert.equal(line(earlier.items), '1 2 3 4 (1)6 7 8 9 (2)12 13 14 15 16 17 (3)21 22')
})

test('what has a number and is no message is not missing', async () => {
  const conversation = received(21, 22)
  const { earlier } = make(conversation, 22, [5, 10, 11, 18, 19, 20], [[5, 5], [11, 11], [18, 20]])
  await earlier.older()
  assert.equal(line(earlier.items), '6 7 8 9 (1)12 13 14 15 16 17 21 22')
  await earlier.older()
  assert.equal(line(earlier.items), '1 2 3 4 6 7 8 9 (1)12 13 14 15 16 17 21 22')
})

test('pages upwards count the entries before their first message', () => {
  const conversation = received(30, 31)
  const shown = new ArchivedPart(conversation)
  shown.append(messagesOf({ messages: [archived(3), archived(7)], others: [[4, 5]] }))
  shown.append(messagesOf({ messages: [archived(11)], others: [[8, 8], [10, 10]] }))
  assert.equal(line(shown), '3 (1)7 (1)11')
})

test('messages before nothing but entries are asked for', async () => {
  const conversation = new Conversation(['s1'])
  conversation.welcome(welcome({ seq: 30 }), 1)
  assert.equal(make(conversation, 30).earlier.hasOlder, false, 'nothing has come yet')
  for (const seq of range(21, 30)) conversation.entry({ type: 'entry', seq, at: 1 })
  const { earlier, asked } = make(conversation, 20)
  await earlier.older()
  assert.deepEqual([asked, line(earlier.items)], [[31], range(11, 20).join(' ')])
})

test('numbers that go back are those of a log that was lost: nothing is known to be missing', () => {
  const past = new ArchivedItems(received(2, 3))
  past.add([
    archived(8, { epoch: OTHER_EPOCH, id: 'a' }),
    archived(9, { epoch: OTHER_EPOCH, id: 'b' }),
    archived(1, { id: 'c' }),
  ])
  assert.equal(line(past), '8 9 1 2 3')
})

test('one\'s own are told by their sessions; what is here already is not added twice', () => {
  const conversation = received(5, 6)
  const past = new ArchivedItems(conversation)
  past.add([archived(3, { session: 's1' }), archived(4, { id: 'id-5', text: 'text 5' })])
  past.add([archived(2, { id: 'id-3', text: 'text 3' })])
  assert.equal(line(past), '3 (1)5 6')
  assert.deepEqual(
    [past.at(past.first).own, past.placeOf('id-3'), past.placeOf('id-6'), past.placeOf('no')],
    [true, -1, 1, undefined],
  )
})

test('an archive that does not answer is asked again', async () => {
  const away = make(received(21, 22), 22)
  away.fails = true
  await assert.rejects(away.earlier.older(), /away/)
  assert.deepEqual([away.earlier.hasOlder, line(away.earlier.items)], [true, '21 22'])
  away.fails = false
  await away.earlier.older()
  assert.equal(line(away.earlier.items), range(11, 22).join(' '))
})

test('an archive that has nothing: what is here is all', async () => {
  const empty = make(received(21, 22), 0)
  await empty.earlier.older()
  await empty.earlier.older()
  assert.deepEqual(empty.asked, [21])
  assert.equal(new ArchivePager(received(21, 22), null).hasOlder, false)
})

test('a conversation that forgets its beginning has no past any more', async () => {
  const conversation = received(21, 30)
  const { earlier } = make(conversation, 30)
  await earlier.older()
  for (const seq of range(31, 5600)) conversation.message(message(seq))
  assert.ok(conversation.first > 0)
  assert.deepEqual(
    [earlier.items.first, earlier.items.oldest],
    [conversation.first, conversation.at(conversation.first).seq],
  )
})

test('while the archive is behind, what it lacks is neither lost nor the beginning', async () => {
  const has = [0, 18, 20] // up to where it is archived, at each question
  const clock = { now: () => message(21).at + 5_000, after: (_, run) => queueMicrotask(run) }
  const earlier = new ArchivePager(received(21, 22), async ({ before }) => {
    const last = has.shift()
    return messagesOf({ messages: range(1, last).filter((seq) => seq < before).slice(-10)
      .map((seq) => archived(seq)) })
  }, clock)
  await earlier.older()
  assert.deepEqual([line(earlier.items), earlier.hasOlder, has], [range(11, 22).join(' '), true, []])

  // Later it has what it will ever have.
  const late = new ArchivePager(received(21, 22), async () => [], {
    ...clock, now: () => message(21).at + 61_000,
  })
  await late.older()
  assert.equal(late.hasOlder, false)
})
