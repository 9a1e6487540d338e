import assert from 'node:assert/strict'
import test from 'node:test'
import {
  addMessageFromSocket, deliveryOf, discardMessage, failMessage, getAllMessages, historyBefore, holes,
  noMessages, noteNewest, retryMessage,
  sendMessage, sentMessage, shown, threadOf, unsentOf,
} from '../js/model/messages.js'
import { randomFrom } from './helpers.js'

const CHAT = 'c1'
const said = (n, over = {}) => ({ id: `id-${n}`, n, name: 'bob', text: `text ${n}`, at: 1000 + n, ...over })
const received = (n, over) => ({ chat: CHAT, ...said(n, over) })
const mine = (id, at = 1) => ({ id, text: `text of ${id}`, at })
const run = (...actions) => actions.reduce(
  (state, [action, ...args]) => action(state, ...args),
  noMessages('ann'),
)
const all = (state) => shown(threadOf(state, CHAT))
/** A chat in one line: what has a number, then what has none. */
const line = (state) =>
  all(state).map(({ id, n, own, state: progress }) => `${n ?? id}${own ? `:${progress}` : ''}`).join(' ')

test('messages are in the order of n, once, by whatever way and however often they come', () => {
  const random = randomFrom(7)
  for (let round = 0; round < 50; round++) {
    let state = noMessages('ann')
    const ways = [
      (s, n) => addMessageFromSocket(s, received(n)),
      (s, n) => getAllMessages(s, CHAT, [said(n + 1), said(n), said(n)]),
    ]
    for (let i = 0; i < 60; i++) state = ways[Math.floor(random() * 2)](state, 1 + Math.floor(random() * 20))
    const numbers = all(state).map(({ n }) => n)
    assert.deepEqual(numbers, [...new Set(numbers)].sort((a, b) => a - b))
  }
})

test('what says nothing new changes nothing', () => {
  const state = run([getAllMessages, CHAT, [said(1), said(2)]])
  assert.equal(addMessageFromSocket(state, received(2)), state)
  assert.equal(getAllMessages(state, CHAT, [said(1), said(2)]), state)
  assert.equal(getAllMessages(state, CHAT, []), state)
  assert.equal(noteNewest(state, CHAT, 2), state)
})

test('an action leaves the state before it as it was', () => {
  const before = run([getAllMessages, CHAT, [said(2)]], [sendMessage, CHAT, mine('a')])
  const copy = { ...before, threads: structuredClone(before.threads) }
  for (const [action, ...args] of [
    [addMessageFromSocket, received(3)], [getAllMessages, CHAT, [said(1)]], [
      sentMessage, CHAT, said(3, { id: 'a', name: 'ann' }),
    ],
    [failMessage, CHAT, 'a', 'because'], [sendMessage, CHAT, mine('b')], [noteNewest, CHAT, 9],
  ]) action(before, ...args)
  assert.deepEqual(before, copy)
})

test('an own message: sending, sent, delivered, read', () => {
  let state = run(
    [getAllMessages, CHAT, [said(1)]],
    [sendMessage, CHAT, mine('a')],
    [addMessageFromSocket, received(2)],
  )
  assert.equal(line(state), '1 2 a:sending', 'what the other one says meanwhile comes before it')
  state = sentMessage(state, CHAT, said(3, { id: 'a', name: 'ann' }))
  assert.equal(line(state), '1 2 3:sent')
  state = addMessageFromSocket(state, received(3, { id: 'a', name: 'ann' }))
  assert.equal(line(state), '1 2 3:delivered')
  assert.equal(
    sentMessage(state, CHAT, said(3, { id: 'a', name: 'ann' })),
    state,
    'a late answer takes nothing back',
  )
  assert.deepEqual([2, 3].map((mark) => deliveryOf(all(state).at(-1), mark)), ['delivered', 'read'])
  assert.equal(
    deliveryOf(all(sendMessage(state, CHAT, mine('b'))).at(-1), 9),
    'sending',
    'what has no number is not read',
  )
})

test('the feed is faster than the answer', () => {
  const state = run(
    [sendMessage, CHAT, mine('a')],
    [addMessageFromSocket, received(1, { id: 'a', name: 'ann' })],
    [sentMessage, CHAT, said(1, { id: 'a', name: 'ann' })],
  )
  assert.equal(line(state), '1:delivered')
})

test('failed with a reason, tried again with the same id after the rest, or thrown away', () => {
  let state = run(
    [sendMessage, CHAT, mine('a')],
    [sendMessage, CHAT, mine('b')],
    [failMessage, CHAT, 'a', 'because'],
  )
  assert.equal(line(state), 'a:failed b:sending')
  assert.equal(all(state)[0].reason, 'because')
  assert.deepEqual(unsentOf(threadOf(state, CHAT)).map(({ id }) => id), ['b'])
  assert.equal(failMessage(state, CHAT, 'a', 'again'), state)
  assert.equal(retryMessage(state, CHAT, 'b', 5), state, 'only what failed')
  assert.equal(discardMessage(state, CHAT, 'b'), state, 'only what failed')
  state = retryMessage(state, CHAT, 'a', 5)
  assert.equal(line(state), 'b:sending a:sending')
  assert.deepEqual([all(state)[1].reason, all(state)[1].at], ['', 5])
  state = discardMessage(failMessage(state, CHAT, 'b', 'because'), CHAT, 'b')
  assert.equal(line(state), 'a:sending')
})

test('given up, and there after all; there, and not given up any more', () => {
  const state = run(
    [sendMessage, CHAT, mine('a')],
    [failMessage, CHAT, 'a', 'because'],
    [getAllMessages, CHAT, [said(1, { id: 'a', name: 'ann' })]],
  )
  assert.equal(line(state), '1:delivered')
  assert.equal(failMessage(state, CHAT, 'a', 'because'), state)
  assert.equal(sendMessage(state, CHAT, mine('a')), state, 'the same id is the same message')
})

test('holes are known, between messages and behind them', () => {
  const of = (state) => holes(threadOf(state, CHAT)).map(({ from, to }) => `${from}-${to}`).join(' ')
  let state = run(
    [getAllMessages, CHAT, [said(5), said(6)]],
    [addMessageFromSocket, received(9)],
    [noteNewest, CHAT, 12],
  )
  assert.equal(of(state), '7-8 10-12')
  state = getAllMessages(state, CHAT, [said(7), said(8), said(10), said(11)])
  assert.equal(of(state), '12-12')
  assert.equal(of(addMessageFromSocket(state, received(12))), '')
  assert.equal(of(run([noteNewest, CHAT, 12])), '', 'a chat of which nothing was asked has no holes')
  assert.equal(of(run([sendMessage, CHAT, mine('a')])), '')
})

test('history comes in above without touching what is there', () => {
  const before = run([getAllMessages, CHAT, [said(5), said(6)]], [sendMessage, CHAT, mine('a')])
  assert.equal(historyBefore(threadOf(before, CHAT)), 5)
  const after = getAllMessages(before, CHAT, [said(1), said(2), said(3), said(4)])
  assert.equal(line(after), '1 2 3 4 5 6 a:sending')
  all(before).forEach((message, i) => assert.equal(all(after)[i + 4], message))
  assert.equal(threadOf(after, CHAT).tail, threadOf(before, CHAT).tail)
  assert.equal(historyBefore(threadOf(after, CHAT)), null)
  assert.equal(historyBefore(threadOf(after, 'other')), null)
})

test('chats do not touch one another', () => {
  const before = run([getAllMessages, CHAT, [said(1)]])
  const after = addMessageFromSocket(before, { ...received(1, { id: 'x' }), chat: 'c2' })
  assert.equal(threadOf(after, CHAT), threadOf(before, CHAT))
  assert.equal(threadOf(after, 'c2').list.length, 1)
})

test('an account that was deleted: its messages change their name, and nothing else', () => {
  const state = run(
    [getAllMessages, CHAT, [said(1), said(2, { name: 'ann' })]],
    [getAllMessages, CHAT, [said(1, { name: 'deleted' })]],
  )
  assert.equal(line(state), '1 2:delivered')
  assert.deepEqual(all(state).map(({ name }) => name), ['deleted', 'ann'])
})
