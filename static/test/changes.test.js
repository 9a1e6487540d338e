// Edits and deletions that the reader makes, from the room to the wire.

import assert from 'node:assert/strict'
import test from 'node:test'
import { addressOf } from '../js/net/address.js'
import { Room } from '../js/chat/room.js'
import { Browser, settled } from './browser.js'
import { FakeSocket, LIMITS, itemsOf, message, welcome } from './helpers.js'

const MINUTE = 60_000
const EDITABLE = { ...LIMITS, edit_s: 3600 }
const own = (seq, over = {}) => message(seq, { author: 'a', name: 'ann', session: 's1', ...over })

function open(browser = new Browser(), memory = undefined, over = {}) {
  const page = browser.page(memory)
  const sockets = []
  const room = new Room({
    name: 'ann', room: 'livechat', clock: browser.clock, random: () => 0.5, unsent: page.unsent, ...over,
    address: addressOf({}, { protocol: 'http:', host: 'example.org', hostname: 'example.org' }),
    open: (url) => sockets[sockets.push(new FakeSocket(url)) - 1],
  })
  const said = []
  const removed = []
  room.listen({
    items() {}, received() {}, typing() {}, unsent() {}, state() {},
    refused: (sentence) => said.push(sentence), removed: (item) => removed.push(item.seq),
  })
  room.join()
  const last = () => sockets.at(-1)
  const up = (seq, over) => {
    last().open()
    last().say(welcome({ seq, author: 'a', limits: EDITABLE, ...over }))
  }
  const texts = () => itemsOf(room.conversation)
    .map((item) => `${item.deleted ? 'gone' : item.text}${item.changing ? '…' : ''}`).join(' | ')
  const at = (place) => room.items.at(place)
  return { ...page, browser, clock: browser.clock, room, last, up, texts, at, said, removed }
}

/** A room with one's own message and one of somebody else. */
async function joined(...args) {
  const all = open(...args)
  all.up(2)
  all.last().say(own(1))
  all.last().say(message(2, { author: 'b' }))
  await settled()
  return all
}

const AT = Date.UTC(2026, 0, 15, 12, 30)
const entryOf = ({ id, type, target, text }, seq, over = {}) => ({
  type, seq, id, app: '1000', session: 's1', author: 'a', name: 'ann', target,
  at: AT + seq, ...(type === 'edit' ? { text } : { by: 'author' }), ...over,
})

test('an edit is shown at once and sent; the log settles it', async () => {
  const { room, last, texts, at, browser } = await joined()
  room.changes.edit(at(0), 'better')
  assert.deepEqual([texts(), room.unsent], ['better… | text 2', 1])
  const [frame] = last().sent
  assert.deepEqual(frame, { type: 'edit', id: frame.id, target: { seq: 1, id: 'id-1' }, text: 'better' })
  last().say({ type: 'ack', id: frame.id, seq: 3, duplicate: false })
  assert.deepEqual([texts(), room.unsent], ['better | text 2', 0])
  last().say(entryOf(frame, 3))
  assert.deepEqual([texts(), at(0).edited, at(0).was], ['better | text 2', AT + 3, undefined])
  await settled()
  assert.equal(browser.records.size, 0)
})

test('what can be changed: own messages that the log has, for as long as the server says', async () => {
  const { room, clock, last, at } = await joined()
  assert.deepEqual(room.changes.can(at(0)), { edit: true, remove: true })
  assert.deepEqual(room.changes.can(at(1)), { edit: false, remove: false })
  clock.pass(61 * MINUTE)
  assert.deepEqual(room.changes.can(at(0)), { edit: false, remove: true })
  last().say({ ...own(3), at: clock.now() })
  for (const [limits, edit] of [[{ ...LIMITS, edit_s: 0 }, true], [LIMITS, false]]) {
    room.limits = limits
    assert.equal(room.changes.can(at(2)).edit, edit)
  }
  room.send('on its way')
  assert.deepEqual(room.changes.can(at(3)), { edit: false, remove: false })
})

test('a connection that breaks: the same edit goes again, after what was missed', async () => {
  const { room, clock, last, up, texts, at } = await joined()
  room.changes.edit(at(0), 'better')
  const [frame] = last().sent
  last().end(1006)
  clock.pass(1000)
  up(3, { recovered: true, session: 's2' })
  assert.deepEqual(last().sent, [])
  last().say(message(3, { author: 'b' }))
  assert.deepEqual(last().sent, [frame])
  last().say(entryOf(frame, 4))
  assert.deepEqual([texts(), room.unsent], ['better | text 2 | text 3', 0])
})

test('what was missed has it already: it does not go again', async () => {
  const { room, clock, last, up, at, texts } = await joined()
  room.changes.edit(at(0), 'better')
  const [frame] = last().sent
  last().end(1006)
  clock.pass(1000)
  up(3, { recovered: true, session: 's2' })
  last().say(entryOf(frame, 3))
  assert.deepEqual([last().sent, room.unsent, texts()], [[], 0, 'better | text 2'])
})

test('an edit outlives a reload, with its id, and is shown before it is sent', async () => {
  const before = await joined()
  before.room.changes.edit(before.at(0), 'better')
  const [frame] = before.last().sent
  await settled()
  before.end()
  const { room, last, up, texts } = open(before.browser, before.memory)
  await settled()
  up(2, { session: 's2' })
  last().say(own(1))
  assert.equal(texts(), 'better…')
  last().say(message(2))
  assert.deepEqual([last().sent, room.unsent], [[frame], 1])
  last().say({ type: 'ack', id: frame.id, seq: 3, duplicate: true })
  last().say(entryOf(frame, 3))
  await settled()
  assert.deepEqual([texts(), before.browser.records.size], ['better | text 2', 0])
})

test('the history has brought an edit before the storage answers: it is settled all the same', async () => {
  const before = await joined()
  before.room.changes.edit(before.at(0), 'better')
  const [frame] = before.last().sent
  await settled()
  before.end()
  const { last, up, texts, at } = open(before.browser, before.memory)
  up(2, { session: 's2' })
  last().say(own(1))
  last().say(entryOf(frame, 2))
  await settled()
  assert.deepEqual(last().sent, [frame])
  last().say({ type: 'ack', id: frame.id, seq: 2, duplicate: true })
  assert.deepEqual([texts(), at(0).was], ['better', undefined])
})

for (const [code, sentence] of [
  ['too_old', "It's too late to edit that message."], ['not_yours', 'Only its author can edit a message.'],
  ['unknown_message', "That message isn't available any more."],
  ['bad_text', "Your edit wasn't saved: this message has no visible text."],
]) {
  test(`refused with ${code}: the old text is back, and a sentence says why`, async () => {
    const { room, last, texts, at, said, browser } = await joined()
    room.changes.edit(at(0), 'better')
    last().say({ type: 'error', id: last().sent[0].id, code, message: 'no' })
    await settled()
    assert.deepEqual([texts(), said], ['text 1 | text 2', [sentence]])
    assert.deepEqual([room.unsent, browser.records.size], [0, 0])
  })
}

test('too often: tried again, and told when it is given up', async () => {
  const { room, clock, last, texts, at, said } = await joined()
  room.changes.edit(at(0), 'better')
  const error = { type: 'error', code: 'rate_limited', message: 'no', retryable: true, retry_after_ms: 100 }
  for (let i = 0; i < 8; i++) {
    last().say({ ...error, id: last().sent.at(-1).id })
    clock.pass(100)
  }
  assert.equal(texts(), 'text 1 | text 2')
  assert.deepEqual(said, ["Your edit wasn't saved: too many messages in a short time."])
})

test('two edits of one message: the last is shown, both are sent in their order', async () => {
  const { room, last, texts, at } = await joined()
  room.changes.edit(at(0), 'one')
  room.changes.edit(at(0), 'two')
  assert.equal(texts(), 'two… | text 2')
  last().say(entryOf(last().sent[0], 3))
  assert.equal(texts(), 'two… | text 2')
  last().say(entryOf(last().sent[1], 4))
  assert.deepEqual([texts(), last().sent.map(({ text }) => text)], ['two | text 2', ['one', 'two']])
})

test('a second window changes the same message, which is seen here', async () => {
  const { last, texts, at } = await joined()
  const frame = { type: 'edit', id: 'other', target: { seq: 1, id: 'id-1' }, text: 'there' }
  last().say(entryOf(frame, 3, { session: 's7' }))
  assert.deepEqual([texts(), at(0).own], ['there | text 2', true])
})

test('a deletion is shown at once, and sent when it cannot be undone any more', async () => {
  const { room, clock, last, texts, at, browser } = await joined()
  room.changes.remove(at(0))
  assert.deepEqual([texts(), room.changes.removing.id], ['gone… | text 2', 'id-1'])
  clock.pass(4999)
  assert.deepEqual(last().sent, [])
  clock.pass(1)
  const [frame] = last().sent
  assert.deepEqual(frame, { type: 'delete', id: frame.id, target: { seq: 1, id: 'id-1' } })
  assert.equal(room.changes.removing, null)
  last().say(entryOf(frame, 3))
  await settled()
  assert.deepEqual([texts(), browser.records.size], ['gone | text 2', 0])
  assert.doesNotMatch(JSON.stringify(itemsOf(room.conversation)), /text 1/)
})

test('undone in time, nothing is sent; who is about to has time', async () => {
  const { room, clock, last, texts, at, browser } = await joined()
  room.changes.remove(at(0))
  room.changes.hesitate(true)
  clock.pass(60_000)
  room.changes.hesitate(false)
  clock.pass(4000)
  room.changes.undo()
  clock.pass(60_000)
  await settled()
  assert.deepEqual([texts(), last().sent, browser.records.size], ['text 1 | text 2', [], 0])
})

test('who deletes another one, or leaves, has deleted the first', async () => {
  const { room, last, at } = await joined()
  last().say(own(3))
  room.changes.remove(at(0))
  room.changes.remove(at(2))
  assert.deepEqual(last().sent.map(({ target }) => target.seq), [1])
  last().say(entryOf(last().sent[0], 4))
  room.leave()
  assert.deepEqual(last().sent.map(({ target }) => target.seq), [1, 3])
})

test('a reload does not wait any more, however long it was away', async () => {
  const before = await joined()
  before.room.changes.remove(before.at(0))
  await settled()
  before.end()
  before.clock.pass(60 * MINUTE)
  const { last, up, texts } = open(before.browser, before.memory)
  await settled()
  up(1, { session: 's2' })
  last().say(own(1))
  assert.deepEqual([texts(), last().sent.map(({ type }) => type)], ['gone…', ['delete']])
})

test('a deletion that is refused: the message is back', async () => {
  const { room, clock, last, texts, at, said } = await joined()
  room.changes.remove(at(0))
  clock.pass(5000)
  last().say({ type: 'error', id: last().sent[0].id, code: 'not_yours', message: 'no' })
  assert.deepEqual([texts(), said], ['text 1 | text 2', ['Only its author can delete a message.']])
})

test('an edit of a message that is deleted elsewhere leaves nothing behind', async () => {
  const { room, last, texts, at, said, browser } = await joined()
  room.changes.edit(at(0), 'better')
  last().say(entryOf({ type: 'delete', id: 'other', target: { seq: 1, id: 'id-1' } }, 3, { session: 's7' }))
  await settled()
  assert.deepEqual([texts(), room.unsent, browser.records.size], ['gone | text 2', 0, 0])
  assert.deepEqual(said, ["That message was deleted, so your edit wasn't saved."])
})

test('changes are no news: nothing is received, and what is deleted does not count any more', async () => {
  const { room, last, removed } = await joined()
  const other = (type, seq, target) => entryOf({
    type, id: `x${seq}`, target: { seq: target, id: `id-${target}` }, text: 'new',
  }, seq, { author: 'b', name: 'bob' })
  const received = []
  room.listen({ received: (item) => received.push(item.seq) })
  room.seen()
  for (const seq of [3, 4]) {
    last().say(message(seq, { author: 'b' }))
    room.missed()
  }
  last().say(other('edit', 5, 4))
  assert.deepEqual([received, room.newFrom.count, room.newFrom.id], [[3, 4], 2, 'id-3'])
  last().say(other('delete', 6, 3))
  assert.deepEqual([received, removed, room.newFrom.count, room.newFrom.id], [[3, 4], [3], 1, 'id-4'])
  last().say(other('delete', 7, 4))
  assert.deepEqual([room.newFrom, removed], [null, [3, 4]])
})

test('edits since the last visit count nothing', async () => {
  const { room, last, up } =
    open(undefined, undefined, { lastSeen: { position: { epoch: welcome().epoch, seq: 2 } } })
  await settled()
  up(5)
  last().say(own(1))
  last().say(message(2))
  const bob = { author: undefined, session: 's9', name: 'bob' }
  last().say(entryOf({ type: 'edit', id: 'x', target: { seq: 2, id: 'id-2' }, text: 'new' }, 3, bob))
  last().say(message(4))
  last().say(entryOf({ type: 'delete', id: 'y', target: { seq: 4, id: 'id-4' } }, 5, bob))
  assert.equal(room.newFrom, null)
})

test('what stands for a deleted message is shown as such, and what stands for an edit is not', async () => {
  const { last, texts, room } = await joined()
  const { text, ...rest } = message(3, { author: 'b' })
  last().say({ ...rest, type: 'tombstone' })
  last().say({ ...rest, type: 'tombstone', seq: 4, id: 'e', target: { seq: 1, id: 'id-1' } })
  assert.deepEqual([texts(), room.conversation.position.seq], ['text 1 | text 2 | gone', 4])
})
