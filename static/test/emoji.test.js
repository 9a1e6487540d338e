import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { groupsOf, recall, RECENT, remember, search, step, TONES, withTone } from '../js/emoji/model.js'
import { CATEGORIES, TONE_NAMES } from '../js/emoji/strings.js'

const groups = groupsOf(JSON.parse(readFileSync(new URL('../emoji.json', import.meta.url), 'utf8')))
const find = (typed) => search(groups, typed).map(({ text }) => text)

test('every category has an icon and a name, every tone a name', () => {
  assert.deepEqual(groups.map(({ name }) => name), Object.keys(CATEGORIES))
  assert.equal(TONE_NAMES.length, TONES.length)
  const all = groups.flatMap(({ emoji }) => emoji)
  assert.ok(all.length > 1500)
  assert.equal(new Set(all.map(({ text }) => text)).size, all.length)
  for (const { text, name, words } of all) assert.ok(text && name && words.length > 0, name)
})

test('emoji are found by the beginnings of words', () => {
  assert.equal(find('thumbs up')[0], '👍')
  assert.equal(find('red heart')[0], '❤️')
  assert.ok(find('SMIL').includes('😀') || find('smil').length > 5)
  assert.ok(find('grin fac').includes('😀'))
  assert.ok(find('flag germ').includes('🇩🇪'))
  assert.ok(find('keycap 1').includes('1️⃣'))
  assert.ok(find('keycap #').includes('#️⃣'))
  for (const typed of ['', '   ', '!!', 'xyzzy', 'thumbs xyzzy']) assert.deepEqual(find(typed), [], typed)
  assert.ok(find('a').length <= 96)
})

test('a name that begins so comes before one that has it, and before other words', () => {
  const names = search(groups, 'cat')
    .map(({ name, words, own }) => ({ name, place: words.findIndex((word) => word.startsWith('cat')), own }))
  const ranks = names.map(({ place, own }) => (place >= own ? 2 : place === 0 ? 0 : 1))
  assert.deepEqual(ranks, [...ranks].sort())
  assert.ok(ranks.includes(0) && ranks.includes(2))
})

test('skin tones, and the emoji that have none', () => {
  const of = (text) => groups.flatMap(({ emoji }) => emoji).find((one) => one.text === text)
  assert.equal(withTone(of('👍'), '🏽'), '👍🏽')
  assert.equal(withTone(of('☝️'), '🏿'), '☝🏿')
  assert.equal(withTone(of('🕵️‍♂️'), '🏻'), '🕵🏻‍♂️')
  assert.equal(withTone(of('👍'), ''), '👍')
  assert.equal(withTone(of('🎉'), '🏽'), '🎉')
})

test('the recent ones keep their tone, are few, and known', () => {
  let texts = []
  for (const text of ['👍🏽', '🎉', '👍🏽', '👍']) texts = remember(texts, text)
  assert.deepEqual(texts, ['👍', '👍🏽', '🎉'])
  assert.deepEqual(recall(groups, [...texts, '<b>', 'x']).map((one) => withTone(one, '🏿')), texts)
  for (let i = 0; i < 100; i++) texts = remember(texts, String(i))
  assert.equal(texts.length, RECENT)
})

test('arrows lead through a grid', () => {
  // 0 1 2
  // 3 4 5
  // 6
  const at = (key, place) => step(key, place, 3, 7)
  assert.deepEqual([0, 2, 6].map((place) => at('ArrowRight', place)), [1, 3, 6])
  assert.deepEqual([0, 3, 6].map((place) => at('ArrowLeft', place)), [0, 2, 5])
  assert.deepEqual([1, 3, 6].map((place) => at('ArrowUp', place)), [-1, 0, 3])
  assert.deepEqual([0, 3, 4, 6].map((place) => at('ArrowDown', place)), [3, 6, 6, 6])
  assert.deepEqual([at('Home', 4), at('End', 4), at('Tab', 4)], [0, 6, null])
})
