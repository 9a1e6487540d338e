import assert from 'node:assert/strict'
import test from 'node:test'
import { AdminApi, part } from '../js/admin/api.js'
import { plain } from '../js/model/audit.js'
import { ApiError } from '../js/net/problem.js'
import { FakeClock } from './helpers.js'

/** An API that gives answers in turn, and notes what it is asked. */
function api(...answers) {
  const asked = []
  return {
    asked,
    api: new AdminApi((url, { method, headers, body }) => {
      asked.push([method, url, headers?.['Content-Type'] ?? '', body ?? ''].join(' ').trim())
      const answer = answers.shift()
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer)
    }, new FakeClock()),
  }
}
const json = (body, status = 200) => new Response(JSON.stringify(body), { status })

test('what an admin asks', async () => {
  const { api: mine, asked } = api(json({ accounts: [] }), new Response(null, { status: 204 }), json({ ended: 2 }))
  assert.deepEqual(await mine.get('/accounts/', { q: 'a&b', role: '', limit: 5 }), { accounts: [] })
  assert.equal(await mine.ask('DELETE', `/rooms/den/bans/${part('guest:a/b')}/`, { reason: 'sorry' }), null)
  assert.deepEqual(await mine.change('POST', '/accounts/bob/logout/'), { ended: 2 })
  assert.deepEqual(asked, [
    'GET /api/v1/admin/accounts/?q=a%26b&limit=5',
    'DELETE /api/v1/rooms/den/bans/guest%3Aa%2Fb/ application/json {"reason":"sorry"}',
    'POST /api/v1/admin/accounts/bob/logout/ application/json {}',
  ])
})

test('who is here, and what goes wrong', async () => {
  const { api: mine } = api(
    json({ name: 'ann', role: 'admin' }), json({ code: 'unauthorized', detail: 'no' }, 401),
    json({ code: 'forbidden', detail: 'only admins' }, 403), new TypeError('away'), new Response('{'),
  )
  assert.equal((await mine.me())?.role, 'admin')
  assert.equal(await mine.me(), null)
  const fails = async (code, status) => assert.rejects(
    mine.get('/audit/'),
    (error) => error instanceof ApiError && error.code === code && error.status === status,
  )
  await fails('forbidden', 403)
  await fails('network', 0)
  await fails('bad_answer', 200)
})

test('the details of an entry in words', () => {
  assert.equal(plain({}), '')
  assert.equal(plain({ from: '', to: 'admin' }), 'was: none, is: admin')
  assert.equal(
    plain({ slow_ms: 10_000, registered: true, paused: false }), 'slow mode: 10 s, accounts only: yes, paused: no',
  )
  assert.equal(plain({ slow_ms: 0, else: 3, list: [1] }), 'slow mode: no, else: 3')
  assert.match(plain({ until: 1763770000123 }), /^until: .*2025/)
})
