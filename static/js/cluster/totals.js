// The four figures of the cluster in all, with their last five minutes.

import { find, write } from '../view/dom.js'
import { MEASURES, spell } from './measures.js'
import { peak, Spark } from './spark.js'

export class Totals {
  #tiles

  /** @param {ParentNode} root */
  constructor(root) {
    this.#tiles = MEASURES.map((measure) => {
      const tile = find(root, `[data-total="${measure}"]`, HTMLElement)
      const spark = new Spark()
      find(tile, 'dd', HTMLElement).append(spark.element)
      return { measure, spark, value: find(tile, '.value', HTMLElement) }
    })
  }

  /** @param {import('./model.js').Cluster} cluster @param {number} now */
  draw(cluster, now) {
    const sums = cluster.totals
    for (const { measure, spark, value } of this.#tiles) {
      write(value, spell(measure, sums[measure]))
      const values = cluster.total[measure].until(now, cluster.span(now))
      spark.draw(values, peak(values))
    }
  }
}
