import { Unsent } from '../js/storage/unsent.js'
import { FakeClock } from './helpers.js'

/**
 * The parts that all tabs of a browser share: an UnsentStore in memory, and the
 * tabs that are open.
 */
export class Browser {
  records = new Map()
  living = new Set()
  clock = new FakeClock()
  broken = false

  #turn(run) {
    return this.broken ? Promise.reject(new Error('no storage')) : Promise.resolve().then(run)
  }

  unsentStore = {
    all: () => this.#turn(() => [...this.records.values()].reverse()),
    put: (record) => this.#turn(() => this.records.set(record.id, { ...record })),
    remove: (id) => this.#turn(() => this.records.delete(id)),
  }

  /** A page: its own view of who lives ends when it does. */
  page(memory = { tab: '', unstored: {} }) {
    const held = new Set()
    const tabs = {
      hold: async (tab) => {
        if (this.living.has(tab)) return false
        this.living.add(tab)
        held.add(tab)
        return true
      },
      ifGone: async (tab, run) => {
        if (this.living.has(tab)) return
        this.living.add(tab)
        await run()
        this.living.delete(tab)
      },
    }
    const end = () => held.forEach((tab) => this.living.delete(tab))
    return { unsent: new Unsent(this.unsentStore, tabs, memory), memory, end }
  }
}

/** After what storages and promises had to say. */
export const settled = () => new Promise((resolve) => setImmediate(resolve))
