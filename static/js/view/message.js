// One item of the conversation as an element. It is made once and then brought
// up to date.

import { isAccount, numbered } from '../model/authors.js'
import { dayName, fullDate, hourAndMinute } from '../model/clock.js'
import { personHue, serverHue } from '../model/hue.js'
import { fewEmoji, linesOf } from '../model/linkify.js'
import { mentions } from '../model/mention.js'
import {
  FOLD, missing, NEW, notDelivered, NOTICE, PROGRESS, REASONS, viaServer, YOU,
} from '../model/strings/messages.js'
import { FILES } from '../model/strings/shown-files.js'
import { paintAvatar } from './avatar.js'
import { deleted, EDITED, editedAt } from '../model/strings/changes.js'
import { accountMark } from './mark.js'
import { markedUp } from './markup.js'
import { withNames } from './names.js'
import { updateFiles } from './files.js'
import { find, make, stamp, write } from './dom.js'
import { makeQuote, writeQuote } from './quote.js'
import { reach } from './log-keys.js'
import { updateReactions } from './reactions.js'

/** @typedef {import('../../types.js').Item} Item */
/** @typedef {import('../../types.js').MessageItem} MessageItem */
/** @typedef {import('../../types.js').Decoration} Decoration */

const FOLDED = 24 // lines that a long message shows; bubbles.css says so, too
const LEEWAY = 4 // more than that before a message is folded, since lines are only guessed

/** @type {WeakMap<Element, {text: string, deleted?: true, by?: string}>} what they say */
const said = new WeakMap()

/**
 * @param {Item} item
 * @returns {HTMLLIElement}
 */
export function makeItem(item) {
  if (item.kind === 'message') return makeMessage(item)
  const li = make('li', item.kind)
  const line = make('p', 'line')
  line.dir = 'auto'
  if (item.kind === 'notice') line.append(make('span', 'label', NOTICE), item.text)
  else line.append(missing(item.count))
  li.append(line)
  return li
}

/** @param {MessageItem} item */
function makeMessage(item) {
  const li = find(stamp('message-item'), 'li', HTMLLIElement)
  li.style.setProperty('--hue', String(personHue(numbered(item))))
  paintAvatar(find(li, '.avatar', HTMLElement), numbered(item))
  const who = find(li, '.who', HTMLElement)
  who.textContent = item.own ? YOU : numbered(item)
  if (!item.own) addCard(who)
  if (!item.own && isAccount(item.author ?? '')) find(li, '.name', HTMLElement).after(accountMark())
  li.tabIndex = -1 // the arrows of the keyboard lead there
  return li
}

/** @param {HTMLElement} who the name, which opens the card of the person */
function addCard(who) {
  const name = make('button', 'name')
  name.type = 'button'
  name.tabIndex = -1 // until its message has the focus
  name.setAttribute('aria-haspopup', 'dialog')
  who.replaceWith(name)
  name.append(who)
}

/** @param {HTMLLIElement} li */
function addFold(li) {
  const more = make('button', 'more', FOLD.more)
  more.type = 'button'
  more.tabIndex = -1
  more.setAttribute('aria-expanded', 'false')
  find(li, '.bubble', HTMLElement).append(more)
  li.classList.add('folded')
}

/**
 * Shows all of a long message, or its first lines again.
 * @param {Element} li
 */
export function turnFold(li) {
  const more = find(li, '.more', HTMLButtonElement)
  const folded = li.classList.toggle('folded')
  write(more, folded ? FOLD.more : FOLD.less)
  more.setAttribute('aria-expanded', String(!folded))
}

/**
 * Names the day above an item once more: today becomes yesterday.
 * @param {HTMLLIElement} li @param {Item} item
 */
export function renameDay(li, item) {
  const day = li.querySelector(':scope > .day')
  if (day) write(day, dayName(item.at, Date.now()))
}

/**
 * @param {HTMLLIElement} li
 * @param {Item} item
 * @param {Decoration} decoration
 * @param {string} me the reader's name
 * @param {number} columns letters that a line of it holds, roughly
 */
export function updateItem(li, item, decoration, me, columns) {
  line(li, 'day', decoration.day ? dayName(item.at, Date.now()) : '')
  line(li, 'missing', decoration.missing ? missing(decoration.missing) : '')
  line(li, 'new', decoration.isNew ? NEW : '')
  if (item.kind !== 'message') return
  updateText(li, item, me, columns)
  updateMessage(li, item, decoration.head)
}

/**
 * Shows the text of a message, or that it was deleted. A link in it that had
 * the focus gives it to the message.
 * @param {HTMLLIElement} li @param {MessageItem} item @param {string} me @param {number} columns
 */
function updateText(li, item, me, columns) {
  const shown = said.get(li)
  const isSame = shown?.text === item.text && shown.deleted === item.deleted && shown.by === item.by
  if (isSame) return updateEdited(li, item)
  const hadFocus = li !== document.activeElement && li.contains(document.activeElement)
  said.set(li, item)
  const text = find(li, '.text', HTMLElement)
  const bubble = find(li, '.bubble', HTMLElement)
  const content = markedUp(item.text || item.files ? item.text : FILES.unknown)
  text.replaceChildren(item.deleted ? deleted(item.by) : withNames(content, item.mentions ?? [], me))
  const isOfMe = !item.own && !item.deleted && !item.private && mentions(item.text, me)
  li.toggleAttribute('data-mentions-me', isOfMe)
  li.toggleAttribute('data-deleted', item.deleted === true)
  bubble.classList.toggle('emoji', !item.deleted && fewEmoji(item.text))
  if (item.deleted) li.querySelector('.actions')?.remove()
  li.querySelector('.more')?.remove()
  updateEdited(li, item)
  if (linesOf(item.text, columns) > FOLDED + LEEWAY) addFold(li)
  else li.classList.remove('folded')
  if (hadFocus && !li.contains(document.activeElement)) li.focus({ preventScroll: true })
  else if (hadFocus) reach(document.activeElement, 0)
}

/** @param {HTMLLIElement} li @param {MessageItem} item */
function updateQuote(li, { reply, deleted: isDeleted }) {
  const shown = li.querySelector('.quote')
  if (!reply || isDeleted) return shown?.remove()
  const quote = shown ?? makeQuote()
  writeQuote(quote, reply)
  if (!shown) find(li, '.text', HTMLElement).before(quote)
}

/** @param {HTMLLIElement} li @param {MessageItem} item */
function updateEdited(li, item) {
  const isEdited = !item.deleted && (item.edited !== undefined || item.changing === true)
  const shown = li.querySelector('.edited')
  if (!isEdited) return shown?.remove()
  const mark = shown ?? make('span', 'edited', EDITED)
  mark.setAttribute('title', editedAt(fullDate(item.edited ?? Date.now())))
  if (!shown) find(li, '.bubble', HTMLElement).append(' ', mark)
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
  li.toggleAttribute('data-changing', item.changing === true)
  const time = find(li, 'time', HTMLElement)
  time.title = fullDate(item.at)
  time.setAttribute('aria-label', time.title)
  time.setAttribute('datetime', new Date(item.at).toISOString())
  write(time, hourAndMinute(item.at))
  updateQuote(li, item)
  updateFiles(li, item)
  updateBadge(find(li, '.badge', HTMLElement), item.app)
  updateProgress(li, item)
  updateFailure(li, item)
  updateReactions(li, item)
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
  badge.title = viaServer(app)
  badge.setAttribute('role', 'img')
  badge.setAttribute('aria-label', viaServer(app))
  badge.style.setProperty('--server-hue', String(serverHue(app)))
}

/** @param {HTMLLIElement} li @param {MessageItem} item */
function updateFailure(li, item) {
  const shown = li.querySelector('.failed')
  if (item.state !== 'failed') return shown?.remove()
  if (shown) return
  const note = stamp('failed-note')
  find(note, '.why', HTMLElement).textContent = notDelivered(item.reason)
  const isFinal = item.reason === REASONS.invisible || item.reason === REASONS.tooLong // again and again
  find(note, '.retry', HTMLButtonElement).hidden = isFinal
  find(li, '.said', HTMLElement).append(note)
  if (li.contains(document.activeElement)) reach(li, 0)
}
