// Edits and deletions in a private chat, by the reader and by the other one.

import assert from 'node:assert/strict'
import test from 'node:test'
import { ThreadPart } from '../js/model/thread.js'
import { settled } from './browser.js'
import { AWAY, open, refusal } from './direct.js'

test('an edit is shown at once and sent; the answer settles it', async () => {
  const { talk, at, texts, asked, browser } = await open()
  talk.changes.edit(at(1), 'better')
  assert.deepEqual([texts(), talk.unsent], ['better… | text 2 | text 3 | text 4', 1])
  const [[, , id]] = asked
  assert.deepEqual(asked, [['edit', 'm1', id, 'better']])
  await settled()
  assert.deepEqual([texts(), talk.unsent, at(1).was], ['better* | text 2 | text 3 | text 4', 0, undefined])
  assert.equal(browser.records.size, 0)
})

test('what can be changed: own messages that the server has', async () => {
  const { talk, at, directMessages } = await open()
  const no = { edit: false, remove: false }
  assert.deepEqual([1, 2].map((n) => talk.changes.can(at(n))), [{ edit: true, remove: true }, no])
  assert.equal(talk.changes.newest(talk.items).id, 'm3')
  directMessages.sender.close()
  talk.send('not there yet')
  const unsent = talk.items.at(talk.items.length - 1)
  assert.deepEqual([unsent.text, talk.changes.can(unsent)], ['not there yet', no])
})

test('a deletion waits for five seconds, and can be undone meanwhile', async () => {
  const { talk, at, texts, asked, clock, browser, edited } = await open()
  talk.changes.remove(at(3))
  assert.deepEqual([texts(), talk.changes.removing.id], ['text 1 | text 2 | gone… | text 4', 'm3'])
  clock.pass(4000)
  talk.changes.undo()
  assert.deepEqual([texts(), talk.changes.removing], ['text 1 | text 2 | text 3 | text 4', null])
  talk.changes.remove(at(3))
  clock.pass(5000)
  await settled()
  assert.deepEqual([texts(), asked], ['text 1 | text 2 | gone | text 4', [['delete', 'm3']]])
  assert.deepEqual([talk.changes.can(at(3)).remove, browser.records.size, edited], [false, 0, ['m3 ']])
})

test('the feed tells of edits and deletions; nothing older undoes them', async () => {
  const { feed, texts, directMessages, last, removed, received } = await open()
  await feed(10, 'edit', 4, { text: 'first' })
  await feed(11, 'edit', 4, { text: 'second' })
  directMessages.history.add('c', [{ id: 'm4', n: 4, name: 'bob', text: 'first', at: 4, edited: 60 }])
  assert.deepEqual([texts(), last().text], ['text 1 | text 2 | text 3 | second*', 'second'])
  await feed(12, 'delete', 4)
  await feed(13, 'edit', 4, { deleted: true })
  directMessages.history.add('c', [{ id: 'm4', n: 4, name: 'bob', text: 'second', at: 4, edited: 61 }])
  assert.deepEqual([texts(), last().deleted, last().text], ['text 1 | text 2 | text 3 | gone', true, ''])
  assert.deepEqual(removed, ['m4'])
  assert.equal(JSON.stringify(directMessages.messages.state.threads).includes('second'), false)
  await feed(14, 'message', 5, { name: 'bob', deleted: true })
  assert.deepEqual(received, [], 'what is deleted by now has not just been said')
})

test('a message that is deleted before it was read is not unread any more', async () => {
  const all = await open()
  const { directMessages, talk } = all
  assert.deepEqual([directMessages.unread, talk.newFrom?.count], [1, 1])
  all.unread = 0
  await all.feed(10, 'delete', 4)
  assert.deepEqual([directMessages.unread, talk.newFrom?.count], [0, 0])
  await all.feed(11, 'message', 6, { deleted: true })
  assert.equal(directMessages.unread, 0, 'nor one that comes without its text')
})

test('what comes to nothing is as it was, and says so', async () => {
  const all = await open()
  for (const [error, sentence] of [
    [refusal('too_old', 403), "It's too late to edit that message."],
    [refusal('rate_limited', 429), "Your edit wasn't saved: too many messages in a short time."],
    [refusal('unknown_message', 404), "That message isn't available any more."],
    [AWAY, "Your edit wasn't saved."],
  ]) {
    all.fails = error
    all.talk.changes.edit(all.at(1), 'better')
    await settled()
    assert.equal(all.texts(), 'text 1 | text 2 | text 3 | text 4')
    assert.deepEqual([all.said.pop(), all.browser.records.size], [sentence, 0])
  }
})

test('an edit of what was deleted elsewhere is given up', async () => {
  const all = await open()
  const { talk, at, feed, texts, said } = all
  all.fails = AWAY
  all.directMessages.sender.close()
  talk.changes.edit(at(1), 'better')
  await feed(10, 'delete', 1)
  assert.equal(texts(), 'gone | text 2 | text 3 | text 4')
  assert.deepEqual(said, ["That message was deleted, so your edit wasn't saved."])
  assert.equal(talk.unsent, 0)
})

test('without the feed changes wait, also over a reload, and go with the same id', async () => {
  const before = await open()
  before.fails = AWAY
  before.directMessages.sender.close()
  before.talk.changes.edit(before.at(1), 'better')
  before.talk.changes.remove(before.at(3)) // could still be undone
  await settled()
  assert.equal(before.texts(), 'better… | text 2 | gone… | text 4')
  assert.equal(before.browser.records.size, 2)
  const [[, , id]] = before.asked
  before.end()
  const after = await open(before.browser, before.memory)
  assert.deepEqual(after.asked, [['edit', 'm1', id, 'better'], ['delete', 'm3']])
  assert.deepEqual([after.texts(), after.browser.records.size], ['better* | text 2 | gone | text 4', 0])
})

test('who logs out does not wait with a deletion', async () => {
  const { talk, at, asked, directMessages } = await open()
  talk.changes.remove(at(3))
  directMessages.stop()
  assert.deepEqual(asked, [['delete', 'm3']])
})

test('a part of the past on its own follows as well', async () => {
  const all = await open()
  const part = new ThreadPart(all.directMessages.messages.state)
  part.append([{ id: 'm90', n: 90, name: 'bob', text: 'old', at: 1 }])
  all.directMessages.messages.state.revisions.take({ id: 'm90', session: '' }, { text: 'older', at: 60 })
  part.revise('m90')
  part.take(0, 0)
  assert.deepEqual([part.items.at(90).text, part.items.at(90).edited], ['older', 60])
  assert.deepEqual(part.messages.map(({ text, edited }) => [text, edited]), [['older', 60]])
})

test('a part of the past does not tell of a deletion that may be taken back', async () => {
  const { directMessages } = await open()
  const { state } = directMessages.messages
  const part = new ThreadPart(state)
  part.append([{ id: 'm90', n: 90, name: 'ann', text: 'old', at: 1 }])
  state.revisions.begin({ id: 'm90', session: '' }, { id: 'c1', deleted: true, isAcked: false })
  part.revise('m90')
  part.take(0, 0)
  assert.equal(part.items.at(90).deleted, true)
  const [{ text, deleted, changing }] = part.messages
  assert.deepEqual([text, deleted, changing], ['old', undefined, undefined])
})

test('what was missed is asked for again: it may be edited or deleted', async () => {
  const all = await open()
  all.server[0] = { ...all.server[0], text: 'better', edited: 70 }
  all.server[1] = { ...all.server[1], text: '', deleted: true }
  all.socket().say({ type: 'gap', from: 10, to: 12 })
  all.clock.pass(3000)
  await settled()
  await settled()
  assert.equal(all.texts(), 'better* | gone | text 3 | text 4')
})
