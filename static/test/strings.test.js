import assert from 'node:assert/strict'
import test from 'node:test'
import { datesIn } from '../js/model/clock.js'
import { decorate } from '../js/model/decorate.js'
import { personHue, serverHue } from '../js/model/hue.js'
import { People } from '../js/model/people.js'
import { Progress } from '../js/model/progress.js'
import { Summary } from '../js/model/summary.js'
import { canTryNow, chip, refused, whyClosed, whyNotJoined } from '../js/model/status.js'
import { archived, lostAtLogout, peopleHere } from '../js/model/strings/card.js'
import { missing, notDelivered, pill, tooLong, typing } from '../js/model/strings/messages.js'
import { FakeClock } from './helpers.js'

const MINUTE = 60_000
const NOON = new Date(2026, 0, 15, 12).getTime()
const item = (over = {}) => ({
  kind: 'message',
  session: 's1',
  name: 'ann',
  app: '1000',
  own: false,
  missing: 0,
  at: NOON,
  ...over,
})

test('a group: one person, one connection, five minutes, one day', () => {
  assert.deepEqual(decorate(undefined, item()), { day: true, missing: 0, head: true, isNew: false })
  const after = (over) => decorate(item(), item({ at: NOON + MINUTE, ...over }))
  assert.deepEqual(after({}), { day: false, missing: 0, head: false, isNew: false })
  assert.equal(after({ app: '' }).head, false, 'the server of a message that is on its way is not known yet')
  for (const over of [
    { session: 's2' }, { name: 'bob' }, { app: '2000' }, { missing: 3 }, { at: NOON + 6 * MINUTE },
  ]) assert.equal(after(over).head, true, JSON.stringify(over))
  assert.deepEqual(
    after({ at: NOON + 24 * 60 * MINUTE }),
    { day: true, missing: 0, head: true, isNew: false },
  )
  assert.deepEqual(after({ isNew: true }), { day: false, missing: 0, head: true, isNew: true })
  assert.equal(decorate({ kind: 'notice', at: NOON, text: 'x' }, item()).head, true)
})

test('who is typing', () => {
  assert.deepEqual(
    [[], ['ann'], ['ann', 'bob'], ['ann', 'bob', 'eve']].map(typing),
    ['', 'ann is typing…', 'ann and bob are typing…', 'ann and 2 others are typing…'],
  )
})

test('the chip tells the truth', () => {
  const waiting = { kind: 'waiting', until: 3500, code: 1006, opened: true }
  assert.deepEqual(
    chip({ kind: 'connected', app: '3000' }, 2, 0, true),
    { kind: 'connected', label: 'connected · 3000', short: 'connected' },
  )
  assert.deepEqual(
    chip(waiting, 0, 2000, false),
    { kind: 'reconnecting', label: 'reconnecting in 2 s', short: 'retry 2 s' },
  )
  assert.deepEqual(
    chip(waiting, 1, 3500, false),
    { kind: 'reconnecting', label: 'reconnecting · 1 unsent', short: 'retrying · 1' },
  )
  assert.deepEqual(
    chip(waiting, 3, 2000, true),
    { kind: 'offline', label: 'offline · 3 unsent', short: 'offline · 3' },
  )
  assert.deepEqual(
    chip({ kind: 'connected', app: '3000' }, 2, 0, false, true),
    { kind: 'sending', label: 'waiting to send · 2', short: 'waiting · 2' },
  )
  assert.deepEqual(chip({ kind: 'connected', app: '3000' }, 0, 0, false, true).kind, 'connected')
  assert.deepEqual(
    chip({ ...waiting, away: true }, 1, 2000, false),
    { kind: 'away', label: 'paused · back in 2 s · 1 unsent', short: 'back in 2 s · 1' },
  )
  assert.deepEqual(
    chip({ kind: 'connecting', since: 0 }, 0, 0, false),
    { kind: 'reconnecting', label: 'connecting', short: 'connecting' },
  )
  assert.deepEqual(
    chip({ kind: 'stopped', code: 4500 }, 0, 0, false),
    { kind: 'stopped', label: 'disconnected', short: 'disconnected' },
  )
})

test('sentences', () => {
  assert.equal(whyClosed({ kind: 'connected', app: '1' }), '')
  assert.equal(whyClosed({ kind: 'waiting', until: 0, code: 1006, opened: true }), '')
  assert.match(
    whyClosed({ kind: 'waiting', until: 0, code: 1006, opened: true }, true),
    /^Can't reach.*will be sent when/,
  )
  assert.match(whyClosed({ kind: 'connecting', since: 0 }, true, true), /^You're offline/)
  assert.match(whyClosed({ kind: 'connected', app: '1' }, true), /^Messages are delayed/)
  const slow = { kind: 'waiting', until: 0, code: 4008, opened: true }
  assert.equal(whyClosed({ ...slow, away: false }), '')
  assert.match(whyClosed({ ...slow, away: true }), /^This room is busier.*catching up/)
  assert.equal(notDelivered('No.'), 'Not sent: No.')
  assert.match(whyClosed({ kind: 'waiting', until: 0, code: 1013, opened: true }), /full/)
  assert.match(whyClosed({ kind: 'stopped', code: 4500 }), /Reload to try again. \(4500\)/)
  assert.match(whyClosed({ kind: 'stopped', code: 4501 }), /^Someone has registered.*Log in/)
  assert.match(whyClosed({ kind: 'stopped', code: 4502 }), /is reserved.*another/)
  assert.match(whyClosed({ kind: 'stopped', code: 4503 }), /banned from this room/)
  assert.match(whyClosed({ kind: 'stopped', code: 4504 }), /an account.*Log in/)
  assert.match(whyClosed({ kind: 'stopped', code: 4505 }), /its members.*invite/)
  assert.match(whyClosed({ kind: 'stopped', code: 4507 }), /no room of this name/)
  assert.match(whyClosed({ kind: 'stopped', code: 4777 }), /4777/)
  assert.deepEqual(
    [missing(1), missing(1234)],
    ['1 message is missing here.', '1,234 messages are missing here.'],
  )
  assert.deepEqual(
    [pill(0).shown, pill(1).shown, pill(3).shown, pill(1000).shown],
    ['Jump to latest', '1 new message', '3 new messages', '999+ new messages'],
  )
  assert.deepEqual(
    [0, 1, 3].map((online) => peopleHere(online)),
    ["No one's here yet. Be the first.", '1 person here now', '3 people here now'],
  )
  assert.equal(pill(1).spoken, 'Jump to 1 new message')
})

test('who is in the room, before joining it', () => {
  const here = (...args) => peopleHere(...args).replace(/[\u2068\u2069]/g, '')
  const names = ['ann', 'bob', 'eve', 'tomas', 'zoe']
  assert.equal(here(1, ['ann']), '1 person is here: ann')
  assert.equal(here(5, names), '5 people are here: ann, bob, eve, tomas, zoe')
  assert.equal(here(1012, names), '1,012 people are here: ann, bob, eve and 1,009 more')
  assert.equal(here(2, ['ann']), '2 people are here: ann and 1 more')
  assert.equal(peopleHere(1, ['\u05d0\u05d1']), '1 person is here: \u2068\u05d0\u05d1\u2069')
})

test('how long messages are archived', () => {
  const DAY = 86_400
  const all = [[0, 0], [30 * DAY, 0], [DAY, 0], [36 * 3600, 0], [0, 1000], [7 * DAY, 1], [90, 0]]
  assert.deepEqual(all.map((args) => archived(...args)), [
    'What you say is public, and archived for good.',
    'What you say is public, and archived for 30 days.',
    'What you say is public, and archived for 1 day.',
    'What you say is public, and archived for 36 hours.',
    'What you say is public. The newest 1,000 messages are archived.',
    'What you say is public. The newest message is archived for 7 days.',
    'What you say is public, and archived for 90 seconds.',
  ])
})

test('times and days, as the browser\'s locale writes them', () => {
  const yesterday = new Date(2026, 0, 14, 23, 59).getTime()
  const days = [NOON, yesterday, new Date(2026, 0, 13).getTime(), new Date(2025, 11, 31).getTime()]
  const at = new Date(2026, 0, 5, 16, 7).getTime()
  const written = (locale) => {
    const { hourAndMinute, dayName, shortWhen } = datesIn(locale)
    // Versions of ICU differ in the space before PM, and in one comma.
    return [hourAndMinute(at), ...days.map((day) => dayName(day, NOON)), shortWhen(at, NOON)].map(
      (text) => text.replace(/\s/g, ' ').replace('Wednesday, 31', 'Wednesday 31'),
    )
  }
  assert.deepEqual(
    written('en-GB'),
    ['16:07', 'Today', 'Yesterday', 'Tuesday 13 January', 'Wednesday 31 December 2025', '5 Jan'],
  )
  assert.deepEqual(
    written('en-US'),
    ['4:07 PM', 'Today', 'Yesterday', 'Tuesday, January 13', 'Wednesday, December 31, 2025', 'Jan 5'],
  )
  assert.deepEqual(
    written('de'),
    ['16:07', 'Heute', 'Gestern', 'Dienstag, 13. Januar', 'Mittwoch, 31. Dezember 2025', '5. Jan.'],
  )
  assert.match(datesIn('en-GB').fullDate(NOON), /15 January 2026/)
})

test('the servers of the cluster are easy to tell apart, everywhere and always', () => {
  assert.deepEqual(['1000', '2000', '3000', '4000'].map(serverHue), [210, 30, 300, 120])
  assert.equal(personHue('ann'), personHue('ann'))
  const hues = new Set(Array.from({ length: 200 }, (_, i) => personHue(`guest-${i}`)))
  assert.equal(hues.size, 12)
})

test('people: who has an account', () => {
  const people = new People()
  const accounts = () => ['ann', 'bob', 'eve'].filter((name) => people.isAccount(name))
  people.take({ type: 'presence', online: 2, names: ['ann', 'bob'], accounts: ['bob'] })
  assert.deepEqual(accounts(), ['bob'])
  people.take({ type: 'presence', online: 3, joined: ['ann', 'eve'], accounts: ['ann'] })
  assert.deepEqual(accounts(), ['ann', 'bob'], 'a guest has taken the name for good')
  people.take({ type: 'presence', online: 2, left: ['bob'] })
  people.take({ type: 'presence', online: 3, joined: ['bob'] })
  assert.deepEqual(accounts(), ['ann'])
  people.take({ type: 'presence', online: 1, names: ['ann'] })
  assert.deepEqual(accounts(), [])
})

test('people: how often each is connected', () => {
  const people = new People()
  const times = () => ['ann', 'bob', 'constructor'].map((name) => people.connections(name))
  people.take({ type: 'presence', online: 4, names: ['ann', 'bob', 'constructor'], connections: { ann: 2 } })
  assert.deepEqual(times(), [2, 1, 1])
  people.take({ type: 'presence', online: 6, joined: ['ann', 'bob'], connections: { ann: 3, bob: 2 } })
  assert.deepEqual(times(), [3, 2, 1])
  people.take({ type: 'presence', online: 4, joined: ['ann'] })
  assert.deepEqual(times(), [1, 2, 1])
  people.take({ type: 'presence', online: 2, left: ['bob'] })
  people.take({ type: 'presence', online: 3, joined: ['bob'] })
  assert.deepEqual(times(), [1, 1, 1])
  people.take({ type: 'presence', online: 4, joined: ['bob'], connections: { bob: 2 } })
  people.take({ type: 'presence', online: 3, names: ['ann', 'bob'] })
  assert.deepEqual(times(), [1, 1, 1])
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
  const steps = [
    [true, 0, 1000], [true, 1, 5000], [true, 1, 8000], [true, 2, 9000], [true, 1, 9500],
    [true, 1, 9900], [false, 1, 10_000], [true, 1, 10_100], [true, 0, 11_000], [true, 1, 20_000],
  ]
  assert.deepEqual(steps.map((step) => progress.idle(...step)), [0, 0, 3000, 4000, 0, 400, 0, 100, 0, 0])
})

test('when, as short as a list wants it', () => {
  const { shortWhen } = datesIn('en-GB')
  const now = new Date(2026, 10, 22, 12, 30).getTime()
  const when = (...date) => shortWhen(new Date(...date).getTime(), now)
  assert.deepEqual(
    [when(2026, 10, 22, 9, 5), when(2026, 10, 21, 23), when(2026, 10, 3), when(2025, 10, 3)],
    ['09:05', 'Yesterday', '3 Nov', '3 Nov 2025'],
  )
})

test('what logging out would delete', () => {
  assert.deepEqual([[0, 0], [1, 0], [0, 1], [3, 0], [1, 1]].map(
    ([messages, drafts]) => lostAtLogout(messages, drafts),
  ), [
    '', '1 message hasn\'t been sent yet. Logging out deletes it.',
    '1 draft hasn\'t been sent yet. Logging out deletes it.',
    '3 messages haven\'t been sent yet. Logging out deletes them.',
    '1 message and 1 draft haven\'t been sent yet. Logging out deletes them.',
  ])
})

test('why joining has not worked', () => {
  assert.match(whyNotJoined(1013, false, true), /^The room is full/)
  assert.match(whyNotJoined(1006, false, true), /won't let us in/)
  assert.match(whyNotJoined(1006, false, false), /^Can't reach/)
  assert.match(whyNotJoined(1006, true, false), /^You're offline/)
})

test('trying at once is offered where the server did not ask for the wait', () => {
  const waiting = (code, away = false) => ({ kind: 'waiting', until: 0, code, opened: true, away })
  assert.deepEqual(
    [{ kind: 'connecting', since: 0 }, waiting(1006), waiting(1012), waiting(4008)].map(canTryNow),
    [true, true, true, true],
  )
  const asked = [
    waiting(4008, true), waiting(1013), waiting(4013), { kind: 'connected', app: '1' },
    { kind: 'stopped', code: 4500 },
  ]
  assert.deepEqual(asked.map(canTryNow), asked.map(() => false))
})

test('why a message was refused', () => {
  assert.deepEqual(
    [refused(1007), refused(1009), refused(1011)],
    ["the server couldn't read it", "it's too long for the server", 'the server refused it'],
  )
})

test('how much too long a text is', () => {
  const said = ['1 character too long.', '2 characters too long.', '1,200 characters too long.']
  assert.deepEqual([1, 2, 1200].map(tooLong), said)
})
