// The cluster page: takes the frames and has them drawn.

import { systemClock } from '../model/clock.js'
import { findAddress } from '../net/address.js'
import { knownConfig } from '../storage/config.js'
import { find, write } from '../view/dom.js'
import { applyTheme, themeButton } from '../view/theme.js'
import { Events } from './events.js'
import { Feed } from './feed.js'
import { MapView } from './map.js'
import { Cluster } from './model.js'
import { STATUS } from './strings.js'
import { Table } from './table.js'
import { Totals } from './totals.js'

const STALE = 2500 // ms without a line to any server after which the page shows how it was, and says so
const UNSEEN = 300_000 // ms after which a page that nobody looks at stops asking for figures

const cluster = new Cluster()
const views = {
  map: new MapView(document), table: new Table(document), totals: new Totals(document),
  events: new Events(document),
}
const chip = find(document, '#state', HTMLElement)
const main = find(document, 'main', HTMLElement)
/** @type {(() => void) | null} keeps the figures from going stale */
let keepFresh = null

/** @param {string} kind @param {string} label */
function say(kind, label) {
  chip.dataset.kind = kind
  write(find(chip, '.chip-label', HTMLElement), label)
}

/** Nobody answers. */
function stale() {
  main.dataset.stale = ''
  const { frame } = cluster
  say('stopped', STATUS.lost)
  if (frame) views.events.add([STATUS.stale], Date.now())
}

applyTheme()
themeButton(find(document, '#theme', HTMLButtonElement))
const address = await findAddress(knownConfig, {})
const feed = new Feed({
  open: () => new WebSocket(address.cluster), clock: systemClock, random: Math.random,
}, {
  frame(frame) {
    const now = Date.now()
    keepFresh?.()
    keepFresh = null
    delete main.dataset.stale
    views.events.add(cluster.take(frame, now), now)
    say('connected', STATUS.live(frame.app))
    views.map.draw(cluster, now)
    views.table.draw(frame)
    views.totals.draw(cluster, now)
  },
  lost() {
    if ('stale' in main.dataset) return
    say('reconnecting', STATUS.reconnecting)
    keepFresh ??= systemClock.after(STALE, stale)
  },
})

let cancel = () => {}
document.addEventListener('visibilitychange', () => {
  cancel()
  if (document.hidden) cancel = systemClock.after(UNSEEN, () => feed.stop())
  else feed.start()
})
// A page that was left may be kept, for the way back, with its socket open.
window.addEventListener('pagehide', () => feed.stop())
window.addEventListener('pageshow', () => feed.start())
feed.start()
