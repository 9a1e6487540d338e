// One item of the conversation as an element. It is made once and then brought up to date: its text never changes.

import { dayName, fullDate, hourAndMinute } from '../model/clock.js'
import { serverHue } from '../model/hue.js'
import { fewEmoji, parts } from '../model/rich.js'
import { missing, notDelivered, PROGRESS } from '../model/words.js'
import { paintAvatar } from './avatar.js'
import { find, make, stamp, write } from './dom.js'

/** @typedef {import('../../types.js').Item} Item */
/** @typedef {import('../../types.js').MessageItem} MessageItem */
/** @typedef {import('../../types.js').Decoration} Decoration */

/** @param {Item} item @returns {HTMLLIElement} */
export function makeItem(item) {
  if (item.kind === 'message') return makeMessage(item)
  const li = make('li', item.kind)
  const line = make('p', 'line')
  line.dir = 'auto'
  if (item.kind === 'notice') line.append(make('span', 'label', 'notice'), item.text)
  else line.append(missing(item.count))
  li.append(line)
  return li
}

/** @param {MessageItem} item */
function makeMessage(item) {
  const li = find(stamp('message-item'), 'li', HTMLLIElement)
  paintAvatar(find(li, '.avatar', HTMLElement), item.name)
  find(li, '.who', HTMLElement).textContent = item.own ? 'You' : item.name
  find(li, '.text', HTMLElement).append(...parts(item.text).map(textOrLink))
  find(li, '.bubble', HTMLElement).classList.toggle('emoji', fewEmoji(item.text))
  return li
}

/** @param {{text: string, href: string}} part */
function textOrLink({ text, href }) {
  if (!href) return text
  const link = make('a', '', text)
  link.href = href
  link.target = '_blank'
  link.rel = 'noopener noreferrer nofollow'
  return link
}

/**
 * @param {HTMLLIElement} li
 * @param {Item} item
 * @param {Decoration} decoration
 */
export function updateItem(li, item, decoration) {
  line(li, 'day', decoration.day ? dayName(item.at, Date.now()) : '')
  line(li, 'missing', decoration.missing ? missing(decoration.missing) : '')
  line(li, 'new', decoration.isNew ? 'New' : '')
  if (item.kind === 'message') updateMessage(li, item, decoration.head)
}

/**
 * A line above an item: there when it has something to say.
 * @param {HTMLLIElement} li @param {string} kind @param {string} text
 */
function line(li, kind, text) {
  const found = li.querySelector(`:scope > .${kind}`)
  if (!text) return found?.remove()
  const element = found ?? make('p', `line ${kind}`)
  write(element, text)
  if (found) return
  if (kind === 'day') li.prepend(element)
  else li.querySelector(':scope > .row')?.before(element)
}

/** @param {HTMLLIElement} li @param {MessageItem} item @param {boolean} head */
function updateMessage(li, item, head) {
  li.classList.toggle('head', head)
  Object.assign(li.dataset, { seq: item.seq ?? '', id: item.id, state: item.state, app: item.app })
  if (item.own) li.dataset.own = ''
  const time = find(li, 'time', HTMLElement)
  time.title = fullDate(item.at)
  time.setAttribute('aria-label', time.title)
  time.setAttribute('datetime', new Date(item.at).toISOString())
  write(time, hourAndMinute(item.at))
  updateBadge(find(li, '.badge', HTMLElement), item.app)
  updateProgress(li, item)
  updateFailure(li, item)
}

/** @param {HTMLLIElement} li @param {MessageItem} item */
function updateProgress(li, item) {
  if (!item.private || !item.own) return
  const words = item.state in PROGRESS ? PROGRESS[/** @type {keyof typeof PROGRESS} */ (item.state)] : ''
  const shown = li.querySelector('.progress')
  if (!words) return shown?.remove()
  const progress = shown ?? find(stamp('progress-note'), '.progress', HTMLElement)
  write(find(progress, '.progress-label', HTMLElement), words)
  if (!shown) find(li, '.said', HTMLElement).append(progress)
}

/** @param {HTMLElement} badge @param {string} app */
function updateBadge(badge, app) {
  if (badge.textContent === app) return
  badge.textContent = app
  badge.title = `taken by server ${app}`
  badge.setAttribute('role', 'img')
  badge.setAttribute('aria-label', `taken by server ${app}`)
  badge.style.setProperty('--server-hue', String(serverHue(app)))
}

/** @param {HTMLLIElement} li @param {MessageItem} item */
function updateFailure(li, item) {
  const shown = li.querySelector('.failed')
  if (item.state !== 'failed') return shown?.remove()
  if (shown) return
  const note = stamp('failed-note')
  find(note, '.why', HTMLElement).textContent = notDelivered(item.reason)
  find(li, '.said', HTMLElement).append(note)
}
