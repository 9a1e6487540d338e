import assert from 'node:assert/strict'
import test from 'node:test'
import { Hidden } from '../js/model/hidden.js'
import { itemsOf, message, welcome } from './helpers.js'
import { make } from './joined.js'

/** A browser, whose windows share what they remember. */
function memory() {
  const all = {}
  const windows = []
  return {
    all,
    hiddenOf: (of) => all[of] ?? [],
    rememberHidden: (of, people) => { all[of] = people },
    watchHidden: (run) => windows.push(run),
    changeElsewhere(of, people) {
      all[of] = people
      for (const run of windows) run()
    },
  }
}

test('each account and the guests have a list of their own, which every window follows', () => {
  const browser = memory()
  const hidden = new Hidden(browser)
  hidden.hide({ name: 'tom', author: 'guest-1' }, 'tom (2)')
  assert.deepEqual(browser.all, { '': [['guest-1', 'tom (2)']] })
  assert.deepEqual(
    ['guest-1', 'guest-2', ''].map((author) => hidden.has({ name: 'tom', author })),
    [true, false, false],
  )
  assert.deepEqual(['tom', 'tom (2)', 'to'].map((name) => hidden.hasNamed(name)), [true, false, false])

  hidden.of('ann')
  assert.equal(hidden.has({ name: 'tom', author: 'guest-1' }), false)
  let changes = 0
  hidden.listen(() => changes++)
  browser.changeElsewhere('ann', [['=eve', 'eve']])
  assert.deepEqual(
    [hidden.has({ name: 'eve' }), hidden.has({ name: 'eve', author: '@eve' }), changes],
    [true, false, 1],
  )
  hidden.unhide('=eve')
  hidden.unhide('=eve')
  assert.deepEqual([hidden.people, changes], [[], 2])
  hidden.of('')
  assert.deepEqual(hidden.people, [{ key: 'guest-1', name: 'tom (2)' }])
})

test('what somebody hidden says is no news, and they are not seen to type', () => {
  const hidden = new Hidden()
  hidden.hide({ name: 'eve', author: '@eve' }, 'eve')
  hidden.hide({ name: 'tom', author: 'guest-1' }, 'tom')
  const { room, last, received } = make(undefined, { hidden })
  last().open()
  last().say(welcome({ seq: 2 }))
  for (const seq of [1, 2]) last().say(message(seq))
  room.seen()
  last().say({ type: 'presence', online: 3, names: ['ann', 'eve', 'tom'], accounts: ['eve'] })
  const before = received.length
  last().say(message(3, { author: '@eve', name: 'eve', session: 's3' }))
  last().say(message(4, { author: 'guest-1', name: 'tom', session: 's4' }))
  last().say(message(5, { author: 'guest-2', name: 'tom', session: 's5' }))
  assert.deepEqual(received.slice(before), [5])
  assert.deepEqual(
    itemsOf(room.conversation).slice(-3).map((item) => room.hides(item)),
    [true, true, false],
    'but it is there',
  )
  for (const [session, name] of [['s3', 'eve'], ['s8', 'eve'], ['s4', 'tom'], ['s5', 'tom']]) {
    last().say({ type: 'typing', session, name })
  }
  assert.deepEqual(room.typing, ['tom'])

  let drawn = 0
  room.listen({ items: () => drawn++ })
  hidden.unhide('@eve')
  assert.equal(drawn, 1)
  last().say(message(6, { author: '@eve', name: 'eve', session: 's3' }))
  assert.deepEqual(received.slice(before), [5, 6])
  room.leave()
  hidden.unhide('guest-1')
  assert.equal(drawn, 1 + 1, 'a room that was left draws nothing')
})
