import assert from 'node:assert/strict'
import test from 'node:test'
import { Unsent } from '../js/storage/unsent.js'
import { Browser, settled } from './browser.js'

const MINUTE = 60_000

const one = (id, at = 1000, over = {}) => ({
  id, room: 'livechat', name: 'ann', text: `text ${id}`, at, reason: null, ...over,
})
const idsOf = (messages) => messages.map(({ id }) => id).join(' ')

test('a reload takes up what was not sent, in the order in which it was written', async () => {
  const browser = new Browser()
  const before = browser.page()
  for (const id of ['c', 'a', 'b', 'd']) before.unsent.keep(one(id)) // all in one millisecond
  before.unsent.drop('b')
  before.unsent.drop('z')
  before.unsent.keep(one('a', 1000, { reason: 'no' }))
  await settled()
  before.end()
  const after = browser.page(before.memory)
  const taken = await after.unsent.take('livechat', 'ann', 2000)
  assert.equal(idsOf(taken), 'c a d')
  assert.deepEqual(taken.map(({ reason }) => reason), [null, 'no', null])
  after.unsent.keep(one('e', 500)) // the clock was set back
  assert.equal(idsOf(await after.unsent.take('livechat', 'ann', 2000)), 'c a d e')
})

test('a reload before it is stored takes nothing, and a copy of the tab does not have it', async () => {
  const browser = new Browser()
  const before = browser.page()
  await settled()
  browser.broken = true // as if the page ended while it is stored
  before.unsent.keep(one('a'))
  before.unsent.keep(one('b'))
  before.unsent.keep(one('c', 1000, { account: true }))
  before.unsent.drop('a')
  before.unsent.forgetAccounts()
  await settled()
  browser.broken = false
  const memory = () => JSON.parse(JSON.stringify(before.memory))
  assert.equal(idsOf(await browser.page(memory()).unsent.take('livechat', 'ann', 2000)), '')
  before.end()
  const after = browser.page(memory())
  assert.equal(idsOf(await after.unsent.take('livechat', 'ann', 2000)), 'b')
  assert.deepEqual([...browser.records.keys()], ['b'])
  assert.deepEqual(after.memory.unstored, {})
})

test('only for the same room and the same name', async () => {
  const browser = new Browser()
  const { unsent, end } = browser.page()
  unsent.keep(one('a'))
  unsent.keep(one('b', 1000, { room: 'other' }))
  unsent.keep(one('c', 1000, { name: 'bob' }))
  await settled()
  end()
  const next = browser.page()
  assert.equal(idsOf(await next.unsent.take('livechat', 'bob', 2000)), 'c')
  assert.equal(idsOf(await browser.page().unsent.take('other', 'ann', 2000)), 'b')
})

test('what a living tab has is its own; once it is gone, the next one that joins has it, and no third', async () => {
  const browser = new Browser()
  const first = browser.page()
  first.unsent.keep(one('a'))
  first.unsent.keep(one('b'))
  await settled()
  const second = browser.page()
  assert.equal(idsOf(await second.unsent.take('livechat', 'ann', 2000)), '')
  first.end()
  const pages = [second, browser.page(), browser.page()]
  const taken = await Promise.all(pages.map(({ unsent }) => unsent.take('livechat', 'ann', 2000)))
  assert.deepEqual(taken.map(idsOf).filter(Boolean), ['a b'])
})

test('a duplicated tab is another one', async () => {
  const browser = new Browser()
  const first = browser.page()
  first.unsent.keep(one('a'))
  await settled()
  const copy = browser.page({ ...first.memory })
  assert.equal(idsOf(await copy.unsent.take('livechat', 'ann', 2000)), '')
  assert.notEqual(copy.memory.tab, first.memory.tab)
})

test('what nobody came back for in a week is forgotten', async () => {
  const browser = new Browser()
  const { unsent } = browser.page()
  unsent.keep(one('a', 0))
  assert.equal(idsOf(await unsent.take('livechat', 'ann', 8 * 24 * 60 * MINUTE)), '')
  assert.equal(browser.records.size, 0)
})

test('what was written by an account is forgotten, of all tabs, and what guests wrote is not', async () => {
  const browser = new Browser()
  const { unsent } = browser.page()
  const other = browser.page()
  unsent.keep(one('a'))
  unsent.keep(one('b', 1000, { account: true }))
  other.unsent.keep(one('c', 1000, { room: '@private', chat: 'c1' }))
  other.unsent.keep(one('d', 1000, { name: 'bob', account: true }))
  await settled()
  assert.deepEqual(
    [await unsent.count('ann'), await unsent.count('bob'), await unsent.count('eve')],
    [2, 1, 0],
  )
  unsent.forgetAccounts('bob')
  await settled()
  assert.deepEqual([...browser.records.keys()].sort(), ['a', 'd'])
  unsent.forgetAccounts()
  await settled()
  assert.deepEqual([...browser.records.keys()], ['a'])
})

test('without a storage nothing is kept, and nothing fails', async () => {
  const browser = new Browser()
  browser.broken = true
  const { unsent } = browser.page()
  unsent.keep(one('a'))
  unsent.drop('a')
  unsent.forgetAccounts()
  assert.deepEqual([await unsent.take('livechat', 'ann', 2000), await unsent.count('ann')], [[], 0])
})

test('without a name of its own a tab keeps nothing: another one might send it too', async () => {
  const browser = new Browser()
  const unsent = new Unsent(
    browser.unsentStore,
    { hold: async () => false, ifGone: async () => {} },
    { tab: '', unstored: {} },
  )
  unsent.keep(one('a'))
  assert.deepEqual(await unsent.take('livechat', 'ann', 2000), [])
  assert.equal(browser.records.size, 0)
})
