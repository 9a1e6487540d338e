// A server in the picture.

import { serverHue } from '../model/hue.js'
import { find, stamp, write } from '../view/dom.js'
import { MEASURES, spell } from './measures.js'
import { alive } from './model.js'
import { Spark } from './spark.js'
import { stateName } from './strings.js'

/** @typedef {import('../../types.js').ClusterServer} ClusterServer */
/** @typedef {import('../../types.js').Measure} Measure */

export class Card {
  element
  #word
  #measures

  /** @param {ClusterServer} server */
  constructor(server) {
    this.element = find(stamp('server-card'), '.server', HTMLLIElement)
    this.element.dataset.node = server.node
    this.element.dataset.app = server.app
    this.element.style.setProperty('--server-hue', String(serverHue(server.app)))
    find(this.element, '.badge', HTMLElement).textContent = server.app
    this.#word = find(this.element, '.server-word', HTMLElement)
    this.#measures = MEASURES.map((measure) => {
      const box = find(this.element, `[data-measure="${measure}"]`, HTMLElement)
      const spark = new Spark()
      box.append(spark.element)
      return { measure, spark, value: find(box, '.value', HTMLElement) }
    })
  }

  /**
   * @param {ClusterServer} server
   * @param {Record<Measure, number[]>} past its last five minutes
   * @param {Record<Measure, number>} tops what the full height of each line stands for: the
   *   same for all servers, so that they compare
   */
  draw(server, past, tops) {
    this.element.dataset.state = server.state
    write(this.#word, stateName(server.state))
    for (const { measure, spark, value } of this.#measures) {
      write(value, alive(server) ? spell(measure, server[measure]) : '–')
      spark.draw(past[measure], tops[measure])
    }
  }
}
