// Rules for the files as they are served: no markup from strings, nothing that
// the content security policy would refuse, modules that import one way, and
// colours that can be read.

import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import test from 'node:test'
import { contrast, srgb, tokensOf } from './colour.js'

const ROOT = new URL('..', import.meta.url).pathname
const read = (name) => readFileSync(join(ROOT, name), 'utf8')
// The pages, and what each begins with.
const pages = {
  'index.html': 'js/main.js', 'admin.html': 'js/admin/main.js', 'cluster.html': 'js/cluster/main.js',
}

function modules(folder) {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = `${folder}/${entry.name}`
    return entry.isDirectory() ? modules(name) : [name]
  })
}

/** The files that are loaded when they are wanted. */
const later = modules('js')
  .flatMap((name) => [...read(name).matchAll(/\b(?:loaded|import)Later\('([^']+)'\)/g)].map((match) => match[1]))

/** The modules that one loads, itself included. */
function reachedFrom(name, reached = new Set()) {
  if (reached.has(name)) return reached
  reached.add(name)
  for (const [, to] of read(name).matchAll(/^import .* from '([^']+)'$/gm)) {
    reachedFrom(normalize(join(dirname(name), to)), reached)
  }
  return reached
}

/** A page with its templates. */
const whole = (page) => read(page).replace(/<link rel="preload" href="(templates\/[^"]+)" .*>/g, (_, name) => read(name))

for (const page of Object.keys(pages)) {
  const html = whole(page)

  test(`${page}: no inline script or style`, () => {
    assert.doesNotMatch(html, /<style|\sstyle=|\son[a-z]+=|href="javascript:/i)
    for (const [tag] of html.matchAll(/<script[^>]*>/g)) assert.match(tag, / src="js\//)
  })

  test(`${page}: every id once, every label and description with something at its end`, () => {
    const ids = [...html.matchAll(/\sid="([^"]+)"/g)].map((match) => match[1])
    assert.equal(new Set(ids).size, ids.length)
    const references = /\s(?:for|aria-describedby|aria-labelledby|aria-controls)="([^"]+)"/g
    for (const [, to] of html.matchAll(references)) {
      for (const id of to.split(' ')) assert.ok(ids.includes(id), id)
    }
  })
}

test('index.html: each icon is drawn once, and used', () => {
  const html = whole('index.html')
  const symbols = [...html.matchAll(/<symbol id="([^"]+)"/g)].map((match) => match[1])
  const used = [...html.matchAll(/<use href="#([^"]+)"/g)].map((match) => match[1])
  assert.deepEqual([...new Set(used)].sort(), symbols.sort())
  const drawings = [
    ...html.matchAll(/<(?:svg|symbol)\b[^>]*>(?!<use|\s*<symbol|<\/svg>)([^]*?)<\/(?:svg|symbol)>/g),
  ].map((match) => match[1])
  assert.ok(drawings.length >= symbols.length)
  assert.equal(new Set(drawings).size, drawings.length)
})

test('no template that no page has', () => {
  const files = readdirSync(join(ROOT, 'templates')).map((name) => `templates/${name}`)
  const named = Object.keys(pages)
    .flatMap((page) => [...read(page).matchAll(/"(templates\/[^"]+)"/g)].map((match) => match[1]))
  assert.deepEqual(named.sort(), files.sort())
})

test('what is loaded later is there, and not loaded before', () => {
  assert.ok(later.length > 0)
  for (const path of later) assert.ok(read(path) && !read('index.html').includes(`"${path}"`), path)
})

test('no module that nobody imports', () => {
  const reached = [...Object.values(pages), ...later.filter((path) => path.endsWith('.js'))]
    .flatMap((main) => [...reachedFrom(main)])
  assert.deepEqual(modules('js').sort(), [...new Set([...reached, 'js/theme-boot.js'])].sort())
})

/**
 * Which folders the modules of each folder may import from, besides its own.
 */
const arrows = {
  model: [], net: ['model'], storage: ['model'], chat: ['model', 'net'],
  view: ['chat', 'model', 'net', 'storage'], cluster: ['model', 'net', 'storage', 'view'], emoji: ['view'],
  admin: ['model', 'net', 'view'],
  reactions: ['model', 'view'], rooms: ['model', 'storage', 'view'],
  files: ['model', 'net', 'storage', 'view'], lightbox: ['model', 'view'],
}

test('imports run one way', () => {
  const drawn = new Set()
  for (const [folder, allowed] of Object.entries(arrows)) {
    for (const name of modules(`js/${folder}`)) {
      for (const [, to] of read(name).matchAll(/^import .* from '\.\.\/([a-z]+)\//gm)) {
        assert.ok(allowed.includes(to), `${name} may not import from ${to}`)
        drawn.add(`${folder} -> ${to}`)
      }
    }
    for (const to of allowed) {
      assert.ok(drawn.has(`${folder} -> ${to}`), `${folder} imports nothing from ${to} any more`)
    }
  }
})

test('no markup from strings, nothing evaluated, nothing from elsewhere', () => {
  for (const name of modules('js')) {
    assert.doesNotMatch(
      read(name),
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|setAttribute\('style'/,
      name,
    )
    assert.doesNotMatch(read(name), /(?:from|import\()\s*['"](?!\.)/, name)
  }
  for (const name of modules('css')) assert.doesNotMatch(read(name), /url\(|@import/, name)
})

// The properties that scripts set, or that one sheet sets for itself.
const local = [
  '--hue', '--server-hue', '--side', '--top', '--left', '--ratio', '--width', '--tallest', '--paper', '--ink',
]

test('every colour token is in both themes', () => {
  assert.deepEqual(
    Object.keys(tokensOf(read('css/light.css'))).sort(),
    Object.keys(tokensOf(read('css/dark.css'))).sort(),
  )
  const known = new Set(['light', 'tokens'].flatMap((file) => Object.keys(tokensOf(read(`css/${file}.css`)))))
  for (const name of modules('css')) {
    for (const [, token] of read(name).matchAll(/var\((--[a-z0-9-]+)/g)) {
      assert.ok(
        known.has(token) || local.includes(token),
        `${name}: ${token}`,
      )
    }
  }
})

const TEXT = 4.5 // WCAG 2.2, level AA
const SHAPE = 3 // for what is no text but has to be seen

for (const theme of ['light', 'dark']) {
  const tokens = tokensOf(read(`css/${theme}.css`))
  const colour = (name) => srgb(tokens[`--${name}`])
  const at = (name, hue) => srgb(`oklch(${tokens[`--${name}-l`]} ${tokens[`--${name}-c`]} ${hue})`)

  const pairs = {
    text: [['text', 'muted', 'bad', 'link'], ['ground', 'surface', 'bubble']],
    own: [['text', 'muted', 'link'], ['own']],
    control: [['text', 'muted'], ['hover']],
    button: [['on-fill'], ['fill', 'fill-hover', 'fill-bad']],
    count: [['on-accent'], ['accent']],
    panel: [['text', 'muted', 'bad', 'link'], ['panel']],
    banner: [['warn-ink'], ['warn']],
  }
  for (const [what, [inks, papers]] of Object.entries(pairs)) {
    test(`${theme}: ${what} can be read`, () => {
      for (const ink of inks) for (const paper of papers) {
        const ratio = contrast(colour(ink), colour(paper))
        assert.ok(ratio >= TEXT, `${ink} on ${paper}: ${ratio.toFixed(2)}`)
      }
    })
  }

  test(`${theme}: edges, the focus ring and the state can be seen`, () => {
    const shapes = ['edge', 'accent', 'good', 'wait', 'idle', 'bad']
    for (const shape of shapes) for (const paper of ['ground', 'surface', 'bubble']) {
      const ratio = contrast(colour(shape), colour(paper))
      assert.ok(
        ratio >= (shape === 'edge' && paper === 'bubble' ? 0 : SHAPE),
        `${shape} on ${paper}: ${ratio.toFixed(2)}`,
      )
    }
  })

  test(`${theme}: names can be read in every hue, and the dots of servers be seen`, () => {
    for (let hue = 0; hue < 360; hue += 15) {
      const name = contrast(at('name', hue), colour('ground'))
      const dot = contrast(at('server-dot', hue), colour('ground'))
      assert.ok(name >= TEXT, `name at ${hue}: ${name.toFixed(2)}`)
      assert.ok(dot >= SHAPE, `dot at ${hue}: ${dot.toFixed(2)}`)
    }
  })

  test(`${theme}: people and servers can be read in every hue`, () => {
    for (let hue = 0; hue < 360; hue += 15) for (const kind of ['person', 'server']) {
      const ratio = contrast(at(`${kind}-ink`, hue), at(kind, hue))
      assert.ok(ratio >= TEXT, `${kind} at ${hue}: ${ratio.toFixed(2)}`)
    }
  })
}
