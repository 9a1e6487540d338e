// The storage of unsent messages: IndexedDB, which all tabs share. Operations
// fail if it is missing, forbidden or full; callers go on without.

/** @typedef {import('../../types.js').UnsentRecord} UnsentRecord */

const DATABASE = 'livechat'
const STORE = 'unsent'

/** @type {Promise<IDBDatabase> | null} */
let opening = null

/** @returns {Promise<IDBDatabase>} */
function open() {
  opening ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1)
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: 'id' })
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
 * @template T
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest<T>} ask
 * @returns {Promise<T>} once it is written
 */
async function transact(mode, ask) {
  const database = await open()
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(STORE, mode)
    const request = ask(transaction.objectStore(STORE))
    transaction.oncomplete = () => resolve(request.result)
    transaction.onabort = () => reject(transaction.error)
  })
}

/** @type {import('../../types.js').UnsentStore} */
export const unsentStore = {
  /** @returns {Promise<UnsentRecord[]>} */
  all: () => transact('readonly', (store) => store.getAll()),
  put: (record) => transact('readwrite', (store) => store.put(record)),
  remove: (id) => transact('readwrite', (store) => store.delete(id)),
}
