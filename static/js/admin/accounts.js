// Accounts: looked for by name; their role, sessions and passwords.

import { number, shortWhen } from '../model/clock.js'
import { ACCOUNTS } from '../model/strings/admin.js'
import { make } from '../view/dom.js'
import { part } from './api.js'
import { ListView } from './list.js'
import { rowButton, time } from './table.js'

/**
 * @typedef {object} Words
 * @property {(name: string) => string} title
 * @property {string} text @property {string} yes
 * @property {(name: string) => string} [result]
 */
/**
 * @typedef {{name: string, id: number, role?: string, created_at: number, sessions: number}}
 *   Account
 */

/**
 * @param {HTMLElement} section
 * @param {import('./main.js').Tools} tools
 */
export function accountsView(section, { api, ask, clock, me, failed }) {
  /** @type {ListView<Account>} */
  const view = new ListView(section, {
    columns: [
      {
        label: ACCOUNTS.name,
        cell: ({ name }) => (name === me ? [name, make('span', 'tag', ACCOUNTS.you)] : name),
      },
      { label: ACCOUNTS.role, cell: ({ role }) => (role ? make('span', 'tag strong', role) : '') },
      { label: ACCOUNTS.sessions, kind: 'number', cell: ({ sessions }) => number(sessions) },
      {
        label: ACCOUNTS.created,
        cell: ({ created_at: at }) => time(at, (at) => shortWhen(at, clock.now())),
      },
      { label: '', kind: 'buttons', cell: buttons },
    ],
    key: ({ name }) => name,
    async load(filters, next) {
      const page = await api.get('/accounts/', { ...filters, after: next })
      return { rows: page.accounts, next: page.next }
    },
    none: ACCOUNTS.none,
  }, clock, failed)

  /**
   * @param {Account} account
   * @param {Words} words
   * @param {(path: string, reason: string) => Promise<{said: string, result?: string}>} run
   * @param {boolean} [isBad]
   */
  async function change({ name }, words, run, isBad = false) {
    let said = ''
    const isDone = await ask.open({
      title: words.title(name), text: words.text, yes: words.yes, isBad, result: words.result?.(name) ?? '',
      async run(reason) {
        const done = await run(`/accounts/${part(name)}/`, reason)
        said = done.said
        return done.result
      },
    })
    if (!isDone) return
    await view.load()
    view.say(said)
  }

  /** @param {string} name */
  async function show(name) {
    const account = await api.get(`/accounts/${part(name)}/`)
    const list = make('dl', 'details')
    for (const [label, value] of ACCOUNTS.detailsOf(account)) {
      list.append(make('dt', '', label), make('dd', '', value))
    }
    await ask.open({ title: name, text: '', yes: '', more: list, async run() {} })
  }

  /** @param {Account} account */
  function buttons(account) {
    const { name, role } = account
    /**
     * @param {string} what
     * @param {string} label
     * @param {() => void} press
     * @param {boolean} [isBad]
     */
    const button = (what, label, press, isBad) =>
      rowButton(what, label, ACCOUNTS.spoken(label, name), press, isBad)
    const details = button('details', ACCOUNTS.details, () => show(name).catch(failed))
    const end = button('end', ACCOUNTS.end, () => change(account, ACCOUNTS.askEnd, async (path, reason) => {
      const { ended } = await api.change('POST', `${path}logout/`, { reason })
      return { said: ACCOUNTS.ended(name, ended) }
    }))
    if (name === me) return [details, end]
    const setRole = (/** @type {string} */ role, /** @type {string} */ said) =>
      async (/** @type {string} */ path, /** @type {string} */ reason) => {
        await api.change('PUT', `${path}role/`, { role, reason })
        return { said }
      }
    return [
      details,
      button('password', ACCOUNTS.password, () =>
        change(account, ACCOUNTS.askPassword, async (path, reason) => {
          const { password } = await api.change('POST', `${path}password/`, { reason })
          return { said: ACCOUNTS.hasPassword(name), result: password }
        })),
      end,
      role === 'admin'
        ? button('role', ACCOUNTS.dismiss, () =>
          change(account, ACCOUNTS.askDismiss, setRole('none', ACCOUNTS.isNoAdmin(name))))
        : button('role', ACCOUNTS.appoint, () =>
          change(account, ACCOUNTS.askAppoint, setRole('admin', ACCOUNTS.isAdmin(name)))),
      button('remove', ACCOUNTS.remove, () => change(account, ACCOUNTS.askRemove, async (path, reason) => {
        await api.change('DELETE', path, { reason })
        return { said: ACCOUNTS.isGone(name) }
      }, true), true),
    ]
  }
  return view
}
