// The stores in IndexedDB that all tabs share: unsent messages, and the bytes
// of their files. Operations fail if it is missing, forbidden or full; callers
// go on without.

/**
 * The records of one store in a database of its own, by `id`.
 * @template T
 * @param {string} name of the database @param {string} store
 * @returns {import('../../types.js').SharedStore<T>}
 */
function shared(name, store) {
  /** @type {Promise<IDBDatabase> | null} */
  let opening = null

  /** @returns {Promise<IDBDatabase>} */
  function open() {
    opening ??= new Promise((resolve, reject) => {
      const request = indexedDB.open(name, 1)
      request.onupgradeneeded = () => request.result.createObjectStore(store, { keyPath: 'id' })
      request.onerror = () => reject(request.error)
      request.onsuccess = () => {
        request.result.onclose = () => { opening = null } // data were cleared: reopen later
        request.result.onversionchange = () => {
          request.result.close()
          opening = null
        }
        resolve(request.result)
      }
    })
    return opening
  }

  /**
   * @template R
   * @param {IDBTransactionMode} mode
   * @param {(store: IDBObjectStore) => IDBRequest<R>} ask
   * @returns {Promise<R>} once it is written
   */
  async function transact(mode, ask) {
    const database = await open()
    return new Promise((resolve, reject) => {
      const transaction = database.transaction(store, mode)
      const request = ask(transaction.objectStore(store))
      transaction.oncomplete = () => resolve(request.result)
      transaction.onabort = () => reject(transaction.error)
    })
  }

  return {
    all: () => transact('readonly', (records) => records.getAll()),
    get: (id) => transact('readonly', (records) => records.get(id)),
    put: (record) => transact('readwrite', (records) => records.put(record)),
    remove: (id) => transact('readwrite', (records) => records.delete(id)),
  }
}

/** @type {import('../../types.js').SharedStore<import('../../types.js').UnsentRecord>} */
export const unsentStore = shared('livechat', 'unsent')
/** @type {import('../../types.js').SharedStore<import('../../types.js').FileRecord>} */
export const fileStore = shared('livechat-files', 'files')
