import assert from 'node:assert/strict'
import test from 'node:test'
import { createChat, isDeleted, noChats } from '../js/model/chats.js'
import { noMessages, shown, threadOf } from '../js/model/messages.js'
import { Store } from '../js/model/store.js'
import { ApiError } from '../js/net/problem.js'
import { Sender } from '../js/chat/sender.js'
import { FakeClock } from './helpers.js'

const settle = () => new Promise((resolve) => { setImmediate(resolve) })
const AWAY = new ApiError('network', 'no answer')

function make(kept = []) {
  const posts = []
  const unsentStore = new Map(kept.map((one) => [one.id, one]))
  const chats = new Store(noChats('ann'))
  const messages = new Store(noMessages('ann'))
  const all = { posts, unsentStore, chats, messages, n: 0 }
  const unsent = {
    take: async () => kept,
    keep: (one) => unsentStore.set(one.id, one),
    drop: (id) => unsentStore.delete(id),
  }
  const api = {
    send: (chat, id, text) => new Promise(
      (resolve, reject) => { posts.push({ chat, id, text, resolve, reject }) },
    ),
  }
  all.sender = new Sender({ me: 'ann', api, chats, messages, unsent, clock: new FakeClock() })
  all.answer = async (error) => {
    const { id, text, resolve, reject } = posts.at(-1)
    if (error) reject(error)
    else resolve({ id, n: ++all.n, name: 'ann', text, at: 1 })
    await settle()
  }
  all.line = (chat = 'c') =>
    shown(threadOf(messages.state, chat)).map(({ text, state }) => `${text}:${state}`).join(' ')
  return all
}

test('one at a time, in the order in which they were written', async () => {
  const { sender, posts, answer, line, unsentStore } = make()
  for (const text of ['a', 'b', 'c']) sender.send('c', text)
  await settle()
  assert.deepEqual(
    [posts.map(({ text }) => text), line(), unsentStore.size],
    [['a'], 'a:sending b:sending c:sending', 3],
  )
  await answer()
  await answer()
  assert.deepEqual(
    [posts.map(({ text }) => text), line(), unsentStore.size],
    [['a', 'b', 'c'], 'a:sent b:sent c:sending', 1],
  )
})

test('chats do not wait for one another', async () => {
  const { sender, posts } = make()
  sender.send('c', 'a')
  sender.send('d', 'b')
  await settle()
  assert.deepEqual(posts.map(({ chat }) => chat), ['c', 'd'])
})

test('nobody answers, and the feed is down: it goes when that is back, with the same id', async () => {
  const { sender, posts, answer, line } = make()
  sender.send('c', 'a')
  await answer(AWAY)
  assert.deepEqual([line(), posts.length], ['a:sending', 1])
  sender.open()
  await settle()
  assert.deepEqual([posts.length, posts[1].id], [2, posts[0].id])
  await answer()
  assert.equal(line(), 'a:sent')
})

test('nobody answers though the feed stands: it has failed, and can be tried again', async () => {
  const { sender, posts, answer, line, unsentStore } = make()
  sender.open()
  sender.send('c', 'a')
  sender.send('c', 'b')
  await answer(AWAY)
  assert.deepEqual(
    [line(), [...unsentStore.values()].map(({ reason }) => reason)],
    ['a:failed b:sending', ['', null]],
  )
  await answer()
  sender.retry('c', posts[0].id)
  await settle()
  assert.deepEqual([posts.at(-1).id, line()], [posts[0].id, 'b:sent a:sending'])
  await answer()
  assert.deepEqual([line(), unsentStore.size], ['b:sent a:sent', 0])
})

test('a refusal is final; what failed can be discarded', async () => {
  const { sender, posts, answer, line, unsentStore, messages } = make()
  sender.send('c', 'a')
  await answer(new ApiError('too_long', 'the text is too long', 413))
  assert.deepEqual(
    [line(), shown(threadOf(messages.state, 'c'))[0].reason],
    ['a:failed', 'the text is too long'],
  )
  sender.discard('c', posts[0].id)
  assert.deepEqual([line(), unsentStore.size], ['', 0])
})

test('the other account was deleted: the chat is closed, the text stays where it can be read, and does not go out again by itself', async () => {
  const { sender, posts, answer, line, unsentStore, chats, messages } = make()
  const bob = { id: 'c', other: 'bob', created: 1, updated: 1, last: null, unread: 0, read: 0, otherRead: 0 }
  chats.do(createChat, bob)
  sender.open()
  sender.send('c', 'a')
  await answer(
    new ApiError('account_deleted', 'The other account was deleted, so nobody would read this message.', 409),
  )
  assert.deepEqual([isDeleted(chats.state.chats.c), line(), posts.length], [true, 'a:failed', 1])
  assert.match(shown(threadOf(messages.state, 'c'))[0].reason, /this account was deleted/)
  assert.deepEqual(
    [...unsentStore.values()].map(({ text, reason }) => [text, reason !== null]),
    [['a', true]],
    'over a reload, too',
  )
  chats.do(createChat, bob) // an answer from before the deletion
  assert.equal(isDeleted(chats.state.chats.c), true)
})

test('logged out: it waits for whoever logs in under this name', async () => {
  const { sender, posts, answer, line, unsentStore } = make()
  sender.send('c', 'a')
  await answer(new ApiError('unauthorized', 'log in', 401))
  assert.deepEqual([line(), posts.length, unsentStore.size], ['a:sending', 1, 1])
})

test('what was kept over a reload goes on where it was', async () => {
  const { sender, posts, line } = make([
    { id: '1', chat: 'c', text: 'a', at: 1, reason: null },
    { id: '2', chat: 'c', text: 'b', at: 2, reason: '' },
    { id: '3', text: 'of no chat', at: 3, reason: null },
  ])
  await sender.restore()
  assert.deepEqual([posts.map(({ id }) => id), line()], [['1'], 'a:sending b:failed'])
})

test('stopped: nothing goes out any more', async () => {
  const { sender, posts, answer } = make()
  sender.send('c', 'a')
  sender.send('c', 'b')
  sender.stop()
  await answer(AWAY)
  assert.equal(posts.length, 1)
})

test('stopped: what was on its way is not kept once more, for whoever comes next', async () => {
  const { sender, answer, unsentStore } = make()
  sender.send('c', 'a')
  sender.stop()
  unsentStore.clear()
  await answer(AWAY)
  assert.equal(unsentStore.size, 0)
})
