// Attached files are read and made ready one after another: ten photos of a
// camera, decoded at the same time, are more memory than a phone has.

import { FILES } from '../model/strings/files.js'
import { prepared } from './shrink.js'

/** @typedef {import('./shrink.js').Picture} Picture */

export class Preparing {
  #prepare
  /** @type {Promise<unknown>} */
  #turn = Promise.resolve()

  /** @param {typeof prepared} prepare */
  constructor(prepare = prepared) {
    this.#prepare = prepare
  }

  /**
   * @param {Blob} blob
   * @param {{most: number, smaller: boolean}} how bytes at most; whether pictures are made smaller
   * @returns {Promise<Picture & {problem: string}>} why it cannot be sent; '' if it can
   */
  of(blob, how) {
    const made = this.#turn.then(() => this.#make(blob, how))
    this.#turn = made.catch(() => {})
    return made
  }

  /** @param {Blob} blob @param {{most: number, smaller: boolean}} how */
  async #make(blob, { most, smaller }) {
    const isReadable = await blob.slice(0, 1).arrayBuffer().then(() => true, () => false)
    if (!isReadable) return { blob, problem: FILES.unreadable }
    const made = await this.#prepare(blob, smaller)
    const { size } = made.blob
    return { ...made, problem: size === 0 ? FILES.empty : size > most ? FILES.tooLarge(most) : '' }
  }
}
