import assert from 'node:assert/strict'
import test from 'node:test'
import { Conversation } from '../js/model/conversation.js'
import { Past } from '../js/model/past.js'
import { guestProtocols, isGuestKey, newGuestKey } from '../js/net/guest.js'
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

test('a stranger who sends the id of a message that is on its way does not take its place', () => {
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
  assert.deepEqual(itemsOf(room.conversation).slice(-2).map(({ text, own, state }) => [text, own, state]), [['not yours', false, 'sent'], ['mine', true, 'sent']])
})

test('what a stranger has put into the archive under a known id is another message', () => {
  const c = new Conversation()
  c.welcome(welcome(), 0)
  c.message(said(5, '@bob', 'the first'))
  const past = new Past(c)
  past.add([{ ...said(3, '@eve', 'another'), epoch: OTHER_EPOCH }, { ...said(4, '@bob', 'the first'), epoch: OTHER_EPOCH }])
  assert.deepEqual([past.at(past.first).text, past.length - past.first], ['another', 2])
})

test('a guest key: 128 random bits, beside the protocol that the server answers with', () => {
  const key = newGuestKey()
  assert.ok(isGuestKey(key))
  assert.notEqual(key, newGuestKey())
  for (const bad of ['', 'x', key + '0', key.slice(1), key.replace(/./, 'g')]) assert.ok(!isGuestKey(bad), bad)
  assert.deepEqual(guestProtocols(key), ['livechat.user', `livechat.guest.${key}`])
})
