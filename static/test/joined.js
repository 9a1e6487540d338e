// Somebody in a room, whose sockets the test holds the other end of.

import { addressOf } from '../js/net/address.js'
import { Room } from '../js/chat/room.js'
import { FakeClock, FakeSocket, message, welcome } from './helpers.js'

export function make(random = () => 0.5, options = {}) {
  const clock = new FakeClock()
  const sockets = []
  const received = []
  const states = []
  const room = new Room({
    name: 'ann', room: 'livechat', clock, random,
    address: addressOf(
      { socketPort: 8080 },
      { protocol: 'http:', host: 'example.org:1007', hostname: 'example.org' },
    ),
    open: (url) => sockets[sockets.push(new FakeSocket(url)) - 1],
    ...options,
  })
  room.listen({
    items() {}, people() {}, typing() {}, unsent() {}, received: (item) => received.push(item.seq),
    state: (state) => states.push(state.kind),
  })
  room.join()
  const last = () => sockets.at(-1)
  const query = () => Object.fromEntries(last().url.searchParams)
  const say = (seq) => last().say(message(seq))
  return { clock, sockets, received, states, room, last, query, say }
}

export function joined(options) {
  const all = make(options)
  all.last().open()
  all.last().say(welcome({ seq: 2 }))
  all.last().say(message(1))
  all.last().say(message(2))
  return all
}
