import assert from 'node:assert/strict'
import test from 'node:test'
import { Conversation } from '../js/model/conversation.js'
import { Authors, numbered } from '../js/model/authors.js'
import { ArchivedItems } from '../js/model/archive.js'
import { guestProtocols, isGuestKey, newGuestKey } from '../js/storage/guest-key.js'
import { OTHER_EPOCH, itemsOf, message, welcome } from './helpers.js'
import { joined } from './joined.js'

const ID = '11111111-1111-4111-8111-111111111111'
const said = (seq, author, text, over = {}) => message(seq, { id: ID, author, text, ...over })
const textsOf = (items) => items.filter(({ kind }) => kind === 'message').map(({ text }) => text)

test('an id that somebody else sends again is another message, and nobody misses it', () => {
  const c = new Conversation()
  c.welcome(welcome(), 0)
  c.message(said(1, '@bob', 'the first'))
  assert.equal(c.message(said(2, '@eve', 'another')).text, 'another')
  assert.equal(c.message(said(3, '@bob', 'his own, with another text')).text, 'his own, with another text')
  c.reset({ type: 'reset', epoch: OTHER_EPOCH, seq: 0 }, 1)
  assert.equal(c.message(said(1, '@bob', 'the first')), null, 'it is shown already')
  assert.equal(c.message(said(2, '@eve', 'the first')).author, '@eve')
  assert.deepEqual(textsOf(itemsOf(c)), ['the first', 'another', 'his own, with another text', 'the first'])
  assert.equal(new Set(itemsOf(c).map(({ key }) => key)).size, itemsOf(c).length, 'each has a key of its own')
})

test('another guest who sends the id of a message that is on its way does not take its place', () => {
  const { room, last } = joined()
  last().end(1006)
  room.retryNow()
  last().open()
  last().say(welcome({ author: 'me', seq: 2, recovered: true }))
  room.send('mine')
  const [{ id }] = last().messages
  last().say(message(3, { id, author: '@eve', text: 'not yours' }))
  assert.equal(room.unsent, 1, 'it is still on its way')
  last().say(message(4, { id, author: 'me', name: 'ann', session: 's1', text: 'mine' }))
  assert.equal(room.unsent, 0)
  assert.deepEqual(
    itemsOf(room.conversation).slice(-2).map(({ text, own, state }) => [text, own, state]),
    [['not yours', false, 'sent'], ['mine', true, 'sent']],
  )
})

test('a message of another author in the archive under a known id is another one', () => {
  const c = new Conversation()
  c.welcome(welcome(), 0)
  c.message(said(5, '@bob', 'the first'))
  const past = new ArchivedItems(c)
  past.add([
    { ...said(3, '@eve', 'another'), epoch: OTHER_EPOCH },
    { ...said(4, '@bob', 'the first'), epoch: OTHER_EPOCH },
  ])
  assert.deepEqual([past.at(past.first).text, past.length - past.first], ['another', 2])
})

test('a guest key: 128 random bits, beside the protocol that the server answers with', () => {
  const key = newGuestKey()
  assert.ok(isGuestKey(key))
  assert.notEqual(key, newGuestKey())
  for (const bad of ['', 'x', key + '0', key.slice(1), key.replace(/./, 'g')]) {
    assert.ok(!isGuestKey(bad), bad)
  }
  assert.deepEqual(guestProtocols(key), ['livechat.user', `livechat.guest.${key}`])
})

test('the second guest of a name is told from the first, and accounts have their names alone', () => {
  const authors = new Authors()
  authors.own('tomas', 'mine')
  const nth = (author, name = 'tomas') => numbered({ name, nth: authors.nth(name, author) })
  assert.deepEqual(
    ['his', 'hers', 'his', 'mine', ''].map((author) => nth(author)),
    ['tomas (2)', 'tomas (3)', 'tomas (2)', 'tomas', 'tomas'],
  )
  assert.equal(nth('@ann', 'ann'), 'ann')
  for (let i = 0; i < 2000; i++) authors.nth(`guest-${i}`, 'x')
  assert.equal(nth('hers'), 'tomas', 'old names are forgotten')
})

test('what this browser wrote in another window is ours, if the name is', () => {
  const c = new Conversation()
  c.welcome(welcome({ name: 'ann', author: 'mine' }), 0)
  const ownOf = (seq, over) =>
    [c.message(message(seq, { id: `${seq}`, session: 'other', ...over })) === null, itemsOf(c).at(-1).own]
  assert.deepEqual(ownOf(1, { name: 'ann', author: 'mine' }), [true, true])
  assert.deepEqual(ownOf(2, { name: 'ann', author: 'theirs' }), [false, false])
  assert.deepEqual(
    ownOf(3, { name: 'bob', author: 'mine' }),
    [false, false],
    'a guest of another name in this browser',
  )
  assert.deepEqual(itemsOf(c).map(numbered), ['ann', 'ann (2)', 'bob'])
})
