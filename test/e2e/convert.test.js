'use strict';

// xprofctl convert, top-functions and diff on profiles that Node itself wrote, read back by independent peers:
// protoc, the npm package pprof-format, and speedscope's own page in a browser.

const assert = require('node:assert');
const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');
const zlib = require('node:zlib');
const { spawnSync } = require('node:child_process');
const { after, before, describe, test } = require('node:test');

const { program: ctl, run, ZH } = require('../ctl/run_ctl');
const { Browser, browserOptions } = require('./support/browser');

const root = path.join(__dirname, '../..');
const BUSY = `
function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
const keep = [];
const end = Date.now() + 700;
(function tick() {
  fib(24);
  for (let i = 0; i < 20000; i++) keep.push({ i, text: 'v' + i });
  if (Date.now() < end) setTimeout(tick, 5);
})();
`;

const english = { ...process.env, LC_ALL: 'C' };

let home;
let cpu;
let heap;

function node(words) {
  const result = spawnSync(process.execPath, words, { cwd: home, encoding: 'utf8' });
  assert.strictEqual(result.status, 0, result.stderr);
}

before(() => {
  home = fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-convert-'));
  fs.writeFileSync(path.join(home, 'busy.js'), BUSY);
  node(['--cpu-prof', '--cpu-prof-name=node.cpuprofile', '--heap-prof', '--heap-prof-name=node.heapprofile', 'busy.js']);
  cpu = JSON.parse(fs.readFileSync(path.join(home, 'node.cpuprofile'), 'utf8'));
  heap = JSON.parse(fs.readFileSync(path.join(home, 'node.heapprofile'), 'utf8'));
});
after(() => fs.rmSync(home, { recursive: true, force: true }));

const xprofctl = (...words) => run(words, { cwd: home, timeout: 60000 });
const file = (name) => fs.readFileSync(path.join(home, name));

async function done(...words) {
  const result = await xprofctl(...words);
  assert.strictEqual(result.status, 0, JSON.stringify(result));
  return result.stdout;
}

const data = async (...words) => JSON.parse(await done(...words, '--json')).data;
const hits = () => cpu.nodes.reduce((sum, node) => sum + node.hitCount, 0);

function heapBytes(node = heap.head) {
  return node.selfSize + node.children.reduce((sum, child) => sum + heapBytes(child), 0);
}

describe('pprof', () => {
  test('protoc decodes it, and the samples are all there', async () => {
    await done('convert', 'node.cpuprofile', 'cpu.pb.gz');
    const input = zlib.gunzipSync(file('cpu.pb.gz'));
    const words = ['--proto_path=src', '--decode=perftools.profiles.Profile', 'src/format/pprof.proto'];
    const { status, stdout, stderr } = spawnSync('protoc', words, { cwd: root, input, encoding: 'utf8' });
    assert.strictEqual(status, 0, stderr);
    const counts = [...stdout.matchAll(/^ {2}value: (\d+)\n {2}value: \d+$/gm)].map(([, count]) => Number(count));
    assert.strictEqual(counts.reduce((a, b) => a + b, 0), hits());
    assert.match(stdout, /string_table: "fib"/);
  });

  test('pprof-format reads types, times, functions and lines', async () => {
    const { Profile } = require('pprof-format');
    await done('convert', 'node.cpuprofile', 'cpu.pb.gz');
    const profile = Profile.decode(zlib.gunzipSync(file('cpu.pb.gz')));
    const text = (index) => profile.stringTable.strings[Number(index)];
    assert.deepStrictEqual(
      profile.sampleType.map(({ type, unit }) => `${text(type)}/${text(unit)}`),
      ['samples/count', 'wall/nanoseconds'],
    );
    assert.strictEqual(`${text(profile.periodType.type)}/${text(profile.periodType.unit)}`, 'wall/nanoseconds');
    assert.strictEqual(Number(profile.durationNanos), (cpu.endTime - cpu.startTime) * 1000);
    const fib = profile.function.find((one) => text(one.name) === 'fib');
    assert.strictEqual(Number(fib.startLine), 2);
    assert.ok(text(fib.filename).endsWith('/busy.js'));
    const places = new Map(profile.location.map((one) => [Number(one.id), one]));
    const ids = new Set(profile.function.map((one) => Number(one.id)));
    for (const sample of profile.sample) {
      assert.strictEqual(sample.value.length, 2);
      for (const id of sample.locationId) assert.ok(ids.has(Number(places.get(Number(id)).line[0].functionId)));
    }
    assert.strictEqual(profile.mapping.length, 1);
  });

  test('the same input makes the same bytes', async () => {
    await done('convert', 'node.cpuprofile', 'one.pb.gz');
    await done('convert', 'node.cpuprofile', 'two.pb.gz');
    assert.ok(file('one.pb.gz').equals(file('two.pb.gz')));
  });

  test('a heap profile has inuse_space, and comes back', async () => {
    await done('convert', 'node.heapprofile', 'heap.pb.gz');
    const top = await data('top-functions', 'heap.pb.gz');
    assert.strictEqual(top.value, 'inuse_space');
    assert.strictEqual(top.sum, heapBytes());
    await done('convert', 'heap.pb.gz', 'again.heapprofile');
    const again = JSON.parse(file('again.heapprofile'));
    assert.strictEqual(again.head.callFrame.functionName, '(root)');
  });

  const hasGo = spawnSync('go', ['version']).status === 0;
  test('go tool pprof shows the times', { skip: hasGo ? false : 'Go is not installed' }, async () => {
    const frame = (functionName, lineNumber) => ({ functionName, scriptId: '1', url: 'file:///srv/shop.js', lineNumber, columnNumber: 0 });
    const profile = {
      nodes: [
        { id: 1, callFrame: { ...frame('(root)', -1), scriptId: '0', url: '' }, hitCount: 0, children: [2] },
        { id: 2, callFrame: frame('answer', 3), hitCount: 1, children: [3] },
        { id: 3, callFrame: frame('计算 @ 1', 9), hitCount: 2 },
      ],
      startTime: 1000,
      endTime: 101000,
      samples: [2, 3, 3],
      timeDeltas: [0, 25000, 35000],
    };
    fs.writeFileSync(path.join(home, 'go.cpuprofile'), JSON.stringify(profile));
    await done('convert', 'go.cpuprofile', 'go.pb.gz');
    const words = ['tool', 'pprof', '-top', '-unit=ms', 'go.pb.gz'];
    const { status, stdout, stderr } = spawnSync('go', words, { cwd: home, encoding: 'utf8', env: { HOME: home, ...process.env } });
    assert.strictEqual(status, 0, stderr);
    assert.match(stdout, /^Type: wall$/m);
    assert.match(stdout, /Total samples = 100ms/);
    assert.match(stdout, /^ +75ms +75.00% +75.00% +75ms +75.00% {2}计算 @ 1$/m);
    assert.match(stdout, /^ +25ms +25.00% +100% +100ms +100% {2}answer$/m);
  });

  test('what pprof-format writes is read', async () => {
    const pprof = require('pprof-format');
    const strings = new pprof.StringTable();
    const type = (name, unit) => new pprof.ValueType({ type: strings.dedup(name), unit: strings.dedup(unit) });
    const profile = new pprof.Profile({
      sampleType: [type('alloc_objects', 'count'), type('alloc_space', 'bytes')],
      sample: [new pprof.Sample({ locationId: [1], value: [3, 4096] })],
      location: [new pprof.Location({ id: 1, line: [new pprof.Line({ functionId: 1, line: 9 })] })],
      function: [new pprof.Function({ id: 1, name: strings.dedup('build'), filename: strings.dedup('/srv/a.js') })],
      stringTable: strings,
    });
    fs.writeFileSync(path.join(home, 'theirs.pprof'), zlib.gzipSync(profile.encode()));
    const top = await data('top-functions', 'theirs.pprof');
    assert.strictEqual(top.value, 'alloc_space');
    assert.deepStrictEqual([top.functions[0].function, top.functions[0].self], ['build', 4096]);
  });
});

describe('formats in the order of time', () => {
  test('speedscope: events are nested, and cover the profile', async () => {
    await done('convert', 'node.cpuprofile', 'cpu.speedscope.json');
    const { shared, profiles } = JSON.parse(file('cpu.speedscope.json'));
    const [profile] = profiles;
    assert.deepStrictEqual([profiles.length, profile.type, profile.unit], [1, 'evented', 'microseconds']);
    const open = [];
    let at = profile.startValue;
    for (const event of profile.events) {
      assert.ok(event.at >= at && event.at <= profile.endValue);
      at = event.at;
      if (event.type === 'O') open.push(event.frame);
      else assert.strictEqual(open.pop(), event.frame);
      assert.ok(shared.frames[event.frame]);
    }
    assert.strictEqual(open.length, 0);
    assert.strictEqual(profile.endValue, cpu.endTime - cpu.startTime);
  });

  test('trace: events begin and end, and have a category', async () => {
    await done('convert', 'node.cpuprofile', 'cpu.trace.json');
    const events = JSON.parse(file('cpu.trace.json')).traceEvents.filter(({ ph }) => ph !== 'M');
    let depth = 0;
    let last = 0;
    for (const event of events) {
      depth += event.ph === 'B' ? 1 : -1;
      assert.ok(depth >= 0 && event.ts >= last);
      last = event.ts;
    }
    assert.strictEqual(depth, 0);
    assert.ok(events.some(({ name, cat }) => name === 'fib' && cat === 'js'));
    assert.ok(events.some(({ cat }) => cat === 'node'));
  });

  test('a heap profile has no time: refused, and nothing is left', async () => {
    const result = await xprofctl('convert', 'node.heapprofile', 'heap.trace.json');
    assert.strictEqual(result.status, 1);
    assert.match(result.stderr, /needs samples in the order of time/);
    assert.ok(!fs.existsSync(path.join(home, 'heap.trace.json')));
  });
});

describe('speedscope opens', browserOptions(), () => {
  let browser;
  let server;
  before(async () => {
    const release = path.join(path.dirname(require.resolve('speedscope/package.json')), 'dist/release');
    server = http.createServer((request, response) => {
      const name = decodeURIComponent(request.url.split('?')[0]).slice(1);
      const found = [path.join(release, name), path.join(home, name)].find((one) => fs.existsSync(one));
      const type = name.endsWith('.html') ? 'text/html' : name.endsWith('.js') ? 'text/javascript' : name.endsWith('.css') ? 'text/css' : 'application/octet-stream';
      response.writeHead(found ? 200 : 404, { 'content-type': type });
      response.end(found ? fs.readFileSync(found) : '');
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    browser = await Browser.launch();
  });
  after(async () => {
    if (browser) await browser.close();
    server.close();
  });

  for (const [from, to] of [
    ['node.cpuprofile', 'seen.speedscope.json'],
    ['node.heapprofile', 'seen-heap.speedscope.json'],
    ['node.cpuprofile', 'seen.pb.gz'],
    ['node.cpuprofile', 'seen.folded'],
    ['node.heapprofile', 'seen.heapprofile'],
  ]) {
    test(to, async () => {
      await done('convert', from, to);
      const { port } = server.address();
      const page = await browser.open(`http://127.0.0.1:${port}/index.html#profileURL=/${to}&title=loaded-${to}`);
      await page.waitForFunction(`document.title.includes('loaded-${to}')`, undefined, { timeout: 30000 });
      assert.deepStrictEqual(page.faults.filter((fault) => /error|exception/i.test(fault)), []);
    });
  }
});

describe('folded', () => {
  test('names and places come back', async () => {
    await done('convert', 'node.cpuprofile', 'cpu.folded');
    assert.match(file('cpu.folded').toString(), /^.*fib \(.*\/busy\.js:2:\d+\) \d+$/m);
    const top = await data('top-functions', 'cpu.folded', '-n', '1000');
    assert.strictEqual(top.sum, hits());
    assert.strictEqual(top.functions.find(({ function: name }) => name === 'fib').line, 2);
  });

  test('of standard input to standard output', () => {
    const input = 'main;work 3\nmain;idle 1\n';
    const { status, stdout } = spawnSync(ctl, ['convert', '-', '-', '--format', 'folded'], { input, encoding: 'utf8' });
    assert.deepStrictEqual([status, stdout], [0, input]);
  });

  test('what has no order of time has samples all the same', async () => {
    fs.writeFileSync(path.join(home, 'four.folded'), 'main;work 3\nmain;idle 1\n');
    assert.match(await done('convert', 'four.folded', 'four.pb.gz'), /^four\.pb\.gz: pprof, \d+ B, nodes: 4, samples: 4\n$/);
    assert.match(await done('convert', 'four.pb.gz', 'five.folded'), /, samples: 4\n$/);
    await done('convert', 'node.heapprofile', 'heap.pb.gz');
    assert.match(await done('convert', 'heap.pb.gz', 'heap.folded'), /, nodes: \d+\n$/);
  });
});

describe('source maps', () => {
  test('of tsc, beside the script and inline', async () => {
    const source = 'interface A { n: number }\n\nexport function spin(a: A): number {\n  let x = a.n;\n  const end = Date.now() + 400;\n  while (Date.now() < end) x += Math.sqrt(x);\n  return x;\n}\nspin({ n: 1 });\n';
    fs.writeFileSync(path.join(home, 'spin.ts'), source);
    for (const [option, folder] of [['--sourceMap', 'out'], ['--inlineSourceMap', 'in']]) {
      const tsc = require.resolve('typescript/bin/tsc');
      node([tsc, '--target', 'es2022', '--module', 'commonjs', option, '--outDir', folder, 'spin.ts']);
      node(['--cpu-prof', `--cpu-prof-name=${folder}.cpuprofile`, `${folder}/spin.js`]);
      const find = ({ functions }) => functions.find((row) => row.function === 'spin');
      const mapped = find(await data('top-functions', `${folder}.cpuprofile`, '-n', '100'));
      assert.deepStrictEqual([path.basename(mapped.file), mapped.line], ['spin.ts', 3]);
      const made = find(await data('top-functions', `${folder}.cpuprofile`, '-n', '100', '--no-source-maps'));
      assert.strictEqual(path.basename(made.file), 'spin.js');
    }
  });
});

describe('tables', () => {
  test('top-functions: self and total, classes apart', async () => {
    const top = await data('top-functions', 'node.cpuprofile', '--sort', 'total', '-n', '500');
    assert.deepStrictEqual([top.value, top.unit], ['wall', 'nanoseconds']);
    const fib = top.functions.find((row) => row.function === 'fib');
    assert.ok(fib.total >= fib.self && fib.total <= top.sum); // recursion counts once
    assert.ok(top.classes.js > 0);
    assert.match(await done('top-functions', 'node.cpuprofile', '-n', '3'), /SELF.*TOTAL.*FUNCTION\n(.*\n){3}$/);
  });

  test('diff: a profile and itself have no change; with -o a page', async () => {
    const same = await data('diff', 'node.cpuprofile', 'node.cpuprofile');
    assert.strictEqual(same.scale, 'duration');
    assert.ok(same.functions.every((row) => row.self === row.base_self && row.total === row.base_total));
    await done('diff', 'node.cpuprofile', 'node.cpuprofile', '-o', 'diff.html');
    assert.match(file('diff.html').toString().slice(0, 200), /<!doctype html>/i);
  });

  test('diff: the page begins with the value that was asked for', async () => {
    for (const value of ['samples', 'wall']) {
      await done('diff', 'node.cpuprofile', 'node.cpuprofile', '--value', value, '-o', 'value.html');
      const [, text] = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(file('value.html').toString());
      const page = JSON.parse(text);
      assert.strictEqual(page.values[page.value].type, value);
    }
  });

  test('in Chinese', async () => {
    const { stdout } = await run(['top-functions', 'node.cpuprofile'], { cwd: home, locale: ZH });
    assert.match(stdout, /自身.*合计.*函数/);
  });
});

describe('refused, with the byte', () => {
  const cases = [
    ['empty', '', /is empty, at byte 0/],
    ['truncated', () => file('node.cpuprofile').subarray(0, 500), /ends in the middle, at byte 500/],
    ['hostile', '{"nodes":[{"id":1,"children":[1]}]}', /no tree.*at byte 10/],
    ['unknown', 'hello\n', /format is not known, at byte 0/],
    ['binary', () => zlib.gzipSync('x'.repeat(1000)).subarray(0, 20), /binary is no profile that can be read: the file ends in the middle, at byte 1000\nNot all of it/],
  ];
  for (const [name, content, message] of cases) {
    test(name, async () => {
      fs.writeFileSync(path.join(home, name), typeof content === 'function' ? content() : content);
      fs.writeFileSync(path.join(home, 'kept.pb.gz'), 'before');
      const result = await xprofctl('convert', name, 'kept.pb.gz');
      assert.strictEqual(result.status, 1, JSON.stringify(result));
      assert.match(result.stderr, message);
      assert.strictEqual(file('kept.pb.gz').toString(), 'before');
    });
  }

  test('an output that is an input, whatever its name; nothing is changed', async () => {
    fs.writeFileSync(path.join(home, 'in.folded'), 'main;work 3\n');
    fs.symlinkSync('in.folded', path.join(home, 'link.folded'));
    const stdin = fs.openSync(path.join(home, 'in.folded'), 'r');
    for (const [words, name] of [
      [['convert', 'in.folded', 'in.folded'], 'in.folded'],
      [['convert', 'in.folded', './link.folded'], './link.folded'],
      [['convert', '-', 'in.folded'], 'in.folded'],
      [['diff', 'node.cpuprofile', 'in.folded', '-o', 'in.folded'], 'in.folded'],
    ]) {
      const { status, stderr } = spawnSync(ctl, words, { cwd: home, encoding: 'utf8', env: english, stdio: [stdin, 'pipe', 'pipe'] });
      assert.deepStrictEqual([status, stderr], [2, `xprofctl: ${name} is read, so it is not written to: name another file\n`]);
    }
    fs.closeSync(stdin);
    assert.strictEqual(file('in.folded').toString(), 'main;work 3\n');
  });

  test('a sentence about the files, and what to do', async () => {
    fs.writeFileSync(path.join(home, 'a.folded'), 'main;work 3\n');
    for (const [words, status, message] of [
      [['convert', 'a.folded', 'a.heapprofile'], 1, /heapprofile cannot hold the profile a\.folded.*\nThese formats can: cpuprofile, pprof, folded, flamegraph, speedscope\n/],
      [['convert', 'node.heapprofile', 'a.trace'], 2, /format is not clear from the name a\.trace/],
      [['convert', 'node.heapprofile', 'a.json'], 1, /which the profile node\.heapprofile does not have\nThese formats can: heapprofile, pprof,/],
      [['convert', 'a.folded', '/dev/full', '--format', 'folded'], 1, /\/dev\/full cannot be written: No space left.*\nThe disk is full: make room/],
      [['diff', 'node.cpuprofile', 'node.cpuprofile', '-o', '/dev/full'], 1, /\/dev\/full cannot be written: No space left.*\nThe disk is full: make room/],
      [['diff', 'node.cpuprofile', 'missing', '-o', 'none/d.html'], 1, /none\/d\.html cannot be written: No such file/],
      [['diff', 'node.cpuprofile', 'node.heapprofile'], 1, /node\.cpuprofile and node\.heapprofile have no .*: the first has samples, wall, the second .*inuse_space\nCompare profiles of one kind/],
      [['diff', 'node.heapprofile', 'node.cpuprofile', '--value', 'wall'], 2, /--value must be one of .*inuse_space; not "wall"/],
      [['top-functions', '/dev/null'], 1, /\/dev\/null is no profile that can be read: the file is empty, at byte 0\nNot all of it/],
      [['convert', 'a.folded', 'none/a.pb.gz'], 1, /none\/a\.pb\.gz cannot be written: No such file/],
    ]) {
      const result = await xprofctl(...words);
      assert.strictEqual(result.status, status, JSON.stringify(result));
      assert.match(result.stderr, message);
    }
    const { stderr } = spawnSync(ctl, ['top-functions', '-'], { input: '', encoding: 'utf8', env: english });
    assert.match(stderr, /standard input is no profile that can be read: the file is empty/);
    assert.deepStrictEqual(fs.readdirSync(home).filter((name) => name.includes('xprofctl-')), []);
  });

  test('usage', async () => {
    for (const [words, message] of [
      [['convert', 'a'], /convert needs IN OUT/],
      [['convert', 'node.cpuprofile', 'x.xyz'], /give --format, one of cpuprofile/],
      [['convert', 'node.cpuprofile', 'x', '--format', 'png'], /--format must be one of/],
      [['top-functions', 'node.cpuprofile', '--value', 'bytes'], /--value must be one of samples, wall/],
      [['top-functions', 'node.cpuprofile', '--sort', 'name'], /--sort must be self or total/],
      [['diff', 'node.cpuprofile', 'node.cpuprofile', '--scale', 'x'], /--scale must be duration, total or none/],
    ]) {
      const result = await xprofctl(...words);
      assert.strictEqual(result.status, 2, JSON.stringify(result));
      assert.match(result.stderr, message);
    }
    assert.strictEqual((await xprofctl('convert', 'missing', 'x.pb.gz')).status, 1);
  });
});
