import assert from 'node:assert/strict'
import test from 'node:test'
import { fewEmoji, initial, initials, parts } from '../js/model/linkify.js'
import { randomFrom } from './helpers.js'

const links = (text) => parts(text).filter((part) => part.href).map((part) => part.text)

test('addresses are found where people would say they end', () => {
  assert.deepEqual(
    links('see https://example.org/a_(b)?c=d#e, and (http://example.com/x).'),
    ['https://example.org/a_(b)?c=d#e', 'http://example.com/x'],
  )
  assert.deepEqual(links('HTTPS://EXAMPLE.ORG'), ['HTTPS://EXAMPLE.ORG'])
  assert.deepEqual(links('"https://example.org/"'), ['https://example.org/'])
  assert.deepEqual(links('https://example.org/ä'), ['https://example.org/ä'])
  assert.deepEqual(links('https://example.org…'), ['https://example.org'])
})

test('an address ends where Chinese and Japanese marks begin', () => {
  assert.deepEqual(links('見て：https://example.com/a。次'), ['https://example.com/a'])
  assert.deepEqual(
    links('（https://example.com/b）、https://example.org/c、'),
    ['https://example.com/b', 'https://example.org/c'],
  )
  assert.deepEqual(
    links('「https://example.com/d」【http://example.org】！'),
    ['https://example.com/d', 'http://example.org'],
  )
  assert.deepEqual(links('https://ja.wikipedia.org/wiki/日本、'), ['https://ja.wikipedia.org/wiki/日本'])
})

test('an address that looks like another one is shown with its true host', () => {
  const host = (text) => parts(text).find((part) => part.href)?.host
  const honest = [
    'https://example.org/ä', 'HTTPS://Example.ORG:8080/?a', 'https://bücher.example/',
    'https://日本語.jp/', 'https://президент.рф/', 'http://[::1]:80/',
    'https://한국.kr', 'http://192.168.0.1/', 'https://xn--bcher-kva.example/',
  ]
  for (const text of honest) assert.equal(host(text), '', text)
  assert.equal(host('https://аррӏе.com/'), 'xn--80ak6aa92e.com')
  assert.equal(host('https://p\u0430ypal.com'), 'xn--pypal-4ve.com', 'Cyrillic among Latin')
  assert.match(
    host('https://bank.example\u2044login.evil.example/') ?? '',
    /^xn--|evil\.example$/,
    'a fraction slash is part of the host',
  )
  assert.match(host('https://bank.example\u2215login.evil.example/') ?? '', /evil\.example$/)
  assert.match(host('https://\u05d0\u05d1.example.com/') ?? '', /^xn--/, 'right to left')
  assert.equal(host('http://2130706433/'), '127.0.0.1')
  assert.equal(host('https://example.org\\.evil.example/'), '', 'what follows is a path')
  assert.equal(host('https://ⓔxample.org/'), 'example.org')
})

test('only addresses of the web that show where they lead', () => {
  const none = [
    'javascript:alert(1)', 'data:text/html,x', 'ftp://example.org', 'xhttps://example.org', 'http://',
    'https://?', 'www.example.org',
    'http://bank.example@evil.example/', 'http://a:b@evil.example/', 'file:///etc/passwd', 'vbscript:https',
  ]
  for (const text of none) assert.deepEqual(links(text), [], text)
  assert.deepEqual(
    links('https://example.org/\u202egnp.exe'),
    ['https://example.org/'],
    'bidi controls end an address',
  )
})

test('the parts are the text, and no address is anything else', () => {
  const pieces = [
    'https://', 'http://', 'a.b', '/', ' ', '\n', '(', ')', '.', '@', 'javascript:', '👍', '"', '<',
    '\u202e', ':8080',
  ]
  for (let seed = 1; seed <= 500; seed++) {
    const random = randomFrom(seed)
    const text = Array.from({ length: 12 }, () => pieces[Math.floor(random() * pieces.length)]).join('')
    const found = parts(text)
    assert.equal(found.map((part) => part.text).join(''), text)
    for (const { href } of found) if (href) assert.match(href, /^https?:\/\/[^@]/, JSON.stringify(text))
  }
})

test('a few emoji and nothing else', () => {
  for (const text of [
    '👍', '👩‍👩‍👧', '🇩🇪', '1️⃣', '❤️', '👍🏽 👍',
    '🏴󠁧󠁢󠁳󠁣󠁴󠁿', '😀😀😀😀😀😀',
  ]) assert.ok(fewEmoji(text), text)
  for (const text of [
    '', ' ', '1', '123', '#', 'ok 👍', '😀😀😀😀😀😀😀', '👍'.repeat(200),
  ]) assert.ok(!fewEmoji(text), text)
})

test('initials', () => {
  assert.deepEqual(
    ['ann', 'Ünal', 'éva', '👩‍👩‍👧 family', '日本', '', 'Jonas Weber', 'ann-marie', 'guest 7']
      .map(initial),
    ['A', 'Ü', 'É', '👩‍👩‍👧', '日', '', 'JW', 'AM', 'G'],
  )
})

test('two letters where two people share one', () => {
  const of = (...names) => [...initials(names).values()]
  assert.deepEqual(of('ann', 'bob', 'ann'), ['A', 'B'])
  assert.deepEqual(of('ann', 'Alex', 'bob', 'a'), ['An', 'Al', 'B', 'A'])
  assert.deepEqual(
    of('日本', '日光', 'Jonas Weber', 'Jan Wolf', 'guest 7', 'guest 8'),
    ['日', '日', 'JW', 'JW', 'Gu', 'Gu'],
  )
})

test('marks and directions around an address do not become part of it', () => {
  const found = (text) => parts(text).filter((part) => part.href).map(
    ({ text, href, host }) => [text, href, host],
  )
  assert.deepEqual(
    found('\u202ehttps://example.org/moc'),
    [['https://example.org/moc', 'https://example.org/moc', '']],
  )
  for (const mark of ['\u2066', '\u2067', '\u200f', '\u061c', '\u200b', '\u00ad']) {
    assert.deepEqual(
      found(`https://bank.example${mark}.evil.example/`).map(([text]) => text),
      ['https://bank.example'],
      JSON.stringify(mark),
    )
  }
  const slashes = [
    '\u2044', '\u2215', '\u29f8', '\u2571', '\u3033', '\u0338', '\ua789', '\u2024', '\u0131',
    '\u01c3', '\u02d0',
  ]
  for (const mark of slashes) {
    const text = `https://bank.example${mark}evil.example/`
    const [, href, host] = found(text)[0] ?? []
    if (href) assert.equal(host, new URL(href).hostname, JSON.stringify(mark))
  }
})
