// QR codes (ISO/IEC 18004) for links: bytes, error correction level M, versions
// 1 to 10. That is up to 213 bytes, which no link of ours exceeds; a longer text
// has no code.

/** @typedef {boolean[][]} Matrix rows of modules; true is dark */

/**
 * By version from 1: error correction codewords of a block, blocks, and where
 * alignment patterns are.
 * @type {[ec: number, blocks: number, ...places: number[]][]}
 */
const VERSIONS = [
  [10, 1], [16, 1, 6, 18], [26, 1, 6, 22], [18, 2, 6, 26], [24, 2, 6, 30],
  [16, 4, 6, 34], [18, 4, 6, 22, 38], [22, 4, 6, 24, 42], [22, 5, 6, 26, 46], [26, 5, 6, 28, 50],
]
const CODEWORDS = [26, 44, 70, 100, 134, 172, 196, 242, 292, 346] // by version from 1
const BYTES = 0b0100 // the mode
const LEVEL_M = 0b00

/** @type {((x: number, y: number) => boolean)[]} which modules a mask inverts */
const MASKS = [
  (x, y) => (x + y) % 2 === 0,
  (_, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
]

/**
 * The code of a text.
 * @param {string} text
 * @param {number} [mask] without one, that with which scanners do best
 * @returns {Matrix | null} null if the text is too long
 */
export function qrCode(text, mask) {
  const bytes = new TextEncoder().encode(text)
  const version = VERSIONS.findIndex((_, i) => bytes.length <= room(i + 1)) + 1
  if (version === 0) return null
  const { matrix, isFixed } = frame(version)
  place(matrix, isFixed, interleave(version, dataCodewords(version, bytes)))
  const masks = mask === undefined ? MASKS.keys() : [mask]
  const all = Array.from(masks, (n) => masked(matrix, isFixed, n))
  return all.reduce((best, one) => (penalty(one) < penalty(best) ? one : best))
}

// ---- Codewords ----

/** @param {number} version */
function sizes(version) {
  const [ec, blocks] = VERSIONS[version - 1] ?? [0, 0]
  const total = CODEWORDS[version - 1] ?? 0
  return { ec, blocks, total, data: total - ec * blocks }
}

/** @param {number} version @returns {number} how many bits the length has */
const lengthBits = (version) => (version < 10 ? 8 : 16)

/** @param {number} version @returns {number} how many bytes fit */
const room = (version) => Math.floor((sizes(version).data * 8 - 4 - lengthBits(version)) / 8)

/** @param {number} version @param {Uint8Array} bytes */
function dataCodewords(version, bytes) {
  const { data } = sizes(version)
  /** @type {number[]} */
  const bits = []
  /** @param {number} value @param {number} length */
  const put = (value, length) => {
    for (let i = length - 1; i >= 0; i--) bits.push((value >> i) & 1)
  }
  put(BYTES, 4)
  put(bytes.length, lengthBits(version))
  for (const byte of bytes) put(byte, 8)
  put(0, Math.min(4, data * 8 - bits.length))
  put(0, -bits.length & 7)
  for (let pad = 0xec; bits.length < data * 8; pad ^= 0xec ^ 0x11) put(pad, 8)
  return Array.from({ length: data }, (_, i) => parseInt(bits.slice(i * 8, i * 8 + 8).join(''), 2))
}

/**
 * The codewords of all blocks in turn, the data first: a scratch hurts each
 * block a little.
 * @param {number} version @param {number[]} data
 */
function interleave(version, data) {
  const { ec, blocks, total } = sizes(version)
  const short = Math.floor(total / blocks) - ec
  const long = total % blocks // blocks that have one data codeword more, at the end
  let at = 0
  const parts = Array.from({ length: blocks }, (_, i) => {
    const begin = at
    at += short + Number(i >= blocks - long)
    return data.slice(begin, at)
  })
  return [...inTurn(parts), ...inTurn(parts.map((part) => correction(part, ec)))]
}

/** @param {number[][]} parts */
function inTurn(parts) {
  const length = Math.max(...parts.map(({ length }) => length))
  return Array.from({ length }).flatMap((_, i) => parts.flatMap((part) => part[i] ?? []))
}

/**
 * The product in GF(256) with the polynomial 0x11d.
 * @param {number} a @param {number} b
 */
function times(a, b) {
  let product = 0
  for (let i = 7; i >= 0; i--) {
    product = (product << 1) ^ ((product >> 7) * 0x11d)
    product ^= ((b >> i) & 1) * a
  }
  return product
}

/**
 * The Reed-Solomon codewords of a block.
 * @param {number[]} data @param {number} length
 */
export function correction(data, length) {
  /** @type {number[]} of the generator, without its leading 1 */
  let generator = [...Array(length - 1).fill(0), 1]
  for (let i = 0, root = 1; i < length; i++, root = times(root, 2)) {
    generator = generator.map((c, j) => times(c, root) ^ (generator[j + 1] ?? 0))
  }
  /** @type {number[]} */
  let rest = Array(length).fill(0)
  for (const byte of data) {
    const factor = byte ^ (rest[0] ?? 0)
    rest = [...rest.slice(1), 0].map((c, i) => c ^ times(generator[i] ?? 0, factor))
  }
  return rest
}

// ---- Modules ----

/**
 * The part that every code of a version has: finders, alignment and timing
 * patterns, and the space for the format.
 * @param {number} version
 */
function frame(version) {
  const size = version * 4 + 17
  const matrix = square(size)
  const isFixed = square(size)
  /** @param {number} x @param {number} y @param {boolean} dark */
  const set = (x, y, dark) => {
    const [row, fixed] = [matrix[y], isFixed[y]]
    if (!row || !fixed || x < 0 || x >= size) return
    row[x] = dark
    fixed[x] = true
  }
  /** @param {number} x @param {number} y @param {number} reach @param {number[]} light distances */
  const rings = (x, y, reach, light) => {
    for (let dy = -reach; dy <= reach; dy++) for (let dx = -reach; dx <= reach; dx++) {
      set(x + dx, y + dy, !light.includes(Math.max(Math.abs(dx), Math.abs(dy))))
    }
  }
  for (let i = 0; i < size; i++) {
    set(6, i, i % 2 === 0)
    set(i, 6, i % 2 === 0)
  }
  for (const [x, y] of /** @type {const} */ ([[3, 3], [size - 4, 3], [3, size - 4]])) rings(x, y, 4, [2, 4])
  const [, , ...places] = VERSIONS[version - 1] ?? []
  for (const y of places) for (const x of places) {
    const isFinder = (x === 6 && (y === 6 || y === size - 7)) || (x === size - 7 && y === 6)
    if (!isFinder) rings(x, y, 2, [1])
  }
  formatPlaces(size).flat().forEach(([x, y]) => set(x, y, false))
  set(8, size - 8, true)
  if (version >= 7) {
    const bits = withRemainder(version, 6, 12, 0x1f25)
    for (let i = 0; i < 18; i++) {
      const [a, b] = [size - 11 + (i % 3), Math.floor(i / 3)]
      set(a, b, ((bits >> i) & 1) === 1)
      set(b, a, ((bits >> i) & 1) === 1)
    }
  }
  return { matrix, isFixed }
}

/** @param {number} size @returns {Matrix} */
const square = (size) => Array.from({ length: size }, () => Array(size).fill(false))

/**
 * A value with its BCH remainder.
 * @param {number} value @param {number} bits of it @param {number} length of the remainder
 * @param {number} polynomial
 */
function withRemainder(value, bits, length, polynomial) {
  let rest = value << length
  for (let i = bits - 1; i >= 0; i--) if ((rest >> (i + length)) & 1) rest ^= polynomial << i
  return (value << length) | rest
}

/**
 * Where the two copies of each bit of the format are, the lowest first.
 * @param {number} size
 * @returns {[x: number, y: number][][]}
 */
const formatPlaces = (size) => Array.from({ length: 15 }, (_, i) => [
  i < 6 ? [8, i] : i < 8 ? [8, i + 1] : i === 8 ? [7, 8] : [14 - i, 8],
  i < 8 ? [size - 1 - i, 8] : [8, size - 15 + i],
])

/**
 * Puts the codewords where nothing is fixed: two columns at a time from the
 * right, up and down by turns.
 * @param {Matrix} matrix @param {Matrix} isFixed @param {number[]} codewords
 */
function place(matrix, isFixed, codewords) {
  const size = matrix.length
  let i = 0
  for (let right = size - 1; right >= 1; right -= 2) {
    if (right === 6) right = 5 // the column of the timing pattern
    const up = ((right + 1) & 2) === 0
    for (let step = 0; step < size; step++) {
      const y = up ? size - 1 - step : step
      for (const x of [right, right - 1]) {
        const row = matrix[y]
        if (!row || isFixed[y]?.[x]) continue
        row[x] = (((codewords[i >> 3] ?? 0) >> (7 - (i & 7))) & 1) === 1
        i++
      }
    }
  }
}

/**
 * @param {Matrix} matrix @param {Matrix} isFixed @param {number} mask
 * @returns {Matrix} another one, with its format
 */
function masked(matrix, isFixed, mask) {
  const inverts = MASKS[mask] ?? (() => false)
  const copy = matrix.map((row, y) => row.map((dark, x) => dark !== (!isFixed[y]?.[x] && inverts(x, y))))
  const format = withRemainder((LEVEL_M << 3) | mask, 5, 10, 0x537) ^ 0x5412
  formatPlaces(copy.length).forEach((places, i) => {
    for (const [x, y] of places) {
      const row = copy[y]
      if (row) row[x] = ((format >> i) & 1) === 1
    }
  })
  return copy
}

/**
 * How hard a code is to read: long runs, blocks, what looks like a finder, and
 * more of one shade than of the other.
 * @param {Matrix} matrix
 */
function penalty(matrix) {
  const size = matrix.length
  const lines = [...matrix, ...matrix.map((_, x) => matrix.map((row) => row[x] ?? false))]
    .map((line) => line.map((dark) => (dark ? '1' : '0')).join(''))
  let sum = 0
  for (const line of lines) {
    for (const [run = ''] of line.matchAll(/0{5,}|1{5,}/g)) sum += run.length - 2 // 3 for five
    for (const _ of line.matchAll(/(?=10111010000|00001011101)/g)) sum += 40
  }
  const at = (/** @type {number} */ x, /** @type {number} */ y) => matrix[y]?.[x] ?? false
  for (let y = 1; y < size; y++) for (let x = 1; x < size; x++) {
    if ([at(x - 1, y), at(x, y - 1), at(x - 1, y - 1)].every((dark) => dark === at(x, y))) sum += 3
  }
  const dark = matrix.flat().filter(Boolean).length / size ** 2
  return sum + 10 * Math.floor(Math.abs(dark * 20 - 10))
}
