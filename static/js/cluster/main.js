// The cluster page: takes the frames and has them drawn.

import { systemClock } from '../model/clock.js'
import { findAddress } from '../net/address.js'
import { find, write } from '../view/dom.js'
import { applyTheme, themeButton } from '../view/theme.js'
import { Events } from './events.js'
import { Feed } from './feed.js'
import { MapView } from './map.js'
import { Cluster } from './model.js'
import { Table } from './table.js'
import { Totals } from './totals.js'

const UNSEEN = 300_000 // ms after which a page that nobody looks at stops asking for figures

const cluster = new Cluster()
const views = { map: new MapView(document), table: new Table(document), totals: new Totals(document), events: new Events(document) }
const chip = find(document, '#state', HTMLElement)

/** @param {string} kind @param {string} label */
function say(kind, label) {
  chip.dataset.kind = kind
  write(find(chip, '.chip-label', HTMLElement), label)
}

applyTheme()
themeButton(find(document, '#theme', HTMLButtonElement))
const address = await findAddress()
const feed = new Feed({ open: () => new WebSocket(address.cluster), clock: systemClock, random: Math.random }, {
  frame(frame) {
    const now = Date.now()
    views.events.add(cluster.take(frame, now), now)
    say('connected', `live · ${frame.app}`)
    views.map.draw(cluster, now)
    views.table.draw(frame)
    views.totals.draw(cluster, now)
  },
  lost() {
    say('reconnecting', 'reconnecting')
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
