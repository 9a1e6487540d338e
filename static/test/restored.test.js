// The room with what was not sent.

import assert from 'node:assert/strict'
import test from 'node:test'
import { addressOf } from '../js/net/address.js'
import { Room } from '../js/chat/room.js'
import { Browser, settled } from './browser.js'
import { FakeSocket, itemsOf, message, welcome } from './helpers.js'

const MINUTE = 60_000

function open(browser, memory, over = {}) {
  const page = browser.page(memory)
  const sockets = []
  const room = new Room({
    name: 'ann', room: 'livechat', clock: browser.clock, random: () => 0.5, unsent: page.unsent, ...over,
    address: addressOf({}, { protocol: 'http:', host: 'example.org', hostname: 'example.org' }),
    open: (url) => sockets[sockets.push(new FakeSocket(url)) - 1],
  })
  room.join()
  const texts = () => itemsOf(room.conversation).map((item) => `${item.text}:${item.state}`).join(' ')
  return { ...page, room, last: () => sockets.at(-1), texts }
}

/** A page that wrote these and was gone before they were sent. */
async function left(browser, ...texts) {
  const before = open(browser)
  for (const text of texts) before.room.send(text)
  const ids = itemsOf(before.room.conversation).map(({ id }) => id)
  await settled()
  before.end()
  return { ids, memory: before.memory }
}

test('after a reload they are shown at once, and go with their ids before what is written since', async () => {
  const browser = new Browser()
  const { ids, memory } = await left(browser, 'one', 'two')
  const { room, last, texts } = open(browser, memory)
  room.send('three') // before the storage has answered
  last().say(welcome({ seq: 0 }))
  assert.deepEqual(last().messages, [])
  await settled()
  assert.equal(texts(), 'one:sending two:sending three:sending')
  assert.equal(room.unsent, 3)
  for (const seq of [1, 2, 3]) last().say({ type: 'ack', id: last().messages.at(-1).id, seq })
  assert.deepEqual(last().messages.map(({ text }) => text), ['one', 'two', 'three'])
  assert.deepEqual(last().messages.slice(0, 2).map(({ id }) => id), ids)
  await settled()
  assert.equal(browser.records.size, 0)
})

for (const [when, first] of [['before', true], ['after', false]]) {
  test(`what the log has already is not sent again: the history comes ${when} the storage answers`, async () => {
    const browser = new Browser()
    const { ids: [id], memory } = await left(browser, 'one')
    const { room, last, texts } = open(browser, memory)
    if (!first) await settled()
    last().say(welcome({ seq: 1 }))
    last().say(message(1, { id, name: 'ann', text: 'one' }))
    await settled()
    assert.deepEqual([texts(), room.unsent, last().messages, browser.records.size], ['one:sent', 0, [], 0])
  })
}

test('older than the server remembers: people are asked, at the end of the log, and trying again is another message', async () => {
  const browser = new Browser()
  const { ids: [id], memory } = await left(browser, 'one')
  browser.clock.pass(15 * MINUTE + 1)
  const { room, last, texts } = open(browser, memory)
  await settled()
  assert.equal(texts(), 'one:failed', 'shown before the server answers')
  last().say(welcome({ seq: 1 }))
  last().say(message(1, { text: 'old' }))
  last().say(message(2, { text: 'new' }))
  assert.equal(texts(), 'old:sent one:failed new:sent')
  assert.deepEqual(last().messages, [])
  room.retry(id)
  assert.equal(texts(), 'old:sent new:sent one:sending')
  const [again] = last().messages
  assert.notEqual(again.id, id)
  await settled()
  assert.deepEqual([...browser.records.keys()], [again.id])
})

test('what failed is still failed after a reload, and gone once it is thrown away', async () => {
  const browser = new Browser()
  const before = open(browser)
  await settled()
  before.last().say(welcome({ seq: 0 }))
  before.room.send('one')
  const [{ id }] = before.last().messages
  before.last().say({ type: 'error', id, code: 'too_long', message: 'too long' })
  await settled()
  before.end()
  const { room, texts } = open(browser, before.memory)
  await settled()
  assert.deepEqual([texts(), room.unsent, room.conversation.find(id).reason], ['one:failed', 0, 'too long'])
  room.discard(id)
  await settled()
  assert.equal(browser.records.size, 0)
})

test('a storage that does not answer holds up nothing for long', async () => {
  const browser = new Browser()
  browser.unsentStore.all = () => new Promise(() => {})
  const { room, last } = open(browser)
  last().say(welcome({ seq: 0 }))
  room.send('one')
  assert.equal(last().messages.length, 0)
  browser.clock.pass(3000)
  assert.equal(last().messages.length, 1)
})

test('a storage that answers while the connection is gone: all waits for the next welcome', async () => {
  const browser = new Browser()
  browser.unsentStore.all = () => new Promise(() => {})
  const { room, last } = open(browser)
  last().say(welcome({ seq: 0 }))
  room.send('one')
  last().end(1006)
  browser.clock.pass(3000)
  assert.deepEqual(last().messages, [])
  last().say(welcome({ session: 's2', seq: 0, recovered: true }))
  assert.equal(last().messages.length, 1)
})

test('a storage that answers late: what is too old stands where the log is by then', async () => {
  const browser = new Browser()
  const { memory } = await left(browser, 'one')
  browser.clock.pass(16 * MINUTE)
  const { last, texts } = open(browser, memory)
  last().say(welcome({ seq: 0 }))
  await settled()
  last().say(message(1, { text: 'new' }))
  assert.equal(texts(), 'one:failed new:sent')
})

test('too old while it waited after the reload: people are asked', async () => {
  const browser = new Browser()
  const { memory } = await left(browser, 'one')
  const { last, texts } = open(browser, memory)
  await settled()
  browser.clock.pass(16 * MINUTE)
  last().say(welcome({ seq: 0 }))
  assert.deepEqual([texts(), last().messages], ['one:failed', []])
})

test('a room that was left restores nothing', async () => {
  const browser = new Browser()
  const { memory } = await left(browser, 'one')
  const { room } = open(browser, memory)
  room.leave()
  await settled()
  assert.deepEqual([room.unsent, browser.records.size], [0, 1])
})

test('who leaves the room and comes back finds what was not sent', async () => {
  const browser = new Browser()
  const before = open(browser)
  before.room.send('one')
  before.room.leave()
  const back = new Room({
    name: 'ann', room: 'livechat', clock: browser.clock, unsent: before.unsent,
    open: (url) => new FakeSocket(url),
    address: addressOf({}, { protocol: 'http:', host: 'example.org', hostname: 'example.org' }),
  })
  back.join()
  await settled()
  assert.equal(back.unsent, 1)
})

test('a room keeps what an account wrote as that', async () => {
  const browser = new Browser()
  const { room, unsent } = open(browser, undefined, { isAccount: true })
  room.send('one')
  assert.equal(await unsent.count('ann'), 1)
})

test('an answer keeps what it answers over a reload, and through being tried again', async () => {
  const browser = new Browser()
  const before = open(browser)
  const reply = { seq: 2, id: 'id-2', name: 'bob', text: 'text 2' }
  before.room.send('yes', reply)
  await settled()
  before.end()
  const { room, last } = open(browser, before.memory)
  last().say(welcome({ seq: 0 }))
  await settled()
  const [item] = itemsOf(room.conversation)
  assert.deepEqual(item.reply, reply)
  assert.deepEqual(
    last().messages,
    [{ type: 'message', id: item.id, text: 'yes', reply: { seq: 2, id: 'id-2' } }],
  )
  last().say({ type: 'error', id: item.id, code: 'unknown_message', message: 'gone' })
  room.retry(item.id)
  assert.deepEqual(last().messages[1], last().messages[0])
  last().say({ type: 'error', id: item.id, code: 'unknown_message', message: 'gone' })
  browser.clock.pass(15 * MINUTE + 1)
  room.retry(item.id)
  const again = last().messages[2]
  assert.deepEqual([again.reply, again.id === item.id], [{ seq: 2, id: 'id-2' }, false])
  last().say(message(
    3,
    { id: again.id, name: 'ann', text: 'yes', reply: { ...reply, text: 'edited' }, mentions: ['bob'] },
  ))
  const [sent] = itemsOf(room.conversation)
  assert.deepEqual([sent.state, sent.reply.text, sent.mentions], ['sent', 'edited', ['bob']])
})
