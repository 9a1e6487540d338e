import assert from 'node:assert/strict'
import test from 'node:test'
import { whyNoChat, whyNot, whyNotDelivered, whyNotIn, whyRefused } from '../js/model/answers.js'
import { cleanAccountName, passwordProblem } from '../js/model/rules.js'
import { ApiError } from '../js/net/problem.js'

const error = (code, status, { retryAfter = 0, message = 'words of the server' } = {}) =>
  new ApiError(code, message, status, retryAfter)

test('what an answer means, in a sentence', () => {
  assert.match(whyNotIn(error('name_taken', 409), 'register'), /^That name is taken/)
  assert.match(whyNotIn(error('unauthorized', 401), 'login'), /^Wrong name or password/)
  assert.equal(whyNot(error('future', 422)), 'Words of the server.')
  assert.match(whyNot(error('unknown_user', 404)), /^No account with/)
})

test('too often: what, and how long to wait', () => {
  const limited = (retryAfter) => error('rate_limited', 429, { retryAfter })
  assert.equal(whyNotIn(limited(1200), 'login'), 'Too many attempts to log in. Try again in 2 seconds.')
  assert.equal(
    whyNotIn(limited(300_000), 'register'),
    'Too many new accounts from this network. Try again in 5 minutes.',
  )
  assert.equal(
    whyNot(limited(60_000), 'password'),
    'Too many attempts with the password. Try again in 60 seconds.',
  )
  assert.equal(
    whyNoChat(limited(1000), 'eve'),
    'Too many messages and new chats in a short time. Try again in 1 second.',
  )
  assert.equal(whyNot(limited(1000)), 'Too many requests in a short time. Try again in 1 second.')
  for (const [retryAfter, wait] of [[1000, '1 second'], [100_000, '2 minutes'], [0, 'a moment']]) {
    assert.equal(whyNotDelivered(limited(retryAfter)), `too many messages in a short time; wait ${wait}`)
  }
  // Something between us and the server has counted.
  const proxy = error('bad_answer', 429, { retryAfter: 10_000 })
  assert.deepEqual([whyNotIn(proxy, 'login'), whyNot(proxy)], [
    'Too many attempts to log in. Try again in 10 seconds.',
    'Too many requests in a short time. Try again in 10 seconds.',
  ])
})

test('somebody in the list of people who has no account', () => {
  assert.equal(
    whyNoChat(error('unknown_user', 404), 'eve'),
    'eve is a guest. Private chats need an account on both sides.',
  )
  assert.match(whyNoChat(error('network', 0), 'eve'), /^Can't reach/)
})

test('an API that is not there: guests can go on', () => {
  for (const away of [
    error('network', 0), error('unavailable', 503), error('not_found', 404), error('bad_answer', 502),
  ]) {
    assert.match(whyNotIn(away, 'login'), /join as a guest/)
    assert.match(whyNot(away), /^Can't reach/)
    assert.equal(whyNotDelivered(away), '')
  }
  assert.equal(
    whyNotDelivered(error('too_long', 413, { message: 'the text is too long' })),
    'the text is too long',
  )
})

test('names and passwords of accounts, by the rules of the server', () => {
  assert.deepEqual(cleanAccountName('  Ann_1-x '), { name: 'ann_1-x', problem: '' })
  for (const bad of ['', 'ab', 'a'.repeat(21), 'ann b', 'änn']) {
    assert.notEqual(cleanAccountName(bad).problem, '', bad)
  }
  for (const bad of ['', '1234567', '😀'.repeat(257)]) assert.notEqual(passwordProblem(bad), '', bad)
  for (const good of ['12345678', '😀'.repeat(256)]) assert.equal(passwordProblem(good), '', good)
})

test('what the rules of a room refuse, and for how long', () => {
  const refused = (code, wait) => whyRefused({ code, message: 'words of the server', retry_after_ms: wait })
  for (const [code, wait, want] of [
    ['muted', undefined, "you're muted in this room"],
    ['muted', 7_200_000, "you're muted in this room for another 2 hours"],
    ['banned', 10 * 86_400_000, "you're banned from this room for another 10 days"],
    ['paused', undefined, 'this room is paused at the moment'],
    ['blocked_words', undefined, 'it has words that are blocked in this room; change them and send it again'],
    ['registered_only', undefined, 'only people with an account can write in this room'],
    ['members_only', undefined, 'this room is for its members'],
    ['slow_mode', 9500, 'this room is in slow mode; wait 10 seconds'],
  ]) assert.equal(refused(code, wait), want)
})
