// The card of an invite: which room it leads to, and how to come in. Members
// have an account, so whoever has none makes one here.

import { ACCESS } from '../model/strings/rooms.js'
import { INVITED } from '../model/strings/invited.js'
import { find, stamp, write } from '../view/dom.js'
import { roomFrom } from '../model/rooms.js'
import { button, h, icon } from './build.js'

/**
 * @param {HTMLElement} stage
 * @param {string} token
 * @param {object} with_
 * @param {import('../net/api.js').Api['call']} with_.call
 * @param {() => string} with_.me who is logged in; '' for nobody
 * @param {(root: ParentNode, onEnter: import('../view/entry.js').OnEnter) =>
 *   import('../view/entry.js').EntryForm} with_.entry the form of accounts
 * @param {import('../view/entry.js').OnEnter} with_.enter logs in
 * @param {(error: any) => string} with_.whyNot
 * @param {(room: string) => void} with_.goIn
 */
export async function invite(stage, token, { call, me, entry, enter, whyNot, goIn }) {
  const path = `/invites/${encodeURIComponent(token)}/`
  const over = h('p', { class: 'meta over' })
  const title = h('h1', { text: INVITED.looking })
  const lead = h('p', { class: 'lead' })
  const note = h('p', { class: 'error', role: 'alert' })
  const body = h('div', {})
  const mark = icon('mark', 'mark')
  const card = h('div', { class: 'card' }, mark, over, title, lead, body, note)
  const main = h('main', { id: 'invited', class: 'join' }, card)
  stage.dataset.view = 'card'
  stage.replaceChildren(main)

  const home = () => body.replaceChildren(button(INVITED.home, () => goIn(''), 'button primary wide'))
  const join = async () => {
    write(note, '')
    try {
      const { name } = await call('POST', path)
      goIn(name)
    } catch (error) {
      const { code = '' } = /** @type {{code?: string}} */ (error)
      write(note, INVITED.refused[code] ?? whyNot(error))
      if (code === 'unknown_invite' || code === 'banned') home()
    }
  }

  const form = () => {
    body.replaceChildren(stamp('entry-view'))
    const back = find(body, '#account-back', HTMLElement)
    back.previousElementSibling?.remove() // the dot between them
    back.hidden = true // there is nothing for guests
    entry(body, async (way, name, password) => {
      await enter(way, name, password)
      await join()
    }).open('register', '')
  }

  try {
    const room = roomFrom(await call('GET', path))
    write(over, INVITED.to)
    write(title, room.title)
    lead.replaceChildren(h('span', { text: room.topic || ACCESS[room.access] }))
    if (!me()) return form()
    lead.append(h('br'), h('span', { text: INVITED.as(me()) }))
    const go = button(INVITED.join, join, 'button primary wide')
    body.replaceChildren(go)
    go.focus()
  } catch (error) {
    const { code = '' } = /** @type {{code?: string}} */ (error)
    write(title, INVITED.title)
    write(lead, INVITED.refused[code] ?? whyNot(error))
    if (code === 'unknown_invite') home()
    else body.replaceChildren(button(INVITED.again, () => location.reload(), 'button primary wide'))
    body.querySelector('button')?.focus()
  }
}
