import assert from 'node:assert/strict'
import test from 'node:test'
import { characters, cleanName, cleanText, isVisible, validRoom } from '../js/model/rules.js'

// The same examples as in server/chat: the page must not promise what the
// server refuses, nor refuse what it takes.
test('names that are fine', () => {
  const good = {
    'ann': 'ann',
    '  ann \u3000 lee\t': 'ann lee',
    'Zoe\u0308': 'Zoë',
    'Nguyễn Thị': 'Nguyễn Thị',
    '日本語': '日本語',
    'שלום': 'שלום',
    '👩‍👩‍👧 family': '👩‍👩‍👧 family',
    '1️⃣': '1️⃣',
    '🏴󠁧󠁢󠁳󠁣󠁴󠁿': '🏴󠁧󠁢󠁳󠁣󠁴󠁿',
    '<b>x</b>': '<b>x</b>',
    ['ä'.repeat(32)]: 'ä'.repeat(32),
    'x\u0301\u0302': 'x\u0301\u0302',
  }
  for (const [typed, name] of Object.entries(good)) {
    assert.deepEqual(cleanName(typed), { name, problem: '' }, JSON.stringify(typed))
  }
})

test('names that are not', () => {
  const bad = {
    'empty': '', 'spaces': ' \t\n ', 'too long': 'ä'.repeat(33), 'NUL': 'a\0b', 'escape': 'a\x1b[31m',
    'C1': 'a\u0085b\u009f',
    'line separator': 'a\u2028b', 'line break inside': 'a\nb', 'tab inside': 'a\tb', 'override': 'a\u202eb',
    'isolate': 'a\u2066b',
    'mark': 'a\u200fb', 'BOM': '\ufeffann', 'soft hyphen': 'a\u00adb', 'zero width space': 'a\u200bb',
    'zalgo': 'x\u0301\u0302\u0303',
    'only joiners': '\u200d\u200c', 'only a mark': '\u0301', 'half a character': 'a\ud83d',
    'hangul filler': '\u3164', 'braille blank': '\u2800', 'private': '\ue000',
  }
  for (const [what, typed] of Object.entries(bad)) assert.match(cleanName(typed).problem, /^[A-Z].*\.$/, what)
  const problems = ['empty', 'too long', 'zero width space', 'zalgo', 'only a mark']
    .map((what) => cleanName(bad[what]).problem)
  assert.deepEqual(problems, [
    'Type a name first.', "That's too long: 32 characters at most.",
    "There's an invisible character in that name. Please type it again.", 'Too many accents on one letter.',
    'That name would be invisible.',
  ])
})

test('texts keep what people wrote, and lose what they cannot have meant', () => {
  assert.equal(cleanText('  two\r\nlines\rthree\tend \n\n'), '  two\nlines\nthree\tend')
  assert.equal(cleanText('\n \n  code'), '  code')
  assert.equal(cleanText('a\0b\x1b[0m\u0085'), 'ab[0m')
  assert.equal(cleanText('half \ud83d a face'), 'half \ufffd a face')
  assert.equal(
    cleanText('👩‍👩‍👧 مرحبا Zoe\u0308'),
    '👩‍👩‍👧 مرحبا Zoe\u0308',
  )
  assert.equal(cleanText(' \n\t '), '')
})

test('a text needs something to see', () => {
  for (const text of ['', ' \n\t', '\u200b', '\u200d \u2060', '\u3164', '\u2800\u00a0', '\u00ad', '\ufeff']) {
    assert.ok(!isVisible(text), JSON.stringify(text))
  }
  for (const text of ['a', '\u200b.', '👍', '\u0301', '次', '\u3164x']) {
    assert.ok(isVisible(text), JSON.stringify(text))
  }
})

test('characters are code points', () => {
  assert.deepEqual(['', 'abc', 'ä', '👍', '👩‍👩‍👧'].map(characters), [0, 3, 1, 1, 5])
})

test('rooms', () => {
  for (const room of ['a', 'livechat', 'room-1', 'x'.repeat(32)]) assert.ok(validRoom(room), room)
  for (const room of ['', 'A', 'ä', 'a b', 'a:b', 'a/b', 'a_b', 'a\n', 'x'.repeat(33)]) {
    assert.ok(!validRoom(room), room)
  }
})
