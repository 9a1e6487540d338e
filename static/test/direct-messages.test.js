// An account's private side, whose API and sockets the test is the other end
// of.

import assert from 'node:assert/strict'
import test from 'node:test'
import { chatOf, chatsInOrder, totalUnread } from '../js/model/chats.js'
import { ApiError } from '../js/net/problem.js'
import { DirectMessages } from '../js/chat/direct-messages.js'
import { DirectChat } from '../js/chat/direct-chat.js'
import { FakeClock, FakeSocket, message, welcome } from './helpers.js'

const settle = () => new Promise((resolve) => { setImmediate(resolve) })
const said = (n, name = 'bob') => ({ id: `m${n}`, n, name, text: `text ${n}`, at: n })
const chat = (id, other, last, over = {}) => ({
  id,
  other,
  created: 1,
  updated: last,
  last: last ? said(last) : null,
  unread: last,
  read: 0,
  otherRead: 0,
  ...over,
})
const event = (seq, over = {}) =>
  message(seq, { event: 'message', chat: 'c1', n: seq, message: `m${seq}`, sent: seq, ...over })

/** ann, who has three chats on two pages of the list; c3 is not in it. */
async function make() {
  const all = {
    clock: new FakeClock(),
    sockets: [],
    received: [],
    changed: 0,
    marks: [],
    typed: [],
    asked: [],
    away: false,
    with: { c1: 'bob', c2: 'cay', c3: 'dee' },
  }
  const api = {
    ticket: async () => 't',
    async chats(before) {
      if (all.away) throw new ApiError('network', 'no answer')
      return before ? { chats: [chat('c2', 'cay', 1)], next: null } : {
        chats: [chat('c1', 'bob', 2)],
        next: 'more',
      }
    },
    async chat(id) {
      all.asked.push(id)
      return chat(id, all.with[id], 1)
    },
    createChat: async (name) => chat('c9', name, 0),
    async messages(id, { after = 0, before = 99 }) {
      if (all.away) throw new ApiError('network', 'no answer')
      return [1, 2, 3, 4].filter((n) => n > after && n < before).map((n) => said(n))
    },
    read: async (id, n) => all.marks.push([id, n]),
    async typing(id) {
      all.typed.push(id)
      throw new ApiError('rate_limited', 'too often', 429)
    },
    send: async (id, key, text) => ({ id: key, n: 5, name: 'ann', text, at: 5 }),
  }
  all.directMessages = new DirectMessages({
    me: 'ann', api, url: 'ws://example.org/feed', clock: all.clock, random: () => 0.5,
    open: (url, protocols) =>
      all.sockets[all.sockets.push(Object.assign(new FakeSocket(url), { protocols })) - 1],
  })
  all.directMessages.listen({
    changed: () => { all.changed++ }, received: (id, { text }) => all.received.push(`${id}: ${text}`),
    state() {},
  })
  all.directMessages.start()
  await settle()
  all.say = async (...frames) => {
    for (const frame of frames) all.sockets.at(-1).say(frame)
    await settle()
  }
  all.order = () => chatsInOrder(all.directMessages.chats.state)
    .map(({ other, unread }) => `${other} ${unread}`)
  return all
}

test('after the welcome the whole list is asked for', async () => {
  const { order, say, directMessages } = await make()
  await say(welcome({ seq: 2 }))
  assert.deepEqual([order(), totalUnread(directMessages.chats.state)], [['bob 2', 'cay 1'], 3])
})

test('a list that did not come is asked for with the next connection', async () => {
  const all = await make()
  all.away = true
  await all.say(welcome({ seq: 2 }))
  all.away = false
  all.sockets.at(-1).end()
  all.directMessages.retryNow()
  await settle()
  await all.say(welcome({ seq: 2, recovered: true }))
  assert.deepEqual(all.order(), ['bob 2', 'cay 1'])
})

test('or after a while, if the connection stands', async () => {
  const all = await make()
  all.away = true
  await all.say(welcome({ seq: 2 }))
  all.away = false
  all.clock.pass(5000)
  await settle()
  assert.deepEqual(all.order(), ['bob 2', 'cay 1'])
})

test('a chat whose messages cannot be reached says so, and tries again as long as it is looked at', async () => {
  const all = await make()
  await all.say(welcome({ seq: 2 }))
  all.away = true
  const talks = ['c1', 'c2'].map((id) => new DirectChat(all.directMessages, id))
  const unlisten = talks.map(
    (talk) => talk.listen({ items() {}, received() {}, state() {}, typing() {}, unsent() {} }),
  )
  await settle()
  assert.match(talks[0].beginning, /^Couldn't load/)
  unlisten[1]()
  all.away = false
  all.clock.pass(5000)
  await settle()
  assert.deepEqual(talks.map((talk) => talk.joined), [true, false])
  assert.match(talks[0].beginning, /begin/)
})

test('what comes over the feed: received once, unread, first in the list', async () => {
  const { say, received, order } = await make()
  await say(welcome({ seq: 2 }))
  await say(
    event(3, { chat: 'c2', n: 2 }),
    event(4, { name: 'ann', n: 3 }),
    event(5, { chat: 'c2', n: 2, message: 'm3' }),
  )
  assert.deepEqual([received, order()], [['c2: text 3'], ['bob 2', 'cay 2']])
})

test('a chat that is not known is asked for, and what came meanwhile counts', async () => {
  const { say, asked, order } = await make()
  await say(welcome({ seq: 2 }))
  await say(
    event(3, { chat: 'c3', n: 1 }),
    event(4, { chat: 'c3', n: 2, message: 'm4' }),
    event(5, { event: 'chat', chat: 'c3', n: 0 }),
  )
  assert.deepEqual([asked, order()[0]], [['c3'], 'dee 2'])
})

test('opened by name', async () => {
  const { directMessages } = await make()
  assert.equal((await directMessages.open('eve')).id, 'c9')
  assert.equal(chatOf(directMessages.chats.state, 'c9')?.other, 'eve')
})

test('a chat whose other account was deleted meanwhile: nobody can write there any more, and what was said stays', async () => {
  const all = await make()
  await all.say(welcome({ seq: 2 }))
  all.with.c1 = 'deleted'
  const talk = new DirectChat(all.directMessages, 'c1')
  assert.deepEqual([talk.title, talk.closed], ['bob', ''])
  talk.listen({ items() {}, received() {}, state() {}, typing() {}, unsent() {} })
  await settle()
  assert.deepEqual(
    [talk.title, talk.items.length, talk.beginning],
    ['deleted account', 5, 'This is the beginning of this chat.'],
  )
  assert.match(talk.closed, /deleted.* can't write here/)
})

test('a chat as the views see it: its history, what is said, what was read', async () => {
  const all = await make()
  await all.say(welcome({ seq: 2 }))
  const talk = new DirectChat(all.directMessages, 'c1')
  const told = []
  const unlisten = talk.listen({
    items: () => told.push('items'),
    received: () => told.push('received'),
    state() {},
    typing() {},
    unsent() {},
  })
  assert.equal(talk.joined, false)
  await settle()
  assert.deepEqual([talk.joined, talk.hasOlder, talk.items.length, talk.title], [true, false, 5, 'bob'])
  assert.match(talk.beginning, /your chat with bob/)
  talk.seen()
  talk.seen()
  assert.deepEqual([all.marks, chatOf(all.directMessages.chats.state, 'c1').unread], [[['c1', 4]], 0])
  talk.send('hello')
  assert.deepEqual([talk.unsent, talk.items.at(5).state], [1, 'sending'])
  await settle()
  assert.deepEqual([talk.unsent, talk.items.at(5).state], [0, 'sent'])
  talk.seen()
  assert.equal(all.marks.length, 1, 'one has not to read what one wrote')
  const { id } = talk.items.at(5)
  await all.say(event(3, { name: 'ann', n: 5, message: id }), event(4, { event: 'read', n: 5 }))
  assert.equal(talk.items.at(5).state, 'read')
  assert.ok(!told.includes('received'))
  await all.say(event(5, { chat: 'c2', n: 2, message: 'm9' }))
  assert.ok(!told.includes('received'))
  await all.say(event(6, { n: 6, message: 'm6' }))
  assert.ok(told.includes('received'))
  unlisten()
  const before = told.length
  await all.say(event(7, { n: 7, message: 'm7' }))
  assert.equal(told.length, before)
})

test('the other one of a chat is writing, until their message comes, and is told that we are', async () => {
  const all = await make()
  const { directMessages, clock, say } = all
  await say(welcome({ seq: 2 }))
  const talk = new DirectChat(directMessages, 'c1')
  let told = 0
  talk.listen({ items() {}, received() {}, state() {}, typing: () => told++, unsent() {} })
  const typing = (chatId, name) => say({ type: 'typing', chat: chatId, name })
  await typing('c1', 'bob')
  assert.deepEqual(
    [talk.typing, directMessages.typing.isIn('c1'), directMessages.typing.isIn('c2'), told],
    [['bob'], true, false, 1],
  )
  clock.pass(5000)
  assert.deepEqual([talk.typing, told], [[], 2])
  await typing('c1', 'eve') // not the other one
  await typing('c9', 'bob') // not known
  await say({ type: 'typing', session: 's', name: 'bob' })
  assert.deepEqual([talk.typing, told], [[], 2])

  await typing('c1', 'bob')
  await say(event(3))
  assert.deepEqual(talk.typing, [])
  await typing('c1', 'bob')
  directMessages.hidden.hide({ name: 'bob', author: '@bob' }, 'bob')
  directMessages.typing.remove('c1')
  await typing('c1', 'bob')
  assert.deepEqual(talk.typing, [], 'of somebody hidden nothing is seen')

  for (const wait of [0, 1000, 2000, 0]) {
    clock.pass(wait)
    talk.typed()
  }
  assert.deepEqual(all.typed, ['c1', 'c1'])
  talk.send('sent')
  talk.typed()
  assert.deepEqual(all.typed, ['c1', 'c1', 'c1'], 'what is typed now is another message')
  await settle()
  all.sockets.at(-1).end(1006)
  clock.pass(3000)
  talk.typed()
  assert.equal(all.typed.length, 3)
})
