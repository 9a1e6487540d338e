// The cluster page without a page: its model, its words, its lines and its
// dots.

import assert from 'node:assert/strict'
import test from 'node:test'
import { Feed, parse } from '../js/cluster/feed.js'
import { History, SPAN, sparkline, thin } from '../js/cluster/history.js'
import { Cluster, moves } from '../js/cluster/model.js'
import { bent, curve, join, route, widthOf } from '../js/cluster/routes.js'
import { personDots, Traffic, unitFor } from '../js/cluster/traffic.js'
import { duration, number } from '../js/cluster/figures.js'
import { uptime } from '../js/model/uptime.js'
import { describeRedis } from '../js/cluster/table.js'
import { addressOf } from '../js/net/address.js'
import { FakeClock } from './helpers.js'

const server = (app, change = {}) => ({
  node: `n${app}`, app, state: 'ready', connections: 0, rate_in: 0, rate_out: 0, p99_pass_us: 0, uptime_s: 10,
  version: 'v1', ...change,
})
const frame = (...servers) => ({ type: 'cluster', at: 0, app: '1000', redis: { state: 'up' }, servers })

/** The events that these frames, one after another, bring about. */
function told(...frames) {
  const cluster = new Cluster()
  return frames.flatMap((each, i) => cluster.take(each, i * 1000))
}

// ---- The model ----

test('the first frame is how it is, and no event', () => {
  assert.deepEqual(told(frame(server('1000'), server('2000', { state: 'gone' }))), [])
})

test('servers that come, drain, leave, die and come back are told', () => {
  const one = server('1000')
  const two = (state) => server('2000', { state })
  assert.deepEqual(told(frame(one), frame(one, two('ready'))), ['Server 2000 joined'])
  assert.deepEqual(told(frame(one, two('ready')), frame(one, two('ready'))), [])
  assert.deepEqual(
    told(frame(two('ready')), frame(two('draining')), frame(two('left')), frame()),
    ['Server 2000 is draining: people are moving to the others', 'Server 2000 left'],
  )
  assert.deepEqual(
    told(frame(two('ready')), frame(two('gone')), frame(two('ready'))),
    ['Server 2000 is down', 'Server 2000 is back'],
  )
  assert.deepEqual(
    told(frame(two('gone')), frame(server('2000', { node: 'another' }))),
    ['Server 2000 restarted'],
  )
  assert.deepEqual(
    told(frame(two('starting')), frame(two('ready')), frame(two('deaf'))),
    ['Server 2000 is ready', 'Server 2000 is cut off from Redis'],
  )
  assert.deepEqual(
    told(frame(two('ready')), frame(two('read-only')), frame(two('ready'))),
    ["Server 2000 can't write: Redis refuses it", 'Server 2000 is back'],
  )
})

test('when Redis is away, that is what is told, and not every server', () => {
  const up = frame(server('1000'), server('2000'))
  const down = { ...frame(server('1000'), server('2000', { state: 'unknown' })), redis: { state: 'down' } }
  assert.deepEqual(told(up, down, up), ["Redis isn't answering", 'Redis is back'])
})

test('the figures in all are those of the servers that are there', () => {
  const cluster = new Cluster()
  cluster.take(frame(
    server('1000', { connections: 3, rate_in: 1.5, rate_out: 4, p99_pass_us: 200 }),
    server('2000', { connections: 4, rate_in: 2, rate_out: 8, p99_pass_us: 900 }),
    server('3000', { state: 'gone', connections: 99, p99_pass_us: 9999 }),
  ), 5000)
  assert.deepEqual(cluster.totals, { connections: 7, rate_in: 3.5, rate_out: 12, p99_pass_us: 900 })
  assert.equal(cluster.total.connections.until(5000).at(-1), 7)
})

test('a server that has restarted goes on where it was; one that is forgotten is forgotten', () => {
  const cluster = new Cluster()
  cluster.take(frame(server('1000', { connections: 3 })), 1000)
  cluster.take(frame(server('1000', { node: 'another', connections: 4 })), 2000)
  assert.deepEqual(cluster.historyOf('1000').connections.until(2000).slice(-2), [3, 4])
  cluster.take(frame(), 3000)
  assert.ok(cluster.historyOf('1000').connections.until(3000).every(Number.isNaN))
})

test('who came and who went', () => {
  const before = [
    server('1000', { connections: 5 }), server('2000', { connections: 5 }),
    server('3000', { connections: 1 }),
  ]
  const after = [
    server('1000', { connections: 8 }), server('2000', { state: 'gone' }),
    server('3000', { connections: 1 }), server('4000', { connections: 2 }),
  ]
  assert.deepEqual(
    moves(before, after),
    [{ node: 'n1000', count: 3 }, { node: 'n2000', count: -5 }, { node: 'n4000', count: 2 }],
  )
  assert.deepEqual(moves(before, [server('1000', { state: 'unknown' })]), [])
})

// ---- Five minutes ----

test('a history keeps five minutes, a value a second, and knows what it does not know', () => {
  const history = new History()
  for (let second = 0; second < 1000; second++) history.add(second * 1000 + 500, second)
  const values = history.until(999_999)
  assert.equal(values.length, SPAN)
  assert.deepEqual([values[0], values.at(-1)], [700, 999])
  history.add(999_900, 7)
  assert.equal(history.until(999_999).at(-1), 7, 'the last of a second counts')
  history.add(1_003_000, 8)
  assert.deepEqual(history.until(1_004_000).slice(-6), [7, NaN, NaN, NaN, 8, NaN])
  assert.ok(history.until(5_000_000).every(Number.isNaN))
})

test('a line rises with its values, and breaks where nothing is known', () => {
  assert.deepEqual(
    sparkline([0, 5, 10], 100, 20, 10),
    { line: 'M0 20L50 10L100 0', area: 'M0 20L0 20L50 10L100 0L100 20Z' },
  )
  assert.equal(sparkline([1, NaN, 1, 1], 90, 20, 2).line, 'M0 10L30 10M60 10L90 10')
  assert.equal(sparkline([NaN, NaN], 100, 20, 2).line, '')
  assert.equal(sparkline([0, 0], 100, 20, 0).line, 'M0 20L100 20', 'nothing at all is the ground')
  assert.equal(sparkline([40, 40], 100, 20, 20).line, 'M0 0L100 0', 'never higher than the box')
  assert.deepEqual(thin([1, 9, NaN, NaN, 2, NaN], 2), [9, NaN, 2])
})

// ---- Dots ----

test('a dot stands for the least that keeps them few', () => {
  assert.deepEqual([0, 1, 60, 61, 120, 121, 301, 601, 50_000].map(unitFor), [1, 1, 1, 2, 2, 5, 10, 20, 1000])
})

test('so many dots set out as messages were measured', () => {
  const traffic = new Traffic()
  let dots = 0
  for (let second = 0; second < 100; second++) {
    dots += traffic.next([server('1000', { rate_in: 0.3 })]).get('n1000') ?? 0
  }
  assert.ok(Math.abs(dots - 30) <= 1, `${dots} dots for 30 messages`)

  const busy = [
    server('1000', { rate_in: 700 }),
    server('2000', { rate_in: 300 }),
    server('3000', { state: 'gone', rate_in: 9 }),
  ]
  const sum = { n1000: 0, n2000: 0 }
  for (let second = 0; second < 100; second++) for (const [node, count] of traffic.next(busy)) sum[node] += count
  assert.equal(traffic.unit, 50)
  assert.ok(Math.abs(sum.n1000 - 1400) <= 1 && Math.abs(sum.n2000 - 600) <= 1, JSON.stringify(sum))
})

test('people are a dot each while they are few', () => {
  assert.deepEqual([0, 1, 6, 7, 13, 1000].map(personDots), [0, 1, 6, 7, 9, 16])
})

// ---- Lines ----

test('lines run from box to box', () => {
  assert.equal(curve({ x: 0, y: 0 }, { x: 10, y: 20 }), 'M0 0C5 0 5 20 10 20')
  assert.equal(bent([{ x: 0, y: 0 }, { x: 0, y: 50 }, { x: 50, y: 50 }]), 'M0 0L0 40Q0 50 10 50L50 50')
  assert.equal(
    bent([{ x: 0, y: 0 }, { x: 0, y: 0 }, { x: 0, y: 9 }]),
    'M0 0L0 0Q0 0 0 0L0 9',
    'no corner without a way',
  )
  assert.equal(join('M0 0L1 1', '', 'M2 2L3 3'), 'M0 0L1 1L2 2L3 3')
})

for (const narrow of [false, true]) {
  test(`a message goes from the people to Redis and back, ${narrow ? 'on a phone' : 'on a screen'}`, () => {
    const box = (x, y) => ({ x, y, width: 100, height: 40 })
    const places = {
      people: box(0, 0),
      balancer: box(200, 0),
      server: box(400, 200),
      redis: box(600, 400),
      narrow,
    }
    const ends = (path) => [
      path.match(/^M(\S+ \S+?)(?=[A-Z])/)[1],
      path.match(/(\S+ \S+)$/)[1].replace(/^.*[A-Z]/, ''),
    ]
    const way = route(places)
    const redis = narrow ? '650 400' : '600 420'
    assert.deepEqual(ends(way.toRedis), ['100 20', redis])
    assert.deepEqual(ends(way.fromRedis), [redis, '500 220'])
    assert.deepEqual(ends(way.toServer), ['100 20', '400 220'])
    assert.deepEqual(ends(way.toPeople), ['400 220', '100 20'])
    const alone = route({ ...places, balancer: null })
    assert.equal(alone.trunk, '')
    assert.doesNotMatch(Object.values(way).join('') + Object.values(alone).join(''), /NaN|undefined/)
  })
}

test('a line is as wide as its share of the people', () => {
  assert.deepEqual([widthOf(0, 0), widthOf(0, 10), widthOf(5, 10), widthOf(10, 10)], [1.5, 1.5, 4.75, 8])
})

// ---- Words ----

test('numbers have four digits at most', () => {
  const all = [0, 0.04, 5.25, 9.94, 10, 161.4, 999.6, 9999, 9999.6, 12_345, 999_949, 999_950, 1.25e6]
  assert.deepEqual(
    all.map(number),
    ['0', '0', '5.3', '9.9', '10', '161', '1,000', '9,999', '10k', '12.3k', '999.9k', '1M', '1.3M'],
  )
  assert.deepEqual(
    [0, 840, 999.6, 1240, 9960, 12_400, 999_600, 1.5e6].map(duration),
    ['0 µs', '840 µs', '1 ms', '1.2 ms', '10 ms', '12 ms', '1 s', '1.5 s'],
  )
  assert.deepEqual(
    [0, 59, 60, 61, 3600, 3661, 90_000, 86_400 * 3 + 59].map(uptime),
    ['0 s', '59 s', '1 min', '1 min 1 s', '1 h', '1 h 1 min', '1 d 1 h', '3 d'],
  )
})

test('Redis in words', () => {
  assert.equal(describeRedis({ state: 'up', round_trip_us: 412 }), 'Redis is up. Round trip 412 µs.')
  assert.equal(describeRedis({ state: 'up', embedded: true }), 'Redis is built into this server.')
  assert.match(describeRedis({ state: 'down' }), /isn't answering/)
})

// ---- The socket ----

class Tap {
  sockets = []
  clock = new FakeClock()
  frames = []
  lost = 0
  feed = new Feed({
    open: () => {
      const socket = { closed: false, onmessage: null, onclose: null, close() { this.closed = true } }
      this.sockets.push(socket)
      return socket
    },
    clock: this.clock, random: () => 0.5,
  }, { frame: (each) => this.frames.push(each), lost: () => this.lost++ })

  get last() {
    return this.sockets.at(-1)
  }
}

test('the address of the figures is where that of the room is', () => {
  const page = (protocol) => ({ protocol, host: 'chat.example:1007', hostname: 'chat.example' })
  assert.equal(addressOf({ socketPort: 8080 }, page('http:')).cluster, 'ws://chat.example:8080/cluster')
  assert.equal(addressOf({}, page('https:')).cluster, 'wss://chat.example:1007/cluster')
})

test('a socket that breaks is opened again, at once and then ever later', () => {
  const tap = new Tap()
  tap.feed.start()
  tap.feed.start()
  assert.equal(tap.sockets.length, 1)
  tap.last.onmessage({ data: JSON.stringify(frame()) })
  assert.equal(tap.frames.length, 1)
  tap.last.onclose()
  tap.clock.pass(150)
  assert.equal(tap.sockets.length, 2)
  tap.last.onclose()
  tap.clock.pass(299)
  assert.equal(tap.sockets.length, 2)
  tap.clock.pass(1)
  assert.equal(tap.sockets.length, 3)
  assert.equal(tap.lost, 2)
})

test('a socket that says nothing is given up: its server may be frozen', () => {
  const tap = new Tap()
  tap.feed.start()
  tap.clock.pass(3000)
  tap.last.onmessage({ data: JSON.stringify(frame()) })
  tap.clock.pass(3000)
  assert.equal(tap.lost, 0)
  const silent = tap.last
  tap.clock.pass(1000)
  assert.equal(tap.lost, 1)
  assert.ok(silent.closed)
  assert.equal(tap.sockets.length, 2)
})

test('a page that nobody looks at stops, and begins again', () => {
  const tap = new Tap()
  tap.feed.start()
  tap.feed.stop()
  tap.clock.pass(60_000)
  assert.deepEqual([tap.sockets.length, tap.lost, tap.last.closed], [1, 0, true])
  tap.feed.start()
  assert.equal(tap.sockets.length, 2)
})

test('what is no frame is passed over', () => {
  const texts = ['', 'hello', '{}', '{"type":"cluster"}', 'null', '{"type":"error","code":"x"}']
  for (const data of [...texts, new ArrayBuffer(2)]) assert.equal(parse(data), null)
  assert.ok(parse(JSON.stringify(frame())))
})
