// Reactions: what the log and the archive say of them.

import assert from 'node:assert/strict'
import test from 'node:test'
import { Conversation } from '../js/model/conversation.js'
import { ArchivedItems } from '../js/model/archive.js'
import { ArchivedPart } from '../js/model/excerpt.js'
import { REACTION } from '../js/model/strings/reactions.js'
import { whoReacted } from '../js/model/strings/who.js'
import { parse } from '../js/net/frames.js'
import { EPOCH, OTHER_EPOCH, itemsOf, message, welcome } from './helpers.js'
import { below, deletion, joined, summary } from './reactions.js'

const archived = (seq, over = {}) => {
  const { type, ...rest } = message(seq, over)
  return { ...rest, epoch: EPOCH, ...over }
}

test('a summary counts for its message, and replaces the one before', () => {
  const conversation = new Conversation()
  conversation.welcome(welcome({ seq: 0 }), 1)
  conversation.message(message(1))
  for (const [seq, counts, want] of [
    [2, { '👍': 2, '🎉': 3 }, '🎉3 👍2'], [3, { '👍': 4, '🎉': 3 }, '🎉3 👍4'],
    [4, { '😂': 9, '👍': 4 }, '👍4 😂9'], [5, {}, ''],
  ]) {
    assert.equal(conversation.react(summary(seq, 1, counts)), true)
    conversation.revise('id-1')
    assert.equal(below(itemsOf(conversation)[0]), want)
  }
  assert.equal('reactions' in itemsOf(conversation)[0], false)
  conversation.message(message(6))
  assert.deepEqual([itemsOf(conversation)[1].missing, conversation.position.seq], [0, 6])
})

test('the same counts are no news: the item stays the same', () => {
  const conversation = new Conversation()
  conversation.welcome(welcome({ seq: 0 }), 1)
  conversation.message(message(1))
  conversation.react(summary(2, 1, { '👍': 2 }))
  conversation.revise('id-1')
  const item = itemsOf(conversation)[0]
  assert.equal(conversation.react(summary(3, 1, { '👍': 2 })), false)
  conversation.revise('id-1')
  assert.equal(itemsOf(conversation)[0], item)
})

test('of summaries that come in any order the highest seq counts; in another log the last', () => {
  const conversation = new Conversation()
  conversation.welcome(welcome({ seq: 0 }), 1)
  conversation.react(summary(3, 1, { '👍': 3 }))
  conversation.react(summary(2, 1, { '👍': 2 }))
  conversation.message(message(1))
  assert.equal(below(itemsOf(conversation)[0]), '👍3')
  conversation.welcome(welcome({ epoch: OTHER_EPOCH, seq: 2 }), 5)
  conversation.react(summary(2, 1, { '👍': 1 }))
  conversation.revise('id-1')
  assert.equal(below(itemsOf(conversation)[0]), '👍1')
})

test('for a message that is not here: counted, and nothing is missing', () => {
  const conversation = new Conversation()
  conversation.welcome(welcome({ seq: 8 }), 1)
  conversation.message(message(8))
  conversation.react(summary(9, 2, { '👍': 1 }))
  conversation.message(message(10))
  const all = itemsOf(conversation).map((item) => [item.seq, item.missing, below(item)])
  assert.deepEqual(all, [[8, 0, ''], [10, 0, '']])
})

test('messages from the archive carry theirs, unless the log knows better', () => {
  const conversation = new Conversation()
  conversation.welcome(welcome({ seq: 0 }), 1)
  conversation.message(message(8))
  conversation.react(summary(9, 1, { '👍': 5 }))
  const items = new ArchivedItems(conversation)
  const counted = [{ '👍': 4 }, { '🎉': 1, '😮': 2 }]
  items.add([...counted.map((reactions, i) => archived(i + 1, { reactions })), archived(3)])
  const shown = [1, 2, 3].map((n) => below(items.at(items.placeOf(`id-${n}`))))
  assert.deepEqual(shown, ['👍5', '😮2 🎉1', ''])
  conversation.react(summary(10, 3, { '😢': 1 }))
  items.revise('id-3')
  assert.equal(below(items.at(items.placeOf('id-3'))), '😢1')
})

test('after a gap the archive may know better', () => {
  const conversation = new Conversation()
  conversation.welcome(welcome({ seq: 0 }), 1)
  conversation.react(summary(2, 1, { '👍': 5 }))
  conversation.gap({ type: 'gap', from: 3, to: 9 }, 1)
  const part = new ArchivedPart(conversation)
  part.append([archived(1, { reactions: { '👍': 7 } })])
  assert.equal(below(part.at(0)), '👍7')
  conversation.react(summary(10, 1, { '👍': 8 }))
  part.revise('id-1')
  assert.equal(below(part.at(0)), '👍8')
  assert.deepEqual(part.messages[0].reactions, { '👍': 7 }, 'as the archive has it')
})

test('a message that the socket brings from the archive carries them, too; the summaries follow', () => {
  const conversation = new Conversation()
  conversation.welcome(welcome({ seq: 0 }), 1)
  conversation.message(message(1, { reactions: { '👍': 2 } }))
  assert.equal(below(itemsOf(conversation)[0]), '👍2')
  conversation.message(message(1, { reactions: { '👍': 3 } }))
  assert.equal(below(itemsOf(conversation)[0]), '👍3')
})

test('what is deleted has none', () => {
  const conversation = new Conversation()
  conversation.welcome(welcome({ seq: 0 }), 1)
  conversation.message(message(1, { author: 'b' }))
  conversation.react(summary(2, 1, { '👍': 2 }))
  conversation.revise('id-1')
  conversation.change(deletion(3, 1))
  conversation.react(summary(4, 1, { '👍': 3 }))
  conversation.revise('id-1')
  assert.equal('reactions' in itemsOf(conversation)[0], false)
})

test('an edit leaves them', async () => {
  const { last, shown, at } = await joined()
  last().say(summary(2, 1, { '👍': 2 }))
  const target = { seq: 1, id: 'id-1' }
  last().say({ ...message(3, { id: 'e', author: 'b' }), type: 'edit', text: 'better', target })
  assert.deepEqual([at(0).text, shown()], ['better', '👍2'])
})

test('frames: what is no summary is an entry, and a message may carry counts', () => {
  assert.equal(parse(JSON.stringify(summary(2, 1, {}))).type, 'reactions')
  for (const counts of [null, 'x', { '👍': 'x' }, { '👍': -1 }]) {
    assert.equal(parse(JSON.stringify(summary(2, 1, counts))).type, 'entry')
  }
  assert.deepEqual(parse(JSON.stringify(message(1, { reactions: { '👍': 1 } }))).reactions, { '👍': 1 })
  assert.deepEqual(parse('{"type":"ack","id":"x"}'), { type: 'ack', id: 'x' })
})

test('in words', () => {
  assert.equal(REACTION.spoken('👍', 3, true), '👍 3, you among them')
  assert.equal(REACTION.spoken('👍', 1, true), '👍 1, yours')
  assert.equal(REACTION.spoken('👍', 1200, false), '👍 1,200')
  for (const [names, count, want] of [
    [['You'], 1, 'You'], [['ann', 'bob'], 2, 'ann and bob'], [['ann', 'bob'], 5, 'ann, bob and 3 others'],
    [['ann'], 2, 'ann and 1 other'], [[], 2, '2 people'],
  ]) assert.equal(whoReacted(names, count), want)
})
