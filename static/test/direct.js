// A private chat of which a test is the API and the feed.

import { chatOf } from '../js/model/chats.js'
import { ApiError } from '../js/net/problem.js'
import { DirectMessages } from '../js/chat/direct-messages.js'
import { DirectChat } from '../js/chat/direct-chat.js'
import { Browser, settled } from './browser.js'
import { FakeSocket, LIMITS, message, welcome } from './helpers.js'

export const AWAY = new ApiError('network', 'no answer')
export const refusal = (code, status) => new ApiError(code, 'no', status)

/** ann's chat with bob: m1 and m3 are hers, m2 and m4 are of bob. She has read up to 2. */
export async function open(browser = new Browser(), memory = undefined, reacted = undefined) {
  const page = browser.page(memory)
  const sockets = []
  const seen = { asked: [], said: [], removed: [], received: [], edited: [] }
  const all = { ...page, ...seen, browser, clock: browser.clock, fails: null, unread: 1 }
  Object.assign(all, { reacted() {}, who: [] })
  all.server = [1, 2, 3, 4].map(
    (n) => ({ id: `m${n}`, n, name: n % 2 ? 'ann' : 'bob', text: `text ${n}`, at: n }),
  )
  const chat = () => ({
    id: 'c', other: 'bob', created: 1, updated: 4, last: all.server[3], unread: all.unread, read: 2,
    otherRead: 0,
  })
  const answer = async (what, run) => {
    all.asked.push(what)
    if (all.fails) throw all.fails
    return run()
  }
  const change = (id, over) => {
    const i = all.server.findIndex((one) => one.id === id)
    all.server[i] = { ...all.server[i], ...over }
    return all.server[i]
  }
  const api = {
    ticket: async () => 't',
    chats: async () => ({ chats: [chat()], next: null }),
    chat: async () => chat(),
    messages: async (id, { after = 0, before = 99 }) => all.server.filter(({ n }) => n > after && n < before),
    read: async () => {},
    send: () => new Promise(() => {}),
    react: (id, of, emoji, on) => answer([on ? 'give' : 'take back', of, emoji], all.reacted),
    whoReacted: (id, of, kind) => answer(['who', id, of, kind], () => all.who),
    edit: (id, of, key, text) => answer(
      ['edit', of, key, text], () => change(of, { text, edited: 100 + all.asked.length }),
    ),
    remove: (id, of) => answer(['delete', of], () => change(of, { text: '', deleted: true }) && null),
  }
  all.directMessages = new DirectMessages({
    me: 'ann', api, url: 'ws://example.org/feed', clock: all.clock, random: () => 0.5, unsent: page.unsent,
    reacted, open: (url) => sockets[sockets.push(new FakeSocket(url)) - 1],
  })
  all.directMessages.listen({
    changed() {}, state() {}, received: (id, { text }) => all.received.push(text),
    refused: (sentence) => all.said.push(sentence),
    edited: ({ id, text }) => all.edited.push(`${id} ${text}`),
  })
  all.directMessages.start()
  await settled()
  all.socket = () => sockets.at(-1)
  all.up = async (over) => {
    all.socket().say(welcome({ seq: 9, limits: { ...LIMITS, edit_s: 0 }, ...over }))
    await settled()
    await settled()
  }
  all.feed = async (seq, event, n, over = {}) => {
    all.socket().say(message(seq, {
      event, chat: 'c', n, message: `m${n}`, sent: 50 + seq, name: n % 2 ? 'ann' : 'bob', text: '', ...over,
    }))
    await settled()
  }
  await all.up()
  all.talk = new DirectChat(all.directMessages, 'c')
  all.talk.listen({
    items() {}, received() {}, state() {}, typing() {}, unsent() {},
    removed: ({ id }) => all.removed.push(id),
  })
  await settled()
  all.at = (n) => all.talk.items.at(n)
  const shown = ({ deleted, text, edited, changing }) =>
    `${deleted ? 'gone' : text}${edited ? '*' : ''}${changing ? '…' : ''}`
  all.texts = () => [1, 2, 3, 4].map((n) => shown(all.at(n))).join(' | ')
  all.last = () => chatOf(all.directMessages.chats.state, 'c').last
  return all
}
