// Where the lines of the picture run. Boxes in, SVG paths out.

/** @typedef {import('../../types.js').Box} Box */
/** @typedef {import('../../types.js').Route} Route */
/** @typedef {{x: number, y: number}} Point */

const CORNER = 10 // px, the radius of a bend
const RAIL = 11 // px from a card to the line that runs down beside it
const STUB = 12 // px below a box, where its line turns

/** @param {Box} box */
const left = (box) => ({ x: box.x, y: box.y + box.height / 2 })
/** @param {Box} box */
const right = (box) => ({ x: box.x + box.width, y: box.y + box.height / 2 })
/** @param {Box} box */
const bottom = (box) => ({ x: box.x + box.width / 2, y: box.y + box.height })
/** @param {Box} box */
const top = (box) => ({ x: box.x + box.width / 2, y: box.y })

/** @param {Point} p */
const at = (p) => `${Math.round(p.x * 10) / 10} ${Math.round(p.y * 10) / 10}`

/**
 * A soft line from left to right.
 * @param {Point} from @param {Point} to
 */
export function curve(from, to) {
  const middle = (from.x + to.x) / 2
  return `M${at(from)}C${at({ x: middle, y: from.y })} ${at({ x: middle, y: to.y })} ${at(to)}`
}

/**
 * A line with bends through points that lie beside or below one another.
 * @param {Point[]} points
 */
export function bent(points) {
  const [first, ...rest] = points
  if (!first) return ''
  let path = `M${at(first)}`
  let before = first
  for (const [i, point] of rest.entries()) {
    const after = rest[i + 1]
    if (after) {
      const radius = Math.min(CORNER, distance(before, point) / 2, distance(point, after) / 2)
      path += `L${at(towards(point, before, radius))}Q${at(point)} ${at(towards(point, after, radius))}`
    } else {
      path += `L${at(point)}`
    }
    before = point
  }
  return path
}

/** @param {Point} a @param {Point} b */
const distance = (a, b) => Math.hypot(a.x - b.x, a.y - b.y)

/** @param {Point} from @param {Point} to @param {number} far */
function towards(from, to, far) {
  const length = distance(from, to)
  if (length === 0) return from
  return { x: from.x + ((to.x - from.x) / length) * far, y: from.y + ((to.y - from.y) / length) * far }
}

/**
 * The lines of one server: from the people to it, from it to Redis; and both
 * ways back.
 * @param {{people: Box, balancer: Box | null, server: Box, redis: Box, narrow: boolean}} places
 * @returns {Route}
 */
export function route({ people, balancer, server, redis, narrow }) {
  const entrance = balancer ?? people
  if (!narrow) {
    const trunk = balancer ? curve(right(people), left(balancer)) : ''
    const branch = curve(right(entrance), left(server))
    const link = curve(right(server), left(redis))
    return {
      trunk, branch, link,
      toServer: join(trunk, branch),
      toRedis: join(trunk, branch, link),
      fromRedis: curve(left(redis), right(server)),
      toPeople: join(
        curve(left(server), right(entrance)),
        balancer ? curve(left(balancer), right(people)) : '',
      ),
    }
  }
  const down = bottom(entrance).y + STUB
  const branch = [
    bottom(entrance), { x: bottom(entrance).x, y: down }, { x: server.x - RAIL, y: down },
    { x: server.x - RAIL, y: left(server).y }, left(server),
  ]
  const side = server.x + server.width + RAIL
  const link = [
    right(server), { x: side, y: right(server).y }, { x: side, y: top(redis).y - STUB },
    { x: top(redis).x, y: top(redis).y - STUB }, top(redis),
  ]
  const trunk = balancer ? [right(people), left(balancer)] : []
  const back = (/** @type {Point[]} */ points) => bent([...points].reverse())
  return {
    trunk: bent(trunk), branch: bent(branch), link: bent(link),
    toServer: join(bent(trunk), bent(branch)),
    toRedis: join(bent(trunk), bent(branch), bent(link)),
    fromRedis: back(link),
    toPeople: join(back(branch), back(trunk)),
  }
}

/**
 * Lines behind one another as one: what lies between the end of one and the
 * beginning of the next is behind a box.
 * @param {string[]} paths
 */
export const join = (...paths) =>
  paths.filter(Boolean).map((path, i) => (i === 0 ? path : path.replace(/^M/, 'L'))).join('')

/**
 * How wide the line to a server is: by its share of those on the fullest.
 * @param {number} connections @param {number} most
 */
export const widthOf = (connections, most) => (most > 0 ? 1.5 + 6.5 * (connections / most) : 1.5)
