import assert from 'node:assert/strict'
import test from 'node:test'
import { BOB, Browser, CAY, make, ROOM, settle } from './fake-browser.js'

test('on a wide screen: back to the conversation before, and forward again', async () => {
  const { browser, navigation } = await make()
  for (const one of [ROOM, BOB, BOB, CAY, ROOM]) navigation.to(one)
  assert.deepEqual(
    [await browser.press(-1), await browser.press(-1), await browser.press(-1), browser.at],
    ['cay', 'bob', 'room', 0],
  )
  assert.deepEqual([await browser.press(1), browser.entries.length], ['bob', 4])
})

test('on a phone: from a chat to the list, from the list to the room', async () => {
  const { browser, navigation } = await make()
  navigation.opened('chats')
  navigation.to(BOB)
  assert.equal(browser.view, 'bob')
  navigation.closed('chats') // the sheet says so later
  assert.deepEqual([await browser.press(-1), await browser.press(-1), browser.at], ['room+chats', 'room', 0])
})

test('whoever goes from chat to chat by the list has not to go back through all of them', async () => {
  const { browser, navigation } = await make()
  for (const one of [BOB, CAY, BOB, CAY]) {
    navigation.opened('chats')
    navigation.to(one)
    await settle()
    await settle()
  }
  assert.deepEqual(
    [browser.view, await browser.press(-1), await browser.press(-1), browser.at],
    ['cay', 'room+chats', 'room', 0],
  )
  await browser.press(1)
  await browser.press(1)
  navigation.opened('chats')
  navigation.to(ROOM)
  await settle()
  await settle()
  assert.deepEqual([browser.view, browser.at], ['room', 0])
})

test('a sheet that is closed by its own button, or whose conversation is chosen, has no entry any more', async () => {
  const { browser, navigation } = await make()
  navigation.opened('chats')
  navigation.to(BOB)
  for (const close of [() => navigation.closed('chats'), () => navigation.to(BOB)]) {
    navigation.opened('chats')
    navigation.opened('chats')
    await settle()
    assert.equal(browser.at, 3)
    close()
    navigation.closed('chats')
    await settle()
    await settle()
    assert.deepEqual([browser.view, browser.at, browser.shown], ['bob', 2, []])
  }
  assert.equal(await browser.press(1), 'bob+chats')
})

test('a reload changes nothing, but closes the sheet', async () => {
  const { browser, navigation } = await make()
  navigation.opened('chats')
  navigation.to(BOB)
  await settle()
  browser.load()
  assert.deepEqual([browser.view, await browser.press(-1)], ['bob', 'room+chats'])
  browser.load()
  await settle()
  await settle()
  assert.deepEqual([browser.view, browser.at], ['room', 0])
  assert.deepEqual([await browser.press(1), await browser.press(1)], ['room+chats', 'bob'])
})

test('the page is opened again in the window: in the conversation that was open last, with nothing behind it', async () => {
  const { browser, navigation } = await make()
  navigation.to(BOB)
  await settle()
  browser.pushState(null)
  browser.load()
  await settle()
  assert.equal(browser.view, 'bob')
  browser.navigation.to(ROOM)
  assert.equal(await browser.press(-1), 'bob')
})

test('left: back at the beginning, and what is ahead leads nowhere, also for the next one', async () => {
  const { browser, navigation } = await make()
  navigation.opened('chats')
  navigation.to(BOB)
  navigation.opened('account-dialog')
  navigation.end()
  await settle()
  await settle()
  assert.deepEqual([browser.at, browser.state, browser.stored], [0, null, null])
  browser.begin('eve')
  assert.equal(browser.view, 'room')
  for (const delta of [1, 1, -1, -1]) await browser.press(delta)
  assert.deepEqual([browser.shown, browser.view], [['room'], 'room'])
})

test('left and entered at once: the browser is given its time', async () => {
  const { browser, navigation } = await make()
  navigation.opened('chats')
  navigation.to(BOB)
  navigation.end()
  browser.begin('eve')
  navigation.to(CAY)
  await settle()
  await settle()
  await settle()
  assert.deepEqual([browser.at, browser.entries.length, await browser.press(-1)], [1, 2, 'room'])
})

test('somebody else has not been where one was', async () => {
  const { browser, navigation } = await make('ann')
  navigation.to(BOB)
  await settle()
  browser.load('eve')
  assert.equal(browser.view, 'room')
})

test('the browser is told numbers only', async () => {
  const { browser, navigation } = await make()
  navigation.opened('chats')
  navigation.to(BOB)
  await settle()
  assert.doesNotMatch(JSON.stringify(browser.entries), /c1|bob|chats/)
})

test('no more is remembered than browsers do', async () => {
  const { browser, navigation } = await make()
  for (let i = 0; i < 120; i++) navigation.to(i % 2 ? BOB : CAY)
  assert.equal(Object.keys(JSON.parse(browser.stored).way.places).length, 50)
})

test('a jump in a conversation: back to where the reader was', async () => {
  const { browser, navigation } = await make()
  const at = (n) => ({ n, id: `m${n}`, top: 20 })
  const press = async (delta) => [await browser.press(delta), navigation.spot?.n]
  navigation.jumped(at(90), at(10))
  navigation.jumped(at(12), at(20)) // the next hit
  await settle()
  assert.equal(browser.at, 1, 'several jumps are one step')
  assert.deepEqual(await press(-1), ['room', 90])
  assert.deepEqual(await press(1), ['room', 20])

  // A sheet that opens and closes over it moves nothing.
  navigation.opened('roster')
  assert.deepEqual(await press(-1), ['room', undefined])

  // A hit in another conversation.
  navigation.left(at(25))
  navigation.to(BOB)
  navigation.arrived(at(3))
  navigation.jumped(at(3), at(5))
  assert.deepEqual(await press(-1), ['room', 25])
  assert.deepEqual(await press(1), ['bob', 5])

  // A hit that is chosen in a sheet.
  navigation.opened('chats')
  navigation.to(BOB)
  navigation.jumped(at(5), at(7))
  await settle()
  assert.equal(navigation.sheet, '')
  assert.deepEqual(await press(-1), ['room', 25])
  navigation.end()
})

test('a date that is chosen in a sheet: one step back leads to where the reader was', async () => {
  const { browser, navigation } = await make()
  navigation.opened('date-dialog')
  // Before the dialog says that it is closed.
  navigation.jumped({ n: 90, id: 'm90', top: 0 }, { n: 1, id: 'm1', top: 0 })
  navigation.closed('date-dialog')
  await settle()
  assert.deepEqual([navigation.sheet, browser.at], ['', 1])
  assert.deepEqual([await browser.press(-1), navigation.spot?.n], ['room', 90])
})

test('to another address and back: what is of another way is not of this one', async () => {
  const browser = new Browser()
  const navigation = browser.load()
  await settle()
  navigation.opened('roster')
  navigation.end()
  await navigation.elsewhere('/?room=tea')
  browser.begin()
  await settle()
  await settle()
  assert.deepEqual([browser.at, browser.entries.length], [1, 2], 'the sheet has no entry any more')
  assert.equal(navigation.moved(browser.state), true)
  assert.equal(navigation.moved(browser.entries[0]), false, 'that is the room before')
  navigation.forget()
  navigation.end()
  await settle()
  assert.equal(browser.at, 1, 'the browser has gone already')
})
