// Own messages whose files are not at the server yet. Each is sent when its files
// are; messages that are written meanwhile do not wait for it.

/** @typedef {import('../../types.js').FileInfo} FileInfo */
/** @typedef {{id: string, files?: readonly FileInfo[]}} Message */

export const UNKNOWN = 'unknown_file' // the server's code

export class FileMessages {
  #uploads
  #on
  /** @type {Map<string, readonly FileInfo[]>} by message, until the log has it */
  #files = new Map()
  /** @type {Map<string, () => void>} what stops following those that wait */
  #waiting = new Map()
  /** @type {Set<string>} messages whose files the server did not know, once */
  #renewed = new Set()

  /**
   * @param {import('../../types.js').FileUploads | null} uploads
   * @param {object} on
   * @param {(id: string, files: FileInfo[], areOthers: boolean) => void} on.changed
   * @param {(id: string) => void} on.ready it can be sent
   * @param {(id: string, reason: string) => void} on.failed
   */
  constructor(uploads, on) {
    this.#uploads = uploads
    this.#on = on
  }

  /** How many messages wait for their files. */
  get size() {
    return this.#waiting.size
  }

  /** @param {string} id @returns {boolean} whether that message waits */
  waits = (id) => this.#waiting.has(id)

  /** @param {Message} message from before a reload, whose files were all at the server */
  know({ id, files }) {
    if (files) this.#files.set(id, files)
  }

  /**
   * Waits for the files of a message, if it has any.
   * @param {Message} message @param {boolean} [isReupload] its files are uploaded once more
   * @returns {boolean} whether there is something to wait for
   */
  begin({ id, files }, isReupload = false) {
    if (!files || !this.#uploads) return false
    this.#files.set(id, files)
    this.#waiting.get(id)?.()
    this.#waiting.set(id, () => {})
    const stop = this.#uploads.follow(files, {
      changed: (now) => {
        const before = this.#files.get(id) ?? []
        this.#files.set(id, now)
        this.#on.changed(id, now, now.some((file, i) => file.id !== before[i]?.id))
      },
      ready: () => this.#waiting.delete(id) && this.#on.ready(id),
      failed: (reason) => this.#waiting.delete(id) && this.#on.failed(id, reason),
    }, isReupload)
    if (this.waits(id)) this.#waiting.set(id, stop)
    return true
  }

  /**
   * The server refuses a message. If it does not know its files, which it keeps
   * for an hour only, they are uploaded once more, and the message waits again.
   * @param {string} id @param {string} code
   * @returns {boolean} whether it does
   */
  again(id, code) {
    if (code !== UNKNOWN || this.#renewed.has(id)) return false
    this.#renewed.add(id)
    return this.begin({ id, ...this.#of(id) }, true)
  }

  /** @param {string} id of a message that the log has */
  sent(id) {
    const ids = this.#end(id)
    if (ids) this.#uploads?.release(ids)
  }

  /**
   * @param {string} id of a message that is given up
   * @param {boolean} [keeps] its files are used again
   */
  discard(id, keeps = false) {
    const ids = this.#end(id)
    if (ids && !keeps) this.#uploads?.drop(ids)
  }

  /** Nothing is told any more. */
  stop() {
    for (const stop of this.#waiting.values()) stop()
    this.#waiting.clear()
  }

  /** @param {string} id */
  #of(id) {
    const files = this.#files.get(id)
    return files && { files }
  }

  /** @param {string} id */
  #end(id) {
    const files = this.#files.get(id)
    this.#waiting.get(id)?.()
    this.#waiting.delete(id)
    this.#renewed.delete(id)
    this.#files.delete(id)
    return files?.map((file) => file.id)
  }
}

/**
 * Files as the page keeps them over a reload; the bytes are kept on their own.
 * @param {readonly FileInfo[]} files @returns {FileInfo[]}
 */
export const plain = (files) => files.map(({ blob, progress, ...file }) => file)

/**
 * Files as a message that is sent names them.
 * @param {readonly FileInfo[]} files
 * @returns {import('../../types.js').FileRef[]}
 */
export const refsOf = (files) => files.map(({ id, alt }) => (alt ? { id, alt } : id))
