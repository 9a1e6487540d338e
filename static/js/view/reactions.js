// The reactions below a message: a chip for each emoji, and a small + after them.
// A message without any has none of it.

import { REACTION } from '../model/strings/reactions.js'
import { find, make, stamp, write } from './dom.js'

/** @typedef {import('../../types.js').Reaction} Reaction */

/** @param {HTMLLIElement} li @param {import('../../types.js').MessageItem} item */
export function updateReactions(li, { reactions = [] }) {
  const last = li.lastElementChild
  const shown = last instanceof HTMLElement && last.classList.contains('reactions') ? last : null
  if (reactions.length === 0 && !shown) return
  const focused = shown?.contains(document.activeElement) ? document.activeElement : null
  if (reactions.length === 0) shown?.remove()
  else draw(shown ?? begin(li), reactions)
  if (!focused || focused.isConnected) return
  const next = li.querySelector('.reactions > [data-stop]') ?? li // what had the focus is gone
  if (next instanceof HTMLElement) next.focus({ preventScroll: true })
}

/** @param {HTMLLIElement} li */
function begin(li) {
  const row = find(stamp('reactions-row'), '.reactions', HTMLElement)
  li.append(row)
  return row
}

/** @param {HTMLElement} row @param {readonly Reaction[]} reactions */
function draw(row, reactions) {
  const chips = new Map([...row.querySelectorAll('.reaction')]
    .map((chip) => [chip.getAttribute('data-emoji') ?? '', chip]))
  const left = new Set(reactions.map(({ emoji }) => emoji))
  for (const [emoji, chip] of chips) if (!left.has(emoji)) chip.remove() // first, so that no other moves
  let place = row.firstElementChild
  for (const { emoji, count, own } of reactions) {
    const chip = chips.get(emoji) ?? makeChip(emoji)
    write(find(chip, '.reaction-count', HTMLElement), String(count))
    chip.setAttribute('aria-label', REACTION.spoken(emoji, count, own))
    chip.setAttribute('aria-pressed', String(own))
    if (chip === place) place = place.nextElementSibling
    else row.insertBefore(chip, place)
  }
  const stop = row.querySelector('[data-stop]') ?? row.firstElementChild
  if (stop) stopAt(stop)
}

/** @param {string} emoji */
function makeChip(emoji) {
  const chip = make('button', 'reaction')
  chip.type = 'button'
  chip.dataset.emoji = emoji
  chip.append(make('span', 'reaction-emoji', emoji), make('span', 'reaction-count'))
  return chip
}

/**
 * Makes a button the one in its row that Tab leads to, while its message has the
 * focus.
 * @param {Element} button
 */
export function stopAt(button) {
  const isReached = button.closest('li')?.contains(document.activeElement)
  for (const one of button.parentElement?.querySelectorAll('button') ?? []) {
    one.toggleAttribute('data-stop', one === button)
    one.tabIndex = one === button && isReached ? 0 : -1
  }
}
