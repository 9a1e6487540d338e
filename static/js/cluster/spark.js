// A line of the last minutes, in a box that it is stretched to.

import { sparkline, thin } from './history.js'

const SVG = 'http://www.w3.org/2000/svg'
const WIDTH = 100
const HEIGHT = 24
const POINTS = 100 // of a line

export class Spark {
  element = document.createElementNS(SVG, 'svg')
  #area = document.createElementNS(SVG, 'path')
  #line = document.createElementNS(SVG, 'path')

  constructor() {
    this.element.setAttribute('class', 'spark')
    this.element.setAttribute('viewBox', `0 -1 ${WIDTH} ${HEIGHT + 2}`)
    this.element.setAttribute('preserveAspectRatio', 'none')
    this.element.setAttribute('aria-hidden', 'true')
    this.#area.setAttribute('class', 'spark-area')
    this.#line.setAttribute('class', 'spark-line')
    this.element.append(this.#area, this.#line)
  }

  /**
   * @param {number[]} values a second each
   * @param {number} top what the full height stands for
   */
  draw(values, top) {
    const { line, area } = sparkline(thin(values, Math.ceil(values.length / POINTS)), WIDTH, HEIGHT, top)
    this.#area.setAttribute('d', area)
    this.#line.setAttribute('d', line)
  }
}

/** @param {number[]} values */
export const peak = (values) => values.reduce((most, value) => (value > most ? value : most), 0)
