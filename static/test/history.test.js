import assert from 'node:assert/strict'
import test from 'node:test'
import { addMessageFromSocket, holes, noMessages, threadOf } from '../js/model/messages.js'
import { Store } from '../js/model/store.js'
import { History } from '../js/chat/history.js'
import { ReadMarks } from '../js/chat/read-marks.js'

const said = (n) => ({ id: `m${n}`, n, name: 'bob', text: `text ${n}`, at: n })

/** A chat of `count` messages on a server that remembers what it was asked. */
function make(count) {
  const asked = []
  const store = new Store(noMessages('ann'))
  const all = { asked, store, count, fails: false }
  const api = {
    async messages(chat, { before = Infinity, after, limit }) {
      asked.push(before < Infinity ? `<${before}` : after !== undefined ? `>${after}` : 'newest')
      if (all.fails) throw new Error('away')
      const found = Array.from({ length: all.count }, (_, i) => i + 1)
        .filter((n) => n < before && n > (after ?? 0))
      return (after !== undefined ? found.slice(0, limit) : found.slice(-limit)).map(said)
    },
  }
  all.history = new History(api, store)
  all.span = () => {
    const { list } = threadOf(store.state, 'c')
    return [list[0]?.n, list.at(-1)?.n, list.length]
  }
  return all
}

test('opened once, then page by page to the beginning', async () => {
  const { history, asked, span } = make(250)
  await Promise.all([history.open('c'), history.open('c')])
  assert.deepEqual([span(), asked, history.hasOlder('c')], [[151, 250, 100], ['newest'], true])
  await Promise.all([history.older('c'), history.older('c')])
  assert.deepEqual([span(), asked], [[51, 250, 200], ['newest', '<151']])
  await history.older('c')
  assert.deepEqual([span(), history.hasOlder('c')], [[1, 250, 250], false])
  await history.older('c')
  assert.equal(asked.length, 3)
})

test('what the feed did not bring is asked for; of a chat that nobody opened nothing is', async () => {
  const all = make(10)
  await all.history.catchUp('c', 10)
  assert.deepEqual(all.asked, [])
  await all.history.open('c')
  all.count = 15
  all.store.do(addMessageFromSocket, { ...said(15), chat: 'c' })
  assert.equal(holes(threadOf(all.store.state, 'c')).length, 1)
  await all.history.catchUp('c', 15)
  assert.deepEqual(all.span(), [1, 15, 15])
  assert.deepEqual(all.asked, ['newest', '>0'], 'what is here may be edited or deleted')
  await all.history.catchUp('c', 99)
  assert.deepEqual(all.asked.slice(2), ['>0', '>15'], 'what is not there is not asked for again and again')
})

test('what failed can be asked for again', async () => {
  const all = make(150)
  all.fails = true
  await assert.rejects(all.history.open('c'))
  assert.equal(all.history.isOpen('c'), false)
  all.fails = false
  await all.history.open('c')
  all.fails = true
  await assert.rejects(all.history.older('c'))
  all.fails = false
  await all.history.older('c')
  assert.deepEqual(all.span(), [1, 150, 150])
})

test('marks: one at a time, only the farthest, again when nobody answered', async () => {
  const posted = []
  const answers = []
  const marks = new ReadMarks((chat, n) => new Promise((resolve, reject) => {
    posted.push(n)
    answers.push({ resolve, reject })
  }))
  const settle = () => new Promise((resolve) => { setImmediate(resolve) })
  for (const n of [1, 2, 5, 3]) marks.tell('c', n)
  assert.deepEqual(posted, [1])
  answers[0].resolve()
  await settle()
  assert.deepEqual(posted, [1, 5])
  answers[1].reject(new Error('away'))
  await settle()
  marks.tell('c', 5)
  assert.deepEqual(posted, [1, 5])
  marks.again()
  assert.deepEqual(posted, [1, 5, 5])
  answers[2].resolve()
  await settle()
  marks.again()
  assert.deepEqual(posted, [1, 5, 5])
})
