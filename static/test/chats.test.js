import assert from 'node:assert/strict'
import test from 'node:test'
import {
  addMessageFromSocket, chatOf, chatWith, chatsInOrder, createChat, draftOf, getAllChats, markRead,
  markReadFromSocket, noChats, sentMessage, setDraft,
  totalUnread,
} from '../js/model/chats.js'

const said = (n, over = {}) => ({ id: `id-${n}`, n, name: 'bob', text: `text ${n}`, at: 1000 + n, ...over })
const received = (n, over) => ({ chat: 'c1', ...said(n, over) })
const chat = (over = {}) => ({
  id: 'c1',
  other: 'bob',
  created: 1,
  updated: 1,
  last: null,
  unread: 0,
  read: 0,
  otherRead: 0,
  ...over,
})
const run = (...actions) => actions.reduce(
  (state, [action, ...args]) => action(state, ...args),
  noChats('ann'),
)
const ids = (state) => chatsInOrder(state).map(({ id }) => id).join(' ')
const marks = (state) => {
  const { unread, read, otherRead } = chatOf(state, 'c1')
  return { unread, read, otherRead }
}

test('the list is in the order of what happened last, as the server has it', () => {
  let state = run([
    getAllChats,
    {
      chats: [chat({ id: 'a', updated: 5 }), chat({ id: 'b', updated: 5 }), chat({ id: 'c', updated: 9 })],
      next: 'x',
    },
  ])
  assert.equal(ids(state), 'c b a')
  assert.deepEqual([state.loaded, state.next], [true, 'x'])
  state = getAllChats(state, { chats: [chat({ id: 'd', updated: 1 })], next: null })
  assert.deepEqual([ids(state), state.next], ['c b a d', null])
  assert.equal(ids(addMessageFromSocket(state, { ...said(1), chat: 'd' })), 'd c b a')
  assert.equal(ids(sentMessage(state, 'a', said(1, { name: 'ann' }))), 'a c b d')
})

test('a chat is there once, whoever begins it', () => {
  const state = run([createChat, chat()], [createChat, chat()])
  assert.equal(ids(state), 'c1')
  assert.equal(chatWith(state, 'bob').id, 'c1')
  assert.equal(chatWith(state, 'eve'), undefined)
})

test('unread counts what the other one says, once', () => {
  let state = run(
    [createChat, chat()],
    [addMessageFromSocket, received(1)],
    [addMessageFromSocket, received(2)],
    [addMessageFromSocket, received(2)],
  )
  assert.equal(totalUnread(state), 2)
  state = addMessageFromSocket(state, received(3, { name: 'ann' }))
  assert.deepEqual([totalUnread(state), chatOf(state, 'c1').last.n], [2, 3], 'one\'s own is not unread')
  state = createChat(state, chat({ id: 'c2', other: 'eve', last: said(4), unread: 3 }))
  assert.equal(totalUnread(state), 5)
  assert.equal(addMessageFromSocket(state, { ...said(1), chat: 'unknown' }), state)
})

test('marks never go back', () => {
  let state = run(
    [createChat, chat({ last: said(9), unread: 4, read: 5, otherRead: 3 })],
    [markRead, 'c1', 8],
  )
  assert.deepEqual(marks(state), { unread: 1, read: 8, otherRead: 3 })
  assert.equal(markRead(state, 'c1', 7), state)
  assert.equal(markReadFromSocket(state, { chat: 'c1', name: 'bob', n: 3 }), state)
  state = markReadFromSocket(state, { chat: 'c1', name: 'bob', n: 9 })
  assert.deepEqual(marks(state), { unread: 1, read: 8, otherRead: 9 })
  state = markReadFromSocket(state, { chat: 'c1', name: 'ann', n: 9 })
  assert.deepEqual(marks(state), { unread: 0, read: 9, otherRead: 9 }, 'read on another device')
  state = createChat(state, chat({ last: said(9), unread: 4, read: 5, otherRead: 3 }))
  assert.deepEqual(marks(state), { unread: 0, read: 9, otherRead: 9 }, 'an answer from before')
  assert.equal(markRead(state, 'unknown', 1), state)
})

test('a message that was read before it came is not unread', () => {
  const state = run(
    [createChat, chat({ last: said(1) })],
    [markRead, 'c1', 2],
    [addMessageFromSocket, received(2)],
  )
  assert.equal(totalUnread(state), 0)
})

test('an answer that is older than what the feed has said does not hide it; a newer one counts', () => {
  let state = run(
    [createChat, chat({ last: said(1), unread: 1, updated: 1001 })],
    [addMessageFromSocket, received(2)],
  )
  state = getAllChats(state, { chats: [chat({ last: said(1), unread: 1, updated: 1001 })], next: null })
  assert.deepEqual(
    [totalUnread(state), chatOf(state, 'c1').last.n, chatOf(state, 'c1').updated],
    [2, 2, 1002],
  )
  state = getAllChats(state, { chats: [chat({ last: said(30), unread: 29, updated: 1030 })], next: null })
  assert.deepEqual(
    [totalUnread(state), chatOf(state, 'c1').last.n, chatOf(state, 'c1').updated],
    [29, 30, 1030],
  )
})

test('drafts are kept per conversation', () => {
  let state = run([setDraft, 'c1', 'hel'], [setDraft, 'room', 'lo'])
  assert.deepEqual(['c1', 'room', 'c2'].map((id) => draftOf(state, id)), ['hel', 'lo', ''])
  assert.equal(setDraft(state, 'c1', 'hel'), state)
  state = setDraft(state, 'c1', '')
  assert.deepEqual(Object.keys(state.drafts), ['room'])
})

test('an action leaves the state before it as it was', () => {
  const before = run([createChat, chat({ last: said(1), unread: 1 })], [setDraft, 'c1', 'x'])
  const copy = structuredClone(before)
  for (const [action, ...args] of [
    [addMessageFromSocket, received(2)], [markRead, 'c1', 1],
    [markReadFromSocket, { chat: 'c1', name: 'bob', n: 1 }], [setDraft, 'c1', ''],
    [createChat, chat({ id: 'c2' })],
  ]) action(before, ...args)
  assert.deepEqual(before, copy)
})
