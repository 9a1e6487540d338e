// Reactions in a private chat, by the reader and by the other one.

import assert from 'node:assert/strict'
import test from 'node:test'
import { ThreadPart } from '../js/model/thread.js'
import { settled } from './browser.js'
import { AWAY, open as openDirect, refusal } from './direct.js'

/** Which reactions are the reader's, over a reload. */
function memory() {
  const own = new Map()
  const watching = new Set()
  return {
    watching,
    of: (id) => own.get(id) ?? [],
    set: (id, emoji) => own.set(id, emoji),
    watch(run) {
      watching.add(run)
      return () => watching.delete(run)
    },
  }
}
const reactionsOf = ({ reactions = [] }) =>
  reactions.map(({ emoji, count, own }) => `${emoji}${count}${own ? '*' : ''}`).join(' ')

async function open(browser, tab, own = memory()) {
  const all = await openDirect(browser, tab, own)
  let seq = 9
  all.own = own
  all.shown = (n = 2) => reactionsOf(all.at(n))
  all.counts = (counts, name = 'bob', n = 2, over = {}) =>
    all.feed(++seq, 'reactions', n, { counts, name, ...over })
  all.react = (emoji = '👍', n = 2) => all.talk.reacting.toggle(all.at(n), emoji)
  return all
}

test('the feed tells the counts; the newest event counts, and messages keep theirs', async () => {
  const { counts, feed, shown, at, directMessages } = await open()
  await counts({ '👍': 1 })
  await counts({ '👍': 2, '🎉': 1 })
  assert.equal(shown(), '👍2 🎉1')
  const before = at(2)
  await feed(40, 'reactions', 2, { counts: 'many' })
  directMessages.history.add('c', [{ id: 'm2', n: 2, name: 'bob', text: 'text 2', at: 2 }])
  assert.equal(at(2), before)
  await feed(12, 'edit', 2, { text: 'better' })
  assert.deepEqual([shown(), at(2).text], ['👍2 🎉1', 'better'])
  await feed(42, 'reactions', 2, { counts: {} })
  await feed(41, 'reactions', 2, { counts: { '👍': 3 } })
  assert.equal('reactions' in at(2), false)
  await feed(43, 'reactions', 4, { counts: { '👍': 1 } })
  assert.equal(shown(4), '👍1')
  await feed(44, 'delete', 4)
  assert.equal('reactions' in at(4), false)
})

test('messages bring theirs, and after a gap none if nobody reacts any more', async () => {
  const all = await open()
  const { counts, shown, socket, clock } = all
  await counts({ '👍': 1 })
  await counts({ '🎉': 1 }, 'bob', 4)
  all.server[0].reactions = { '😂': 2 }
  all.server[3].reactions = { '🎉': 2 }
  socket().say({ type: 'gap', from: 12, to: 15 })
  clock.pass(3000)
  await settled()
  await settled()
  assert.deepEqual([1, 2, 4].map(shown), ['😂2', '', '🎉2'])
})

test('a part of the past on its own follows as well', async () => {
  const { directMessages } = await open()
  const { state } = directMessages.messages
  state.reactions.meet('m90', { '👍': 1 })
  const part = new ThreadPart(state)
  part.append([{ id: 'm90', n: 90, name: 'bob', text: 'old', at: 1 }])
  part.take(0, 0)
  assert.equal(reactionsOf(part.items.at(90)), '👍1')
  state.reactions.take('m90', { '👍': 2 }, { era: 0, seq: 50 })
  part.revise('m90')
  part.take(0, 0)
  assert.equal(reactionsOf(part.items.at(90)), '👍2')
})

test('what can be reacted to: what the server has, and is not deleted', async () => {
  const { talk, at, feed, directMessages } = await open()
  await feed(10, 'delete', 4)
  directMessages.sender.close()
  talk.send('not there yet')
  const unsent = talk.items.at(talk.items.length - 1)
  assert.deepEqual([at(1), at(2), at(4), unsent].map(talk.reacting.can), [true, true, false, false])
})

test('one’s own is shown at once, sent, and counted by the feed after the answer', async () => {
  const { counts, shown, react, asked, talk, clock, browser, own } = await open()
  await counts({ '👍': 1 })
  react()
  assert.deepEqual([shown(), talk.unsent], ['👍2*', 1])
  await settled()
  assert.deepEqual([shown(), talk.unsent, browser.records.size], ['👍2*', 0, 0])
  await counts({ '👍': 2 }, 'ann')
  clock.pass(2000)
  assert.deepEqual([shown(), own.of('m2')], ['👍2*', ['👍']])
  react()
  assert.equal(shown(), '👍1')
  await settled()
  await counts({ '👍': 1 }, 'ann')
  clock.pass(2000)
  await settled()
  assert.deepEqual([shown(), own.of('m2')], ['👍1', []])
  assert.deepEqual(asked, [['give', 'm2', '👍'], ['take back', 'm2', '👍']])
})

test('the feed may count it before the answer', async () => {
  const all = await open()
  const { counts, shown, react, clock, asked } = all
  const answers = []
  all.reacted = () => new Promise((resolve) => { answers.push(resolve) })
  await counts({ '👍': 1 })
  for (const [now, want] of [[2, '👍2*'], [1, '👍1']]) {
    react()
    await counts({ '👍': now }, 'ann')
    assert.equal(shown(), want)
    answers.pop()()
    await settled()
    clock.pass(2000)
    await settled()
    assert.equal(shown(), want)
  }
  assert.equal(asked.length, 2)
})

test('of two clicks on an emoji the second counts, also while the first is on its way', async () => {
  const all = await open()
  let answer = () => {}
  all.reacted = () => new Promise((resolve) => { answer = resolve })
  all.react()
  all.react()
  assert.equal(all.shown(), '')
  await all.counts({ '👍': 1 }, 'ann')
  assert.equal(all.shown(), '')
  answer()
  await settled()
  await all.counts({}, 'ann')
  answer()
  await settled()
  assert.deepEqual(all.asked, [['give', 'm2', '👍'], ['take back', 'm2', '👍']])
  assert.deepEqual([all.shown(), all.own.of('m2'), all.browser.records.size], ['', [], 0])
})

test('which are mine may change in another window, until somebody logs out', async () => {
  const all = await open()
  await all.counts({ '👍': 1 })
  all.own.set('m2', ['👍'])
  all.own.watching.forEach((run) => run())
  assert.equal(all.shown(), '👍1*')
  all.react('🎉')
  await settled()
  all.directMessages.stop()
  assert.equal(all.own.watching.size, 0)
  const { length } = all.asked
  all.clock.pass(2000)
  assert.deepEqual([all.shown(), all.asked.length], ['👍1* 🎉1*', length])
})

test('if the feed does not count it, the message itself is asked', async () => {
  const all = await open()
  all.react()
  await settled()
  all.server[1].reactions = { '👍': 1 }
  all.clock.pass(2000)
  await settled()
  await settled()
  assert.equal(all.shown(), '👍1*')
})

test('what comes to nothing is as it was, and says so', async () => {
  const all = await open()
  await all.counts({ '👍': 1 })
  for (const [error, sentence] of [
    [refusal('too_many_reactions', 409), "That message can't have more reactions."],
    [refusal('rate_limited', 429), "Your reaction wasn't saved: too many in a short time."],
    [refusal('unknown_message', 404), "That message isn't available any more."],
    [AWAY, "Your reaction wasn't saved."],
  ]) {
    all.fails = error
    all.react()
    await settled()
    assert.deepEqual([all.shown(), all.said.pop(), all.browser.records.size], ['👍1', sentence, 0])
  }
})

test('without the feed reactions wait, also over a reload; of several the last counts', async () => {
  const before = await open()
  await before.counts({ '🎉': 1 }, 'ann')
  before.own.set('m2', ['🎉'])
  before.fails = AWAY
  before.directMessages.sender.close()
  before.react()
  await settled()
  before.react('🎉')
  before.react('🎉')
  before.react('🎉')
  await settled()
  assert.deepEqual([before.shown(), before.talk.unsent, before.browser.records.size], ['👍1*', 2, 2])
  before.end()
  const after = await openDirect(before.browser, before.memory, before.own)
  assert.deepEqual(after.asked, [['give', 'm2', '👍'], ['take back', 'm2', '🎉']])
  assert.equal(reactionsOf(after.at(2)), '👍1*')
  assert.equal(after.browser.records.size, 0)
})

test('what was taken back before a reload stays so when its message comes', async () => {
  const { directMessages, at, own } = await open()
  const { reactions } = directMessages.messages.state
  own.set('m2', ['👍'])
  reactions.begin('m2', '👍', { id: 'change', on: false })
  reactions.meet('m2', { '👍': 1 })
  assert.equal(reactionsOf(reactions.shown(at(2))), '')
})

test('who reacted is asked, and tells which are mine', async () => {
  const all = await open()
  await all.counts({ '👍': 2 })
  all.who = [{ emoji: '👍', count: 2, people: [{ name: 'ann' }, { name: 'bob' }] }]
  const [{ people }] = await all.talk.reacting.who(all.at(2))
  assert.deepEqual(people, [{ name: 'ann', own: true }, { name: 'bob', own: false }])
  assert.deepEqual([all.shown(), all.asked], ['👍2*', [['who', 'c', 'm2', 'chats']]])
})
