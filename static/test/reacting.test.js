// Reactions: what the reader does, from the room to the wire.

import assert from 'node:assert/strict'
import test from 'node:test'
import { REACTION } from '../js/model/strings/reactions.js'
import { settled } from './browser.js'
import { message } from './helpers.js'
import { deletion, joined, memory, open, summary } from './reactions.js'

test('a reaction is shown at once and sent; the log counts it', async () => {
  const { room, last, shown, react, ack, browser, own } = await joined()
  last().say(summary(2, 1, { '👍': 2 }))
  react()
  assert.deepEqual([shown(), room.unsent], ['👍3*', 1])
  const [frame] = last().sent
  const target = { seq: 1, id: 'id-1' }
  assert.deepEqual(frame, { type: 'react', id: frame.id, target, emoji: '👍', on: true })
  ack(frame)
  assert.deepEqual([shown(), room.unsent, own.all.get('id-1')], ['👍3*', 0, ['👍']])
  last().say(summary(3, 1, { '👍': 3 }))
  assert.equal(shown(), '👍3*')
  react()
  assert.deepEqual([shown(), last().sent[1].on], ['👍2', false])
  ack(last().sent[1], { seq: 0 })
  last().say(summary(4, 1, { '👍': 2 }))
  assert.deepEqual([shown(), own.all.get('id-1')], ['👍2', []])
  await settled()
  assert.equal(browser.records.size, 0)
})

test('the last one that is taken back leaves nothing', async () => {
  const { last, shown, react, ack } = await joined()
  react('🎉')
  assert.equal(shown(), '🎉1*')
  ack(last().sent[0])
  last().say(summary(2, 1, { '🎉': 1 }))
  react('🎉')
  assert.equal(shown(), '')
  ack(last().sent[1])
  last().say(summary(3, 1, {}))
  assert.equal(shown(), '')
})

test('what the log has already changes no count, and nobody waits for it', async () => {
  const { last, shown, react, ack, clock } = await joined()
  last().say(summary(2, 1, { '👍': 2 })) // the reader's is among them, from another browser
  react()
  ack(last().sent[0])
  assert.equal(shown(), '👍3*')
  clock.pass(2000)
  assert.equal(shown(), '👍2*')
})

test('a summary from before the reaction does not take it away', async () => {
  const { last, shown, react, ack, clock } = await joined()
  react()
  last().say(summary(2, 1, { '😂': 1 }))
  assert.equal(shown(), '👍1* 😂1')
  ack(last().sent[0])
  last().say(summary(3, 1, { '😂': 2 }))
  assert.equal(shown(), '👍1* 😂2')
  last().say(summary(4, 1, { '😂': 2, '👍': 1 }))
  clock.pass(5000)
  assert.equal(shown(), '👍1* 😂2')
})

test('a summary with it that comes before the ack counts it once', async () => {
  const { last, up, shown, react, ack, clock } = await joined()
  react()
  const [frame] = last().sent
  last().end(1006)
  clock.pass(1000)
  up(2, { recovered: true, session: 's2' })
  last().say(summary(2, 1, { '👍': 1 }))
  ack(frame)
  clock.pass(2000)
  assert.equal(shown(), '👍1*')
})

test('what can be reacted to: what the log has, and is not deleted; also one of one’s own', async () => {
  const { room, last, at, react } = await joined()
  room.send('mine')
  assert.deepEqual([room.reacting.can(at(0)), room.reacting.can(at(1))], [true, false])
  react('👍', 1)
  assert.equal(last().sent.length, 1)
  last().say({ ...message(2, { author: 'a', name: 'ann', session: 's1', id: last().sent[0].id }) })
  assert.equal(room.reacting.can(at(1)), true)
  last().say(deletion(3, 1))
  assert.equal(room.reacting.can(at(0)), false)
})

test('a connection that breaks: the same reaction goes again, after what was missed', async () => {
  const { clock, last, up, shown, react } = await joined()
  react()
  const [frame] = last().sent
  last().end(1006)
  clock.pass(1000)
  up(2, { recovered: true, session: 's2' })
  assert.deepEqual([last().sent, shown()], [[], '👍1*'])
  last().say(message(2))
  assert.deepEqual(last().sent, [frame])
})

test('offline only the last of several is sent', async () => {
  const { room, clock, last, up, shown, react, browser } = await joined()
  last().say(summary(2, 1, { '👍': 4 }))
  last().end(1006)
  for (const want of ['👍5*', '👍4', '👍5*']) {
    react()
    assert.deepEqual([shown(), room.unsent], [want, 1])
  }
  react('🎉')
  await settled()
  assert.deepEqual([browser.records.size, room.unsent, shown()], [2, 2, '👍5* 🎉1*'])
  clock.pass(1000)
  up(2, { recovered: true, session: 's2' })
  const sent = []
  for (let next; (next = last().sent.at(-1)) && next !== sent.at(-1);) {
    sent.push(next)
    last().say({ type: 'ack', id: next.id })
  }
  assert.deepEqual(sent.map(({ emoji, on }) => [emoji, on]), [['👍', true], ['🎉', true]])
})

test('what is on its way is not withdrawn: the next one follows', async () => {
  const { last, shown, react, ack } = await joined()
  react()
  react()
  react()
  react()
  assert.equal(shown(), '')
  assert.deepEqual(last().sent.map(({ on }) => on), [true])
  ack(last().sent[0])
  assert.deepEqual(last().sent.map(({ on }) => on), [true, false])
  ack(last().sent[1])
  assert.deepEqual([last().sent.length, shown()], [2, ''])
})

test('it outlives a reload, however long that took, and is shown before it is sent', async () => {
  const before = await joined()
  before.last().end(1006)
  before.react()
  await settled()
  before.end()
  before.clock.pass(60 * 60_000)
  const { browser, memory: kept, own } = before
  const { last, up, shown, ack } = open({ browser, kept, own })
  await settled()
  up(2, { session: 's2' })
  last().say(message(1, { author: 'b' }))
  assert.equal(shown(), '👍1*')
  last().say(summary(2, 1, { '👍': 3 }))
  assert.equal(shown(), '👍4*')
  const [frame] = last().sent
  assert.deepEqual([frame.type, frame.on, last().sent.length], ['react', true, 1])
  ack(frame)
  last().say(summary(3, 1, { '👍': 4 }))
  await settled()
  assert.deepEqual([shown(), before.browser.records.size, own.all.get('id-1')], ['👍4*', 0, ['👍']])
})

for (const [code, sentence] of [
  ['unknown_message', "That message isn't available any more."],
  ['too_many_reactions', "That message can't have more reactions."],
  ['bad_request', "Your reaction wasn't saved. Try again later."],
  ['other', "Your reaction wasn't saved: not one emoji."],
]) {
  test(`refused with ${code}: all is as before, and a sentence says why`, async () => {
    const { room, last, shown, react, said, browser, own } = await joined()
    last().say(summary(2, 1, { '👍': 1 }))
    react()
    last().say({ type: 'error', id: last().sent[0].id, code, message: 'not one emoji' })
    await settled()
    const left = [room.unsent, browser.records.size, own.all.size]
    assert.deepEqual([shown(), said, left], ['👍1', [sentence], [0, 0, 0]])
  })
}

test('an older server refuses what it does not read: nothing waits for it', async () => {
  const { room, last, shown, react, said } = await joined()
  react()
  room.send('hello')
  last().say({ type: 'error', code: 'bad_request', message: 'unknown type; use message', retryable: false })
  assert.deepEqual([shown(), room.unsent, said.length, last().sent.at(-1).text], ['', 1, 1, 'hello'])
  last().say({ type: 'error', code: 'bad_request', message: 'unknown type; use message', retryable: false })
  assert.equal(room.unsent, 1, 'a message has been read')
})

test('more than twenty kinds are not sent, but one of them is', async () => {
  const { last, shown, react, said } = await joined()
  const faces = Array.from({ length: 20 }, (_, i) => String.fromCodePoint(0x1f600 + i))
  const kinds = Object.fromEntries(faces.map((face) => [face, 1]))
  last().say(summary(2, 1, kinds))
  const before = shown()
  react('🎉')
  assert.deepEqual([last().sent, said, shown()], [[], [REACTION.tooMany(20)], before])
  react(faces[0])
  assert.equal(last().sent.length, 1)
})

test('which are mine is known after a reload, and in the other tab', async () => {
  const one = await joined()
  const two = await joined({ browser: one.browser, own: one.own })
  one.react()
  one.ack(one.last().sent[0])
  for (const { last } of [one, two]) last().say(summary(2, 1, { '👍': 2 }))
  assert.deepEqual([one.shown(), two.shown()], ['👍2*', '👍2*'])
  two.react()
  two.ack(two.last().sent[0])
  for (const { last } of [one, two]) last().say(summary(3, 1, { '👍': 1 }))
  assert.deepEqual([one.shown(), two.shown(), two.last().sent[0].on], ['👍1', '👍1', false])
  one.room.leave()
  two.room.leave()
  assert.equal(one.own.watching.size, 0)
})

test('who reacted is asked, and tells which are mine', async () => {
  const person = (name, author) => ({ name, author, at: 1 })
  const answers = [
    { emoji: '👍', count: 2, people: [person('Ann', 'a'), person('bob', 'b')] },
    { emoji: '🎉', count: 200, people: [person('cid', 'c')] },
  ]
  const asked = []
  const own = memory()
  own.all.set('id-1', ['🎉', '😢'])
  const { room, at, last, shown, react } = await joined({ own, who: async (id) => asked.push(id) && answers })
  last().say(summary(2, 1, { '👍': 2, '🎉': 200, '😢': 1 }))
  assert.equal(shown(), '🎉200* 👍2 😢1*')
  const answer = await room.reacting.who(at(0))
  assert.deepEqual(answer[0].people, [{ name: 'Ann', own: true }, { name: 'bob', own: false }])
  assert.equal(shown(), '🎉200* 👍2* 😢1*', 'not all who gave 🎉 are named')
  assert.deepEqual([asked, own.all.get('id-1')], [['id-1'], ['🎉', '😢', '👍']])

  // An answer corrects no reaction that is being changed, and none corrects
  // anything if its counts are of another time.
  react('👍')
  answers[1] = { emoji: '😢', count: 9, people: [] }
  await room.reacting.who(at(0))
  assert.equal(shown(), '🎉200* 👍1 😢1*')
  answers[1].count = 1
  await room.reacting.who(at(0))
  assert.equal(shown(), '🎉200* 👍1 😢1*', 'somebody is not named')
  answers[1].people.push(person('dan', 'd'))
  await room.reacting.who(at(0))
  assert.equal(shown(), '🎉200* 👍1 😢1')
})

test('an answer from before the reaction takes it from nobody', async () => {
  const answer = [{ emoji: '👍', count: 1, people: [{ name: 'bob', author: 'b' }] }]
  const { room, at, last, shown, react, ack } = await joined({ who: async () => answer })
  last().say(summary(2, 1, { '👍': 1 }))
  react()
  ack(last().sent[0])
  await room.reacting.who(at(0))
  last().say(summary(3, 1, { '👍': 2 }))
  assert.equal(shown(), '👍2*')
  await room.reacting.who(at(0))
  assert.equal(shown(), '👍2*')
})

test('who takes back what the log does not count yet', async () => {
  const { last, shown, react, ack } = await joined()
  react()
  ack(last().sent[0])
  react()
  last().say(summary(2, 1, { '👍': 1 }))
  assert.equal(shown(), '')
  ack(last().sent[1])
  last().say(summary(3, 1, {}))
  assert.equal(shown(), '')
})
