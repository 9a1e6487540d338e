// The picture: people, HAProxy, the servers and Redis, the lines between them,
// and what travels there.

import { find, write } from '../view/dom.js'
import { onceAFrame } from '../view/frame.js'
import { Card } from './card.js'
import { Dots } from './dots.js'
import { each } from './measures.js'
import { alive, moves } from './model.js'
import { route, widthOf } from './routes.js'
import { peak } from './spark.js'
import { duration, number } from './figures.js'
import { dotIs, REDIS, serversReady } from './strings.js'

/** @typedef {import('../../types.js').ClusterServer} ClusterServer */
/** @typedef {import('../../types.js').Route} Route */
/** @typedef {import('./model.js').Cluster} Cluster */

const SVG = 'http://www.w3.org/2000/svg'
const NARROW = '(max-width: 860px)' // as in css/cluster-map.css

export class MapView {
  #box
  #links
  #list
  #people
  #balancer
  #redis
  #unit
  #dots
  #narrow = matchMedia(NARROW)
  /** @type {Map<string, Card>} by node */
  #cards = new Map()
  /**
   * @type {Map<string, {branch: SVGPathElement, link: SVGPathElement}>} by node
   */
  #lines = new Map()
  /** @type {Map<string, Route>} by node */
  #routes = new Map()
  #trunk
  /** @type {ClusterServer[]} of the frame before */
  #servers = []
  #place = onceAFrame(() => this.#lay())

  /** @param {ParentNode} root */
  constructor(root) {
    this.#box = find(root, '#map', HTMLElement)
    this.#links = find(root, '#links', SVGSVGElement)
    this.#list = find(root, '#servers', HTMLOListElement)
    this.#people = find(root, '#people', HTMLElement)
    this.#balancer = find(root, '#balancer', HTMLElement)
    this.#redis = find(root, '#redis', HTMLElement)
    this.#unit = find(root, '#unit', HTMLElement)
    this.#dots = new Dots(find(root, '#dots', HTMLElement), matchMedia('(prefers-reduced-motion: reduce)'))
    this.#trunk = this.#line('trunk')
    new ResizeObserver(() => this.#resized()).observe(this.#box)
  }

  /** @param {Cluster} cluster @param {number} now */
  draw(cluster, now) {
    const { frame } = cluster
    if (!frame) return
    const servers = frame.servers
    const first = this.#cards.size === 0
    const changed = this.#reconcile(servers)
    this.#drawPlaces(cluster)
    this.#drawCards(cluster, now)
    if (changed) this.#lay()
    this.#drawLines(servers)
    const routeOf = (/** @type {string} */ node) => this.#routes.get(node)
    if (!first) this.#dots.people(moves(this.#servers, servers), routeOf)
    this.#dots.messages(servers, routeOf, now)
    write(this.#unit, dotIs(number(this.#dots.unit), this.#dots.unit === 1))
    this.#servers = servers
  }

  /**
   * Makes the cards those of the servers, and says whether there are others
   * than before.
   * @param {ClusterServer[]} servers
   */
  #reconcile(servers) {
    const gone = new Set(this.#cards.keys())
    let changed = false
    let next = this.#list.firstElementChild
    for (const server of servers) {
      gone.delete(server.node)
      let card = this.#cards.get(server.node)
      if (!card) {
        card = new Card(server)
        this.#cards.set(server.node, card)
        this.#lines.set(server.node, { branch: this.#line('branch'), link: this.#line('link') })
        changed = true
      }
      if (card.element === next) next = next.nextElementSibling
      else this.#list.insertBefore(card.element, next)
    }
    for (const node of gone) {
      this.#cards.get(node)?.element.remove()
      this.#lines.get(node)?.branch.remove()
      this.#lines.get(node)?.link.remove()
      this.#cards.delete(node)
      this.#lines.delete(node)
      this.#routes.delete(node)
    }
    return changed || gone.size > 0
  }

  /** @param {string} kind */
  #line(kind) {
    const path = document.createElementNS(SVG, 'path')
    path.setAttribute('class', `way ${kind}`)
    this.#links.append(path)
    return path
  }

  /** @param {Cluster} cluster */
  #drawPlaces(cluster) {
    const { frame, servers } = cluster
    if (!frame) return
    const { redis } = frame
    const ready = servers.filter((server) => server.state === 'ready').length
    this.#balancer.hidden = redis.embedded === true
    this.#redis.dataset.state = redis.state
    write(find(this.#people, '.place-value', HTMLElement), number(cluster.totals.connections))
    write(find(this.#balancer, '.place-value', HTMLElement), serversReady(ready, servers.length))
    const trip = redis.round_trip_us ? duration(redis.round_trip_us) : redis.state
    write(find(this.#redis, '.place-value', HTMLElement), redis.state === 'up' ? trip : REDIS.noAnswer)
  }

  /** @param {Cluster} cluster @param {number} now */
  #drawCards(cluster, now) {
    const { servers } = cluster
    const pasts = servers.map(
      ({ app }) => each((measure) => cluster.historyOf(app)[measure].until(now, cluster.span(now))),
    )
    const tops = each((measure) => Math.max(0, ...pasts.map((past) => peak(past[measure]))))
    servers.forEach((server, i) => {
      const past = pasts[i]
      if (past) this.#cards.get(server.node)?.draw(server, past, tops)
    })
  }

  #resized() {
    this.#dots.clear() // they are on their way to where things were
    this.#place.ask()
  }

  /** Finds out where everything stands, and where the lines run. */
  #lay() {
    const base = this.#box.getBoundingClientRect()
    const boxOf = (/** @type {Element} */ element) => {
      const { left, top, width, height } = element.getBoundingClientRect()
      return { x: left - base.left, y: top - base.top, width, height }
    }
    const fixed = {
      people: boxOf(this.#people), balancer: this.#balancer.hidden ? null : boxOf(this.#balancer),
      redis: boxOf(this.#redis), narrow: this.#narrow.matches,
    }
    for (const [node, card] of this.#cards) {
      const way = route({ ...fixed, server: boxOf(card.element) })
      this.#routes.set(node, way)
      this.#trunk.setAttribute('d', way.trunk)
      this.#lines.get(node)?.branch.setAttribute('d', way.branch)
      this.#lines.get(node)?.link.setAttribute('d', way.link)
    }
    this.#drawLines(this.#servers)
  }

  /** @param {ClusterServer[]} servers */
  #drawLines(servers) {
    const most = Math.max(0, ...servers.map((server) => server.connections))
    for (const server of servers) {
      const lines = this.#lines.get(server.node)
      if (!lines) continue
      lines.branch.style.strokeWidth = `${this.#narrow.matches ? 1.5 : widthOf(server.connections, most)}px`
      for (const line of [lines.branch, lines.link]) {
        line.dataset.state = alive(server) ? server.state : 'gone'
      }
    }
  }
}
