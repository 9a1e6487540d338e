// The page of a room's invites: makes a link, as text and as a code, and takes
// back those that still work.

import { shortWhen } from '../model/clock.js'
import { INVITE_LASTS, INVITE_USES, INVITES } from '../model/strings/making.js'
import { qrCode } from '../model/qr.js'
import { copy } from '../view/clipboard.js'
import { write } from '../view/dom.js'
import { button, choice, h } from './build.js'

const SVG = 'http://www.w3.org/2000/svg'
const QUIET = 4 // light modules around a code, which scanners need

/** @param {import('./desk.js').Desk} desk */
export async function invitesPage(desk) {
  const made = h('div', { class: 'invite-made', hidden: true })
  const open = h('div', {})
  const draw = async () => open.replaceChildren(...list(desk, await desk.api.invites(), draw))
  const uses = choice(INVITES.uses, 'uses', INVITE_USES, '10')
  const lasts = choice(INVITES.lasts, 'lasts', INVITE_LASTS, '604800')
  const make = button(INVITES.make, () => desk.attempt(async () => {
    const { token } = await desk.api.invite(Number(uses.value), Number(lasts.value) * 1000)
    made.replaceChildren(...shown(linkOf(token), desk))
    made.hidden = false
    made.querySelector('button')?.focus()
    await draw()
  }, make), 'button primary')
  await draw()
  return [
    h('p', { class: 'meta', text: INVITES.lead }), uses.element, lasts.element,
    h('div', { class: 'form-foot' }, make), made, open,
  ]
}

/** @param {string} token */
function linkOf(token) {
  const link = new URL('./', location.href)
  link.searchParams.set('invite', token)
  return link.href
}

/** @param {string} link @param {import('./desk.js').Desk} desk */
function shown(link, { say }) {
  const field = h('input', { type: 'text', id: 'invite-made', readonly: true, spellcheck: 'false' })
  field.value = link
  field.addEventListener('focus', () => field.select())
  const copier = button(INVITES.copy, async () => {
    const done = await copy(link, field.parentElement ?? undefined)
    write(copier, done ? INVITES.copied : INVITES.copy)
    if (!done) say(INVITES.notCopied)
  }, 'button primary')
  return [
    h(
      'div', { class: 'link-row' }, h('label', { class: 'unseen', for: 'invite-made', text: INVITES.link }),
      field, copier,
    ),
    h('p', { class: 'meta', text: INVITES.once }), code(link),
  ]
}

/** @param {string} link @returns {Element | string} '' if it is too long for a code */
function code(link) {
  const matrix = qrCode(link)
  if (!matrix) return ''
  const svg = document.createElementNS(SVG, 'svg')
  const path = document.createElementNS(SVG, 'path')
  const squares = matrix.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : '')))
  path.setAttribute('d', squares.join(''))
  const size = matrix.length + 2 * QUIET
  svg.setAttribute('viewBox', `${-QUIET} ${-QUIET} ${size} ${size}`)
  svg.setAttribute('class', 'code')
  svg.setAttribute('role', 'img')
  svg.setAttribute('aria-label', INVITES.code(link))
  svg.append(path)
  return svg
}

/**
 * @param {import('./desk.js').Desk} desk
 * @param {import('./api.js').Invite[]} all
 * @param {() => Promise<void>} draw
 */
function list(desk, all, draw) {
  if (all.length === 0) return []
  const rows = all.map(({ id, by, uses, expires_at: expires }) => {
    const remove = button(INVITES.remove, () => desk.attempt(async () => {
      await desk.api.removeInvite(id)
      await draw()
    }, remove))
    return h(
      'li', {},
      h(
        'div', {}, h('p', { text: INVITES.left(uses, shortWhen(expires, Date.now())) }),
        h('p', { class: 'meta', text: INVITES.by(by) }),
      ),
      remove,
    )
  })
  return [h('h3', { text: INVITES.open }), h('ul', { class: 'sentences' }, ...rows)]
}
