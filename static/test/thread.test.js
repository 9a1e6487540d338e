import assert from 'node:assert/strict'
import test from 'node:test'
import { failMessage, getAllMessages, noMessages, sendMessage, threadOf } from '../js/model/messages.js'
import { Store } from '../js/model/store.js'
import { ThreadItems } from '../js/model/thread.js'

const said = (n, name = 'bob') => ({ id: `m${n}`, n, name, text: `text ${n}`, at: n })
const texts = (items) => Array.from(
  { length: items.length - items.first },
  (_, i) => items.at(items.first + i).text,
)

function make() {
  const store = new Store(noMessages('ann'))
  const items = new ThreadItems()
  const look = (otherRead = 0) => {
    items.take(threadOf(store.state, 'c'), otherRead)
    return items
  }
  return { store, look }
}

test('places stay the same when older messages come in', () => {
  const { store, look } = make()
  store.do(getAllMessages, 'c', [said(51), said(52)])
  assert.deepEqual([look().first, look().length, look().placeOf('m52')], [51, 53, 52])
  const before = look().at(52)
  store.do(getAllMessages, 'c', [said(49), said(50)])
  assert.deepEqual([look().first, look().length, look().placeOf('m52')], [49, 53, 52])
  assert.equal(look().at(52), before, 'the same message is the same item')
})

test('what an own message shows: from sending to read', () => {
  const { store, look } = make()
  store.do(getAllMessages, 'c', [said(1), said(2, 'ann')])
  store.do(sendMessage, 'c', { id: 'new', text: 'new', at: 9 })
  const states = (read) => [1, 2, 3].map((place) => look(read).at(place).state)
  assert.deepEqual(states(0), ['delivered', 'delivered', 'sending'])
  assert.deepEqual(states(2), ['delivered', 'read', 'sending'])
  store.do(failMessage, 'c', 'new', 'too long')
  assert.deepEqual([states(2)[2], look(2).at(3).reason, look(2).at(3).seq], ['failed', 'too long', null])
  assert.deepEqual(texts(look()), ['text 1', 'text 2', 'new'])
})

test('the first that had not been read before; none when nothing had', () => {
  const { store } = make()
  store.do(getAllMessages, 'c', [said(1), said(2), said(3, 'ann'), said(4), said(5)])
  const marked = (read) => {
    const items = new ThreadItems()
    items.take(threadOf(store.state, 'c'), 0, read)
    return [1, 2, 3, 4, 5].filter((place) => items.at(place).isNew)
  }
  assert.deepEqual([marked(0), marked(1), marked(2), marked(5)], [[], [2], [4], []])
})

test('an empty one has no places', () => {
  const { look } = make()
  assert.equal(look().length - look().first, 0)
  assert.equal(look().placeOf('m1'), undefined)
})

test('a store tells of changes, and of nothing else', () => {
  const store = new Store({ n: 1 })
  let told = 0
  const unlisten = store.listen(() => { told++ })
  assert.equal(store.do((state) => state), false)
  assert.equal(store.do((state, by) => ({ n: state.n + by }), 2), true)
  assert.deepEqual([store.state.n, told], [3, 1])
  unlisten()
  store.do(() => ({ n: 0 }))
  assert.equal(told, 1)
})
