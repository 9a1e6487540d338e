// The page of a room's members: who they are, and for the owner their roles.

import { moderates, owns } from '../model/rooms.js'
import { MEMBERS } from '../model/strings/making.js'
import { ACT } from '../model/strings/moderation.js'
import { ROLE } from '../model/strings/rooms.js'
import { paintAvatar } from '../view/avatar.js'
import { button, h } from './build.js'

/** @param {import('./desk.js').Desk} desk */
export async function membersPage(desk) {
  const list = h('ul', { class: 'members' })
  const more = button(MEMBERS.more, () => desk.attempt(() => next(), more), 'button wide')
  let after = ''
  const next = async () => {
    const page = await desk.api.members(after)
    list.append(...page.members.map((member) => row(desk, member)))
    after = page.next
    more.hidden = !after
  }
  await next()
  return [list, more]
}

/** @param {import('./desk.js').Desk} desk @param {import('./api.js').Member} member */
function row(desk, { name, role }) {
  const me = desk.tools.directMessages?.me
  const avatar = h('span', { class: 'avatar', 'aria-hidden': 'true' })
  paintAvatar(avatar, name)
  const isOwner = owns(desk.role)
  const mayChange = isOwner && name !== me && role !== 'owner'
  const mayRemove = mayChange || (moderates(desk.role) && role === 'member')
  return h(
    'li', {}, avatar, h('bdi', { text: name }),
    mayChange ? roles(desk, name, role) : h('span', { class: 'meta', text: ROLE[role] ?? '' }),
    mayRemove ? remover(desk, name) : null,
  )
}

/** @param {import('./desk.js').Desk} desk @param {string} name @param {string} role */
function roles(desk, name, role) {
  const select = h('select', { 'aria-label': MEMBERS.role(name) })
  for (const [value, label] of Object.entries(MEMBERS.roles)) select.append(h('option', { value }, label))
  select.value = role
  const set = async () => {
    const done = await desk.attempt(() => desk.api.setRole(name, select.value), select)
    if (!done) select.value = role
    else if (select.value === 'owner') {
      await desk.tools.rooms.again()
      desk.redraw()
    } else role = select.value
  }
  select.addEventListener('change', () => {
    if (select.value !== 'owner') {
      set()
      return
    }
    const li = select.closest('li')
    const no = () => {
      asked.remove()
      select.value = role
      select.focus()
    }
    const yes = async () => {
      await set()
      asked.remove()
    }
    const asked = question(MEMBERS.handOver(name), MEMBERS.yes, yes, no)
    li?.after(asked)
    asked.querySelector('button')?.focus()
  })
  return select
}

/**
 * @param {string} text @param {string} label of the button that agrees
 * @param {() => void} yes @param {() => void} no
 */
const question = (text, label, yes, no) => h(
  'li', { class: 'question' }, h('p', { class: 'meta', text }),
  h('div', { class: 'act-buttons' }, button(ACT.cancel, no), button(label, yes, 'button primary danger')),
)

/** @param {import('./desk.js').Desk} desk @param {string} name */
function remover(desk, name) {
  const remove = button(MEMBERS.remove, () => desk.attempt(async () => {
    await desk.api.removeMember(name)
    desk.redraw()
  }, remove))
  remove.setAttribute('aria-label', MEMBERS.removeOf(name))
  return remove
}
