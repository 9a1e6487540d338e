// The picture's data, as a table.

import { find, make, write } from '../view/dom.js'
import { MEASURES, spell } from './measures.js'
import { alive } from './model.js'
import { uptime } from '../model/uptime.js'
import { duration } from './figures.js'
import { REDIS, stateName } from './strings.js'

export class Table {
  #body
  #redis
  /** @type {Map<string, HTMLTableRowElement>} by node */
  #rows = new Map()

  /** @param {ParentNode} root */
  constructor(root) {
    this.#body = find(root, '#figures', HTMLTableSectionElement)
    this.#redis = find(root, '#redis-words', HTMLElement)
  }

  /** @param {import('../../types.js').ClusterFrame} frame */
  draw(frame) {
    const rows = frame.servers.map((server) => {
      const row = this.#rows.get(server.node) ?? makeRow(server.node)
      update(row, server)
      return row
    })
    this.#rows = new Map(rows.map((row) => [row.dataset.node ?? '', row]))
    if (rows.some((row, i) => this.#body.children[i] !== row) || this.#body.children.length !== rows.length) {
      this.#body.replaceChildren(...rows)
    }
    write(this.#redis, describeRedis(frame.redis))
  }
}

/** @param {import('../../types.js').ClusterFrame['redis']} redis */
export function describeRedis({ state, embedded, round_trip_us: trip }) {
  if (state !== 'up') return REDIS.down
  const sentence = embedded ? REDIS.embedded : REDIS.up
  return trip ? `${sentence} ${REDIS.roundTrip(duration(trip))}` : sentence
}

/** @param {string} node */
function makeRow(node) {
  const row = make('tr', '')
  row.dataset.node = node
  const name = make('th', '')
  name.scope = 'row'
  row.append(name, make('td', 'state'), ...MEASURES.map((measure) => {
    const cell = make('td', '')
    cell.dataset.measure = measure
    return cell
  }), make('td', ''), make('td', 'version'))
  return row
}

/**
 * @param {HTMLTableRowElement} row
 * @param {import('../../types.js').ClusterServer} server
 */
function update(row, server) {
  row.dataset.app = server.app
  row.dataset.state = server.state
  const here = alive(server)
  const texts = [
    server.app, stateName(server.state),
    ...MEASURES.map((measure) => (here ? spell(measure, server[measure]) : '–')),
    here ? uptime(server.uptime_s) : '–', server.version,
  ]
  texts.forEach((text, i) => {
    const cell = row.children[i]
    if (cell) write(cell, text)
  })
}
