import assert from 'node:assert/strict'
import test from 'node:test'
import { Conversation } from '../js/model/conversation.js'
import { ArchivedItems } from '../js/model/archive.js'
import { ArchivedPart } from '../js/model/excerpt.js'
import { Revisions } from '../js/model/revisions.js'
import { parse } from '../js/net/frames.js'
import { EPOCH, OTHER_EPOCH, itemsOf, message, welcome } from './helpers.js'

const AT = Date.UTC(2026, 0, 15, 13)
const edit = (seq, target, text, over = {}) => ({
  type: 'edit', seq, id: `e-${seq}`, app: '2000', session: 's9', name: 'bob', text,
  target: { seq: target, id: `id-${target}` }, at: AT + seq, ...over,
})
const deletion = (seq, target, over = {}) => {
  const { text, ...rest } = edit(seq, target, '', over)
  return { ...rest, type: 'delete', by: 'author', ...over }
}
const archived = (seq, over = {}) => {
  const { type, ...rest } = message(seq, over)
  return { ...rest, epoch: EPOCH, ...over }
}
/** A conversation that a frame changes, as the room does it. */
function received(...frames) {
  const conversation = new Conversation(['s1'])
  conversation.welcome(welcome({ seq: 0 }), 1)
  for (const frame of frames) take(conversation, frame)
  return conversation
}
const take = (conversation, frame) =>
  (frame.type === 'message' ? conversation.message(frame) : conversation.change(frame))
const texts = (conversation) => itemsOf(conversation)
  .map(({ text, edited, deleted }) => `${deleted ? 'gone' : text}${edited ? '*' : ''}`)
  .join(' | ')
const list = (items) =>
  Array.from({ length: items.length - items.first }, (_, i) => items.at(items.first + i))

test('an edit changes the text of its message, and has a number of its own', () => {
  const conversation = received(message(1), message(2), edit(3, 1, 'better'), message(4))
  assert.equal(texts(conversation), 'better* | text 2 | text 4')
  assert.deepEqual(
    [itemsOf(conversation)[0].edited, itemsOf(conversation)[2].missing, conversation.position.seq],
    [AT + 3, 0, 4],
  )
})

test('edits and their message in any order: the highest seq counts', () => {
  assert.equal(texts(received(edit(3, 1, 'better'), message(1))), 'better*')
  assert.equal(texts(received(message(1), edit(4, 1, 'last'), edit(3, 1, 'first'))), 'last*')
  assert.equal(
    texts(received(message(1), edit(3, 1, 'one', { at: AT }), edit(4, 1, 'two', { at: AT - 50 }))),
    'two*',
    'whatever the clocks say',
  )
})

test('an id belongs to its author: nobody edits the message of another one', () => {
  assert.equal(texts(received(message(1, { author: 'a' }), edit(2, 1, 'evil', { author: 'b' }))), 'text 1')
  assert.equal(texts(received(message(1), edit(2, 1, 'evil', { session: 's8' }))), 'text 1')
  assert.equal(texts(received(
    message(1, { author: 'a', session: 's1' }),
    edit(2, 1, 'mine', { author: 'a', session: 's2' }),
  )), 'mine*')
})

test('a repair may renumber a message: it is found by its id', () => {
  assert.equal(texts(received(message(7, { id: 'id-1' }), edit(8, 1, 'better'))), 'better*')
})

test('a message that comes again after it was edited is still the same', () => {
  const conversation = received(message(1, { author: 'a' }), edit(2, 1, 'better', { author: 'a' }))
  conversation.welcome(welcome({ epoch: OTHER_EPOCH, seq: 2 }), 5)
  take(conversation, message(1, { author: 'a' }))
  take(conversation, edit(2, 1, 'better', { author: 'a' }))
  assert.equal(
    itemsOf(conversation).filter(({ kind }) => kind === 'message').map(({ text }) => text).join(),
    'better',
  )
})

test('a message from the archive brings its newest text, also for one that is here', () => {
  const conversation = received(message(1, { author: 'a' }))
  conversation.welcome(welcome({ epoch: OTHER_EPOCH, seq: 1 }), 5)
  take(conversation, message(1, { author: 'a', text: 'newer', edited: AT }))
  assert.equal(texts(conversation).split(' | ')[0], 'newer*')
})

test('an archive page that is loaded after an edit does not win over it', () => {
  const conversation = received(message(10), edit(11, 5, 'live'), edit(12, 6, 'old'))
  const items = new ArchivedItems(conversation)
  items.add([
    archived(5), archived(6, { text: 'newer', edited: AT + 20 }), archived(7, { text: 'seven', edited: AT }),
  ])
  assert.deepEqual(
    list(items).slice(0, 3).map(({ text, edited }) => [text, edited]),
    [['live', AT + 11], ['newer', AT + 20], ['seven', AT]],
  )
  conversation.change(edit(13, 7, 'eight'))
  items.revise('id-7')
  assert.equal(items.at(items.placeOf('id-7')).text, 'eight')
})

test('in a part of the past, and in what it becomes at the live end', () => {
  const conversation = received(message(10))
  const part = new ArchivedPart(conversation)
  part.append([archived(5), archived(6)])
  conversation.change(deletion(11, 5))
  part.revise('id-5')
  assert.equal(part.at(part.placeOf('id-5')).deleted, true)
  assert.doesNotMatch(JSON.stringify([part.messages, list(part.items)]), /text 5/)
})

test('a deleted message has no text, and no later edit brings it back', () => {
  const conversation = received(message(1), deletion(2, 1), edit(3, 1, 'again'), message(4))
  assert.equal(texts(conversation), 'gone | text 4')
  assert.doesNotMatch(JSON.stringify(itemsOf(conversation)), /text 1|again/)
  assert.equal(texts(received(deletion(2, 1), message(1))), 'gone')
  assert.equal(texts(received(deletion(2, 1), edit(3, 1, 'again'), message(1))), 'gone')
  assert.equal(
    itemsOf(received(message(1), deletion(2, 1, { by: 'moderator', name: 'mod', session: 'm' })))[0].by,
    'mod',
  )
  const items = new ArchivedItems(conversation)
  items.add([archived(0, { id: 'x', text: '', deleted: true })])
  assert.equal(items.at(items.first).deleted, true)
})

test('what stands where a deleted message was shows that, and what else is known of it', () => {
  const conversation = received(message(1))
  conversation.welcome(welcome({ epoch: OTHER_EPOCH, seq: 1 }), 5)
  conversation.message({ ...message(1, { text: '' }), deleted: true })
  assert.equal(texts(conversation).split(' | ')[0], 'gone')
})

test('own changes are shown at once, and what the log says comes back', () => {
  const revisions = new Revisions()
  const of = { author: 'a', session: 's', id: 'x', text: 'one' }
  revisions.begin(of, { id: 'c1', text: 'two' })
  const shown = revisions.revised(of)
  assert.deepEqual([shown.text, shown.changing, shown.was], ['two', true, { text: 'one' }])
  assert.equal(revisions.revised(shown), shown, 'the same object')
  revisions.take(of, { text: 'three', at: 5, seq: 1, era: 0 })
  assert.deepEqual([revisions.revised(shown).text, revisions.revised(shown).was.text], ['two', 'three'])
  revisions.acked(of, 'c1')
  assert.equal(revisions.revised(shown).changing, undefined)
  revisions.end(of, 'c1')
  assert.deepEqual(revisions.revised(shown), { ...of, text: 'three', edited: 5 })
})

test('what is remembered is bounded', () => {
  const revisions = new Revisions()
  for (let i = 0; i < 5002; i++) revisions.take({ session: 's', id: `${i}` }, { text: 'new', at: 1 })
  const now = (id) => revisions.revised({ session: 's', id, text: 'old' }).text
  assert.deepEqual(['0', '1', '2', '5001'].map(now), ['old', 'old', 'new', 'new'])
})

test('frames of changes, and those that cannot be read, which have a number all the same', () => {
  for (const frame of [
    edit(3, 1, 'x'), deletion(3, 1), { ...deletion(3, 1), type: 'tombstone', target: undefined },
  ]) {
    assert.equal(parse(JSON.stringify(frame)).type, frame.type)
    assert.deepEqual(parse(JSON.stringify({ ...frame, target: 5 })), { type: 'entry', seq: 3, at: frame.at })
  }
})
