import assert from 'node:assert/strict'
import test from 'node:test'
import { mentions } from '../js/model/mention.js'

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
