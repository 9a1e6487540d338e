import assert from 'node:assert/strict'
import test from 'node:test'
import { settings } from '../js/storage/settings.js'

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
