// Somebody in a room whose messages have reactions.

import { addressOf } from '../js/net/address.js'
import { Room } from '../js/chat/room.js'
import { Browser, settled } from './browser.js'
import { FakeSocket, message, welcome } from './helpers.js'

export const summary = (seq, target, counts, over = {}) => ({
  type: 'reactions', seq, id: `r-${seq}`, app: '1000', target: { seq: target, id: `id-${target}` }, counts,
  at: Date.UTC(2026, 0, 15, 12) + seq, ...over,
})
export const deletion = (seq, target) => ({
  type: 'delete', seq, id: `d-${seq}`, app: '1', session: 's9', author: 'b', name: 'bob', by: 'author',
  target: { seq: target, id: `id-${target}` }, at: 1,
})
/** The reactions shown below a message: one's own with an asterisk. */
export const below = (item) => (item?.reactions ?? [])
  .map(({ emoji, count, own }) => `${emoji}${count}${own ? '*' : ''}`).join(' ')

/** Which reactions are the reader's, of all tabs of a browser. */
export function memory() {
  const all = new Map()
  const watching = new Set()
  const tab = () => {
    const own = {
      of: (id) => all.get(id) ?? [],
      set(id, emoji) {
        all.set(id, emoji)
        for (const [other, run] of watching) if (other !== own) run()
      },
      watch(run) {
        const one = [own, run]
        watching.add(one)
        return () => watching.delete(one)
      },
    }
    return own
  }
  return { all, tab, watching }
}

export function open({ browser = new Browser(), kept = undefined, own = memory(), ...over } = {}) {
  const page = browser.page(kept)
  const sockets = []
  const room = new Room({
    name: 'ann', room: 'livechat', clock: browser.clock, random: () => 0.5, unsent: page.unsent,
    reacted: own.tab(), ...over,
    address: addressOf({}, { protocol: 'http:', host: 'example.org', hostname: 'example.org' }),
    open: (url) => sockets[sockets.push(new FakeSocket(url)) - 1],
  })
  const said = []
  room.listen({
    items() {}, received() {}, typing() {}, unsent() {}, state() {},
    refused: (sentence) => said.push(sentence),
  })
  room.join()
  const last = () => sockets.at(-1)
  const up = (seq, more) => {
    last().open()
    last().say(welcome({ seq, author: 'a', ...more }))
  }
  const at = (place) => room.items.at(place)
  const shown = (place = 0) => below(at(place))
  const react = (emoji = '👍', place = 0) => room.reacting.toggle(at(place), emoji)
  const ack = (frame, more) => last().say({ type: 'ack', id: frame.id, ...more })
  return { ...page, browser, clock: browser.clock, own, room, last, up, at, shown, react, ack, said }
}

/** A room with a message of somebody else. */
export async function joined(over) {
  const all = open(over)
  all.up(1)
  all.last().say(message(1, { author: 'b' }))
  await settled()
  return all
}
