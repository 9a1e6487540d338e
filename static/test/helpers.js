// Helpers of the tests: a clock that moves when told, sockets that the test
// holds the other end of, and seeded randomness.

export class FakeClock {
  time = Date.UTC(2026, 0, 15, 12)
  #timers = new Map()
  #next = 1
  now = () => this.time

  after = (ms, run) => {
    const id = this.#next++
    this.#timers.set(id, { at: this.time + ms, run })
    return () => this.#timers.delete(id)
  }

  /** Moves time on, running what falls due in its order. */
  pass(ms) {
    const end = this.time + ms
    for (;;) {
      const [id, due] = [...this.#timers]
        .filter(([, timer]) => timer.at <= end)
        .sort((a, b) => a[1].at - b[1].at || a[0] - b[0])[0] ?? []
      if (!due) break
      this.#timers.delete(id)
      this.time = Math.max(this.time, due.at)
      due.run()
    }
    this.time = end
  }
}

export class FakeSocket {
  sent = []
  closed = false
  onopen = null
  onmessage = null
  onclose = null

  constructor(url) {
    this.url = new URL(url)
  }

  send(data) {
    this.sent.push(JSON.parse(data))
  }

  close() {
    this.closed = true
  }

  // The other end.
  open() {
    this.onopen?.({})
  }

  say(frame) {
    this.onmessage?.({ data: JSON.stringify(frame) })
  }

  end(code = 1006) {
    this.onclose?.({ code })
  }

  /** The messages that went through this socket. */
  get messages() {
    return this.sent.filter((frame) => frame.type === 'message')
  }
}

/**
 * A generator of numbers from 0 to 1 that gives the same ones for the same seed
 * (mulberry32).
 */
export function randomFrom(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

export const LIMITS = { text: 4000, frame: 16384, rate: 0, burst: 10 }
export const EPOCH = '0123456789abcdef'
export const OTHER_EPOCH = 'fedcba9876543210'

export const welcome = (over = {}) => ({
  type: 'welcome', app: '1000', session: 's1', name: 'ann', room: 'livechat', epoch: EPOCH, seq: 0,
  limits: LIMITS, ...over,
})

export const message = (seq, over = {}) => ({
  type: 'message', seq, id: `id-${seq}`, app: '2000', session: 's9', name: 'bob', text: `text ${seq}`,
  at: Date.UTC(2026, 0, 15, 12) + seq, ...over,
})

/** All items of a conversation. */
export function itemsOf(conversation) {
  return Array.from(
    { length: conversation.length - conversation.first },
    (_, i) => conversation.at(conversation.first + i),
  )
}

/**
 * A conversation in one line: seqs, ids of what has none, `#` for notices, `~n`
 * for breaks.
 */
export function lineOf(conversation) {
  return itemsOf(conversation).map((item) => {
    if (item.kind === 'notice') return '#'
    if (item.kind === 'break') return `~${item.count ?? '?'}`
    const hole = item.missing ? `(${item.missing})` : ''
    return hole + (item.seq ?? `${item.id}:${item.state}`)
  }).join(' ')
}
