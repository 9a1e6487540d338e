import assert from 'node:assert/strict'
import test from 'node:test'
import { authorOf, factsOf, personNamed } from '../js/model/person.js'
import { message, welcome } from './helpers.js'
import { joined } from './joined.js'

test('what is known of an account and of guests', () => {
  const { room, last } = joined()
  last().say({ type: 'presence', online: 3, names: ['ann', 'eve', 'tom'], accounts: ['eve'] })
  last().say(message(3, { author: '@eve', name: 'eve', app: '1000', session: 's2' }))
  last().say(message(4, { author: 'guest-1', name: 'tom', app: '2000', session: 's3' }))
  last().say(message(5, { author: '@bob', name: 'bob', app: '3000', session: 's4' }))
  const facts = (name) => factsOf(personNamed(room, name), room)
  assert.deepEqual(facts('eve'), ['Registered name', 'Here now', 'Last message via server 1000'])
  assert.deepEqual(facts('tom'), ['Guest', 'Here now', 'Last message via server 2000'])
  assert.equal(personNamed(room, 'tom').author, 'guest-1')
  const bob = authorOf({ name: 'bob', author: '@bob' })
  assert.deepEqual(factsOf(bob, room), ['Registered name', 'Not here now', 'Last message via server 3000'])
  assert.deepEqual(authorOf({ name: 'bob', private: true }), { name: 'bob', nth: 1, author: '@bob' })

  last().say({ type: 'presence', online: 4, joined: ['bob'], accounts: ['bob'] })
  assert.match(factsOf(bob, room)[1], /^Here since \d/)
  last().say({ type: 'presence', online: 4, names: ['ann', 'eve', 'tom', 'bob'], accounts: ['eve', 'bob'] })
  assert.match(factsOf(bob, room)[1], /^Here since \d/, 'a snapshot does not forget it')

  last().say(message(6, { author: 'guest-2', name: 'tom', app: '4000', session: 's5' }))
  assert.deepEqual(facts('tom'), ['Guest'], 'it may be either of them')
  assert.equal(personNamed(room, 'tom').author, '')
})

test('whether somebody is here is not said where it is not known', () => {
  const { room, last } = joined()
  const bob = { name: 'bob', nth: 1, author: '@bob' }
  assert.deepEqual(factsOf(bob, room), ['Registered name'])
  last().say(welcome())
  last().say({ type: 'presence', online: 900, names: Array.from({ length: 200 }, (_, i) => `p${i}`) })
  assert.deepEqual(factsOf(bob, room), ['Registered name'])
  last().say({ type: 'presence', online: 901, joined: ['bob'] })
  assert.deepEqual(
    factsOf(bob, room),
    ['Registered name'],
    'a guest who has the name of somebody who has registered',
  )
})
