// Rooms: who is in them, on which server, and their rules.

import { number } from '../model/clock.js'
import { ROOMS } from '../model/strings/admin.js'
import { find, make, write } from '../view/dom.js'
import { part } from './api.js'
import { ListView } from './list.js'
import { rowButton } from './table.js'

/**
 * @typedef {{room: string, online: number, servers?: Record<string, number>, title?: string,
 *   access?: string,
 *   owner?: string}} Room the last three of rooms that somebody made
 */

/**
 * @param {HTMLElement} section
 * @param {import('./main.js').Tools} tools
 */
export function roomsView(section, { api, ask, clock, failed, go }) {
  const sum = find(section, '.sum', HTMLElement)
  /** @type {ListView<Room>} */
  const view = new ListView(section, {
    columns: [
      { label: ROOMS.name, cell: ({ room }) => room },
      { label: ROOMS.title, kind: 'wide', cell: ({ title = '' }) => title },
      {
        label: ROOMS.access,
        cell: ({ access }) => (access ? make('span', 'tag', ROOMS.accesses[access] ?? access) : ''),
      },
      { label: ROOMS.owner, cell: ({ access, owner }) => owner ?? (access ? ROOMS.operator : '') },
      { label: ROOMS.online, kind: 'number', cell: ({ online }) => number(online) },
      { label: ROOMS.servers, kind: 'wide', cell: ({ servers = {} }) => ROOMS.byServer(servers) },
      { label: '', kind: 'buttons', cell: buttons },
    ],
    key: ({ room }) => room,
    async load({ q = '', which = '' }, next) {
      if (which === 'made') return made(q, next)
      /** @type {{rooms: Room[], total: number}} */
      const { rooms, total } = await api.get('/rooms/', { q, from: next })
      write(sum, ROOMS.sum(total))
      const shown = Number(next) + rooms.length
      return { rows: rooms, ...(shown < total && rooms.length > 0 && { next: String(shown) }) }
    },
    none: ROOMS.none,
  }, clock, failed)

  /**
   * Those that somebody made, listed or not.
   * @param {string} q a part of the name or of the title @param {string} next
   */
  async function made(q, next) {
    const page = await api.ask('GET', `/rooms/?all=true${next && `&after=${part(next)}`}`)
    write(sum, '')
    // The default room is among them, and nobody has made it.
    /** @type {(Room & {name: string, title: string, created_at?: number})[]} */
    const rooms = page.rooms.filter((/** @type {{created_at?: number}} */ one) => one.created_at !== undefined)
    const rows = rooms.map((one) => ({ ...one, room: one.name }))
      .filter(({ name, title }) => `${name} ${title}`.toLowerCase().includes(q.toLowerCase()))
    return { rows, next: page.next }
  }

  /** @param {Room} room */
  function buttons({ room, access }) {
    /** @param {string} what @param {string} label @param {() => void} press */
    const button = (what, label, press) => rowButton(what, label, ROOMS.spoken(label, room), press)
    const remove = ROOMS.spoken(ROOMS.remove, room)
    return [
      ...(access ? [rowButton('remove', ROOMS.remove, remove, () => end(room), true)] : []),
      button('people', ROOMS.people, () => go('people', { q: '', server: '', room })),
      button('bans', ROOMS.bans, () => go('bans', { room })),
      button('rules', ROOMS.rules, () => rules(room).catch(failed)),
    ]
  }

  /** @param {string} room */
  async function end(room) {
    const isDone = await ask.open({
      title: ROOMS.askRemove.title(room), text: ROOMS.askRemove.text, yes: ROOMS.askRemove.yes,
      isBad: true, noReason: true,
      run: () => api.ask('DELETE', `/rooms/${part(room)}/`),
    })
    if (!isDone) return
    await view.load()
    view.say(ROOMS.removed(room))
  }

  /** @param {string} room */
  async function rules(room) {
    const path = `/rooms/${part(room)}/rules/`
    const now = await api.ask('GET', path)
    const fields = rulesFields(now)
    const isDone = await ask.open({
      title: ROOMS.ask.title(room), text: ROOMS.ask.text, yes: ROOMS.ask.yes, more: fields.element,
      run: async (reason) => { await api.ask('PATCH', path, { ...fields.read(), reason }) },
    })
    if (isDone) view.say(ROOMS.saved(room))
  }
  return view
}

/** @param {{slow_s: number, registered: boolean, paused: boolean}} rules */
function rulesFields({ slow_s: seconds, registered, paused }) {
  const element = make('div', 'fields')
  const slow = make('select', '')
  const choices = [...ROOMS.slows]
  if (!choices.some(([value]) => value === seconds)) choices.push([seconds, ROOMS.otherSlow(seconds)])
  for (const [value, text] of choices) {
    slow.append(new Option(text, String(value), value === seconds, value === seconds))
  }
  const label = make('label', 'field', ROOMS.slow)
  label.append(slow)
  const choose = /** @type {const} */ ([[ROOMS.registered, registered], [ROOMS.paused, paused]])
  const boxes = choose.map(([text, is]) => {
    const box = make('input', '')
    box.type = 'checkbox'
    box.checked = is
    const line = make('label', 'check')
    line.append(box, text)
    element.append(line)
    return box
  })
  element.prepend(label)
  return {
    element,
    read: () => ({ slow_s: Number(slow.value), registered: boxes[0]?.checked, paused: boxes[1]?.checked }),
  }
}
