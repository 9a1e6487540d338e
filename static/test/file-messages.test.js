// Messages with files, in a room and in a private chat: each is sent when its
// files are at the server, once, and holds nothing up.

import assert from 'node:assert/strict'
import test from 'node:test'
import { addressOf } from '../js/net/address.js'
import { Room } from '../js/chat/room.js'
import { ApiError } from '../js/net/problem.js'
import { Sender } from '../js/chat/sender.js'
import { noChats } from '../js/model/chats.js'
import { addMessageFromSocket, noMessages, shown, threadOf } from '../js/model/messages.js'
import { Store } from '../js/model/store.js'
import { Browser, settled } from './browser.js'
import { FakeClock, FakeSocket, itemsOf, message, welcome } from './helpers.js'

const MINUTE = 60_000

/** Uploads of which the test says what becomes. */
class FakeUploads {
  followed = []
  released = []
  dropped = []

  follow(files, on, isReupload = false) {
    const one = { ids: files.map(({ id }) => id), files, on, isReupload, isStopped: false }
    this.followed.push(one)
    return () => { one.isStopped = true }
  }

  release = (ids) => this.released.push(...ids)
  drop = (ids) => this.dropped.push(...ids)

  /** All files of the message followed last are at the server. */
  finish(files = this.last.files) {
    const done = files.map(({ progress, ...file }) => file)
    this.last.on.changed(done)
    this.last.on.ready(done)
  }

  get last() {
    return this.followed.at(-1)
  }
}

const picture = (id, over = {}) => ({ id, name: 'a.png', type: 'image/png', size: 3, progress: 0.5, ...over })

function open(browser = new Browser(), memory = undefined, uploads = new FakeUploads()) {
  const page = browser.page(memory)
  const sockets = []
  const room = new Room({
    name: 'ann', room: 'livechat', clock: browser.clock, random: () => 0.5, unsent: page.unsent, uploads,
    address: addressOf({}, { protocol: 'http:', host: 'example.org', hostname: 'example.org' }),
    open: (url) => sockets[sockets.push(new FakeSocket(url)) - 1],
  })
  room.join()
  const last = () => sockets.at(-1)
  const texts = () => itemsOf(room.conversation).map((item) => `${item.text}:${item.state}`).join(' ')
  const join = async () => {
    await settled()
    last().say(welcome({ seq: 0 }))
  }
  return { ...page, browser, room, uploads, last, texts, join }
}

test('a message waits for its files, shows how far they are, and holds nothing up', async () => {
  const { room, uploads, last, texts, join } = open()
  await join()
  room.send('look', null, [picture('f1'), picture('f2', { alt: 'a cat' })])
  room.send('and now?')
  assert.deepEqual(last().messages.map(({ text }) => text), ['and now?'])
  assert.equal(room.unsent, 2)
  last().say(message(1, { id: last().messages[0].id, name: 'ann', session: 's1', text: 'and now?' }))
  assert.equal(texts(), 'and now?:sent look:sending')
  const { on, files } = uploads.last
  on.changed([{ ...files[0], progress: 0.75 }, files[1]])
  assert.equal(itemsOf(room.conversation)[1].files[0].progress, 0.75)
  uploads.finish()
  assert.deepEqual(last().messages[1].files, ['f1', { id: 'f2', alt: 'a cat' }])
  assert.equal(room.unsent, 1)
  last().say({ type: 'ack', id: last().messages[1].id, seq: 2 })
  assert.deepEqual([room.unsent, uploads.released, uploads.dropped], [0, ['f1', 'f2'], []])
})

test('files without a text are a message', async () => {
  const { room, uploads, last, join } = open()
  await join()
  room.send('', null, [picture('f1')])
  uploads.finish()
  const { text, files } = last().messages[0]
  assert.deepEqual([text, files], ['', ['f1']])
})

test('after a reload it goes on with the same ids, however long that took, and is sent once', async () => {
  const before = open()
  await before.join()
  before.room.send('look', null, [picture('f1', { blob: new Blob(['x']) })])
  const [{ id }] = itemsOf(before.room.conversation)
  await settled()
  assert.deepEqual([...before.browser.records.values()][0].files, [
    { id: 'f1', name: 'a.png', type: 'image/png', size: 3 },
  ])
  before.end()
  before.browser.clock.pass(60 * MINUTE)
  const after = open(before.browser, before.memory)
  await after.join()
  assert.deepEqual([after.uploads.last.ids, after.last().messages], [['f1'], []])
  after.uploads.finish()
  assert.deepEqual(after.last().messages.map((one) => [one.id, one.files]), [[id, ['f1']]])
  after.last().say({ type: 'ack', id, seq: 1 })
  await settled()
  assert.deepEqual([after.browser.records.size, after.uploads.released], [0, ['f1']])
})

test('one that was sent before the reload is not sent again if the log has it', async () => {
  const before = open()
  await before.join()
  before.room.send('look', null, [picture('f1')])
  before.uploads.finish()
  const [{ id }] = before.last().messages
  await settled()
  before.end()
  const after = open(before.browser, before.memory)
  await settled()
  after.last().say(welcome({ seq: 1 }))
  after.last().say(message(1, { id, name: 'ann', text: 'look', files: [picture('f1')] }))
  await settled()
  assert.deepEqual([after.last().messages, after.uploads.followed, after.uploads.released], [[], [], ['f1']])
})

test('a file that is refused fails its message; another try goes on with both', async () => {
  const { room, uploads, last, texts, join } = open()
  await join()
  room.send('look', null, [picture('f1')])
  uploads.last.on.failed('This picture is broken.')
  assert.equal(texts(), 'look:failed')
  const [{ id, reason }] = itemsOf(room.conversation)
  assert.equal(reason, 'This picture is broken.')
  room.retry(id)
  uploads.finish()
  assert.deepEqual(last().messages.map((one) => [one.id, one.files]), [[id, ['f1']]])
  last().say({ type: 'error', id, code: 'bad_request', message: 'no' })
  room.discard(id)
  assert.deepEqual([texts(), uploads.dropped], ['', ['f1']])
})

test('files that the server has forgotten are uploaded once more, and no third time', async () => {
  const { room, uploads, last, texts, join, browser } = open()
  await join()
  room.send('look', null, [picture('f1')])
  uploads.finish()
  const [{ id }] = last().messages
  last().say({ type: 'error', id, code: 'unknown_file', message: 'no such file' })
  assert.deepEqual([texts(), uploads.last.isReupload], ['look:sending', true])
  uploads.finish([picture('f2')])
  await settled()
  assert.deepEqual([...browser.records.values()][0].files.map((file) => file.id), ['f2'])
  assert.deepEqual(last().messages[1].files, ['f2'])
  last().say({ type: 'error', id, code: 'unknown_file', message: 'no such file' })
  assert.equal(texts(), 'look:failed')
})

test('in a private chat others go first, too', async () => {
  const uploads = new FakeUploads()
  const posts = []
  const chats = new Store(noChats('ann'))
  const messages = new Store(noMessages('ann'))
  const kept = new Map()
  const sender = new Sender({
    me: 'ann', chats, messages, uploads, clock: new FakeClock(), changes: null, reactions: null,
    unsent: { take: async () => [], keep: (one) => kept.set(one.id, one), drop: (id) => kept.delete(id) },
    api: {
      send: async (chat, id, text, files) => {
        posts.push([text, files])
        if (posts.length === 2) throw new ApiError('unknown_file', 'no', 404)
        return { id, n: posts.length, name: 'ann', text, at: 1 }
      },
    },
  })
  sender.open()
  const line = () => shown(threadOf(messages.state, 'c'))
    .map(({ text, state }) => `${text}:${state}`).join(' ')
  sender.send('c', 'look', [picture('f1')])
  sender.send('c', 'hello')
  await settled()
  assert.deepEqual([posts, line()], [[['hello', undefined]], 'hello:sent look:sending'])
  assert.deepEqual([...kept.values()].map(({ text, waits }) => [text, waits]), [['look', true]])
  uploads.finish()
  await settled()
  assert.deepEqual([posts[1], uploads.last.isReupload], [['look', ['f1']], true])
  assert.equal(line(), 'hello:sent look:sending')
  uploads.finish([picture('f2')])
  await settled()
  assert.deepEqual([posts[2], line(), kept.size], [['look', ['f2']], 'hello:sent look:sent', 0])
  assert.deepEqual(uploads.released, ['f2'])
})

test('one that the history of a private chat has is not kept after a reload', async () => {
  const uploads = new FakeUploads()
  const messages = new Store(noMessages('ann'))
  const dropped = []
  const record = { id: 'm1', chat: 'c', text: 'look', files: [picture('f1')], at: 1, reason: null }
  messages.do(addMessageFromSocket, { ...record, n: 1, name: 'ann' })
  const sender = new Sender({
    me: 'ann', chats: new Store(noChats('ann')), messages, uploads, clock: new FakeClock(), changes: null,
    reactions: null, api: null,
    unsent: { take: async () => [record], keep() {}, drop: (id) => dropped.push(id) },
  })
  await sender.restore()
  assert.deepEqual([dropped, uploads.released], [['m1'], ['f1']])
})
