import assert from 'node:assert/strict'
import test from 'node:test'
import { markup, withoutCode } from '../js/model/markup.js'
import { randomFrom } from './helpers.js'

const sourceOfInline = (nodes) => nodes.map((node) => {
  if (node.kind === 'text' || node.kind === 'link') return node.text
  return node.open + (node.kind === 'code' ? node.text : sourceOfInline(node.nodes)) + node.close
}).join('')

/** Marks and visible text, which are the text again. */
const sourceOf = (blocks) => blocks.map((block) => {
  if (block.kind === 'lines') return sourceOfInline(block.nodes)
  if (block.kind === 'fence') return block.open + block.text + block.close
  return block.lines.map(({ mark, nodes }) => mark + sourceOfInline(nodes)).join('\n')
}).join('\n')

const TAGS = { bold: 'b', italic: 'i', code: 'c', link: 'a' }
const shown = (nodes) => nodes.map((node) => {
  if (node.kind === 'text') return node.text
  const tag = TAGS[node.kind]
  return `<${tag}>${node.nodes ? shown(node.nodes) : node.text}</${tag}>`
}).join('')

/** A line with its styles as tags. */
const line = (text) => {
  const [block, ...others] = markup(text)
  assert.equal(others.length, 0, text)
  assert.equal(block.kind, 'lines', text)
  return shown(block.nodes)
}

/** Blocks in short: L lines, Q quote, U list, F fence. */
const blocks = (text) => markup(text).map((block) => {
  if (block.kind === 'lines') return ['L', shown(block.nodes)]
  if (block.kind === 'fence') return ['F', block.text]
  return [
    block.kind === 'quote' ? 'Q' : 'U',
    ...block.lines.map(({ mark, nodes }) => (block.kind === 'list' ? mark : '') + shown(nodes)),
  ]
})

test('bold, italic and code', () => {
  const lines = {
    'a **bold** word': 'a <b>bold</b> word',
    '*one* and _other_, (*both*)': '<i>one</i> and <i>other</i>, (<i>both</i>)',
    '***all***': '<b><i>all</i></b>',
    '**bold _and_ italic**': '<b>bold <i>and</i> italic</b>',
    '**a *b***': '<b>a <i>b</i></b>',
    '*a **b***': '<i>a <b>b</b></i>',
    'run `make test` now': 'run <c>make test</c> now',
    '`a *b* https://example.org/ @ann`': '<c>a *b* https://example.org/ @ann</c>',
    '`` a`b `` and ``c``': '<c>a`b</c> and <c>c</c>',
    '**`code`**': '<b><c>code</c></b>',
    'the `Foo`s': 'the <c>Foo</c>s',
    '**ready?** *yes!* _"ok"_': '<b>ready?</b> <i>yes!</i> <i>"ok"</i>',
    '这是**重要**的': '这是<b>重要</b>的',
    '🎉**yes**🎉': '🎉<b>yes</b>🎉',
    '**été** _naïve_': '<b>été</b> <i>naïve</i>',
    '**-5 %**': '<b>-5 %</b>',
    '*a *b* c*': '*a <i>b</i> c*',
  }
  for (const [text, want] of Object.entries(lines)) assert.equal(line(text), want, text)
})

test('links in what is marked, and marks in links', () => {
  const lines = {
    '**https://example.org/**': '<b><a>https://example.org/</a></b>',
    '_https://example.org/a_b_': '<i><a>https://example.org/a_b</a></i>',
    '*see https://example.org/x_y_z now*': '<i>see <a>https://example.org/x_y_z</a> now</i>',
    'https://example.org/*a*/_b_': '<a>https://example.org/*a*/_b</a>_',
    'https://example.org/a and *b*': '<a>https://example.org/a</a> and <i>b</i>',
  }
  for (const [text, want] of Object.entries(lines)) assert.equal(line(text), want, text)
})

test('what only looks like marks stays as it is', () => {
  const texts = [
    '2*3*4', '2**3**4', '2*3* 4', '2 *3*4', 'x**y** z', 'x **y**z', 'a_b_ c', 'a _b_c', '2 * 3 * 4',
    '2 ** 3 ** 4', 'snake_case_name', '_private', '__init__', 'a_ b_', '5*', '**', '****', '** a **', '* a *',
    '_ _',
    'src/**/*.js and lib/**/*.js', '/*comment*/', '*.js and *.css', 'int *p, *q', 'f(*a, **b)',
    'rm -rf /tmp/*', '~/*a*/b',
    '-_- and -_-', '*_*', '(*_*)', '*-*', ':* and :*', 'T_T', 'o_O', '>_<', '^_^', '¯\\_(ツ)_/¯', '**open',
    'open**', '`open', 'it`s what`s', '``', '` `',
    '*a\nb*', '**a\nb**', '`a\nb`', '\\*a\\*', '$a_1$ + $b_2$', '*****a*****', '<b>no</b>', '&amp;', '>:( no',
    '>no', '-no', '1.5 x', '1.', '- ', '007. x', '2026. x',
  ]
  for (const text of texts) assert.equal(line(text), text, text)
})

test('quotes, lists and blocks of code, by line', () => {
  const all = [
    ['> one\n> *two*\n>\n> three\nend', [['Q', 'one', '<i>two</i>', '', 'three'], ['L', 'end']]],
    ['say:\n- one\n- **two**\n\nend', [['L', 'say:'], ['U', '- one', '- <b>two</b>'], ['L', '\nend']]],
    ['1. one\n2. two\n- three', [['U', '1. one', '2. two', '- three']]],
    ['```\na *b*\n  c\n```', [['F', 'a *b*\n  c']]],
    ['see\n```js\na\n\n> b\n```\nend', [['L', 'see'], ['F', 'a\n\n> b'], ['L', 'end']]],
    ['```a b\nc```', [['F', 'a b\nc']]],
    ['```one```', [['F', 'one']]],
    ['```\n`````', [['F', '``']]],
    ['```\nno end\n> q', [['L', '```\nno end'], ['Q', 'q']]],
    ['```\n```\n', [['L', '```\n```\n']]],
    ['a ```b``` c', [['L', 'a <c>b</c> c']]],
    ['', [['L', '']]],
    ['\n', [['L', '\n']]],
  ]
  for (const [text, want] of all) assert.deepEqual(blocks(text), want, text)
})

test('nobody is mentioned in code', () => {
  assert.equal(withoutCode('@ann `@bob` and\n```\n@eve\n```\n> *@ann*'), '@ann ` ` and\n\n*@ann*')
  assert.equal(withoutCode('@ann'), '@ann')
})

/** Every node, and how deep it is. */
const walk = (nodes, depth = 1) =>
  nodes.flatMap((node) => [{ node, depth }, ...(node.nodes ? walk(node.nodes, depth + 1) : [])])

test('marks and visible text are the text, whatever it is', () => {
  const pieces = [
    '*', '**', '***', '_', '__', '`', '``', '```', '\n', '\n```\n', '\n> ', '\n- ', '\n1. ', ' ', 'a', 'b.',
    '(', ')', '"', '字', '🎉', '-', '/',
    'https://example.org/', 'https://a_b.example/*x*', '\n>', '```js\n', '<', '\u202e', '\ud83d', '\t',
  ]
  for (let seed = 1; seed <= 5000; seed++) {
    const random = randomFrom(seed)
    const text = Array.from(
      { length: 1 + Math.floor(random() * 24) },
      () => pieces[Math.floor(random() * pieces.length)],
    ).join('')
    const found = markup(text)
    assert.equal(sourceOf(found), text, JSON.stringify(text))
    for (const block of found) {
      const all = walk(block.nodes ?? block.lines?.flatMap(({ nodes }) => nodes) ?? [])
      for (const { node, depth } of all) {
        assert.ok(depth <= 4, JSON.stringify(text))
        assert.ok(node.nodes ? sourceOfInline(node.nodes).trim() : node.text, JSON.stringify(text))
      }
    }
  }
})

test('a megabyte takes no longer than its length', () => {
  const of = (piece, length = 2e5) => piece.repeat(Math.ceil(length / piece.length))
  const texts = [
    '*', '_', '`', '* ', '*a ', ' *a', '**a ', ' **a', '*a* ', '_a *b **c ', '` `` ``` ', '`a', '```\n',
    '```a\n', '``` ```\n', '> *a\n', '- _a\n', '\n', ' ', '***a', '字*', '*a*_b_**c**',
  ].map((piece) => of(piece))
  texts.push(
    of('*', 1e6), of('*a', 1e6), of('`', 1e6), `https://example.org/${of('*')}`,
    `https://example.org/${of(')')}`, of('https://a '), `\`\`\`${of('\n')}\`\`\``, of('```\n \n'),
  )
  for (const text of texts) assert.equal(sourceOf(markup(text)).length, text.length, text.slice(0, 20))
})
