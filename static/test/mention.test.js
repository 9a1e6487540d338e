import assert from 'node:assert/strict'
import test from 'node:test'
import { begunIn, meant, mentions, namesIn } from '../js/model/mention.js'

test('a text that names somebody', () => {
  const yes = ['@ann', 'hi @ann!', '(@ANN)', '@anna and @ann', '@ann, come', 'so,@ann', 'x @ann\nnext']
  const no = ['ann', '@anna', 'mail@ann', '@ann-marie', '@ann_', '@', '', '@a nn', '@annö']
  assert.deepEqual(yes.filter((text) => !mentions(text, 'ann')), [])
  assert.deepEqual(no.filter((text) => mentions(text, 'ann')), [])
})

test('names of several words, of other scripts, and of signs that mean something elsewhere', () => {
  assert.ok(mentions('hello @Ann Lee.', 'ann lee'))
  assert.ok(!mentions('hello @Ann Leeds', 'ann lee'))
  assert.ok(mentions('@\u00e9va', 'e\u0301va'))
  assert.ok(mentions('@(x)* [y]', '(x)* [y]'))
  assert.ok(mentions('你好 @小明，', '小明'))
  assert.ok(!mentions('@', ''))
})

test('code names nobody', () => {
  assert.ok(!mentions('run `@ann` and ```\n@ann\n```', 'ann'))
  assert.ok(mentions('run `x` @ann `y', 'ann'))
})

test('names in a text, the longest first', () => {
  const of = (text, names = ['ann', 'Ann Lee', 'zo\u00eb', '(x)*']) =>
    namesIn(text, names).map(({ text: part, isName }) => (isName ? `<${part}>` : part)).join('')
  for (const [text, want] of [
    ['hi', 'hi'],
    ['@ann, @Ann Lee: @anna', '<@ann>, <@Ann Lee>: @anna'],
    ['mail@ann', 'mail@ann'],
    ['@zoe\u0308 @zo\u00eb @ZO\u00cb', '<@zoe\u0308> <@zo\u00eb> <@ZO\u00cb>'],
    ['@(x)*!', '<@(x)*>!'],
    ['_@ann_', '_<@ann>_'],
  ]) assert.equal(of(text), want)
  assert.equal(of('@ann', []), '@ann')
})

test('a name that is begun, and whom it may mean', () => {
  assert.deepEqual(['@', 'hi @a', '@ann l', 'a@b', '@ a', '@a\nb', 'x', `@${'a'.repeat(33)}`, '@a @'].map(
    (text) => begunIn(text)?.begun ?? null,
  ), ['', 'a', 'ann l', null, null, null, null, null, ''])
  assert.equal(begunIn('hi @a')?.from, 3)
  const names = ['Ann Lee', 'bo', 'Lea', 'Zo\u00eb-Lee', 'x']
  assert.deepEqual(meant(names, 'le'), ['Lea', 'Ann Lee', 'Zo\u00eb-Lee'])
  assert.deepEqual(meant(names, 'ANN L'), ['Ann Lee'])
  assert.deepEqual(meant(names, 'zoe\u0308'), ['Zo\u00eb-Lee'])
  assert.equal(meant(Array.from({ length: 50 }, (_, i) => `a${i}`), '').length, 8)
})
