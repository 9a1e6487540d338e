// Somebody in a room, whose sockets the test holds the other end of.

import { addressOf } from '../js/net/address.js'
import { Room } from '../js/net/room.js'
import { FakeClock, FakeSocket, message, welcome } from './helpers.js'

export function make(random = () => 0.5) {
  const clock = new FakeClock()
  const sockets = []
  const heard = []
  const states = []
  const room = new Room({
    name: 'ann', room: 'livechat', clock, random,
    address: addressOf({ socketPort: 8080 }, { protocol: 'http:', host: 'example.org:1007', hostname: 'example.org' }),
    open: (url) => sockets[sockets.push(new FakeSocket(url)) - 1],
  })
  room.listen({ items() {}, people() {}, typing() {}, unsent() {}, heard: (item) => heard.push(item.seq), state: (state) => states.push(state.kind) })
  room.join()
  const last = () => sockets.at(-1)
  const query = () => Object.fromEntries(last().url.searchParams)
  return { clock, sockets, heard, states, room, last, query }
}

export function joined(options) {
  const all = make(options)
  all.last().open()
  all.last().say(welcome({ seq: 2 }))
  all.last().say(message(1))
  all.last().say(message(2))
  return all
}
