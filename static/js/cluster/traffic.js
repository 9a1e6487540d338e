// The dots that travel. Each stands for so many messages, measured and not made
// up; in between, fractions are kept for later.

import { alive } from './model.js'

/** @typedef {import('../../types.js').ClusterServer} ClusterServer */

const BUDGET = 60 // dots that may set out in a second

/**
 * How many messages a dot stands for: 1, 2, 5, 10, 20 …, the least that keeps
 * within the budget.
 * @param {number} rate dots a second, if each were one message
 */
export function unitFor(rate) {
  for (let power = 1; ; power *= 10) {
    for (const step of [1, 2, 5]) if (rate <= BUDGET * step * power) return step * power
  }
}

export class Traffic {
  unit = 1
  /**
   * @type {Map<string, number>} what each server has in dots that have not set out, by node
   */
  #rest = new Map()

  /**
   * How many dots set out in the next second, from the people to each server.
   * Each comes back from Redis to every server.
   * @param {ClusterServer[]} servers
   * @returns {Map<string, number>} by node
   */
  next(servers) {
    const here = servers.filter(alive)
    const rate = here.reduce((sum, server) => sum + server.rate_in, 0)
    this.unit = unitFor(rate * (1 + here.length))
    const rests = new Map()
    const dots = new Map()
    for (const { node, rate_in } of here) {
      const due = (this.#rest.get(node) ?? 0) + rate_in / this.unit
      rests.set(node, due % 1)
      if (due >= 1) dots.set(node, Math.floor(due))
    }
    this.#rest = rests
    return dots
  }
}

/**
 * How many dots of people set out for so many who came or went: one each for a
 * few, then ever less.
 * @param {number} count
 */
export const personDots = (count) =>
  Math.min(Math.ceil(count), 6 + Math.round(Math.log2(1 + Math.max(0, count - 6))))
