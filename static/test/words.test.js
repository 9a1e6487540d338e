import assert from 'node:assert/strict'
import test from 'node:test'
import { dayName, fullDate, hourAndMinute, shortWhen } from '../js/model/clock.js'
import { decorate } from '../js/model/decorate.js'
import { personHue, serverHue } from '../js/model/hue.js'
import { People } from '../js/model/people.js'
import { Progress } from '../js/model/progress.js'
import { Summary } from '../js/model/summary.js'
import { chip, lostAtLogout, missing, notDelivered, pill, tooLong, typing, whyClosed } from '../js/model/words.js'
import { FakeClock } from './helpers.js'

const MINUTE = 60_000
const NOON = new Date(2026, 0, 15, 12).getTime()
const item = (over = {}) => ({ kind: 'message', session: 's1', name: 'ann', app: '1000', own: false, missing: 0, at: NOON, ...over })

test('a group: one person, one connection, five minutes, one day', () => {
  assert.deepEqual(decorate(undefined, item()), { day: true, missing: 0, head: true, isNew: false })
  const after = (over) => decorate(item(), item({ at: NOON + MINUTE, ...over }))
  assert.deepEqual(after({}), { day: false, missing: 0, head: false, isNew: false })
  assert.equal(after({ app: '' }).head, false, 'the server of a message that is on its way is not known yet')
  for (const over of [{ session: 's2' }, { name: 'bob' }, { app: '2000' }, { missing: 3 }, { at: NOON + 6 * MINUTE }]) assert.equal(after(over).head, true, JSON.stringify(over))
  assert.deepEqual(after({ at: NOON + 24 * 60 * MINUTE }), { day: true, missing: 0, head: true, isNew: false })
  assert.deepEqual(after({ isNew: true }), { day: false, missing: 0, head: true, isNew: true })
  assert.equal(decorate({ kind: 'notice', at: NOON, text: 'x' }, item()).head, true)
})

test('who is typing', () => {
  assert.deepEqual([[], ['ann'], ['ann', 'bob'], ['ann', 'bob', 'eve']].map(typing), ['', 'ann is typing…', 'ann and bob are typing…', 'ann and 2 others are typing…'])
})

test('the chip tells the truth', () => {
  const waiting = { kind: 'waiting', until: 3500, code: 1006, opened: true }
  assert.deepEqual(chip({ kind: 'connected', app: '3000' }, 2, 0, true), { kind: 'connected', label: 'connected · 3000' })
  assert.deepEqual(chip(waiting, 0, 2000, false), { kind: 'reconnecting', label: 'reconnecting in 2 s' })
  assert.deepEqual(chip(waiting, 1, 3500, false), { kind: 'reconnecting', label: 'reconnecting · 1 unsent' })
  assert.deepEqual(chip(waiting, 3, 2000, true), { kind: 'offline', label: 'offline · 3 unsent' })
  assert.deepEqual(chip({ kind: 'connected', app: '3000' }, 2, 0, false, true), { kind: 'sending', label: 'sending · 2 unsent' })
  assert.deepEqual(chip({ kind: 'connected', app: '3000' }, 0, 0, false, true).kind, 'connected')
  assert.deepEqual(chip({ ...waiting, away: true }, 1, 2000, false), { kind: 'away', label: 'back in 2 s · 1 unsent' })
  assert.deepEqual(chip({ kind: 'connecting', since: 0 }, 0, 0, false), { kind: 'reconnecting', label: 'connecting' })
  assert.deepEqual(chip({ kind: 'stopped', code: 4500 }, 0, 0, false), { kind: 'stopped', label: 'disconnected' })
})

test('sentences', () => {
  assert.equal(whyClosed({ kind: 'connected', app: '1' }), '')
  assert.equal(whyClosed({ kind: 'waiting', until: 0, code: 1006, opened: true }), '')
  assert.match(whyClosed({ kind: 'waiting', until: 0, code: 1006, opened: true }, true), /does not answer.*is sent when/)
  assert.match(whyClosed({ kind: 'connecting', since: 0 }, true, true), /^You are offline/)
  assert.match(whyClosed({ kind: 'connected', app: '1' }, true), /cannot take messages/)
  const slow = { kind: 'waiting', until: 0, code: 4008, opened: true }
  assert.equal(whyClosed({ ...slow, away: false }), '')
  assert.match(whyClosed({ ...slow, away: true }), /pauses/)
  assert.equal(notDelivered('No.'), 'Not delivered: No.')
  assert.match(whyClosed({ kind: 'waiting', until: 0, code: 1013, opened: true }), /full/)
  assert.match(whyClosed({ kind: 'stopped', code: 4500 }), /stay away/)
  assert.match(whyClosed({ kind: 'stopped', code: 4501 }), /belongs to an account.*Log in/)
  assert.match(whyClosed({ kind: 'stopped', code: 4502 }), /is reserved.*another name/)
  assert.match(whyClosed({ kind: 'stopped', code: 4777 }), /4777/)
  assert.deepEqual([missing(1), missing(1234)], ['1 message is no longer available here.', '1,234 messages are no longer available here.'])
  assert.deepEqual([pill(0).shown, pill(1).shown, pill(3).shown, pill(1000).shown], ['latest', '1 new', '3 new', '999+ new'])
  assert.equal(pill(1).spoken, 'Go to 1 new message')
})

test('times and days', () => {
  assert.equal(hourAndMinute(new Date(2026, 0, 5, 4, 7).getTime()), '04:07')
  assert.deepEqual([0, 1].map((days) => dayName(new Date(2026, 0, 15 - days, 23, 59).getTime(), NOON)), ['Today', 'Yesterday'])
  assert.match(dayName(new Date(2026, 0, 13).getTime(), NOON), /^Tuesday,? 13 January$/)
  assert.match(dayName(new Date(2025, 11, 31).getTime(), NOON), /^Wednesday,? 31 December 2025$/)
  assert.match(fullDate(NOON), /15 January 2026/)
})

test('the servers of the cluster are easy to tell apart, everywhere and always', () => {
  assert.deepEqual(['1000', '2000', '3000', '4000'].map(serverHue), [210, 30, 300, 120])
  assert.equal(personHue('ann'), personHue('ann'))
  const hues = new Set(Array.from({ length: 200 }, (_, i) => personHue(`guest-${i}`)))
  assert.equal(hues.size, 24)
})

test('people: a snapshot, then changes; oneself first', () => {
  const people = new People()
  people.take({ type: 'presence', online: 4, names: ['eve', 'Bob', 'ann'] })
  people.take({ type: 'presence', online: 5, joined: ['zoe', 'ann'], left: ['eve', 'nobody'] })
  assert.deepEqual([people.online, people.names('zoe'), people.partial], [5, ['zoe', 'ann', 'Bob'], false])
  people.take({ type: 'presence', online: 0 })
  assert.equal(people.online, 0)
  people.take({ type: 'presence', online: 900, names: Array.from({ length: 200 }, (_, i) => `n${i}`) })
  people.take({ type: 'presence', online: 901, joined: ['late'] })
  assert.deepEqual([people.names('x').length, people.partial], [200, true])
})

test('at most one line a second is read out', () => {
  const clock = new FakeClock()
  const said = []
  const summary = new Summary(clock, (line) => said.push(line))
  const add = (name) => summary.add({ name, text: 'hello' })
  add('ann')
  for (const name of ['bob', 'eve', 'ann', 'bob']) add(name)
  assert.deepEqual(said, ['ann: hello'])
  clock.pass(1000)
  assert.deepEqual(said.at(-1), '4 new messages')
  clock.pass(5000)
  add('eve')
  assert.deepEqual(said, ['ann: hello', '4 new messages', 'eve: hello'])
})

test('nothing goes out though something should: counted from the last that did', () => {
  const progress = new Progress()
  const steps = [[true, 0, 1000], [true, 1, 5000], [true, 1, 8000], [true, 2, 9000], [true, 1, 9500], [true, 1, 9900], [false, 1, 10_000], [true, 1, 10_100], [true, 0, 11_000], [true, 1, 20_000]]
  assert.deepEqual(steps.map((step) => progress.idle(...step)), [0, 0, 3000, 4000, 0, 400, 0, 100, 0, 0])
})

test('when, as short as a list wants it', () => {
  const now = new Date(2026, 10, 22, 12, 30).getTime()
  const when = (...date) => shortWhen(new Date(...date).getTime(), now)
  assert.deepEqual([when(2026, 10, 22, 9, 5), when(2026, 10, 21, 23), when(2026, 10, 3), when(2025, 10, 3)], ['09:05', 'Yesterday', '3 Nov', '3 Nov 2025'])
})

test('what logging out would delete', () => {
  assert.deepEqual([[0, 0], [1, 0], [0, 1], [3, 0], [1, 1]].map(([messages, drafts]) => lostAtLogout(messages, drafts)), [
    '', '1 message is not sent yet. Logging out deletes it.', '1 draft is not sent yet. Logging out deletes it.',
    '3 messages are not sent yet. Logging out deletes them.', '1 message and 1 draft are not sent yet. Logging out deletes them.',
  ])
})

test('how much too long a text is', () => {
  assert.deepEqual([1, 2, 1200].map(tooLong), ['1 character too long.', '2 characters too long.', '1,200 characters too long.'])
})
