// The dots on their way. The browser moves them along the lines; nothing here
// runs between two frames.

import { make } from '../view/dom.js'
import { alive } from './model.js'
import { personDots, Traffic } from './traffic.js'

/** @typedef {import('../../types.js').ClusterServer} ClusterServer */
/** @typedef {import('../../types.js').Route} Route */

const SECOND = 1000 // ms over which the dots of one frame set out
const MOST = 400 // dots at a time
const TO_REDIS = 1100 // ms that a dot is under way
const TO_SERVER = 600
const TO_PEOPLE = 800
const PERSON = 900

export class Dots {
  #layer
  #still
  #traffic = new Traffic()
  #last = 0

  /**
   * @param {HTMLElement} layer
   * @param {MediaQueryList} still whether nothing is to move
   */
  constructor(layer, still) {
    this.#layer = layer
    this.#still = still
  }

  /** How many messages a dot stands for. */
  get unit() {
    return this.#traffic.unit
  }

  /**
   * Lets the messages of a second set out. Frames that come in between show
   * nothing.
   * @param {ClusterServer[]} servers
   * @param {(node: string) => Route | undefined} routeOf
   * @param {number} now
   */
  messages(servers, routeOf, now) {
    if (now - this.#last < SECOND / 2) return
    this.#last = now
    const dots = this.#traffic.next(servers)
    if (this.#idle()) return
    const here = servers.filter(alive)
    for (const [node, count] of dots) {
      const way = routeOf(node)
      for (let i = 0; way && i < count; i++) {
        const start = ((i + Math.random()) / count) * SECOND
        this.#send(way.toRedis, 'in', start, TO_REDIS)
        for (const server of here) this.#deliver(server, routeOf(server.node), start + TO_REDIS)
      }
    }
  }

  /**
   * Lets people come and go.
   * @param {{node: string, count: number}[]} moves
   * @param {(node: string) => Route | undefined} routeOf
   */
  people(moves, routeOf) {
    if (this.#idle()) return
    for (const { node, count } of moves) {
      const way = routeOf(node)
      const dots = personDots(Math.abs(count))
      for (let i = 0; way && i < dots; i++) {
        const start = (i / dots) * (SECOND / 2)
        this.#send(count > 0 ? way.toServer : way.toPeople, 'person', start, PERSON)
      }
    }
  }

  clear() {
    this.#layer.replaceChildren()
  }

  /** Nobody would see them, or wants to. */
  #idle() {
    return this.#still.matches || document.hidden
  }

  /**
   * @param {ClusterServer} server
   * @param {Route | undefined} way
   * @param {number} start
   */
  #deliver(server, way, start) {
    if (!way) return
    this.#send(way.fromRedis, 'out', start, TO_SERVER)
    if (server.connections > 0) this.#send(way.toPeople, 'out', start + TO_SERVER, TO_PEOPLE)
  }

  /**
   * @param {string} path
   * @param {string} kind
   * @param {number} delay
   * @param {number} duration
   */
  #send(path, kind, delay, duration) {
    if (this.#layer.childElementCount >= MOST) return
    const dot = make('i', `traveller ${kind}`)
    dot.style.offsetPath = `path("${path}")`
    this.#layer.append(dot)
    const journey = dot.animate([
      { offsetDistance: '0%', opacity: 0 }, { opacity: 1, offset: 0.08 }, { opacity: 1, offset: 0.92 },
      { offsetDistance: '100%', opacity: 0 },
    ], { delay, duration, fill: 'both', easing: 'cubic-bezier(0.4, 0.1, 0.6, 0.9)' })
    journey.onfinish = () => dot.remove()
  }
}
