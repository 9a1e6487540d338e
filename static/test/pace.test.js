import assert from 'node:assert/strict'
import test from 'node:test'
import { dayFrom, dayOf, dayStart, untilMidnight } from '../js/model/clock.js'
import { linesOf } from '../js/model/linkify.js'
import { linkedHere, linkedMessage, messageLink } from '../js/model/message-link.js'
import { Pace } from '../js/model/pace.js'

test('few messages are drawn at once, many five times a second', () => {
  const pace = new Pace()
  pace.drew(20, 0)
  assert.equal(pace.wait(16), 0)
  pace.drew(1, 16)
  assert.deepEqual([pace.wait(20), pace.wait(216), pace.rate(500)], [196, 0, 21])
  let drawings = 0
  for (let now = 1000; now < 2000; now += 10) { // 100 a second
    if (pace.wait(now) > 0) continue
    drawings++
    pace.drew(now === 1000 ? 30 : 10, now)
  }
  assert.ok(drawings <= 6, `${drawings} drawings`)
  assert.deepEqual([pace.rate(3100), pace.wait(3100)], [0, 0])
})

test('the next day begins at midnight where the reader is', () => {
  assert.equal(untilMidnight(new Date(2026, 0, 5, 23, 59, 30).getTime()), 30_000)
  assert.equal(untilMidnight(new Date(2026, 11, 31, 12).getTime()), 12 * 3600_000)
})

test('days: where they begin, and as a field for dates writes them', () => {
  const evening = new Date(2026, 2, 1, 22, 30).getTime()
  assert.equal(dayStart(evening), new Date(2026, 2, 1).getTime())
  assert.equal(dayStart(evening, 7), new Date(2026, 1, 22).getTime(), 'in another month')
  assert.equal(dayOf(evening), '2026-03-01')
  assert.equal(dayFrom('2026-03-01'), dayStart(evening))
  assert.equal(dayFrom('1969-12-01'), 0, 'times before 1970 have no number')
  for (const not of ['', '2026-3-1', '2026-00-10', 'today']) assert.equal(dayFrom(not), null, not)
})

test('lines of a long text', () => {
  assert.equal(linesOf('a\n'.repeat(29), 60), 30)
  assert.equal(linesOf('x'.repeat(1200), 60), 20)
  assert.equal(linesOf('字'.repeat(600), 60), 20)
})

test('the address of a message leads to it, and no other hash does', () => {
  const page = { origin: 'https://chat.example', pathname: '/', search: '?room=tea' }
  const link = messageLink(page, { seq: 12, id: 'a b/c' })
  assert.equal(link, 'https://chat.example/?room=tea#m/12/a%20b%2Fc')
  assert.deepEqual(linkedMessage(new URL(link).hash), { n: 12, id: 'a b/c' })
  assert.deepEqual(linkedHere(link, page), { n: 12, id: 'a b/c' })
  assert.equal(linkedHere(link, { ...page, search: '' }), null, 'another room')
  assert.equal(linkedHere('https://chat.example/?room=tea#top', page), null)
  for (const hash of ['', '#', '#m/', '#m/x/id', '#m/1/', '#m/1/%', `#m/1/${'x'.repeat(300)}`]) {
    assert.equal(linkedMessage(hash), null, hash)
  }
})
