import assert from 'node:assert/strict'
import test from 'node:test'
import { BOB, CAY, make, ROOM, settle } from './fake-browser.js'

test('a browser that does not go back: the way goes on where it is', async () => {
  const { browser, navigation } = await make()
  navigation.opened('chats')
  await settle()
  browser.entries = [browser.state]
  browser.at = 0
  navigation.closed('chats')
  navigation.to(BOB)
  await settle()
  await settle()
  browser.clock.pass(1000)
  await settle()
  browser.clock.pass(10_000)
  assert.deepEqual([browser.at, await browser.press(-1)], [1, 'room'])
})

test('a browser that goes back late does not take the reader out of what was opened since', async () => {
  const { browser, navigation } = await make()
  navigation.to(BOB)
  navigation.opened('chats')
  await settle()
  browser.busy = true
  navigation.closed('chats')
  navigation.to(CAY)
  await settle()
  browser.clock.pass(1000)
  await settle()
  browser.ready()
  await settle()
  await settle()
  assert.deepEqual([browser.view, browser.shown], ['cay', []])
  navigation.to(ROOM)
  assert.deepEqual([await browser.press(-1), await browser.press(1)], ['cay', 'room'])
  browser.clock.pass(60_000)
  assert.equal(browser.view, 'room')
})

test('what is late on a way that is over leaves the next one alone', async () => {
  const { browser, navigation } = await make()
  navigation.opened('chats')
  await settle()
  browser.busy = true
  navigation.closed('chats')
  await settle()
  browser.clock.pass(1000)
  browser.busy = false // it forgot where it was to go
  navigation.forget()
  browser.begin('ann')
  navigation.to(BOB)
  assert.equal(await browser.press(-1), 'room')
})
