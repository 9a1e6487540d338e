// The events of the cluster, the newest first; screen readers are told as they
// happen.

import { hourToSecond } from '../model/clock.js'
import { find, make } from '../view/dom.js'

const MOST = 40

export class Events {
  #list
  #quiet

  /** @param {ParentNode} root */
  constructor(root) {
    this.#list = find(root, '#events', HTMLOListElement)
    this.#quiet = find(root, '#quiet', HTMLElement)
  }

  /** @param {string[]} sentences @param {number} now Unix milliseconds */
  add(sentences, now) {
    for (const sentence of sentences) {
      const item = make('li', '')
      const time = make('time', 'meta', hourToSecond(now))
      time.dateTime = new Date(now).toISOString()
      item.append(time, make('span', '', sentence))
      this.#list.prepend(item)
      this.#quiet.hidden = true
    }
    while (this.#list.children.length > MOST) this.#list.lastElementChild?.remove()
  }
}
