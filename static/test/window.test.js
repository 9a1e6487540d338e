import assert from 'node:assert/strict'
import test from 'node:test'
import { Window } from '../js/model/window.js'
import { randomFrom } from './helpers.js'

const range = (w) => [w.start, w.end]

test('at the end it follows, and cuts the far end now and then', () => {
  const w = new Window()
  w.follow(0, 200)
  assert.deepEqual(range(w), [0, 200])
  w.follow(0, 320)
  assert.deepEqual(range(w), [0, 320])
  w.follow(0, 321)
  assert.deepEqual(range(w), [21, 321])
})

test('elsewhere nothing is taken away, and what does not fit waits below', () => {
  const w = new Window()
  w.follow(0, 310)
  w.hold(0, 315)
  assert.deepEqual([...range(w), w.isLatest], [0, 315, true])
  w.hold(0, 400)
  assert.deepEqual([...range(w), w.isLatest], [0, 320, false])
  w.hold(0, 500)
  assert.deepEqual(range(w), [0, 320])
  w.latest(0)
  assert.deepEqual([...range(w), w.isLatest], [200, 500, true])
})

test('scrolling up and down moves it', () => {
  const w = new Window()
  w.follow(0, 1000)
  assert.deepEqual(range(w), [700, 1000])
  w.older(0)
  assert.deepEqual(range(w), [600, 900])
  w.hold(0, 1010)
  assert.deepEqual(
    [...range(w), w.isLatest],
    [600, 900, false],
    'what comes is not put next to what does not belong there',
  )
  w.newer()
  assert.deepEqual(range(w), [700, 1000])
  w.newer()
  assert.deepEqual([...range(w), w.isLatest], [700, 1010, true])
})

test('whatever happens: inside the conversation, never too many', () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = randomFrom(seed)
    const w = new Window()
    let first = 0
    let length = Math.floor(random() * 400)
    w.follow(first, length)
    for (let step = 0; step < 100; step++) {
      const choice = random()
      if (choice < 0.4) {
        length += Math.floor(random() * 60)
        if (random() < 0.1) first = Math.min(length, first + Math.floor(random() * 500))
        if (random() < 0.1) length = Math.max(first, length - 1) // a message was thrown away
        if (random() < 0.5) w.follow(first, length)
        else w.hold(first, length)
      } else if (choice < 0.6) w.older(first)
      else if (choice < 0.8) w.newer()
      else w.latest(first)
      const where = `seed ${seed} step ${step}: ${range(w)} of ${first} to ${length}`
      assert.ok(w.start >= first && w.start <= w.end && w.end <= length, where)
      assert.ok(w.end - w.start <= 320, where)
      assert.ok(length === first || w.end > w.start, `${where}: empty`)
    }
  }
})

test('around one message: as much before it as after it, within what there is', () => {
  const w = new Window()
  w.around(1000, 0, 2000)
  assert.deepEqual([w.start, w.end, w.isLatest], [850, 1150, false])
  w.around(10, 5, 2000)
  assert.deepEqual([w.start, w.end], [5, 160])
  w.around(1990, 5, 2000)
  assert.deepEqual([w.start, w.end, w.isLatest], [1840, 2000, true])
})
