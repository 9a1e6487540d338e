// The cluster as the frames tell it: how each server is now and was in the last
// five minutes, and what has changed.

import { change } from './figures.js'
import { History, SPAN } from './history.js'
import { each, MEASURES, totals } from './measures.js'
import { REDIS } from './strings.js'

/** @typedef {import('../../types.js').ClusterFrame} ClusterFrame */
/** @typedef {import('../../types.js').ClusterServer} ClusterServer */
/** @typedef {import('../../types.js').Measure} Measure */
/** @typedef {Record<Measure, History>} Histories */

const LEAST = 60 // seconds shown, as soon as there is anything

const histories = () => each(() => new History())

/**
 * True if a server is up, as far as is known.
 * @param {ClusterServer} server
 */
export const alive = (server) => server.state !== 'gone' && server.state !== 'left'

export class Cluster {
  /** @type {ClusterFrame | null} the newest */
  frame = null
  /** In all. */
  total = histories()
  /**
   * @type {Map<string, Histories>} by app: a server that has restarted goes on where it was
   */
  #histories = new Map()
  #since = NaN

  get servers() {
    return this.frame?.servers ?? []
  }

  get totals() {
    return totals(this.servers.filter(alive))
  }

  /**
   * How many seconds are shown: what is known, a minute at least.
   * @param {number} now Unix milliseconds
   */
  span(now) {
    return Math.min(SPAN, Math.max(LEAST, Math.ceil((now - this.#since) / 1000)))
  }

  /** @param {string} app */
  historyOf(app) {
    let known = this.#histories.get(app)
    if (!known) this.#histories.set(app, known = histories())
    return known
  }

  /**
   * @param {ClusterFrame} frame @param {number} now Unix milliseconds
   * @returns {string[]} what has changed, in sentences
   */
  take(frame, now) {
    const events = this.frame ? changes(this.frame, frame) : []
    if (!this.frame) this.#since = now
    this.frame = frame
    const sum = this.totals
    for (const measure of MEASURES) {
      this.total[measure].add(now, sum[measure])
      for (const server of frame.servers) {
        if (server.state !== 'unknown') this.historyOf(server.app)[measure].add(now, server[measure])
      }
    }
    const apps = new Set(frame.servers.map((server) => server.app))
    for (const app of this.#histories.keys()) if (!apps.has(app)) this.#histories.delete(app)
    return events
  }
}

/** @param {ClusterFrame} before @param {ClusterFrame} after */
function changes(before, after) {
  const events = []
  if (before.redis.state !== after.redis.state) {
    events.push(after.redis.state === 'up' ? REDIS.back : REDIS.lost)
  }
  const known = new Map(before.servers.map((server) => [server.node, server]))
  const apps = new Set(before.servers.map((server) => server.app))
  for (const server of after.servers) {
    const was = known.get(server.node)?.state
    if (was === server.state || was === 'unknown') continue
    events.push(change(server, was, apps.has(server.app)))
  }
  return events.filter((event) => event !== '')
}

/**
 * The clients that came to and went from each server between two frames.
 * @param {ClusterServer[]} before @param {ClusterServer[]} after
 * @returns {{node: string, count: number}[]} count is below 0 for those who went
 */
export function moves(before, after) {
  const known = new Map(before.map((server) => [server.node, server.connections]))
  return after
    .filter((server) => server.state !== 'unknown')
    .map((server) => ({ node: server.node, count: server.connections - (known.get(server.node) ?? 0) }))
    .filter(({ count }) => count !== 0)
}
