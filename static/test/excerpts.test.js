import assert from 'node:assert/strict'
import test from 'node:test'
import { addMessageFromSocket, getAllMessages, noMessages, threadOf } from '../js/model/messages.js'
import { Store } from '../js/model/store.js'
import { ArchivePager } from '../js/chat/archive-pager.js'
import { Conversation } from '../js/model/conversation.js'
import { DirectChat } from '../js/chat/direct-chat.js'
import { History } from '../js/chat/history.js'
import { noChats } from '../js/model/chats.js'
import { EPOCH, message, welcome } from './helpers.js'

const range = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i)
const NOON = message(0).at

/** A page as the API answers it. */
function pageOf(numbers, { before = Infinity, after, at, limit }) {
  if (at !== undefined) {
    const first = numbers.find((n) => NOON + n >= at)
    return pageOf(numbers, { before: first && first + Math.floor((limit - 1) / 2) + 1, limit })
  }
  if (after !== undefined) return numbers.filter((n) => n > after).slice(0, limit)
  return numbers.filter((n) => n < before).slice(-limit)
}

/** A room of `last` messages, of which the socket has brought those from `first`. */
function room(first, last, without = []) {
  const conversation = new Conversation(['s1'])
  conversation.welcome(welcome({ seq: last }), 1)
  for (const seq of range(first, last)) conversation.message(message(seq))
  const all = { asked: [], fails: false, conversation }
  const numbers = range(1, last).filter((seq) => !without.includes(seq))
  all.pager = new ArchivePager(conversation, async (span) => {
    all.asked.push(span)
    if (all.fails) throw new Error('away')
    return pageOf(numbers, span).map((seq) => {
      const { type, ...rest } = message(seq)
      return { ...rest, epoch: EPOCH }
    })
  })
  return all
}

const seqs = ({ shown }) => range(shown.first, shown.length - 1).map((place) => shown.at(place).seq)
const ends = (pager) => [seqs(pager)[0], seqs(pager).at(-1), pager.hasNewer]

test('a message far back is one page away, with what is around it', async () => {
  const { pager, asked } = room(9_801, 10_000)
  await pager.reach({ n: 500, id: 'id-500' })
  assert.deepEqual(
    [ends(pager), asked.length, pager.shown.at(pager.shown.placeOf('id-500')).seq],
    [[450, 549, true], 1, 500],
  )
  assert.deepEqual(seqs(pager), range(450, 549))
})

test('it grows in both directions, and joins the live end where it meets it', async () => {
  const { pager, asked } = room(801, 1000)
  await pager.reach({ n: 600, id: 'id-600' })
  assert.deepEqual(ends(pager), [550, 649, true])
  const before = pager.shown.placeOf('id-600')
  await pager.older()
  assert.deepEqual([ends(pager), pager.shown.placeOf('id-600')], [[450, 649, true], before], 'places stay')
  await pager.newer()
  assert.deepEqual(ends(pager), [450, 749, true])
  await pager.newer()
  assert.deepEqual([ends(pager), seqs(pager)], [[450, 1000, false], range(450, 1000)])
  assert.equal(asked.length, 4)
})

test('what comes live meanwhile is at the live end alone, and none is lost', async () => {
  const { pager, conversation } = room(801, 1000)
  await pager.reach({ n: 600, id: 'id-600' })
  const asking = pager.newer()
  for (const seq of range(1001, 1005)) conversation.message(message(seq))
  await asking
  assert.deepEqual(ends(pager), [550, 749, true])
  await pager.newer()
  assert.deepEqual([seqs(pager), pager.hasNewer], [range(550, 1005), false])
})

test('what the archive lacks is announced, also where the two meet', async () => {
  const { pager } = room(151, 160, [70, 71, 150])
  await pager.reach({ n: 60, id: 'id-60' })
  await pager.newer()
  const missing = range(pager.shown.first, pager.shown.length - 1)
    .map((place) => pager.shown.at(place))
    .filter((item) => item.missing)
    .map(({ seq, missing }) => [seq, missing])
  assert.deepEqual([pager.hasNewer, missing], [false, [[72, 2], [151, 1]]])
})

test('back to the live end: the part is gone, and an answer that comes late is not shown', async () => {
  const { pager } = room(801, 1000)
  await pager.reach({ n: 100, id: 'id-100' })
  const asking = [pager.newer(), pager.older(), pager.reach({ n: 300, id: 'id-300' })]
  pager.close()
  await Promise.all(asking)
  assert.deepEqual(ends(pager), [801, 1000, false])
})

test('where the archive begins there is nothing older; elsewhere there is', async () => {
  const { pager } = room(801, 1000, range(1, 55))
  await pager.reach({ n: 60, id: 'id-60' })
  await pager.older()
  assert.deepEqual([pager.hasOlder, pager.beginning('tea')], [false, 'Older messages are no longer kept.'])
  await pager.reach({ n: 300, id: 'id-300' })
  assert.deepEqual([pager.hasOlder, pager.beginning('tea')], [true, ''])
})

test('the last wish counts', async () => {
  const { pager } = room(801, 1000)
  await Promise.all([pager.reach({ n: 100, id: 'id-100' }), pager.reach({ n: 400, id: 'id-400' })])
  assert.notEqual(pager.shown.placeOf('id-400'), undefined)
})

test('a message that is gone, or an archive that is away, changes nothing', async () => {
  const all = room(801, 1000, [300])
  await all.pager.reach({ n: 300, id: 'id-300' })
  assert.deepEqual(ends(all.pager), [801, 1000, false])
  all.fails = true
  await assert.rejects(all.pager.reach({ n: 400, id: 'id-400' }), /away/)
  assert.deepEqual(ends(all.pager), [801, 1000, false])
})

test('a message at the live end is where it is', async () => {
  const { pager, asked } = room(801, 1000)
  await pager.reach({ n: 100, id: 'id-100' })
  await pager.reach({ n: 900, id: 'id-900' })
  assert.deepEqual([ends(pager), asked.length], [[801, 1000, false], 1])
})

test('a page that overlaps with the live end brings nothing twice', async () => {
  const { pager } = room(801, 1000)
  await pager.reach({ n: 790, id: 'id-790' })
  assert.deepEqual([seqs(pager), pager.hasNewer], [range(740, 1000), false])
})

test('nor what the live end itself has not got at a wrong place', async () => {
  const { conversation } = room(801, 804)
  for (const seq of range(806, 1000)) conversation.message(message(seq))
  const part = new ArchivePager(
    conversation,
    async (span) => pageOf(range(1, 1000), span).map((seq) => ({ ...message(seq), epoch: EPOCH })),
  )
  await part.reach({ n: 790, id: 'id-790' })
  assert.deepEqual(seqs(part), [...range(740, 804), ...range(806, 1000)])
})

test('a time: the first message from then on, wherever it is', async () => {
  const { pager, asked } = room(801, 1000)
  const seqAt = async (time) => {
    const place = await pager.reachTime(time)
    return place === null ? null : pager.shown.at(place).seq
  }
  assert.equal(await seqAt(NOON + 300), 300)
  assert.deepEqual(ends(pager), [250, 349, true])
  assert.equal(await seqAt(0), 1)
  assert.deepEqual([ends(pager), pager.hasOlder], [[1, 50, true], false])
  assert.equal(asked.length, 2)
  assert.equal(await seqAt(NOON + 900), 900, 'that is at the live end')
  assert.equal(await seqAt(NOON + 5000), null)
  assert.deepEqual([ends(pager), asked.length], [[801, 1000, false], 2])
})

/** A private chat of `last` messages, the newest page of which has come. */
async function chat(last, { read = last, unread = 0 } = {}) {
  const store = new Store(noMessages('ann'))
  const asked = []
  const api = {
    async messages(id, span) {
      asked.push(span)
      return pageOf(range(1, last), span)
        .map((n) => ({ id: `m${n}`, n, name: 'bob', text: `text ${n}`, at: NOON + n }))
    },
  }
  const history = new History(api, store)
  const known = { id: 'c', other: 'bob', created: 0, updated: 0, last: null, unread, read, otherRead: 0 }
  const chats = { state: { ...noChats('ann'), chats: { c: known } } }
  const talk = new DirectChat(
    { me: 'ann', history, chats, messages: store, unreadIn: ({ unread }) => unread },
    'c',
  )
  await history.open('c')
  return { talk, store, asked }
}
const numbers = ({ items }) => range(items.first, items.length - 1).map((place) => items.at(place).seq)

test('a private chat goes there as well, and joins what is between in its store', async () => {
  const { talk, store, asked } = await chat(1000)
  await talk.reach({ n: 750, id: 'm750' })
  assert.deepEqual([numbers(talk), talk.hasNewer, talk.hasOlder], [range(700, 799), true, true])
  store.do(
    addMessageFromSocket,
    { chat: 'c', id: 'm1001', n: 1001, name: 'bob', text: 'new', at: NOON + 1001 },
  )
  assert.equal(numbers(talk).at(-1), 799)
  await talk.older()
  await talk.newer()
  assert.deepEqual([numbers(talk), talk.hasNewer], [range(600, 899), true])
  await talk.newer()
  assert.deepEqual([numbers(talk), talk.hasNewer], [range(600, 1001), false])
  assert.deepEqual([threadOf(store.state, 'c').list.length, asked.length], [402, 5])
  store.do(getAllMessages, 'c', [])
  assert.equal(await talk.reachTime(0), 1)
  assert.deepEqual([numbers(talk)[0], talk.beginning], [1, 'This is the beginning of your chat with bob.'])
  talk.latest()
  assert.equal(numbers(talk).at(-1), 1001)
})

test('the first of many unread ones is where it is, not where the newest page begins', async () => {
  const { talk } = await chat(1000, { read: 300, unread: 700 })
  await talk.reach(talk.newFrom)
  assert.deepEqual([talk.newFrom.id, numbers(talk).includes(301)], ['m301', true])
  await talk.reach({ n: 600, id: 'm600' })
  assert.ok(numbers(talk).every((n) => !talk.items.at(n).isNew), 'a part that begins later does not tell')
})
