// The page of those who are muted or banned, and the way to take it back.

import { shortWhen } from '../model/clock.js'
import { LISTS } from '../model/strings/making.js'
import { button, h } from './build.js'

/** @typedef {import('./api.js').Kind} Kind */

/** @param {import('./desk.js').Desk} desk */
export async function listsPage(desk) {
  const [mutes, bans] = await Promise.all([desk.api.sentences('mute'), desk.api.sentences('ban')])
  return [...part(desk, 'mute', mutes, LISTS.noMutes), ...part(desk, 'ban', bans, LISTS.noBans)]
}

/**
 * @param {import('./desk.js').Desk} desk
 * @param {Kind} kind
 * @param {import('./api.js').Ban[]} all
 * @param {string} none what stands there if there are none
 */
function part(desk, kind, all, none) {
  return [
    h('h3', { text: LISTS[kind] }),
    all.length === 0
      ? h('p', { class: 'meta', text: none })
      : h('ul', { class: 'sentences', 'data-kind': kind }, ...all.map((one) => row(desk, kind, one))),
  ]
}

/** @param {import('./desk.js').Desk} desk @param {Kind} kind @param {import('./api.js').Ban} ban */
function row(desk, kind, { subject, name, reason, by, ends }) {
  const of = /** @type {'guest' | 'address' | 'account'} */ (subject.split(':')[0])
  const shown = name || LISTS[of]
  const isAddress = of === 'address' && name !== ''
  const lift = button(LISTS.lift, () => desk.attempt(async () => {
    await desk.api.lift(kind, subject)
    desk.redraw()
  }, lift))
  lift.setAttribute('aria-label', LISTS.liftOf(shown))
  return h(
    'li', {},
    h(
      'div', {},
      h(
        'p', {}, h('bdi', { text: shown }),
        isAddress && h('span', { class: 'meta', text: ` · ${LISTS.address}` }),
      ),
      h('p', { class: 'meta', text: LISTS.line(by, ends ? shortWhen(ends, Date.now()) : '') }),
      reason ? h('p', { class: 'meta', dir: 'auto', text: `“${reason}”` }) : null,
    ),
    lift,
  )
}
