import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Blocked } from '../js/chat/blocked.js'
import { ApiError } from '../js/net/problem.js'
import { BlockedView } from '../js/view/blocked.js'

/** A server that knows whom one blocks, a page of two at a time. */
function server(...names) {
  const asked = []
  const call = async (method, path) => {
    asked.push(`${method} ${path}`)
    const [, name = ''] = /^\/blocks\/(.+)\/$/.exec(path) ?? []
    if (name === 'nobody') throw new ApiError('unknown_user', 'no such account', 404)
    if (method === 'PUT') names.push(name)
    if (method === 'DELETE') names = names.filter((one) => one !== name)
    if (method !== 'GET') return null
    const after = new URLSearchParams(path.split('?')[1]).get('after') ?? ''
    const all = names.filter((one) => one > after).sort()
    const page = all.slice(0, 2)
    return { blocks: page.map((one) => ({ name: one, since: 1 })), ...(all.length > 2 && { next: page[1] }) }
  }
  return { call, asked, fail: () => { names = null } }
}

test('all pages of the list are loaded', async () => {
  const { call, asked, fail } = server('eve', 'bob', 'dan')
  const blocked = new Blocked(call)
  let told = 0
  blocked.listen(() => told++)
  await blocked.load()
  assert.deepEqual(blocked.names, ['bob', 'dan', 'eve'])
  assert.deepEqual(asked, ['GET /blocks/', 'GET /blocks/?after=dan'])
  assert.ok(blocked.has('eve') && !blocked.has('ann'))
  assert.equal(told, 1)
  fail()
  await blocked.load()
  assert.deepEqual(blocked.names, ['bob', 'dan', 'eve'], 'without an answer it stays')
})

test('who is blocked and unblocked is known once the server has it', async () => {
  const { call } = server()
  const blocked = new Blocked(call)
  await blocked.set('bob', true)
  assert.deepEqual(blocked.names, ['bob'])
  await assert.rejects(blocked.set('nobody', true), { code: 'unknown_user' })
  assert.deepEqual(blocked.names, ['bob'])
  await blocked.set('bob', false)
  assert.deepEqual(blocked.names, [])
})

test('a list from before a change is asked for again', async () => {
  const { call } = server('eve')
  let answer = () => {}
  const first = new Promise((resolve) => { answer = resolve })
  let asked = 0
  const blocked = new Blocked(async (method, path) => {
    const page = await call(method, path)
    if (method === 'GET' && asked++ === 0) await first
    return page
  })
  const loading = blocked.load()
  await blocked.set('bob', true)
  assert.deepEqual(blocked.names, ['bob'])
  answer()
  await loading
  assert.deepEqual([blocked.names, asked], [['bob', 'eve'], 2])
})

test('of two lists the one that was asked for last counts', async () => {
  const pages = [['eve'], ['bob']]
  const answers = []
  const blocked = new Blocked(() => new Promise((resolve) => {
    const blocks = pages.shift().map((name) => ({ name, since: 1 }))
    answers.push(() => resolve({ blocks }))
  }))
  const loads = [blocked.load(), blocked.load()]
  answers[1]()
  await loads[1]
  answers[0]()
  await loads[0]
  assert.deepEqual(blocked.names, ['bob'])
})

test('a card that is gone is not drawn again', async () => {
  const drawn = []
  class Part {
    children = []
    replaceChildren() { drawn.push(this) }
  }
  Object.assign(globalThis, { HTMLElement: Part })
  const root = { querySelector: () => new Part() }
  const life = new AbortController()
  const blocked = new Blocked(server().call)
  new BlockedView(root, blocked, life.signal)
  await blocked.load()
  assert.equal(drawn.length, 2)
  life.abort()
  await blocked.load()
  assert.equal(drawn.length, 2)
})

test('without an account nobody is blocked', async () => {
  const blocked = new Blocked()
  await blocked.load()
  assert.deepEqual(blocked.names, [])
})
