// The parts of the flame graph's viewer that need no browser: what its trees hold is compared with sums over stacks.
// matrix: once, it is about the browser's code.

import assert from 'node:assert';
import { createRequire } from 'node:module';
import { test } from 'node:test';

import { amount, marks, percent, points, signed } from '../../src/format/flamegraph/amount.mjs';
import { Colours, changeOf, oklch } from '../../src/format/flamegraph/colours.mjs';
import { placeOf, readProfile, visible } from '../../src/format/flamegraph/data.mjs';
import { toCsv } from '../../src/format/flamegraph/export.mjs';
import { readLink, writeLink } from '../../src/format/flamegraph/link.mjs';
import { Model } from '../../src/format/flamegraph/model.mjs';
import { nodeAt } from '../../src/format/flamegraph/painter.mjs';
import { matchFrames, matchTree } from '../../src/format/flamegraph/search.mjs';
import { callees, callers, functions, outermost, weigh } from '../../src/format/flamegraph/tree.mjs';
import { timeline } from '../../src/format/flamegraph/timeline.mjs';

const { page } = createRequire(import.meta.url)('../../scripts/flamegraph_page.js');

const CATEGORIES = ['root', 'program', 'idle', 'gc', 'js', 'package', 'node', 'wasm', 'native'];

/** Data of a page from [stack, value] pairs; a stack is "a;b;c", "(idle)" is idle. */
function dataOf(stacks, base) {
  const strings = [''];
  const frames = { name: [], url: [], package: [], line: [], column: [], category: [] };
  const nodes = { up: [0], frame: [0], self: [[0]], ...(base && { base: [[0]] }) };
  const frameOf = new Map();
  const nodeOf = new Map([['', 0]]);
  const addFrame = (name) => {
    if (frameOf.has(name)) return frameOf.get(name);
    strings.push(name, `file:///app/${name}.js`);
    frames.name.push(strings.length - 2);
    frames.url.push(name.startsWith('(') ? 0 : strings.length - 1);
    frames.package.push(0);
    frames.line.push(1);
    frames.column.push(1);
    frames.category.push(name === '(idle)' ? 2 : name === '(root)' ? 0 : 4);
    frameOf.set(name, frames.name.length - 1);
    return frames.name.length - 1;
  };
  addFrame('(root)');
  const add = (stack, column, value) => {
    let path = '';
    let parent = 0;
    for (const name of stack.split(';').filter(Boolean)) {
      path += `;${name}`;
      if (!nodeOf.has(path)) {
        nodeOf.set(path, nodes.frame.length);
        nodes.up.push(nodes.frame.length - parent);
        nodes.frame.push(addFrame(name));
        nodes.self[0].push(0);
        if (base) nodes.base[0].push(0);
      }
      parent = nodeOf.get(path);
    }
    column[0][parent] += value;
    return parent;
  };
  const order = stacks.map(([stack, value]) => [add(stack, nodes.self, value), value]);
  (base || []).forEach(([stack, value]) => add(stack, nodes.base, value));
  let last = 0;
  const samples = { node: [], weight: [], start: 5 };
  for (const [node, weight] of order) {
    samples.node.push(node - last);
    samples.weight.push(weight);
    last = node;
  }
  const values = [{ type: 'wall', unit: 'nanoseconds' }];
  const facts = [['duration_ns', 100], ...(base ? [['base_duration_ns', 50]] : [])];
  return { version: 1, title: 'test', kind: 'cpu', facts, values, value: 0, strings, categories: CATEGORIES, frames, nodes, ...(!base && { samples }) };
}

const STATE = { view: 'flame', order: 'heavy', value: 0, idle: false, scale: 'total', width: 'new', function: null };
const modelOf = (stacks, base, state = {}) => new Model(readProfile(dataOf(stacks, base)), { ...STATE, ...state });

/** The tree as ["a;b total self", …], in the order of the nodes. */
function show(tree, { name }) {
  const paths = [];
  for (let node = 0; node < tree.count; node++) {
    const parent = tree.parent[node];
    paths.push(parent < 0 ? '' : `${paths[parent]};${name[tree.frame[node]]}`);
  }
  return paths.map((path, node) => `${path} ${tree.total[node]} ${tree.self[node]}`);
}

/** Children lie in their parent, from left to right, without overlap. */
function assertPlaced(tree) {
  for (let level = 0; level < tree.levels.length - 1; level++) {
    let end = -Infinity;
    for (let node = tree.levels[level]; node < tree.levels[level + 1]; node++) {
      const parent = tree.parent[node];
      assert.ok(tree.start[node] >= end - 1e-9, 'nodes of a level overlap');
      end = tree.start[node] + tree.total[node];
      if (parent < 0) continue;
      assert.ok(tree.start[node] >= tree.start[parent] - 1e-9 && end <= tree.start[parent] + tree.total[parent] + 1e-9);
    }
  }
  assert.strictEqual(tree.levels[tree.levels.length - 1], tree.count);
}

const STACKS = [['a;b', 3], ['a;c;b', 5], ['d', 4], ['a', 1], ['(idle)', 50], ['a;b;a', 2]];

test('calls are sorted by their totals and (idle) is left out', () => {
  const { tree, profile } = modelOf(STACKS);
  assert.deepStrictEqual(show(tree, profile.frames), [' 15 0', ';a 11 1', ';d 4 4', ';a;b 5 3', ';a;c 5 0', ';a;b;a 2 2', ';a;c;b 5 5']);
  assertPlaced(tree);
  assert.strictEqual(modelOf(STACKS, null, { idle: true }).tree.total[0], 65);
});

test('bottom-up begins with the functions that have self values', () => {
  const { tree, profile } = modelOf(STACKS, null, { view: 'bottomup' });
  assert.deepStrictEqual(show(tree, profile.frames), [
    ' 15 0', ';b 8 0', ';d 4 4', ';a 3 1', ';b;c 5 0', ';b;a 3 3', ';a;b 2 0', ';b;c;a 5 5', ';a;b;a 2 2',
  ]);
  assertPlaced(tree);
});

test('callers and callees of a function have its total between them, recursion once', () => {
  const model = modelOf(STACKS);
  const frame = model.profile.frames.name.indexOf('a');
  const { callers: above, callees: below } = model.sandwich(frame);
  assert.deepStrictEqual(show(above, model.profile.frames), [' 11 11']);
  assert.deepStrictEqual(show(below, model.profile.frames).slice(0, 3), [' 11 1', ';b 5 3', ';c 5 0']);
  model.state.function = model.profile.frames.name.indexOf('b');
  const ofB = model.sandwich(model.state.function);
  assert.deepStrictEqual(show(ofB.callers, model.profile.frames), [' 10 0', ';a 5 5', ';c 5 0', ';c;a 5 5']);
  assert.deepStrictEqual(show(ofB.callees, model.profile.frames), [' 10 8', ';a 2 2']);
});

test('self and total of functions count recursion once', () => {
  const { functions: table, profile, rows } = modelOf(STACKS);
  const get = (name) => [table.self, table.total].map((column) => column[profile.frames.name.indexOf(name)]);
  assert.deepStrictEqual(get('a'), [3, 11]);
  assert.deepStrictEqual(get('b'), [8, 10]);
  assert.deepStrictEqual(get('(idle)'), [0, 0]);
  assert.strictEqual(rows.length, 4);
});

test('in the order of time, calls that go on are one rectangle', () => {
  const { tree, profile } = modelOf([['a;b', 3], ['a;c', 2], ['(idle)', 10], ['a;c', 1], ['a;c', 4]], null, { order: 'time' });
  assert.deepStrictEqual(show(tree, profile.frames), [' 25 0', ';a 5 0', ';a 5 0', ';a;b 3 3', ';a;c 2 2', ';a;c 5 5']);
  assert.deepStrictEqual([...tree.start], [0, 5, 20, 5, 8, 20]);
  assert.strictEqual(tree.hidden, 10);
  assertPlaced(tree);
});

test('large trees agree with sums over the stacks', () => {
  let state = 7;
  const below = (limit) => (state = (state * 48271) % 2147483647) % limit;
  const stacks = Array.from({ length: 3000 }, () => [Array.from({ length: 1 + below(12) }, () => `f${below(15)}`).join(';'), 1 + below(9)]);
  const profile = readProfile(dataOf(stacks));
  const weights = weigh(profile, [profile.nodes.self[0]], new Uint8Array(profile.frames.count));
  const whole = stacks.reduce((sum, [, value]) => sum + value, 0);
  const items = Array.from({ length: profile.nodes.count }, (_, node) => node).filter((node) => weights.self[node] > 0);
  const trees = [callees(profile, weights, [0]), callers(profile, { total: weights.self, other: null }, items), timeline(profile, new Uint8Array(profile.frames.count))];
  for (const tree of trees) assertPlaced(tree);
  assert.strictEqual(trees[0].total[0], whole);
  assert.strictEqual(trees[1].total[0], whole);
  assert.strictEqual(trees[0].self.reduce((sum, value) => sum + value), whole);
  assert.strictEqual(trees[1].self.reduce((sum, value) => sum + value), whole);
  const table = functions(profile, weights);
  for (let frame = 1; frame < profile.frames.count; frame++) {
    const name = profile.frames.name[frame];
    const total = stacks.reduce((sum, [stack, value]) => sum + (stack.split(';').includes(name) ? value : 0), 0);
    assert.strictEqual(table.total[frame], total);
    const nodes = outermost(profile, weights, frame);
    assert.strictEqual(callees(profile, weights, nodes).total[0], total);
    assert.strictEqual(callers(profile, { total: weights.total, other: null }, nodes, frame).total[0], total);
  }
  const deepest = trees[0].count - 1;
  const level = trees[0].levels.length - 2;
  assert.strictEqual(nodeAt(trees[0], level, trees[0].start[deepest]), deepest);
  assert.strictEqual(nodeAt(trees[0], level + 1, 0), -1);
});

test('a comparison scales its base by total, by duration or not at all', () => {
  const now = [['a;b', 30], ['a;c', 10]];
  const base = [['a;b', 5], ['d', 5]];
  const other = (scale, width) => {
    const { tree, profile } = modelOf(now, base, { scale, width });
    return Object.fromEntries(show(tree, profile.frames).map((text, node) => [text.split(' ')[0], [tree.total[node], tree.other[node]]]));
  };
  assert.deepStrictEqual(other('total', 'new'), { '': [40, 40], ';a': [40, 20], ';d': [0, 20], ';a;b': [30, 20], ';a;c': [10, 0] });
  assert.deepStrictEqual(other('duration', 'new')[';a;b'], [30, 10]);
  assert.deepStrictEqual(other('none', 'old'), { '': [10, 40], ';a': [5, 40], ';d': [5, 0], ';a;b': [5, 30], ';a;c': [0, 10] });
  const model = modelOf(now, base, { scale: 'none', width: 'old' });
  assert.ok(model.change(model.tree, 1) > 0, 'a has more than before');
  assert.ok(model.change(model.tree, 2) < 0, 'd is gone');
});

test('changes of small frames are pale, those of one percent and more are not', () => {
  assert.strictEqual(changeOf(20, 10, 100), 0.5);
  assert.strictEqual(changeOf(0, 10, 100), -1);
  assert.strictEqual(changeOf(7, 7, 100), 0);
  assert.ok(Math.abs(changeOf(0.02, 0.01, 100)) < 0.06);
  assert.strictEqual(changeOf(0, 0, 0), 0);
});

test('a search takes regular expressions, and plain text where it is none', () => {
  const { tree, profile } = modelOf(STACKS);
  const { found, isPlain } = matchFrames(profile.frames, '^[bd]$');
  assert.strictEqual(isPlain, false);
  const result = matchTree(tree, found);
  assert.deepStrictEqual([result.sum, result.functions, result.nodes.length], [14, 2, 3]);
  assert.strictEqual(matchFrames(profile.frames, 'a(').isPlain, true);
  assert.strictEqual(matchFrames(profile.frames, ''), null);
  assert.strictEqual(matchFrames(profile.frames, 'A').found.reduce((sum, each) => sum + each), 0);
  assert.ok(matchFrames(profile.frames, 'app/b\\.js').found[profile.frames.name.indexOf('b')]);
});

test('names show what is invisible', () => {
  assert.strictEqual(visible('a\u202eb\u2028c\0'), 'a\\u{202e}b\\u{2028}c\\u{0}');
  assert.strictEqual(visible('名字 é 😀'), '名字 é 😀');
});

test('places are short where a folder is common, and whole where asked', () => {
  const { profile } = modelOf([['a', 1], ['b', 1]]);
  const frame = profile.frames.name.indexOf('a');
  assert.strictEqual(placeOf(profile.frames, frame), 'a.js:1');
  assert.strictEqual(placeOf(profile.frames, frame, 'file'), '/app/a.js:1:1');
});

test('the address keeps what differs from the defaults', () => {
  const defaults = { view: 'flame', order: 'heavy', value: 1, idle: false, query: '', zoom: null, function: null };
  const state = { ...defaults, view: 'sandwich', value: 0, idle: true, query: 'a&b=#%c+ d', zoom: { from: 1e-7, to: 0.5 }, function: 12 };
  const link = writeLink(state, defaults);
  assert.deepStrictEqual({ ...defaults, ...readLink(link) }, state);
  assert.strictEqual(writeLink(defaults, defaults), '');
  assert.deepStrictEqual(readLink('#zoom=7').zoom, { node: 7 });
  assert.deepStrictEqual(readLink('#view=no&order=&value=-1&idle=2&zoom=3-1&function=x&constructor=1'), {});
});

test('amounts are readable', () => {
  assert.deepStrictEqual([0, 999, 1500, 2.5e6, 61e9].map((value) => amount(value, 'nanoseconds')), ['0 ms', '999 ns', '1.50 µs', '2.50 ms', '61 s']);
  assert.deepStrictEqual([512, 1536, 5 * 1024 ** 3].map((value) => amount(value, 'bytes')), ['512 B', '1.50 KiB', '5 GiB']);
  assert.deepStrictEqual([amount(1234567, 'count'), amount(2, 'events')], ['1,234,567', '2 events']);
  assert.deepStrictEqual([percent(1, 3), percent(1, 1), percent(1, 1e6), percent(1, 0), percent(0, 5)], ['33.3 %', '100 %', '<0.01 %', '', '0.00 %']);
  assert.strictEqual(signed(-1500, 'nanoseconds'), '−1.50 µs');
  assert.strictEqual(points(3, 10, 1, 10), '+20.00 %');
  assert.deepStrictEqual(marks(0, 10, 5), [0, 2, 4, 6, 8, 10]);
});

test('tables leave no formula to a spreadsheet', () => {
  assert.strictEqual(toCsv([['=1+1', 'a"b', 'x,y', 5]]), "'=1+1,\"a\"\"b\",\"x,y\",5\r\n");
});

test('colours are of groups, and (garbage collector) is its own in each', () => {
  assert.strictEqual(oklch(1, 0, 0), '#ffffff');
  const { profile } = modelOf([['a', 1], ['b', 1], ['(idle)', 2]]);
  const colours = new Colours(profile, 'light', 'file');
  assert.notStrictEqual(colours.fill[profile.frames.name.indexOf('a')], colours.fill[profile.frames.name.indexOf('b')]);
  assert.strictEqual(colours.group[profile.frames.name.indexOf('(idle)')], 'idle');
  assert.match(colours.change(-1), /^#[0-9a-f]{6}$/);
});

test('an empty profile has no total', () => {
  const data = { ...dataOf([]), nodes: { up: [], frame: [], self: [[]] }, frames: { name: [], url: [], package: [], line: [], column: [], category: [] } };
  delete data.samples;
  const model = new Model(readProfile(data), { ...STATE });
  assert.strictEqual(model.total, 0);
});

test('the page holds its data without a tag', () => {
  const html = page('<a&b>', { text: '</script><!--' });
  assert.match(html, /<title>&#60;a&#38;b&#62;<\/title>/);
  assert.ok(html.includes('{"text":"\\u003c/script>\\u003c!--"}'));
});
