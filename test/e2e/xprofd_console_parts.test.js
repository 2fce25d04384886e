'use strict';

// Parts of the console that need no browser: amounts as they are read, ranges and addresses, columns of values, counters.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { before, describe, test } = require('node:test');

const parts = {};
before(async () => {
  for (const name of ['fields', 'format', 'link', 'sentences', 'timeline', 'words_events', 'world']) Object.assign(parts, await import(`../../console/src/${name}.mjs`));
});

describe('amounts', () => {
  const CASES = [
    [[0, 'bytes'], '0 B'], [[1023, 'bytes'], '1023 B'], [[1536, 'bytes'], '1.50 KiB'], [[1536, 'bytes', true], '1.5 KiB'], [[2 ** 34, 'bytes'], '16.0 GiB'],
    [[5e6, 'bytes/s'], '4.77 MiB/s'],
    [[0, 'seconds'], '0 ms'], [[0.0000123, 'seconds'], '12.3 µs'], [[0.00123, 'seconds'], '1.23 ms'], [[1.5, 'seconds'], '1.50 s'], [[7500, 'seconds'], '2 h 5 min'],
    [[0.123, 'ratio'], '12.3 %'], [[0.00123, 'ratio'], '0.12 %'], [[1, 'ratio'], '100 %'], [[1.5, 'seconds/s'], '150 %'], [[0.0002, 'ratio', true], '0.02 %'], [[0.00002, 'ratio', true], '0.002 %'], [[0.05, '', true], '0.05'], [[0.25, 'ratio', true], '25 %'],
    [[999, ''], '999'], [[9999, '/s'], '9,999/s'], [[10000, '/s', true], '10 k/s'], [[12345, ''], '12.3 k'], [[2.5e6, ''], '2.50 M'], [[0.5, '/s'], '0.50/s'],
    [[null, 'bytes'], '–'], [[undefined, ''], '–'], [[NaN, 'ratio'], '–'],
  ];
  for (const [words, text] of CASES) test(`${words[0]} ${words[1]} is ${text}`, () => assert.strictEqual(parts.amount(...words), text));
});

describe('the address', () => {
  test('what is written is read again', () => {
    const links = [
      { page: 'process', part: '4711.98765', range: { last: 900000 }, options: { thread: '2' } },
      { page: 'explore', part: 'plugin_a/b c', range: { from: 1764086700000, to: 1764087600000 }, options: { key: 'x/y?&#', fields: 'a,b' } },
    ];
    for (const link of links) assert.deepStrictEqual(parts.readLink(parts.writeLink(link)), link);
  });

  test('what makes no sense is the default', () => {
    for (const hash of ['', '#', '#/', '#/processes?last=abc', '#/processes?from=5&to=1', '#/processes?last=-3', '#/processes?from=1', '#/%E0%A4%A']) {
      assert.deepStrictEqual(parts.readLink(hash).range, { last: 300000 }, hash);
    }
  });

  test('a range that is moved to now is live again; one that is zoomed keeps its middle', () => {
    assert.deepStrictEqual(parts.moved({ last: 60000 }, 1e6, -0.5), { from: 910000, to: 970000 });
    assert.deepStrictEqual(parts.moved({ from: 910000, to: 970000 }, 1e6, 0.5), { last: 60000 });
    assert.deepStrictEqual(parts.zoomed({ from: 100000, to: 200000 }, 1e6, 0.5), { from: 125000, to: 175000 });
  });
});

describe('columns', () => {
  const wish = { kind: 'k', key: 'e', field: 'f' };
  const make = (getSeries, more = {}) => {
    const world = { kinds: new Map([['k', { stale_after_ms: 3500 }]]), at: 100500, value: (entity) => entity.number, ...more };
    const timeline = new parts.Timeline({ getSeries, world, changed() {}, failed(error) { throw error; } });
    timeline.want([wish]);
    timeline.setRange({ last: 10000 }, 100500);
    return timeline;
  };
  const values = (timeline, isMax) => timeline.values('k', 'e', 'f', isMax);

  test('history and live stream join, and the axis moves on', async () => {
    const timeline = make(async () => ({ from_ms: 90000, step_ms: 1000, series: [{ key: 'e', field: 'f', values: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] }] }));
    await timeline.load();
    timeline.stop();
    assert.deepStrictEqual([timeline.xs[0], timeline.xs.at(-1)], [90, 100]);
    timeline.frame(100900, [{ kind: 'k', key: 'e', number: 11 }]);
    timeline.frame(101900, [{ kind: 'k', key: 'e', number: 12 }]);
    timeline.world.at = 102900;
    timeline.frame(102900, [{ kind: 'k', key: 'other', number: 99 }]);
    assert.deepStrictEqual([timeline.xs[0], timeline.xs.at(-1)], [92, 102]);
    assert.deepStrictEqual(values(timeline).slice(-5), [9, 10, 11, 12, 12], 'a value holds as long as its kind says');
  });

  test('a gap stays a gap, beyond what a value holds', async () => {
    const timeline = make(async () => ({ from_ms: 90000, step_ms: 1000, series: [{ key: 'e', field: 'f', values: [5, null, null, null, null, null, null, 6, null, null] }] }));
    await timeline.load();
    timeline.stop();
    assert.deepStrictEqual(values(timeline), [5, 5, 5, 5, null, null, null, 6, 6, 6, 6]);
  });

  test('a coarser answer fills the slots it stands for; peaks are kept', async () => {
    const timeline = make(async () => ({ from_ms: 90000, step_ms: 5000, series: [{ key: 'e', field: 'f', values: [1, 2], max: [7, 8] }] }));
    await timeline.load();
    timeline.stop();
    assert.deepStrictEqual(values(timeline).slice(0, 10), [1, 1, 1, 1, 1, 2, 2, 2, 2, 2]);
    assert.deepStrictEqual(values(timeline, true).slice(4, 6), [7, 8]);
  });

  test('long ranges have bounded numbers of steps', () => {
    for (const span of [60000, 3600000, 86400000, 30 * 86400000, 3650 * 86400000]) assert.ok(span / parts.stepOf(span) <= 720, String(span));
  });

  test('one request for entities with the same fields, and not too many in one', () => {
    const wishes = Array.from({ length: 100 }, (_, index) => [{ kind: 'k', key: `e${index}`, field: 'a' }, { kind: 'k', key: `e${index}`, field: 'b' }]).flat();
    const requests = parts.requestsOf([...wishes, { kind: 'k', key: 'x', field: 'a' }]);
    assert.deepStrictEqual(requests.map(({ fields, key }) => [fields, key.split(',').length]), [['a,b', 40], ['a,b', 40], ['a,b', 20], ['a', 1]]);
  });
});

describe('what is known', () => {
  const world = () => {
    const made = new parts.World();
    made.setKinds({ kinds: [{ name: 'k', fields: [{ key: 'c', type: 'counter', unit: 'seconds' }, { key: 'g', type: 'gauge', unit: 'bytes' }] }] });
    return made;
  };

  test('a counter is a rate of two readings, and one that began anew counts from 0', () => {
    const made = world();
    made.setEntities(['k'], { at_ms: 1000, entities: [{ kind: 'k', key: 'e', labels: {}, info: {}, updated_ms: 1000, values: { c: 10, g: 5 }, quality: {} }] });
    const entity = made.find('k', 'e');
    assert.strictEqual(made.value(entity, 'c'), null, 'one reading is no rate');
    assert.strictEqual(made.value(entity, 'g'), 5);
    made.frame({ at_ms: 1010, entities: [{ kind: 'k', key: 'e', values: { c: 10, g: 5 }, quality: {} }] });
    assert.strictEqual(made.value(entity, 'c'), null, 'the same reading once more is no rate');
    made.frame({ at_ms: 3000, entities: [{ kind: 'k', key: 'e', values: { c: 13, g: null }, quality: { g: 'denied' } }] });
    assert.strictEqual(made.value(entity, 'c'), 1.5);
    assert.strictEqual(made.value(entity, 'g'), null);
    assert.strictEqual(made.quality(entity, 'g'), 'denied');
    made.frame({ at_ms: 4000, entities: [{ kind: 'k', key: 'e', values: { c: 0.5 }, quality: {} }] });
    assert.strictEqual(made.value(entity, 'c'), 0.5);
  });

  test('a loop that does not come back is in use and late, whatever the figures of its ended turns', () => {
    const made = new parts.World();
    const counter = (key) => ({ key, type: 'counter', unit: 'seconds' });
    const gauge = (key) => ({ key, type: 'gauge', unit: 'seconds' });
    made.setKinds({ kinds: [{ name: 'thread', fields: [counter('loop_idle_total_seconds'), gauge('loop_utilization'), gauge('loop_delay_p99_seconds'), gauge('loop_blocked_seconds')] }] });
    const frame = (at, idle, blocked) => made.frame({ at_ms: at, entities: [{ kind: 'thread', key: '1.2/0', values: { loop_idle_total_seconds: idle, loop_utilization: 0.3, loop_delay_p99_seconds: 0.007, loop_blocked_seconds: blocked } }] })[0];
    let thread = frame(1000, 50, 0);
    assert.strictEqual(parts.utilizationOf(made, thread), 0.3, 'of one reading of a counter there is no rate yet');
    assert.strictEqual(parts.delayOf(made, thread), 0.007);
    thread = frame(2000, 50.75, 0);
    assert.strictEqual(parts.utilizationOf(made, thread), 0.25);
    thread = frame(3000, 50.75, 4.5);
    assert.strictEqual(parts.utilizationOf(made, thread), 1);
    assert.strictEqual(parts.delayOf(made, thread), 4.5);
    thread = frame(4000, 52.25, 0);
    assert.strictEqual(parts.utilizationOf(made, thread), 0, 'never less than none');
  });

  test('who is not in the list any more is gone', () => {
    const made = world();
    const of = (...keys) => ({ at_ms: 1, entities: keys.map((key) => ({ kind: 'k', key })) });
    made.setEntities(['k'], of('a', 'b'));
    made.setEntities(['k'], of('b', 'c'));
    assert.deepStrictEqual([...made.of('k').keys()], ['b', 'c']);
  });
});

describe('sentences of xprofd in Chinese', () => {
  const CASES = [
    ['shop (pid 12), main thread: its event loop has been blocked for 2.1 s', 'shop（PID 12）主线程：事件循环已阻塞 2.1 秒'],
    ['a: b (pid 12), worker 3: it spends 40 % of the time in garbage collection', 'a: b（PID 12）工作线程 3：40% 的时间用于垃圾回收'],
    ['shop (pid 12) has begun: node /srv/x.js: a', 'shop（PID 12）已启动：node /srv/x.js: a'],
    ['shop (pid 12) gives no figures: it does not answer', 'shop（PID 12）没有给出数据：没有响应'],
    ['shop (pid 12): its heap has 1900 MB of at most 2048 MB in use', 'shop（PID 12）：堆已使用 1900 MB，上限 2048 MB'],
    ['memory ran out in cgroup /a/b (its limit: 200 MB): the kernel killed 1 process of it', 'cgroup /a/b（上限 200 MB）内存耗尽：内核杀死了其中 1 个进程'],
    ['memory ran out in cgroup /a/b: the kernel killed 2 processes of it', 'cgroup /a/b 内存耗尽：内核杀死了其中 2 个进程'],
    ['cpu profile of thread 0 began', '线程 0 的 cpu 采集已开始'],
    ['heap profile of thread 0: the file was not complete in time', '线程 0 的 heap 采集：文件未能按时完成'],
    ['plugin x: $1 exits', '插件 x：$1 exits'],
    ['shop (pid 12) gives no figures: it does not answer (stopped, or its CPU is taken away)', 'shop（PID 12）没有给出数据：没有响应（已暂停，或 CPU 被占用）'],
    ['the history is not written: No space left on device', '历史数据无法写入：No space left on device'],
    ['plugin_dir has 3 plugins more than the 64 that are run', 'plugin_dir 中的插件比可运行的 64 个多 3 个'],
    ['something new', 'something new'],
    ['', ''],
  ];
  for (const [english, chinese] of CASES) test(english || '(empty)', () => assert.strictEqual(parts.inChinese(english), chinese));

  test('each is what src/daemon says', () => {
    const folder = path.join(__dirname, '../../src/daemon');
    const files = fs.readdirSync(folder).filter((name) => name.endsWith('.c'));
    // Literals that stand beside each other are one; a precision bounds a text and is not seen in it.
    const plain = (text) => text.replace(/%\.\d+s/g, '%s');
    const source = plain(files.map((name) => fs.readFileSync(path.join(folder, name), 'utf8').replace(/"\s*\n\s*"/g, '')).join('\n'));
    const said = (format) => format.split('|').every((part) => source.includes(part));
    for (const [format] of parts.SENTENCES) assert.ok(said(format), `src/daemon says no longer: ${format}`);
  });
});

describe('events', () => {
  const CALL = /\b(?:tell|tell_event|xpf_world_event|xpf_store_tell)\([^;"]*?"([a-z]+(?:_[a-z]+)+)"/g;

  test('each that xprofd tells of has words in both languages and a tone', () => {
    const folder = path.join(__dirname, '../../src/daemon');
    const files = fs.readdirSync(folder).filter((name) => name.endsWith('.c'));
    const source = files.map((name) => fs.readFileSync(path.join(folder, name), 'utf8')).join('\n');
    const told = new Set([...source.matchAll(CALL)].map(([, name]) => name));
    assert.ok(told.size > 25, 'as many as are found in the source');
    assert.deepStrictEqual(Object.keys(parts.EVENTS).sort(), [...told].sort());
    for (const [name, [english, chinese, tone]] of Object.entries(parts.EVENTS)) {
      assert.ok(english && /[\u4e00-\u9fff]/.test(chinese) && ['good', 'neutral', 'warn', 'bad'].includes(tone), name);
    }
  });

  const TONES = [
    [{ name: 'process_gone', text: 'a (pid 1) has ended without a goodbye (killed, or crashed); it was watched for 3 s' }, 'bad'],
    [{ name: 'process_gone', text: 'a (pid 1) has ended; it was watched for 3 s' }, 'neutral'],
    [{ name: 'loop_blocked', text: '' }, 'warn'], [{ name: 'loop_unblocked', text: '' }, 'good'], [{ name: 'oom_kill' }, 'bad'],
    [{ name: 'deploy_failed' }, 'bad'], [{ name: 'deployed' }, 'neutral'], [{ name: 'constructor' }, 'neutral'],
  ];
  for (const [event, tone] of TONES) test(`${event.name} is ${tone}${event.text ? `: ${event.text}` : ''}`, () => assert.strictEqual(parts.toneOf(event), tone));
});

describe('colours of lines', () => {
  // How the cones of who lacks one of them see linear light (Machado, Oliveira, Fernandes 2009).
  const SIGHTS = {
    'all colours': [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    'no red': [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    'no green': [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    'no blue': [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
  };
  const LEAST = 12; // of CIE 1976; two that are hard to tell apart have 5
  const linear = (part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);

  function labOf(hex, sight) {
    const light = [1, 3, 5].map((at) => linear(parseInt(hex.slice(at, at + 2), 16) / 255));
    const [red, green, blue] = sight.map((row) => row.reduce((total, weight, at) => total + weight * light[at], 0));
    const [x, y, z] = [(0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505, 0.2126 * red + 0.7152 * green + 0.0722 * blue, (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089]
      .map((value) => (value > 0.008856 ? Math.cbrt(value) : 7.787 * Math.max(0, value) + 16 / 116));
    return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
  }

  const css = fs.readFileSync(path.join(__dirname, '../../console/src/style.css'), 'utf8');
  const themes = [...css.matchAll(/--c1: [^\n]+/g)].map(([line]) => [...line.matchAll(/--(c\d): (#[0-9a-f]{6})/g)].map(([, name, hex]) => [name, hex]));
  themes.forEach((colours, theme) => {
    for (const [who, sight] of Object.entries(SIGHTS)) {
      test(`${theme === 0 ? 'light' : 'dark'}: each is told from each by who sees ${who}`, () => {
        assert.strictEqual(colours.length, 8);
        const seen = colours.map(([name, hex]) => [name, labOf(hex, sight)]);
        const alike = seen.flatMap(([name, lab], at) => seen.slice(at + 1).filter(([, other]) => Math.hypot(...lab.map((value, index) => value - other[index])) < LEAST).map(([other]) => `${name} ${other}`));
        assert.deepStrictEqual(alike, []);
      });
    }
  });
});
