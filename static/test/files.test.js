// The files of messages: what is believed of them, and what is said of them.

import assert from 'node:assert/strict'
import test from 'node:test'
import { isAnimation, mayMove } from '../js/model/animation.js'
import { Conversation } from '../js/model/conversation.js'
import { messagesOf } from '../js/model/archive.js'
import { sizeOf } from '../js/model/bytes.js'
import { addMessageFromSocket, noMessages, reviseMessage, threadOf } from '../js/model/messages.js'
import {
  cleanFileName, extensionOf, filesOf, fileUrl, kindOf, nameParts, withFiles,
} from '../js/model/files.js'
import {
  isMoving, largeOf, largeStillOf, shapeOf, sourcesOf, stillOf, waitsToPlay, widthIn, widthOver,
} from '../js/model/pictures.js'
import { Summary } from '../js/model/summary.js'
import { FILES, saidIn } from '../js/model/strings/shown-files.js'
import { ThreadItems } from '../js/model/thread.js'
import { eventOf } from '../js/net/feed.js'
import { parse } from '../js/net/frames.js'
import { FakeClock, message, welcome } from './helpers.js'

const id = (n) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
const file = (over = {}) => ({
  id: id(1), name: 'cat.jpg', type: 'image/jpeg', size: 2_400_000, width: 4000, height: 3000,
  previews: [320, 1280], ...over,
})
const plain = (text) => text.replace(/[\u2066-\u2069]/g, '')

test('of files only those are believed that are what they claim to be', () => {
  assert.deepEqual(filesOf([file(), file({ id: id(2), alt: ' a cat ' })]), [
    file(), { ...file(), id: id(2), alt: 'a cat' },
  ])
  const bad = [
    null, 'x', 7, [], {}, file({ id: 'x' }), file({ id: `${id(1)}/..` }), file({ id: `${id(1)}A` }),
    file({ id: 5 }), file({ name: 5 }), file({ name: undefined }), file({ type: null }), file({ size: -1 }),
    file({ size: 1.5 }), file({ size: '7' }), file({ size: Infinity }),
  ]
  assert.deepEqual(filesOf(bad), [])
  for (const value of [undefined, null, {}, 'x', 5]) assert.deepEqual(filesOf(value), [])
})

test('what else is said of a file is dropped, or left out where it makes no sense', () => {
  const [one] = filesOf([file({
    url: 'javascript:alert(1)', href: 'x', blob: 'x', progress: 1, previews: [1, 320, 'x', 4096], width: 0,
    alt: '  ',
  })])
  assert.deepEqual(one, { id: id(1), name: 'cat.jpg', type: 'image/jpeg', size: 2_400_000, previews: [320] })
  assert.deepEqual(Object.keys(filesOf([file({ previews: 'x', height: 1e99, alt: 7 })])[0]), [
    'id', 'name', 'type', 'size',
  ])
})

test('ten files at most, each once', () => {
  const all = Array.from({ length: 14 }, (_, i) => file({ id: id(i + 1) }))
  assert.equal(filesOf(all).length, 10)
  assert.equal(filesOf([file(), file(), file()]).length, 1)
})

test('names are harmless', () => {
  assert.equal(cleanFileName('photo\u202egpj.exe'), 'photogpj.exe')
  assert.equal(cleanFileName('a\u0000\r\n\u200f\u2066b\ufeff.txt '), 'ab.txt')
  assert.equal(cleanFileName('\ud800x'), 'x')
  for (const name of ['', '  ', '.', '..', '...', '\u202e']) assert.equal(cleanFileName(name), 'file')
  assert.equal(cleanFileName('דוח.pdf'), 'דוח.pdf')
})

test('an address is made of an id and a name', () => {
  const of = (name) => fileUrl(filesOf([file({ name })])[0])
  assert.equal(of('cat.jpg'), `/api/v1/files/${id(1)}/cat.jpg`)
  assert.equal(fileUrl(file(), 320), `/api/v1/files/${id(1)}/cat.jpg?size=320`)
  const hostile = [
    '../../x', '//evil/x', '"><b>', 'a?b#c', 'a\\b', 'x'.repeat(300), '😀 é ا', '..', '\ud800',
  ]
  for (const name of hostile) {
    const url = new URL(of(name), 'https://here/')
    assert.equal(url.origin, 'https://here')
    assert.match(url.pathname, new RegExp(`^/api/v1/files/${id(1)}/[^/]+$`))
    assert.equal(url.search + url.hash, '')
  }
})

test('only what the server shows is shown', () => {
  const kinds = {
    'image/png': 'picture', 'image/gif': 'picture', 'video/mp4': 'video', 'audio/mpeg': 'audio',
    'image/svg+xml': 'document', 'text/html': 'document', 'image/heic': 'document', constructor: 'document',
    '': 'document',
  }
  for (const [type, kind] of Object.entries(kinds)) assert.equal(kindOf({ type }), kind, type)
})

test('a long name is cut before its end', () => {
  assert.deepEqual(nameParts('cat.jpg'), ['cat.jpg', ''])
  const name = 'minutes of the meeting in january, second draft.docx'
  const [start, end] = nameParts(name)
  assert.deepEqual([start + end, end], [name, 'draft.docx'])
  assert.deepEqual(nameParts('😀'.repeat(30))[1], '😀'.repeat(10))
  assert.deepEqual([extensionOf({ name: 'a.tar.gz' }), extensionOf({ name: 'Makefile' })], ['GZ', ''])
})

test('the place of a picture is known before it comes', () => {
  assert.equal(shapeOf(file()), 4 / 3)
  assert.equal(shapeOf(file({ width: 9, height: 900 })), 1 / 2)
  assert.equal(shapeOf(file({ width: 9000, height: 9 })), 3)
  assert.equal(shapeOf(file({ width: undefined, height: undefined })), 4 / 3)
  const phone = { high: 320, wide: 400 }
  assert.equal(widthIn(file(), phone), 400)
  assert.equal(widthIn(file({ width: 3000, height: 4000 }), phone), 240)
  assert.equal(widthIn(file({ width: 16, height: 16 }), phone), 64)
  assert.deepEqual([widthOver(file(), 180), widthOver(file({ width: 300, height: 400 }), 180)], [240, 180])
})

test('the browser chooses from the previews, and never the file itself where that is large', () => {
  const at = (size) => fileUrl(file(), size)
  assert.deepEqual(sourcesOf(file()), { src: at(320), srcset: `${at(320)} 320w, ${at(1280)} 1280w` })
  assert.deepEqual(
    sourcesOf(file({ width: 3000, height: 4000 })),
    { src: at(320), srcset: `${at(320)} 240w, ${at(1280)} 960w` },
  )
  assert.deepEqual(
    sourcesOf(file({ width: 800, height: 600, previews: [320] })),
    { src: at(320), srcset: `${at(320)} 320w, ${at()} 800w` },
  )
  const small = file({ width: 200, height: 100, previews: undefined })
  assert.deepEqual(sourcesOf(small), { src: at(), srcset: `${at()} 200w` })
  assert.deepEqual(sourcesOf(file({ width: undefined, previews: undefined })), { src: at(), srcset: '' })
  assert.equal(largeOf(file()), at())
  assert.equal(largeOf(file({ size: 20_000_000 })), at(1280))
  assert.equal(largeOf(file({ size: 20_000_000, previews: [320] })), at())
})

test('what moves waits where the reader wants less motion, or where it is large', () => {
  const gif = file({ type: 'image/gif', name: 'a.gif' })
  assert.deepEqual([isMoving(gif), isMoving(file())], [true, false])
  assert.deepEqual(
    [waitsToPlay(gif, false), waitsToPlay(gif, true), waitsToPlay(file({ size: 9e6 }), false)],
    [false, true, true],
  )
  assert.equal(stillOf(gif), `/api/v1/files/${id(1)}/a.gif?size=320`)
  assert.equal(stillOf(file({ previews: undefined })), '')
})

test('where the reader wants less motion, nothing is chosen that may move', () => {
  const webp = file({ type: 'image/webp', name: 'a.webp', width: 800, height: 600, previews: [320] })
  const at = (size) => `/api/v1/files/${id(1)}/a.webp${size ? `?size=${size}` : ''}`
  assert.equal(sourcesOf(webp, true).srcset, `${at(320)} 320w`)
  assert.equal(sourcesOf(webp).srcset, `${at(320)} 320w, ${at()} 800w`)
  const photo = file({ width: 800, height: 600, previews: [320] })
  assert.deepEqual(sourcesOf(photo, true), sourcesOf(photo), 'a JPEG never does')
  assert.deepEqual([webp, file({ type: 'image/png' }), photo].map(mayMove), [true, true, false])
  assert.deepEqual([largeStillOf(file()), largeStillOf(file({ previews: undefined }))], [
    `/api/v1/files/${id(1)}/cat.jpg?size=1280`, '',
  ])
})

test('the first bytes of a picture say whether it moves', () => {
  const bytes = (...parts) => Uint8Array.from(
    parts.flatMap((part) => (typeof part === 'string' ? [...part].map((c) => c.charCodeAt(0)) : part)),
  )
  const webp = (flags) => bytes('RIFF', [0, 0, 0, 0], 'WEBP', 'VP8X', [10, 0, 0, 0], [flags, 0, 0, 0])
  assert.deepEqual([2, 0x12, 0x10].map((flags) => isAnimation('image/webp', webp(flags))), [true, true, false])
  assert.equal(isAnimation('image/webp', bytes('RIFF', [0, 0, 0, 0], 'WEBPVP8 ')), false)
  const chunk = (name, size) => [0, 0, 0, size, ...bytes(name), ...Array(size + 4).fill(0)]
  const png = (...names) => bytes([1, 2, 3, 4, 5, 6, 7, 8], ...names.map((name) => chunk(name, 13)))
  assert.equal(isAnimation('image/png', png('IHDR', 'gAMA', 'acTL', 'IDAT')), true)
  assert.equal(isAnimation('image/png', png('IHDR', 'IDAT', 'acTL')), false)
  for (const type of ['image/webp', 'image/png']) {
    for (const head of [bytes(), bytes('RIFF'), png('IHDR')]) assert.equal(isAnimation(type, head), false)
  }
  const larger = bytes([9, 9], [...png('IHDR', 'acTL')]) // the head may lie in something larger
  assert.equal(isAnimation('image/png', larger.subarray(2)), true)
})

test('what a message is that says nothing', () => {
  const said = (...files) => plain(saidIn({ text: '', files }))
  const pdf = file({ name: 'report.pdf', type: 'application/pdf' })
  assert.equal(said(file()), 'Picture')
  assert.equal(said(file(), file(), file()), '3 pictures')
  assert.equal(said(pdf), 'Document report.pdf')
  assert.equal(said(pdf, pdf), '2 documents')
  assert.equal(said(file(), pdf), '2 files')
  assert.equal(said(file({ type: 'video/mp4' })), 'Video')
  assert.equal(said(file({ type: 'audio/mpeg' })), 'Recording')
  assert.equal(said(), '')
  assert.equal(saidIn({ text: 'look', files: [file()] }), 'look')
  assert.equal(plain(FILES.alt(file())), 'Picture cat.jpg')
  assert.equal(FILES.alt(file({ alt: 'A cat' })), 'A cat')
  assert.match(plain(FILES.download(pdf)), /^Download report\.pdf, 2\.4 MB$/)
  assert.equal(sizeOf(1, 'en'), '1 byte')
})

test('screen readers hear what a message is', () => {
  const said = []
  const summary = new Summary(new FakeClock(), (line) => said.push(line))
  summary.add({ name: 'ann', text: '', files: [file()] })
  assert.deepEqual(said, ['ann: Picture'])
})

test('frames with files: those that can be read, and the message in any case', () => {
  const frame = message(1, { text: '', files: [file(), { id: 'x' }] })
  assert.deepEqual(parse(JSON.stringify(frame)).files, [file()])
  const { files: _, ...none } = frame
  assert.deepEqual(parse(JSON.stringify({ ...frame, files: 'x' })), none)
  const { text: __, ...silent } = frame
  assert.equal(parse(JSON.stringify(silent)).text, '')
  assert.equal(parse(JSON.stringify({ ...frame, text: 7 })), null)
  assert.equal(parse(JSON.stringify({ ...silent, files: undefined })), null)
})

test('answers and events with files', () => {
  assert.deepEqual(withFiles({ id: 'm', files: [file(), 5] }), { id: 'm', text: '', files: [file()] })
  assert.deepEqual(withFiles({ id: 'm', text: 'x' }), { id: 'm', text: 'x' })
  assert.deepEqual(messagesOf({ messages: [{ seq: 1, text: '', files: [file(), {}] }] })[0].files, [file()])
  const event = { event: 'message', chat: 'c', n: 1, message: 'm', name: 'ann', sent: 5, files: [file(), {}] }
  assert.deepEqual(eventOf(event), {
    kind: 'message', chat: 'c', n: 1, id: 'm', name: 'ann', text: '', files: [file()], at: 5,
  })
})

test('a message of the room keeps its files when it is edited, and loses them when it is deleted', () => {
  const room = new Conversation()
  room.welcome(welcome({ seq: 0 }), 0)
  const posted = room.message(message(1, { text: '', files: [file()] }))
  assert.deepEqual(posted.files, [file()])
  const change = { seq: 2, id: 'e', app: '1000', session: posted.session, name: posted.name, at: 9 }
  const target = { seq: 1, id: posted.id }
  room.change({ ...change, type: 'edit', text: 'look', target })
  assert.deepEqual([room.at(0).text, room.at(0).files], ['look', [file()]])
  room.change({ ...change, type: 'edit', seq: 3, text: '', target })
  assert.deepEqual([room.at(0).text, room.at(0).files], ['', [file()]])
  room.change({ ...change, type: 'delete', seq: 4, by: 'author', target })
  assert.deepEqual([room.at(0).deleted, room.at(0).files], [true, undefined])
})

test('an own deletion that can be taken back leaves the files where they are', () => {
  const room = new Conversation()
  room.welcome(welcome({ seq: 0 }), 0)
  const { id: of, session } = room.message(message(1, { files: [file()] }))
  room.revisions.begin({ session, id: of }, { id: 'd', text: '', deleted: true })
  room.revise(of)
  assert.equal(room.at(0).deleted, true)
  room.revisions.end({ session, id: of }, 'd')
  room.revise(of)
  assert.deepEqual([room.at(0).deleted, room.at(0).files], [undefined, [file()]])
})

test('an answer to a message without text quotes what that is', () => {
  const room = new Conversation()
  room.welcome(welcome({ seq: 0 }), 0)
  const { id: of, name } = room.message(message(1, { text: '', files: [file(), file({ id: id(2) })] }))
  const answer = room.message(message(2, { reply: { seq: 1, id: of, name, text: 'cat.jpg' } }))
  assert.equal(answer && room.at(1).reply.text, '2 pictures')
})

test('private messages keep their files, and lose them when they are deleted', () => {
  let state = noMessages('ann')
  const known = { chat: 'c', n: 1, id: 'm', name: 'bob', text: '', at: 5, files: [file()] }
  state = addMessageFromSocket(state, known)
  const items = new ThreadItems()
  items.take(threadOf(state, 'c'), 0)
  assert.deepEqual(items.at(1).files, [file()])
  state.revisions.take({ id: 'm', session: '' }, { text: '', at: 6, deleted: true })
  items.take(threadOf(reviseMessage(state, 'c', 'm'), 'c'), 0)
  assert.deepEqual([items.at(1).deleted, items.at(1).files], [true, undefined])
})
