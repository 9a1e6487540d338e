import assert from 'node:assert/strict'
import test from 'node:test'
import { fewEmoji, initial, parts } from '../js/model/rich.js'
import { randomFrom } from './helpers.js'

const links = (text) => parts(text).filter((part) => part.href).map((part) => part.text)

test('addresses are found where people would say they end', () => {
  assert.deepEqual(links('see https://example.org/a_(b)?c=d#e, and (http://example.com/x).'), ['https://example.org/a_(b)?c=d#e', 'http://example.com/x'])
  assert.deepEqual(links('HTTPS://EXAMPLE.ORG'), ['HTTPS://EXAMPLE.ORG'])
  assert.deepEqual(links('"https://example.org/"'), ['https://example.org/'])
  assert.deepEqual(links('https://example.org/ä'), ['https://example.org/ä'])
  assert.deepEqual(links('https://example.org…'), ['https://example.org'])
})

test('only addresses of the web that show where they lead', () => {
  const none = [
    'javascript:alert(1)', 'data:text/html,x', 'ftp://example.org', 'xhttps://example.org', 'http://', 'https://?', 'www.example.org',
    'http://bank.example@evil.example/', 'http://a:b@evil.example/', 'file:///etc/passwd', 'vbscript:https',
  ]
  for (const text of none) assert.deepEqual(links(text), [], text)
  assert.deepEqual(links('https://example.org/\u202egnp.exe'), ['https://example.org/'], 'bidi controls end an address')
})

test('the parts are the text, and no address is anything else', () => {
  const pieces = ['https://', 'http://', 'a.b', '/', ' ', '\n', '(', ')', '.', '@', 'javascript:', '👍', '"', '<', '\u202e', ':8080']
  for (let seed = 1; seed <= 500; seed++) {
    const random = randomFrom(seed)
    const text = Array.from({ length: 12 }, () => pieces[Math.floor(random() * pieces.length)]).join('')
    const found = parts(text)
    assert.equal(found.map((part) => part.text).join(''), text)
    for (const { href } of found) if (href) assert.match(href, /^https?:\/\/[^@]/, JSON.stringify(text))
  }
})

test('a few emoji and nothing else', () => {
  for (const text of ['👍', '👩‍👩‍👧', '🇩🇪', '1️⃣', '❤️', '👍🏽 👍', '🏴󠁧󠁢󠁳󠁣󠁴󠁿', '😀😀😀😀😀😀']) assert.ok(fewEmoji(text), text)
  for (const text of ['', ' ', '1', '123', '#', 'ok 👍', '😀😀😀😀😀😀😀', '👍'.repeat(200)]) assert.ok(!fewEmoji(text), text)
})

test('initials', () => {
  assert.deepEqual(['ann', 'Ünal', 'éva', '👩‍👩‍👧 family', '日本', ''].map(initial), ['A', 'Ü', 'É', '👩‍👩‍👧', '日', ''])
})
