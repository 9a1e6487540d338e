import assert from 'node:assert/strict'
import test from 'node:test'
import { atStake } from '../js/chat/at-stake.js'
import { draftInRoom } from '../js/view/drafts.js'
import { rememberDraftFiles } from '../js/storage/attached.js'
import { reactedIn } from '../js/storage/reacted.js'
import { settings } from '../js/storage/settings.js'
import { FakeClock } from './helpers.js'

/** A Storage in memory. */
function memory() {
  const kept = new Map()
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, value),
    removeItem: (key) => kept.delete(key),
  }
}

test('a draft stays in the room where it was begun', () => {
  Object.assign(globalThis, { localStorage: memory(), sessionStorage: memory() })
  settings.joined = { room: 'livechat', name: 'ann' }
  settings.draft = 'for all'
  settings.joined = { room: 'other', name: 'ann' }
  assert.equal(settings.draft, '')
  settings.draft = 'for some'
  settings.joined = { room: 'livechat', name: 'ann' }
  assert.equal(settings.draft, 'for all')
  settings.draft = ''
  settings.joined = { room: 'other', name: 'ann' }
  assert.equal(settings.draft, 'for some')
  settings.forgetAccount('ann')
  settings.joined = { room: 'other', name: 'bob' }
  assert.equal(settings.draft, '', 'nothing is left for the next one')
})

test('logging out says what it deletes: each conversation with a text, or a file, that is begun', async () => {
  Object.assign(globalThis, { localStorage: memory(), sessionStorage: memory() })
  const stake = (drafts, waiting = 0) => atStake(
    { me: 'ann', changes: { flush() {} }, unsent: { messages: 0, drafts } },
    {
      room: { unsent: 0 }, unsent: { count: async () => waiting }, draftPlaces: settings.draftPlaces,
      clock: new FakeClock(),
    },
  )
  const files = [{ id: 'f', name: 'a.png', type: 'image/png', size: 1 }]
  settings.joined = { room: 'livechat', name: 'ann' }
  assert.equal(await stake([]), '')
  draftInRoom.files = files
  assert.match(await stake([]), /^1 draft hasn't been sent yet/)
  draftInRoom.text = 'look'
  assert.match(await stake([]), /^1 draft /, 'the file and the text are one')
  rememberDraftFiles('chat-1', files)
  assert.match(await stake(['chat-1', 'chat-2'], 2), /^2 messages and 3 drafts haven't/)
  settings.joined = { room: 'other', name: 'ann' }
  assert.match(await stake([]), /^2 drafts /, 'what is begun in another room goes as well')
  settings.forgetAccount('ann')
  assert.equal(await stake([]), '')
})

test('how far a room has been seen, for the twenty rooms that were looked at last', () => {
  Object.assign(globalThis, { localStorage: memory(), sessionStorage: memory() })
  const at = (seq) => ({ epoch: 'e', seq })
  assert.equal(settings.lastSeenIn('livechat').position, null)
  for (let i = 0; i < 25; i++) settings.lastSeenIn(`room-${i}`).position = at(i + 1)
  settings.lastSeenIn('room-24').position = at(30)
  assert.deepEqual(['room-24', 'room-5'].map((room) => settings.lastSeenIn(room).position), [at(30), at(6)])
  assert.equal(settings.lastSeenIn('room-4').position, null)
  settings.account = 'ann'
  settings.forgetAccount('ann')
  assert.equal(settings.lastSeenIn('room-24').position, null, 'nothing is left for the next one')
})

test('one’s own reactions are remembered by account and room, for the last thousand messages', () => {
  Object.assign(globalThis, { localStorage: memory(), sessionStorage: memory() })
  const guest = reactedIn('', 'livechat')
  const ann = reactedIn('ann', 'livechat')
  guest.set('m1', ['👍', '❤️'])
  ann.set('m1', ['🎉'])
  const of = (...all) => all.map((own) => own.of('m1').join(' '))
  const all = of(guest, ann, reactedIn('', 'other'), reactedIn('', 'livechat'))
  assert.deepEqual(all, ['👍 ❤️', '🎉', '', '👍 ❤️'])
  guest.set('m1', [])
  assert.deepEqual(of(reactedIn('', 'livechat'), reactedIn('ann', 'livechat')), ['', '🎉'])
  settings.forgetAccount('ann')
  assert.equal(localStorage.getItem('livechat.reacted'), null)
  for (let i = 0; i < 1001; i++) guest.set(`m${i}`, ['👍'])
  assert.deepEqual(['m0', 'm1', 'm1000'].map(reactedIn('', 'livechat').of), [[], ['👍'], ['👍']])
  localStorage.setItem('livechat.reacted', '{}')
  assert.deepEqual(reactedIn('', 'livechat').of('m1'), [])
})
