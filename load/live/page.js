'use strict';
// Draws what /events says about the run. Everything that comes from there is set
// as text.

const most = 2000; // points and events kept: more than the server sends
const $ = id => document.getElementById(id);
const whole = new Intl.NumberFormat('en', {maximumFractionDigits: 0});
const short = new Intl.NumberFormat('en', {maximumSignificantDigits: 3});

const rate = v => v > 0 && v < 10 ? short.format(v) : whole.format(v);
const milli = v => v === null ? '–' : v < 1000 ? short.format(v) + ' ms' : short.format(v / 1000) + ' s';
const seconds = v => v < 90 ? whole.format(v) + ' s' :
  v < 5400 ? whole.format(v / 60) + ' min' : short.format(v / 3600) + ' h';

// Lines are [name, colour of the report's palette, value of a point, dashed].
const charts = [
  {title: 'Clients', note: 'connected, and how many there should be', show: whole.format,
    lines: [['connected', 1, p => p.c], ['wanted', 8, p => p.w, true]]},
  {title: 'Sent', note: 'messages a second', show: rate, lines: [['sent', 2, p => p.s]]},
  {title: 'Delivered', note: 'messages received by a client, a second', show: rate,
    lines: [['delivered', 3, p => p.d]]},
  {title: 'Latency', note: 'from when a message was due to its receipt, after the warm-up', show: milli,
    lines: [['99 %', 5, p => p.p], ['median', 1, p => p.m]]},
  {title: 'Missing', note: 'deliveries lost so far', show: whole.format,
    lines: [['lost', 10, p => p.l]]},
  {title: 'Load tool', note: 'its processor time, in percent of a core', show: v => whole.format(v) + ' %',
    lines: [['load tool', 8, p => p.u]]},
];

const run = {points: [], marks: [], last: null};
let paused = false;

function element(name, text, className) {
  const e = document.createElement(name);
  if (text !== undefined) e.textContent = text;
  if (className) e.className = className;
  return e;
}

function shape(name, attributes, text) {
  const e = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
  if (text !== undefined) e.textContent = text;
  return e;
}

// setText changes nothing where nothing is new, so that a selection stays.
function setText(e, text) {
  if (e.textContent !== text) e.textContent = text;
}

// Tiles.

const tiles = new Map();

function tile(name, value, more, bad) {
  let t = tiles.get(name);
  if (!t) {
    t = {box: element('div'), value: element('dd'), more: element('dd', '', 'more')};
    t.box.append(element('dt', name), t.value, t.more);
    $('tiles').append(t.box);
    tiles.set(name, t);
  }
  setText(t.value, value);
  setText(t.more, more);
  t.box.classList.toggle('bad', Boolean(bad));
}

function drawTiles(e) {
  const t = e.totals;
  const over = Boolean(e.end);
  tile('clients', whole.format(e.clients), over ? 'all have left' : 'of ' + whole.format(e.wanted));
  const counted = (name, now, all) =>
    tile(name, over ? whole.format(all) : rate(now) + ' /s', over ? 'in all' : whole.format(all) + ' in all');
  counted('sent', e.now.s, t.sent);
  counted('delivered', e.now.d, t.delivered);
  const since = over ? 'whole run' : 'last second';
  tile('median', milli(e.now.m), since);
  tile('99 %', milli(e.now.p), since);
  tile('lost', whole.format(t.lost), whole.format(t.duplicated) + ' duplicated, ' +
    whole.format(t.reordered) + ' out of order', t.lost + t.duplicated + t.reordered > 0);
  tile('refused', whole.format(t.refused), 'messages', t.refused > 0);
  tile('reconnects', whole.format(t.reconnects), whole.format(t.moved) + ' moved, ' +
    whole.format(t.failed) + ' failed to connect');
}

// Charts.

for (const c of charts) {
  const figure = element('figure');
  const caption = element('figcaption');
  const legend = element('ul', undefined, 'legend');
  c.last = [];
  for (const [name, colour, , dashed] of c.lines) {
    const item = element('li');
    const value = element('span');
    item.append(element('i', undefined, 'k' + colour + (dashed ? ' dashed' : '')), name + ' ', value);
    c.last.push(value);
    legend.append(item);
  }
  caption.append(element('h2', c.title), element('p', c.note), legend);
  c.svg = shape('svg', {role: 'img', height: 220});
  figure.append(caption, c.svg);
  $('charts').append(figure);
}

// nice returns a round step for n parts of a range.
function nice(range, n) {
  const raw = range / n;
  const power = 10 ** Math.floor(Math.log10(raw));
  return power * [1, 2, 5, 10].find(f => f * power >= raw * 0.999);
}

// niceTime is nice for seconds.
function niceTime(range, n) {
  const steps = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400, 43200, 86400];
  return steps.find(s => range / s <= n) || nice(range, n);
}

const numbered = 20; // marks that have their number of the list in the charts

function drawChart(c, end) {
  const width = Math.max(200, Math.round(c.svg.getBoundingClientRect().width));
  const height = 220;
  const left = 52, right = width - 8, top = 10, bottom = height - 24;
  let peak = 0;
  for (const p of run.points) for (const [, , value] of c.lines) peak = Math.max(peak, value(p) ?? 0);
  const step = Math.max(nice(Math.max(peak * 1.05, c.show === milli ? 0.1 : 1), 4), c.show === whole.format ? 1 : 0);
  const high = Math.ceil(Math.max(peak * 1.05, step) / step) * step;
  const x = t => left + (right - left) * t / end;
  const y = v => bottom - (bottom - top) * v / high;
  const parts = [];
  for (let v = 0; v <= high + step / 2; v += step) {
    parts.push(shape('line', {class: 'grid', x1: left, x2: right, y1: y(v), y2: y(v)}),
      shape('text', {x: left - 6, y: y(v) + 4, 'text-anchor': 'end'}, c.show(v)));
  }
  const every = niceTime(end, Math.max(3, width / 90));
  for (let t = 0; t <= end; t += every) {
    const anchor = t > end - every / 3 ? 'end' : 'middle';
    parts.push(shape('text', {x: x(t), y: height - 6, 'text-anchor': anchor}, seconds(t)));
  }
  let free = 0, row = 0; // where the last number ends, and how far down it is
  run.marks.forEach((m, i) => {
    const line = shape('line', {class: 'mark', x1: x(m.t), x2: x(m.t), y1: top, y2: bottom});
    line.append(shape('title', {}, m.text));
    parts.push(line);
    if (run.marks.length > numbered) return;
    row = x(m.t) < free ? row + 1 : 0;
    free = x(m.t) + 16;
    parts.push(shape('text', {x: x(m.t) + 3, y: top + 8 + 11 * row}, String(i + 1)));
  });
  c.lines.forEach(([name, colour, value, dashed], i) => {
    let path = '', pen = 'M', alone = null;
    for (const p of run.points) {
      const v = value(p);
      if (v === null) {
        pen = 'M';
        continue;
      }
      path += pen + x(p.t).toFixed(1) + ' ' + y(v).toFixed(1);
      alone = pen === 'M' ? p : null;
      pen = 'L';
    }
    const group = shape('g', {class: 'k' + colour});
    group.append(shape('path', {class: 'line' + (dashed ? ' dashed' : ''), d: path}));
    if (alone) group.append(shape('circle', {class: 'dot', r: 2, cx: x(alone.t), cy: y(value(alone))}));
    parts.push(group);
    const last = run.points.length ? value(run.points[run.points.length - 1]) : null;
    setText(c.last[i], last === null ? '' : c.show(last));
  });
  c.svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  c.svg.setAttribute('aria-label', `${c.title}: ${c.note}. ` + c.lines.map(([name], i) =>
    `${name} ${c.last[i].textContent || 'not measured yet'}`).join(', ') + `; at most ${c.show(peak)}.`);
  c.svg.replaceChildren(...parts);
}

// The events of the run, and the table.

function drawMarks() {
  $('quiet').hidden = run.marks.length > 0;
  const list = $('marks');
  while (list.children.length > run.marks.length) list.lastElementChild.remove();
  run.marks.forEach((m, i) => {
    let item = list.children[i];
    if (!item) {
      item = element('li');
      item.append(element('span'), document.createTextNode(''));
      list.append(item);
    }
    setText(item.firstElementChild, m.t.toFixed(1) + ' s');
    setText(item.lastChild, ' ' + m.text);
  });
}

function drawTable() {
  const rows = run.points.slice(-10).reverse().map(p => {
    const row = element('tr');
    row.append(...[p.t.toFixed(0), whole.format(p.c), rate(p.s), rate(p.d), milli(p.m), milli(p.p),
      whole.format(p.l)].map(text => element('td', text)));
    return row;
  });
  $('rows').replaceChildren(...rows);
}

function status(text, kind) {
  setText($('status'), text);
  $('status').className = kind;
}

const phases = {
  'starting': 'The run is about to begin.',
  'joining': 'Clients are joining.',
  'warming up': 'Warming up: messages are sent, but their latency does not count yet.',
  'settling': 'No more messages are sent. Waiting for the last deliveries.',
};

function drawStatus(e) {
  $('progress').value = e.end ? 1 : e.whole > 0 ? e.past / e.whole : 0;
  $('verdict').hidden = !e.end || e.end.passed;
  if (!e.end) {
    // Read out only when it changes: the numbers below change every second.
    status((phases[e.phase] || `Running: ${e.phase}.`) + (paused ? ' This page is paused.' : ''), 'now');
    return;
  }
  const early = e.end.complete ? '' : ' It was interrupted.';
  if (e.end.passed) status('The run has ended and passed.' + early, 'good');
  else status('The run has ended and failed.' + early, 'bad');
  $('faults').replaceChildren(...(e.end.verdict || []).map(text => element('li', text)));
}

function draw() {
  const e = run.last;
  if (!e) return;
  drawStatus(e);
  drawTiles(e);
  const end = Math.max(10, e.at, run.points.length ? run.points[run.points.length - 1].t : 0);
  for (const c of charts) drawChart(c, end);
  drawMarks();
  drawTable();
}

function take(e) {
  if (e.reset) {
    run.points = [];
    run.marks = [];
    setText($('title'), e.about.title);
    setText($('lead'), e.about.lead);
    setText($('command'), e.about.command);
    document.title = e.about.title + ' · livechat load';
  }
  run.points = run.points.concat(e.points || []).slice(-most);
  run.marks = run.marks.concat(e.marks || []).slice(-most);
  run.last = e;
  if (!paused || e.end) draw();
}

// The stream. The browser connects again by itself; a tool that does not come
// back is given up.

const attempts = 40; // about two minutes
let failed = 0;
const source = new EventSource('/events');
source.onmessage = message => {
  failed = 0;
  const e = JSON.parse(message.data);
  take(e);
  if (e.end) {
    source.close();
    $('pause').hidden = true;
  }
};
source.onerror = () => {
  failed++;
  if (source.readyState === EventSource.CLOSED || failed > attempts) {
    source.close();
    status('The load tool does not answer any more. Reload this page to try again.', 'bad');
    return;
  }
  status('No answer from the load tool. Has it been stopped? Trying again …', 'bad');
};

$('pause').onclick = () => {
  paused = !paused;
  $('pause').setAttribute('aria-pressed', String(paused));
  draw();
};

let resizing = 0;
new ResizeObserver(() => {
  cancelAnimationFrame(resizing);
  resizing = requestAnimationFrame(draw);
}).observe($('charts'));
