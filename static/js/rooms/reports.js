// The page of what people have reported, for those who moderate.

import { shortWhen } from '../model/clock.js'
import { QUEUE } from '../model/strings/making.js'
import { FORM } from '../model/strings/moderation.js'
import { button, h } from './build.js'

/** @param {import('./desk.js').Desk} desk */
export async function reportsPage(desk) {
  const all = await desk.api.reports()
  desk.tools.rooms.counted(all.length)
  if (all.length === 0) return [h('p', { class: 'meta none', text: QUEUE.none })]
  return [h('ul', { class: 'sentences' }, ...all.map((one) => row(desk, one)))]
}

/** @param {import('./desk.js').Desk} desk @param {import('./api.js').Report} report */
function row(desk, { id, message, by_name: by, reason, at }) {
  const dismiss = button(QUEUE.dismiss, () => desk.attempt(async () => {
    await desk.api.settle(id, 'dismissed')
    desk.redraw()
  }, dismiss))
  const remove = button(QUEUE.remove, () => desk.attempt(async () => {
    await desk.api.remove(message)
    await desk.api.settle(id, 'deleted')
    desk.say(FORM.deleted, 'done')
    desk.redraw()
  }, remove))
  const reveal = () => desk.tools.reveal({ n: message.seq, id: message.id })
  const show = button(QUEUE.show, () => desk.leave(reveal))
  const said = message.text ? h('p', { class: 'reported', dir: 'auto', text: message.text })
    : h('p', { class: 'meta', text: QUEUE.gone })
  return h(
    'li', { class: 'report' },
    h(
      'p', {}, h('b', { text: message.name }),
      h('span', { class: 'meta', text: ` ${shortWhen(at, Date.now())}` }),
    ),
    said,
    h('p', { class: 'meta', dir: 'auto', text: QUEUE.why(by ?? QUEUE.guest, reason) }),
    h('div', { class: 'report-buttons' }, message.text && show, message.text && remove, dismiss),
  )
}
