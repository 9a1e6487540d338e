import assert from 'node:assert/strict'
import test from 'node:test'
import { commandOf, SHORTCUTS } from '../js/model/shortcuts.js'
import { keysOf, SHORTCUT } from '../js/model/strings/shortcuts.js'

const AT_LARGE = { isWriting: false, takesCharacters: true, isGuest: false, needsAlt: false }
const press = (key, { now = {}, ...keys } = {}) => commandOf(
  { key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, isComposing: false, ...keys },
  { ...AT_LARGE, ...now },
)

test('what keys mean', () => {
  assert.deepEqual(
    ['?', '/', 'Escape', 'Enter', 'ArrowDown', 'a'].map((key) => press(key)),
    ['help', 'search', 'latest', '', '', ''],
  )
  assert.deepEqual(['ArrowUp', 'ArrowDown'].map((key) => press(key, { altKey: true })), ['previous', 'next'])
  assert.deepEqual([press('/', { ctrlKey: true }), press('/', { metaKey: true })], ['help', 'help'])
  assert.deepEqual([press('k', { ctrlKey: true }), press('k', { metaKey: true }), press('k')], ['rooms', 'rooms', ''])
})

test('a character that needs Shift, or needs none', () => {
  assert.deepEqual([press('?', { shiftKey: true }), press('/', { shiftKey: true })], ['help', 'search'])
  assert.equal(press('ArrowDown', { altKey: true, shiftKey: true }), '', 'that selects')
})

test('who writes has characters as characters', () => {
  const now = { isWriting: true }
  assert.deepEqual([press('?', { now }), press('/', { now })], ['', ''])
  assert.deepEqual(
    [press('/', { now, ctrlKey: true }), press('Escape', { now }), press('ArrowUp', { now, altKey: true })],
    ['help', 'latest', 'previous'],
  )
  assert.equal(press('Escape', { now, isComposing: true }), '', 'that ends the choice of a word')
})

test('single characters can be switched off', () => {
  const now = { takesCharacters: false }
  assert.deepEqual(
    [press('?', { now }), press('/', { now }), press('/', { now, ctrlKey: true })],
    ['', '', 'help'],
  )
})

test('nothing that there is for accounts only', () => {
  const now = { isGuest: true }
  const pressed = [press('/', { now }), press('ArrowUp', { now, altKey: true }), press('?', { now })]
  assert.deepEqual(pressed, ['search', '', 'help'])
})

test('on a Mac, Alt with an arrow goes through a text', () => {
  assert.equal(press('ArrowUp', { altKey: true, now: { isWriting: true, needsAlt: true } }), '')
})

test('no key of a browser: no letter but Ctrl+K, and nothing with Ctrl or Alt but the ones above', () => {
  for (const { presses } of SHORTCUTS) for (const { key, ctrl, alt } of presses) {
    assert.ok(!/^[a-z0-9]$/i.test(key) || (key === 'k' && ctrl), key)
    assert.ok(!ctrl || key === '/' || key === 'k', `Ctrl+${key}`)
    assert.ok(!alt || /^Arrow(Up|Down)$/.test(key), `Alt+${key}`) // to the sides it is Back and Forward
  }
})

test('every key has its words, and no words are left over', () => {
  assert.deepEqual(SHORTCUTS.map(({ name }) => name).sort(), Object.keys(SHORTCUT).sort())
  assert.deepEqual(keysOf({ key: 'ArrowUp', alt: true }, false), ['Alt', '↑'])
  assert.deepEqual(keysOf({ key: '/', ctrl: true }, true), ['⌘', '/'])
})
