import assert from 'node:assert/strict'
import test from 'node:test'
import { Search } from '../js/chat/search.js'
import { marked, snippet, wishFrom } from '../js/model/search-words.js'
import { ApiError } from '../js/net/problem.js'

const parsed = (typed) => {
  const wish = wishFrom(typed)
  return wish && [wish.words, wish.from, wish.room, wish.lacks]
}

test('operators narrow it down, wherever they stand', () => {
  assert.deepEqual(parsed('lunch'), ['lunch', '', '', ''])
  assert.deepEqual(parsed('  from:ann  lunch in:tea today '), ['lunch today', 'ann', 'tea', ''])
  assert.deepEqual(parsed('lunch FROM:"Bob Lee" In:#Tea'), ['lunch', 'Bob Lee', 'tea', ''])
  assert.deepEqual(parsed('lunch from:“Bob Lee”'), ['lunch', 'Bob Lee', '', ''])
  assert.deepEqual(parsed('lunch from:@ann from:bob'), ['lunch', 'bob', '', ''], 'the last one counts')
  assert.deepEqual(parsed('lunch from:"Bob L'), ['lunch', 'Bob L', '', ''], 'while it is typed')
})

test('what is no operator is a word', () => {
  assert.deepEqual(parsed('a letter from: ann'), ['a letter ann', '', '', ''])
  assert.deepEqual(parsed('login:ann platform:x'), ['login:ann platform:x', '', '', ''])
})

test('nothing is nothing; a word is needed, and a room that can be', () => {
  assert.deepEqual([parsed(''), parsed('  '), parsed('from:')], [null, null, null])
  assert.equal(parsed('from:ann')[3], 'words')
  assert.equal(parsed('in:tea')[3], 'words')
  assert.deepEqual(parsed('x in:Bad!')[3], 'room')
  assert.equal([...wishFrom(`x from:${'é'.repeat(80)}`).from].length, 64, 'the server takes no more')
})

const shown = (pieces) => pieces.map(({ text, isHit }) => (isHit ? `[${text}]` : text)).join('')

test('whole words are marked, in any case and form', () => {
  const mark = (text, words) => shown(marked(text, words))
  assert.equal(mark('Lunch? a lunch, lunchtime', 'LUNCH'), '[Lunch]? a [lunch], lunchtime')
  assert.equal(mark('Cafe\u0301 and caf\u00e9', 'caf\u00e9'), '[Cafe\u0301] and [caf\u00e9]')
  assert.equal(mark('Straße STRASSE', 'strasse'), '[Straße] [STRASSE]')
  assert.equal(mark('ΟΔΟΣ οδος', 'οδοσ'), '[ΟΔΟΣ] [οδος]')
  assert.equal(mark('Ｗｉｄｅ ﬁsh', 'wide fish'), '[Ｗｉｄｅ] [ﬁsh]')
  assert.equal(mark('İstanbul', 'istanbul'), '[İstanbul]')
  assert.equal(mark('a b c', 'c a'), '[a] b [c]')
  assert.equal(mark('so-called', 'called!'), 'so-[called]')
  assert.equal(mark('nothing', '?!'), 'nothing')
  assert.equal(mark('', 'x'), '')
  assert.equal(mark('<b>x</b>', 'b'), '<[b]>x</[b]>')
})

test('scripts without spaces are marked inside', () => {
  const mark = (text, words) => shown(marked(text, words))
  assert.equal(mark('東京都に住む', '京都'), '東[京都]に住む')
  assert.equal(mark('東京、京都。', '京'), '東[京]、[京]都。')
  assert.equal(mark('京京京', '京京'), '[京京]京')
  assert.equal(mark('tokyo東京', '東京'), 'tokyo[東京]')
  assert.equal(mark('カーテン', 'ーテ'), 'カ[ーテ]ン')
})

test('a long text shows what was found', () => {
  const long = `${'word '.repeat(40)}here ${'more '.repeat(40)}`
  const text = shown(snippet(long, 'here'))
  assert.match(text, /^…word word .*\[here\] more/)
  assert.ok(text.indexOf('[here]') < 40, text)
  assert.equal(shown(snippet(`short and here`, 'here')), 'short and [here]')
  assert.equal(shown(snippet(long, 'absent')), long)
  assert.equal(shown(snippet(`${'🙂'.repeat(50)}x here`, 'here')).includes('\ufffd'), false)
  assert.match(shown(snippet(`${'🙂'.repeat(50)} here`, 'here')), /^…🙂*/u)
})

/** An archive of `count` messages with that word, in pages. */
function make(count, own = {}) {
  const all = { asked: [], fails: null, told: 0, ...own }
  all.search = new Search(async (wish) => {
    all.asked.push(wish)
    if (all.gate) await all.gate
    if (all.fails) throw all.fails
    const start = Number(wish.before || 0)
    const results = Array.from(
      { length: Math.min(wish.limit, count - start) },
      (_, i) => ({ id: `${wish.q}${start + i}` }),
    )
    return { results, next: start + wish.limit < count ? String(start + wish.limit) : null }
  }, () => { all.told++ })
  return all
}
const AWAY = new ApiError('unavailable', 'away', 503)
const lunch = { words: 'lunch', from: 'ann', room: 'tea', lacks: '' }

test('page by page to the end, each once', async () => {
  const { search, asked } = make(120)
  await search.begin(lunch)
  assert.deepEqual([search.state, search.found.length, search.hasMore], ['found', 50, true])
  assert.deepEqual(asked[0], { q: 'lunch', from: 'ann', room: 'tea', before: '', limit: 50 })
  await Promise.all([search.more(), search.more()])
  assert.deepEqual([search.found.length, asked[1].before, asked.length], [100, '50', 2])
  await search.more()
  await search.more()
  assert.deepEqual(
    [search.state, search.found.length, search.hasMore, asked.length],
    ['found', 120, false, 3],
  )
  assert.deepEqual(search.found.map(({ id }) => id), Array.from({ length: 120 }, (_, i) => `lunch${i}`))
})

test('what failed can be tried again, and nothing is lost', async () => {
  const all = make(120, { fails: AWAY })
  const { search, asked } = all
  await search.begin(lunch)
  assert.deepEqual([search.state, search.error, search.found], ['failed', AWAY, []])
  await search.more()
  all.fails = null
  await search.again()
  assert.deepEqual([search.state, search.found.length], ['found', 50])
  all.fails = AWAY
  await search.more()
  assert.deepEqual([search.state, search.found.length], ['moreFailed', 50])
  await search.more()
  assert.equal(asked.length, 3, 'scrolling alone does not ask again')
  all.fails = null
  await search.again()
  assert.deepEqual([search.state, search.found.length], ['found', 100])
})

test('the last wish counts, also over a page that is on its way', async () => {
  const all = make(120)
  const { search } = all
  let open
  all.gate = new Promise((resolve) => { open = resolve })
  const asking = [search.begin(lunch), search.begin({ ...lunch, words: 'tea' })]
  open()
  await Promise.all(asking)
  assert.equal(search.found[0].id, 'tea0')
  all.gate = new Promise((resolve) => { open = resolve })
  const more = search.more()
  await search.begin(null)
  open()
  await more
  assert.deepEqual([search.state, search.found, search.hasMore], ['none', [], false])
})

test('what was found is as it is now: a message is known by its id, and its room or chat', async () => {
  const search = new Search(async () => ({
    results: [
      { id: 'a', room: 'tea', name: 'ann', text: 'lunch' }, { id: 'a', chat: 'c', name: 'ann', text: 'lunch?' },
      { id: 'b', chat: 'c', name: 'bob', text: 'no lunch' },
    ],
    next: null,
  }), () => {})
  await search.begin(lunch)
  const texts = () => search.found.map(({ text }) => text)
  assert.equal(search.revise({ chat: 'c', id: 'a', name: 'ann', text: 'dinner?' }), true)
  assert.deepEqual(texts(), ['lunch', 'dinner?', 'no lunch'])
  assert.equal(search.revise({ chat: 'c', id: 'b', name: 'bob', text: '', deleted: true }), true)
  assert.equal(search.revise({ id: 'a', name: 'ann', text: '', deleted: true }), true)
  assert.deepEqual(texts(), ['dinner?'])
  assert.equal(search.revise({ id: 'x', name: 'ann', text: '' }), false)
})
