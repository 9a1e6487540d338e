import assert from 'node:assert/strict'
import test from 'node:test'
import { Hold } from '../js/chat/hold.js'
import { isDoor, isFinal } from '../js/model/close-codes.js'
import { roomIn } from '../js/model/room-link.js'
import { newestOf, Rooms } from '../js/model/rooms.js'
import { HELD } from '../js/model/strings/rules.js'
import { FakeClock } from './helpers.js'
import { settled } from './browser.js'

/** The rooms of somebody, and a server that answers by path. */
function roomsWith(answers, { isWatched = true } = {}) {
  const clock = new FakeClock()
  const asked = []
  const seen = new Map()
  const call = async (method, path) => {
    asked.push(path)
    if (!(path in answers)) throw new Error(`404 ${path}`)
    return answers[path]
  }
  const rooms = new Rooms({
    call, clock, isWatched: () => isWatched,
    seen: { of: (room) => seen.get(room) ?? 0, set: (room, at) => seen.set(room, at) },
  })
  return { rooms, asked, clock }
}

const MINE = '/rooms/?mine=true&limit=100'
const CLUB = {
  name: 'go-club', title: 'Go club', access: 'invite', role: 'owner', created_at: 1, last_at: 500,
}
const TEA = {
  name: 'tea', title: 'Tea', access: 'open', role: 'member', created_at: 1, last_at: 900, slow_s: 5,
}

test('the main room comes first, then those of the reader and the open one, by title', async () => {
  const { rooms, asked } = roomsWith({ [MINE]: { rooms: [TEA, CLUB] } })
  rooms.enter('livechat', true, false)
  await settled()
  assert.deepEqual(rooms.all.map(({ name }) => name), ['livechat', 'go-club', 'tea'])
  assert.deepEqual(asked.sort(), [MINE, '/rooms/livechat/'].sort())
  rooms.enter('bare', true, false)
  assert.deepEqual(rooms.all.map(({ title }) => title), ['livechat', 'bare', 'Go club', 'Tea'])
})

test('a guest asks for nothing in the main room, and for what another one is', async () => {
  const { rooms, asked } = roomsWith({ '/rooms/tea/': { ...TEA, role: undefined } })
  rooms.enter('livechat', false, false)
  await settled()
  assert.deepEqual(asked, [])
  rooms.enter('tea', false, false)
  await settled()
  assert.deepEqual(asked, ['/rooms/tea/'])
  assert.deepEqual([rooms.here.title, rooms.here.slow, rooms.role], ['Tea', 5000, ''])
})

test('what is said after one has left is unread', async () => {
  const { rooms } = roomsWith({ [MINE]: { rooms: [TEA, CLUB] } })
  rooms.enter('livechat', true, false)
  await settled()
  rooms.left('tea', 900)
  rooms.left('go-club', 400)
  const unread = () => rooms.all.filter((room) => rooms.isUnread(room)).map(({ name }) => name)
  assert.deepEqual(unread(), ['go-club'])
  rooms.left('go-club', 300) // an older page does not take that back
  assert.deepEqual(unread(), ['go-club'])
  rooms.enter('go-club', true, false)
  assert.deepEqual(unread(), [], 'not in the room that is open')
})

test('the list is asked for once a minute, while somebody looks', async () => {
  const { rooms, asked, clock } = roomsWith({ [MINE]: { rooms: [] } })
  const lists = () => asked.filter((path) => path === MINE).length
  rooms.enter('livechat', true, false)
  await settled()
  rooms.refresh()
  assert.equal(lists(), 1, 'not twice in a moment')
  clock.pass(60_000)
  await settled()
  assert.equal(lists(), 2)
  rooms.renew()
  assert.equal(lists(), 3, 'at once, after a change')
  rooms.forget()
  clock.pass(600_000)
  assert.equal(lists(), 3, 'nobody is logged in')
  const away = roomsWith({ [MINE]: { rooms: [] } }, { isWatched: false })
  away.rooms.enter('livechat', true, false)
  away.clock.pass(600_000)
  assert.equal(away.asked.filter((path) => path === MINE).length, 1)
})

test('those who moderate see how much is reported; roles are told by name', async () => {
  const { rooms } = roomsWith({
    [MINE]: { rooms: [] },
    '/rooms/go-club/': { ...CLUB, owner: 'ann' },
    '/rooms/go-club/reports/': { reports: [{}, {}] },
    '/rooms/go-club/members/?limit=100': {
      members: [{ name: 'bob', role: 'moderator' }, { name: 'eve', role: 'member' }],
    },
  })
  rooms.enter('go-club', true, false)
  await settled()
  await settled()
  assert.equal(rooms.reports, 2)
  assert.deepEqual(
    ['ann', 'bob', 'eve', 'tom'].map((name) => rooms.roleOf(name)), ['owner', 'moderator', 'member', ''],
  )
  rooms.enter('livechat', true, true)
  assert.deepEqual([rooms.reports, rooms.roleOf('bob'), rooms.role], [0, '', 'admin'])
})

test('the newest message that the log has', () => {
  const of = (...items) => ({ first: 3, length: 3 + items.length, at: (place) => items[place - 3] })
  const said = (at, seq = at) => ({ kind: 'message', at, seq })
  assert.equal(newestOf(of(said(1), said(2), { kind: 'notice', at: 9 }, said(8, null))), 2)
  assert.equal(newestOf(of()), 0)
})

test('the room of an address', () => {
  const at = (search) => roomIn(`https://chat.example/${search}`)
  assert.deepEqual(
    ['', '?room=tea', '?room=No+room', '?invite=x'].map(at), ['livechat', 'tea', 'livechat', 'livechat'],
  )
})

test('a mute holds for a while, then it is worth another try; its end is known', () => {
  const clock = new FakeClock()
  const hold = new Hold(clock)
  assert.equal(hold.refused({ type: 'error', code: 'bad_text', message: '' }), false)
  assert.equal(hold.refused({ type: 'error', code: 'banned', message: '' }), true, 'the text is taken back')
  assert.equal(hold.now, null)
  assert.equal(hold.refused({ type: 'error', code: 'muted', message: '', retry_after_ms: 60_000 }), true)
  assert.deepEqual(hold.now, { code: 'muted', left: 60_000, blocks: true })
  clock.pass(20_000)
  assert.deepEqual(hold.now, { code: 'muted', left: 40_000, blocks: false })
  clock.pass(40_000)
  assert.equal(hold.now, null)
  hold.refused({ type: 'error', code: 'blocked_words', message: '' })
  assert.deepEqual(hold.now, { code: 'blocked_words', left: 0, blocks: false }, 'another text may be sent')
  assert.match(HELD.blocked_words(0), /Change them/)
  hold.refused({ type: 'error', code: 'muted', message: '' })
  clock.pass(1e9)
  assert.equal(hold.now?.left, 0, 'for good')
  hold.said()
  assert.equal(hold.now, null, 'it was taken back')
})

test('slow mode counts down from what one has said', () => {
  const clock = new FakeClock()
  const hold = new Hold(clock)
  hold.said()
  assert.equal(hold.now, null, 'no slow mode')
  hold.slow = 30_000
  hold.said()
  clock.pass(10_000)
  assert.deepEqual(hold.now, { code: 'slow_mode', left: 20_000, blocks: true })
  clock.pass(20_000)
  assert.equal(hold.now, null)
  assert.match(HELD.slow_mode(30_000), /every 30 seconds/)
  assert.match(HELD.slow_mode(1000), /every second/)
})

test('codes that stand for a door', () => {
  for (const code of [4503, 4504, 4505, 4506]) assert.ok(isDoor(code) && isFinal(code), String(code))
  for (const code of [4500, 4501, 4502, 4507, 1013]) assert.ok(!isDoor(code), String(code))
})
