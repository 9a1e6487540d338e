// The page of a room's settings: what it is, who may come in, slow mode and
// pause. Users who may change nothing can read it.

import { DEFAULT_ROOM } from '../model/room-link.js'
import { moderates, owns } from '../model/rooms.js'
import { ACCESS } from '../model/strings/rooms.js'
import { ACCESS_MEANS, ACCESS_SHORT, DESK, MAKER, SLOW } from '../model/strings/making.js'
import { write } from '../view/dom.js'
import { button, check, choice, h, labelled } from './build.js'

/** @param {import('./desk.js').Desk} desk */
export async function settingsPage(desk) {
  const { room, role } = desk
  const parts = []
  if (room.made && owns(role)) parts.push(ownersForm(desk))
  else if (room.made) parts.push(facts(room))
  if (moderates(role)) parts.push(await rulesForm(desk))
  if (room.made && room.role && room.role !== 'owner') parts.push(leaving(desk))
  if (room.made && owns(role) && room.name !== DEFAULT_ROOM) parts.push(deleting(desk))
  return parts
}

/** @param {import('../model/rooms.js').RoomInfo} room */
const facts = ({ topic, access, owner }) => h(
  'div', { class: 'room-facts' }, topic ? h('p', { text: topic }) : null,
  h('p', { class: 'meta', text: `${ACCESS[access]} · ${DESK.owner(owner)}` }),
)

/** @param {import('./desk.js').Desk} desk */
function ownersForm({ room, api, tools, attempt, say }) {
  const title = h('input', { type: 'text', id: 'desk-name', maxlength: 60, autocomplete: 'off', dir: 'auto' })
  const topic = h('input', {
    type: 'text', id: 'desk-topic', maxlength: 300, autocomplete: 'off', dir: 'auto',
  })
  title.value = room.title
  topic.value = room.topic
  const listed = check(MAKER.listed, room.listed, MAKER.listedHint)
  const means = h('p', { class: 'meta' })
  const kinds = Object.entries(ACCESS_SHORT).map(([value, label]) => ({ value, label }))
  const told = () => {
    const value = /** @type {keyof typeof ACCESS_MEANS} */ (access.value)
    write(means, ACCESS_MEANS[value])
    listed.element.hidden = value === 'invite'
  }
  const access = choice(MAKER.access, 'desk-access', kinds, room.access, () => told())
  told()
  const save = h('button', { type: 'submit', class: 'button primary', text: DESK.save })
  return h(
    'form', { class: 'room-form', novalidate: true, submit: async (/** @type {Event} */ event) => {
      event.preventDefault()
      if (!title.value.trim()) return say(MAKER.noTitle)
      await attempt(async () => {
        tools.rooms.changed(await api.change({
          title: title.value.trim(), topic: topic.value.trim(), access: access.value,
          listed: listed.input.checked,
        }))
        say(DESK.saved, 'done')
      }, save)
    } },
    labelled(MAKER.name, title), labelled(MAKER.topic, topic), access.element, means, listed.element,
    h('div', { class: 'form-foot' }, save),
  )
}

/** @param {import('./desk.js').Desk} desk */
async function rulesForm({ api, room, tools, attempt, say }) {
  const now = await api.rules()
  const set = (/** @type {{slow_s?: number, paused?: boolean}} */ rules) => attempt(async () => {
    const { slow_s: slow, paused } = await api.setRules(rules)
    tools.rooms.changed({ ...tools.rooms.here, slow: slow * 1000, paused })
    say(DESK.saved, 'done')
  })
  const known = SLOW.some(({ value }) => Number(value) === now.slow)
  const all = known ? SLOW : [...SLOW, { value: String(now.slow), label: `${now.slow} s` }]
  const slow = choice(DESK.slow, 'slow', all, String(now.slow), (value) => set({ slow_s: Number(value) }))
  const paused = check(DESK.paused, now.paused, DESK.pausedHint)
  paused.input.addEventListener('change', () => set({ paused: paused.input.checked }))
  return h(
    'div', { class: `room-rules${room.made ? ' beside' : ''}` }, slow.element,
    h('p', { class: 'meta', text: DESK.slowHint }), paused.element,
    wordsForm(now.words, { api, attempt, say }),
  )
}

/**
 * @param {string[]} words that are blocked
 * @param {Pick<import('./desk.js').Desk, 'api' | 'attempt' | 'say'>} desk
 */
function wordsForm(words, { api, attempt, say }) {
  const field = h('textarea', {
    id: 'desk-words', rows: 4, spellcheck: 'false', autocapitalize: 'off', autocomplete: 'off', dir: 'auto',
  })
  field.value = words.join('\n')
  const save = h('button', { type: 'submit', class: 'button', text: DESK.wordsSave })
  return h(
    'form', { class: 'words', novalidate: true, submit: async (/** @type {Event} */ event) => {
      event.preventDefault()
      await attempt(async () => {
        const now = await api.setRules({ words: field.value.split('\n') })
        field.value = (now.words ?? []).join('\n')
        say(DESK.saved, 'done')
      }, save)
    } },
    labelled(DESK.words, field, DESK.wordsHint), h('div', { class: 'form-foot' }, save),
  )
}

/** @param {import('./desk.js').Desk} desk */
function leaving({ api, tools, attempt, leave }) {
  const me = tools.directMessages?.me ?? ''
  const go = button(DESK.leave, () => attempt(async () => {
    await api.removeMember(me)
    tools.rooms.renew()
    leave(() => tools.say(DESK.left))
  }, go), 'button item')
  return h('div', { class: 'beside' }, go)
}

/** @param {import('./desk.js').Desk} desk */
function deleting({ api, tools, attempt, leave }) {
  const yes = button(DESK.deleteYes, () => attempt(async () => {
    await api.removeRoom()
    tools.rooms.renew()
    leave(() => tools.goTo(DEFAULT_ROOM))
  }, yes), 'button primary danger')
  const fold = h('div', { class: 'fold', hidden: true }, h('p', { class: 'meta', text: DESK.deleteAsk }), yes)
  const ask = h('button', { type: 'button', class: 'button item bad', 'aria-expanded': 'false', click: () => {
    fold.hidden = !fold.hidden
    ask.setAttribute('aria-expanded', String(!fold.hidden))
    if (!fold.hidden) yes.focus()
  } }, DESK.delete)
  return h('div', { class: 'beside' }, ask, fold)
}
