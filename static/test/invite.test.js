// The codes are compared with those of libqrencode 4.1.1 (qrencode -8 -l M): the
// same but for the mask, which encoders choose with small differences.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import test from 'node:test'
import { correction, qrCode } from '../js/model/qr.js'
import { isLocal, roomLink } from '../js/model/room-link.js'

const LINK = 'http://chat.example.org/?room=abcdefghijklmnopqrstuvwxyz-0123456789&x='.repeat(4)
const rowsOf = (matrix) => matrix.map((row) => row.map(Number).join(''))
const digest = (matrix) => createHash('sha256').update(rowsOf(matrix).join('\n')).digest('hex').slice(0, 32)

const KNOWN = [
  '#######.###.#.#######',
  '#.....#.##....#.....#',
  '#.###.#..#..#.#.###.#',
  '#.###.#.##.##.#.###.#',
  '#.###.#..###..#.###.#',
  '#.....#...#...#.....#',
  '#######.#.#.#.#######',
  '........##.#.........',
  '#.##.###....#.#..#.##',
  '##...#.#####...######',
  '#.##.##.#.#..#.#.#.##',
  '#.####.#.###...#.#.#.',
  '#..##########.#.##..#',
  '........#.###...#....',
  '#######.#.##.#..#....',
  '#.....#.###..#..###.#',
  '#.###.#..#..#..##.##.',
  '#.###.#.#...##.....#.',
  '#.###.#.###.##.#..#..',
  '#.....#..###.##.##..#',
  '#######.##.#..#..##..',
]

test('a code, module by module', () => {
  assert.deepEqual(
    qrCode('http://chat.ex', 3).map((row) => row.map((dark) => (dark ? '#' : '.')).join('')),
    KNOWN,
  )
})

test('every version, the text as long as it can be', () => {
  const known = [ // bytes, version, mask, digest of the modules
    [1, 1, 1, '848f621f7ecfca7e8abac5667957ac0b'],
    [14, 1, 3, '07a6efe8d68f839939ba766251bffe8a'],
    [26, 2, 2, '444cd00381b30b8f4003563e5e7a29ea'],
    [42, 3, 2, '0e14575c5d0259d87cd7533ce3c981d2'],
    [62, 4, 3, 'eb5e6452de44a88287b9f0187ffce833'],
    [84, 5, 3, 'd69b08baa0e4589dad9fc7602f680c51'],
    [106, 6, 2, '67582e94a1f82cd173e330a22abbdb52'],
    [122, 7, 7, 'b5eb72b9388fec366423cb259a33bb88'],
    [152, 8, 2, '822829b510fce4c0ba713d51a91b8d97'],
    [180, 9, 2, 'b722bf02a36f18a673ec4a0e0dd624f4'],
    [213, 10, 2, '714032533bbd4720cb46cf667ad2c8b2'],
  ]
  for (const [length, version, mask, expected] of known) {
    const matrix = qrCode(LINK.slice(0, length), mask)
    assert.equal(matrix.length, version * 4 + 17, `${length} bytes`)
    assert.equal(digest(matrix), expected, `version ${version}`)
  }
  assert.equal(digest(qrCode('https://例え.jp/?room=ü', 0)), 'd97b1b7efd0babda2ba06da9f9900df1')
  assert.equal(qrCode(LINK.slice(0, 214)), null)
})

test('the mask is one of the eight, and the one with the least to confuse a scanner', () => {
  for (const length of [1, 26, 106, 213]) {
    const text = LINK.slice(0, length)
    const all = Array.from({ length: 8 }, (_, mask) => digest(qrCode(text, mask)))
    assert.equal(new Set(all).size, 8)
    assert.ok(all.includes(digest(qrCode(text))))
  }
  assert.equal(digest(qrCode('h')), '848f621f7ecfca7e8abac5667957ac0b', 'that of libqrencode, too')
})

test('the example of ISO/IEC 18004, annex I: ten codewords after sixteen', () => {
  const data = [
    0x10, 0x20, 0x0c, 0x56, 0x61, 0x80, 0xec, 0x11, 0xec, 0x11, 0xec, 0x11, 0xec, 0x11, 0xec, 0x11,
  ]
  assert.deepEqual(correction(data, 10), [0xa5, 0x24, 0xd4, 0xc1, 0xed, 0x36, 0xc7, 0x87, 0x2c, 0x55])
})

test('the link to a room has nothing of the address that the page was opened with', () => {
  const page = 'https://chat.example.org/x/?room=other&name=ann#m/12/abc'
  assert.equal(roomLink(page, 'go-club'), 'https://chat.example.org/x/?room=go-club')
  assert.equal(roomLink(page, 'livechat'), 'https://chat.example.org/x/')
  assert.equal(roomLink('http://localhost:1007/index.html', 'livechat'), 'http://localhost:1007/')
})

test('addresses that lead nowhere from another computer', () => {
  const here = ['http://localhost:1007/', 'http://127.0.0.1/', 'http://[::1]:80/', 'http://chat.localhost/']
  const there = [
    'https://chat.example.org/', 'http://192.168.0.7:1007/', 'http://localhost.example.org/',
    'http://1.127.0.1/',
  ]
  assert.deepEqual(here.map(isLocal), here.map(() => true))
  assert.deepEqual(there.map(isLocal), there.map(() => false))
})
