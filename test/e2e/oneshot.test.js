'use strict';

// The one-shot commands of xprofctl against real programs: one command gives a file, its place and its summary.

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const zlib = require('node:zlib');
const { afterEach, beforeEach, describe, test } = require('node:test');

const { run, ZH } = require('../ctl/run_ctl');
const { launch } = require('./support/launch');
const { until } = require('./support/until');

const major = Number(process.versions.node.split('.')[0]);
const canCountCollected = major >= 20;

// Half of the time in hotSpot, and garbage.
const BUSY = `
// Of code that was optimised inside its running loop before the profile V8 tells nothing.
require('node:v8').setFlagsFromString('--no-use-osr');
function hotSpot(until) {
  let sum = 0;
  while (Date.now() < until) for (let i = 0; i < 1000; i++) sum += Math.sqrt(i);
  return sum;
}
function hoard(list) {
  for (let i = 0; i < 2000; i++) list.push({ i, text: 'x'.repeat(20) + i });
}
let list = [];
setInterval(() => {
  hotSpot(Date.now() + 20);
  if (list.length > 200000) list = [];
  hoard(list);
}, 40);
`;

let home;
beforeEach(() => {
  home = fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-oneshot-'));
});
afterEach(() => fs.rmSync(home, { recursive: true, force: true }));

async function busyApp(more = '') {
  const app = launch(`${BUSY}\n${more}\nsay('ready');`);
  await app.said('ready');
  return app;
}

const ctl = (words, options) => run(words, { timeout: 180000, cwd: home, ...options });

async function done(words, options) {
  const result = await ctl(words, options);
  assert.strictEqual(result.status, 0, JSON.stringify(result));
  return result;
}

/** data of a run with --json that succeeded. */
async function data(words) {
  const { stdout, stderr } = await done([...words, '--json']);
  assert.strictEqual(stderr, '');
  assert.strictEqual(stdout.trimEnd().split('\n').length, 1);
  const reply = JSON.parse(stdout);
  assert.strictEqual(reply.ok, true);
  return reply.data;
}

async function refused(words, status, pattern) {
  const result = await ctl(words);
  assert.strictEqual(result.status, status, JSON.stringify(result));
  assert.match(result.stderr, pattern);
  assert.strictEqual(result.stdout, '');
  return result;
}

const profiles = (app) => app.files().filter((name) => name.startsWith('x-'));

describe('one command, one file', () => {
  test('cpu: the file, the pause, the functions by self and total time', async () => {
    const app = await busyApp();
    const { stdout, stderr } = await done(['cpu', '-p', app.pid, '-t', '1500ms']);
    assert.strictEqual(stderr, '');
    const [name] = profiles(app);
    const lines = stdout.split('\n');
    assert.match(lines[0], new RegExp(`^CPU profile of process ${app.pid}, main thread \\(.*app\\.js\\)$`));
    assert.strictEqual(lines[1], `  ${path.join(app.logDir, name)}`);
    assert.match(lines[2], /^ {2}size: [\d.]+ KiB, samples: \d+, nodes: \d+, covers: \d+\.?\d* s, thread paused: [\d.]+ ms$/);
    assert.match(stdout, /Where the time of the thread went \(\d+\.?\d* s\)\n(?:.*\n)*?.* idle\n/);
    const [, bySelf, byTotal] = stdout.split(/Functions by .* time/);
    assert.match(bySelf.split('\n')[1], /^ +\d+\.\d % +#+ +[\d.]+ m?s +[\d.]+ m?s {2}hotSpot +.*app\.js:\d+$/);
    assert.match(byTotal, /listOnTimeout/);
    assert.ok(!stdout.includes('\u001b'));
    assert.strictEqual(fs.statSync(path.join(app.logDir, name)).mode & 0o777, 0o600);
  });

  test('cpu --json: one object with the file, the figures and the summary', async () => {
    const app = await busyApp();
    const result = await data(['cpu', app.pid, '-t', '1s']);
    assert.deepStrictEqual([result.command, result.pid, result.thread_id], ['cpu', app.pid, 0]);
    assert.strictEqual(result.format, 'cpuprofile');
    assert.strictEqual(result.bytes, fs.statSync(result.filepath).size);
    assert.ok(result.duration_ms >= 1000 && result.samples > 10 && result.paused_ms > 0);
    assert.ok(result.rss_bytes > 1e6 && Array.isArray(result.stalls));
    const { summary } = result;
    assert.strictEqual(summary.by_self[0].function, 'hotSpot');
    assert.ok(summary.by_self[0].file.endsWith('/app.js') && summary.by_self[0].line > 1);
    assert.ok(summary.classes_ms.idle > 0 && summary.classes_ms.js > 0);
    assert.ok(summary.busy_ms < summary.total_ms);
    const profile = JSON.parse(fs.readFileSync(result.filepath));
    assert.ok(profile.nodes.some((node) => node.callFrame.functionName === 'hotSpot'));
  });

  test('heap: who holds memory', async () => {
    const app = await busyApp();
    const result = await data(['heap', '-p', app.pid, '-t', '1s', '--sampling-interval-bytes', '4096']);
    assert.strictEqual(path.extname(result.filepath), '.heapprofile');
    const hoard = result.summary.allocators.find((row) => row.function === 'hoard');
    assert.ok(hoard.self_bytes > 1000 && hoard.self_objects > 10);
    const { stdout } = await done(['heap', '-p', app.pid, '-t', '300ms', '--sampling-interval-bytes', '4096']);
    assert.match(stdout, /Biggest allocators \(of [\d.]+ [KM]iB in \d+ objects/);
  });

  test('alloc: who allocates', { skip: !canCountCollected }, async () => {
    const app = await busyApp('setInterval(function waste() { JSON.parse(JSON.stringify(list.slice(0, 500))); }, 10);');
    const result = await data(['alloc', '-p', app.pid, '-t', '1s', '--sampling-interval-bytes', '4096']);
    assert.ok(result.summary.allocators.some((row) => ['waste', 'parse'].includes(row.function)));
  });

  test('alloc on Node.js 18 is refused, with the reason', { skip: canCountCollected }, async () => {
    const app = await busyApp();
    await refused(['alloc', '-p', app.pid, '-t', '1s'], 1, /Node.*20/);
    assert.deepStrictEqual(profiles(app), []);
  });

  test('gc: the longest collections and the share', async () => {
    const app = await busyApp();
    const result = await data(['gc', '-p', app.pid, '-t', '2s']);
    const { summary } = result;
    assert.ok(summary.collections > 0 && summary.pause_ms > 0 && summary.share_percent > 0);
    assert.ok(summary.types.some((type) => type.type === 'scavenge' || type.type.includes('mark')));
    assert.strictEqual(summary.longest[0].pause_ms, Math.max(...summary.types.map((type) => type.longest_ms)));
    const { stdout } = await done(['gc', '-p', app.pid, '-t', '1s']);
    assert.match(stdout, /\d+ collections took [\d.]+ m?s: [\d.]+ % of \d+\.?\d* s/);
  });

  test('snapshot: the constructors with the most memory', async () => {
    const app = await busyApp('class Hog { constructor() { this.a = [1]; } } globalThis.hogs = Array.from({ length: 30000 }, () => new Hog());');
    const result = await data(['snapshot', '-p', app.pid]);
    const { summary } = result;
    assert.strictEqual(summary.constructors.find((row) => row.name === 'Hog').objects, 30000);
    const snapshot = JSON.parse(fs.readFileSync(result.filepath));
    assert.strictEqual(summary.objects, snapshot.snapshot.node_count);
    assert.ok(result.paused_ms > 0);
    assert.match((await done(['snapshot', '-p', app.pid])).stdout, /Constructors by own size[^]* Hog\n/);
  });

  test('report: stack, heap and handles', async () => {
    const app = launch(`function spin() { say('ready'); for (;;); }\nsetTimeout(spin, 10);`);
    await app.said('ready');
    const result = await data(['report', '-p', app.pid]);
    assert.strictEqual(result.summary.stack[0].function, 'spin');
    assert.ok(result.summary.heap_used_bytes > 1e6 && result.summary.active_handles.async > 0);
    const { stdout } = await done(['report', '-p', app.pid]);
    assert.match(stdout, / {2}heap [\d.]+ MiB used, limit [\d.]+ [MG]iB/);
    assert.match(stdout, / {2}spin {2}.*app\.js:\d+\n/);
  });

  test('in Chinese', async () => {
    const app = await busyApp();
    const { stdout } = await done(['cpu', '-p', app.pid, '-t', '500ms'], { locale: ZH });
    assert.match(stdout, new RegExp(`^CPU 采样: 进程 ${app.pid} 的主线程`));
    assert.match(stdout, /线程时间分布[^]*(?:空闲|应用代码)[^]*函数自身耗时排行/);
  });

  test('whose CPU time it was is told', async () => {
    const app = await busyApp();
    const once = async () => (await done(['cpu', '-p', app.pid, '-t', '2s'])).stdout;
    // It takes two looks that are not too near to each other: on a busy machine the first may come late.
    let text = await once();
    for (let times = 0; times < 5 && !text.includes('  CPU: '); times++) text = await once();
    assert.match(text, /^ {2}CPU: this thread \d+ %(?:, (?:waits for a core|other JavaScript threads|libuv and V8 threads|others) \d+ %)*$/m);
    const { cpu_percent: used } = await data(['cpu', '-p', app.pid, '-t', '2s']);
    if (used) assert.ok(used.thread > 0 && used.js_threads >= 0 && used.helper_threads >= 0 && used.others >= 0, JSON.stringify(used));
  });

  test('stalls of the event loop during the time are told', async () => {
    const app = await busyApp('setInterval(() => hotSpot(Date.now() + 700), 1500);');
    const result = await data(['gc', '-p', app.pid, '-t', '4s']);
    assert.ok(result.stalls.some((stall) => stall.ms > 600 && stall.ms < 4000), JSON.stringify(result.stalls));
  });
});

describe('-o and --format', () => {
  test('-o FILE: the file is there and no longer in log_dir', async () => {
    const app = await busyApp();
    const result = await data(['cpu', '-p', app.pid, '-t', '300ms', '-o', 'mine.cpuprofile']);
    assert.strictEqual(result.filepath, 'mine.cpuprofile');
    assert.ok(JSON.parse(fs.readFileSync(path.join(home, 'mine.cpuprofile'))).nodes.length > 0);
    assert.deepStrictEqual(profiles(app), []);
  });

  test('-o DIRECTORY keeps the name', async () => {
    const app = await busyApp();
    const result = await data(['report', '-p', app.pid, '-o', home]);
    assert.match(path.relative(home, result.filepath), /^x-diagreport-\d+-\d+-\d+\.diag$/);
    assert.deepStrictEqual(fs.readdirSync(home), [path.basename(result.filepath)]);
  });

  test('-o -: the profile alone on standard output, the summary beside it', async () => {
    const app = await busyApp();
    const { stdout, stderr } = await done(['cpu', '-p', app.pid, '-t', '300ms', '-o', '-']);
    assert.ok(JSON.parse(stdout).nodes.length > 0);
    assert.match(stderr, /^CPU profile of process/);
    assert.deepStrictEqual(profiles(app), []);
  });

  test('the extension of -o chooses the format', async () => {
    const app = await busyApp();
    await done(['cpu', '-p', app.pid, '-t', '500ms', '-o', 'a.pb.gz']);
    assert.ok(zlib.gunzipSync(fs.readFileSync(path.join(home, 'a.pb.gz'))).includes('hotSpot'));
    await done(['cpu', '-p', app.pid, '-t', '500ms', '-o', 'a.folded']);
    const folded = fs.readFileSync(path.join(home, 'a.folded'), 'utf8');
    assert.match(folded, /;hotSpot.* \d+\n/);
    // Samples, as xprofctl convert and the API count: not nanoseconds.
    const sum = folded.trim().split('\n').reduce((all, line) => all + Number(line.slice(line.lastIndexOf(' '))), 0);
    assert.ok(sum > 0 && sum < 100000, `${sum}`);
  });

  test('source maps: the summary and what is converted have the places of the sources, the original its own', async () => {
    const map = { version: 3, sources: ['shop.ts'], names: [], mappings: 'AAoBA' }; // line 1 is line 21 of the source
    const url = Buffer.from(JSON.stringify(map)).toString('base64');
    const made = path.join(home, 'shop.js');
    fs.writeFileSync(
      made,
      `exports.compiled = function compiled(end) { let sum = 0; while (Date.now() < end) for (let i = 0; i < 1000; i++) sum += Math.sqrt(i); return sum; };\n//# sourceMappingURL=data:application/json;base64,${url}\n`,
    );
    const app = launch(`const { compiled } = require(${JSON.stringify(made)});
      require('node:v8').setFlagsFromString('--no-use-osr');
      setInterval(() => compiled(Date.now() + 20), 25);
      say('ready');`);
    await app.said('ready');
    const row = ({ summary }) => {
      const { file, line } = summary.by_self.find((each) => each.function === 'compiled');
      return [path.basename(file), line];
    };
    const original = await data(['cpu', '-p', app.pid, '-t', '700ms']);
    assert.deepStrictEqual(row(original), ['shop.ts', 21]);
    assert.match(fs.readFileSync(original.filepath, 'utf8'), /shop\.js/);
    await done(['cpu', '-p', app.pid, '-t', '700ms', '-o', 'shop.folded']);
    assert.match(fs.readFileSync(path.join(home, 'shop.folded'), 'utf8'), /;compiled \(.*\/shop\.ts:21:\d+\)/);
    const plain = await data(['cpu', '-p', app.pid, '-t', '700ms', '--no-source-maps']);
    assert.deepStrictEqual(row(plain), ['shop.js', 1]);
  });

  test('--format without -o: in the present directory, by the name of the original', async () => {
    const app = await busyApp();
    const result = await data(['cpu', '-p', app.pid, '-t', '300ms', '--format', 'speedscope']);
    assert.strictEqual(result.format, 'speedscope');
    assert.match(result.filepath, /^x-cpuprofile-\d+-\d+-\d+\.speedscope\.json$/);
    assert.ok(JSON.parse(fs.readFileSync(path.join(home, result.filepath))).shared.frames.length > 0);
    assert.deepStrictEqual(profiles(app), []);
  });

  test('what cannot be is refused before anything is begun', async () => {
    const app = await busyApp();
    const cases = [
      [['cpu', '-o', 'none/x.cpuprofile'], 1, /-o none\/x\.cpuprofile cannot be written: No such file/],
      [['cpu', '--format', 'gif'], 2, /no format "gif"; --format must be one of cpuprofile, .*pprof/],
      [['snapshot', '--format', 'pprof'], 2, /the format pprof cannot hold this \(Heap snapshot\); possible are: heapsnapshot/],
      [['cpu', '-o', 'x.svg'], 2, /the format is not clear from the name x\.svg: give --format, one of cpuprofile, .*flamegraph/],
      [['heap', '-o', 'x.trace.json'], 2, /the format trace cannot hold this \(Heap profile\)/],
      [['snapshot', '-o', 'x.html'], 2, /the format flamegraph cannot hold this \(Heap snapshot\); possible are: heapsnapshot/],
      [['trace', '-o', 'x.pb.gz'], 2, /the format pprof cannot hold this \(Trace\); possible are: trace/],
      [['cpu', '-o', '-', '--json'], 2, /-o - and --json exclude each other/],
      [['cpu', '-t', '10 parsecs'], 2, /--profiling_time must be a time/],
      [['cpu', '-w', '9'], 1, /Thread not found: 9/],
    ];
    for (const [[command, ...words], status, pattern] of cases) {
      const result = await ctl([command, '-p', app.pid, ...words]);
      assert.strictEqual(result.status, status, JSON.stringify(result));
      const text = words.includes('--json') ? JSON.parse(result.stdout).message : result.stderr;
      assert.match(text, pattern);
    }
    assert.deepStrictEqual(profiles(app), []);
    assert.deepStrictEqual(fs.readdirSync(home), []);
  });

  test('no collection in that time: there is nothing to make a trace of', async () => {
    const app = launch(`setInterval(() => {}, 1000); say('ready');`);
    await app.said('ready');
    let result;
    do {
      result = await ctl(['gc', '-p', app.pid, '-t', '1ms', '-o', 'none.trace.json']);
    } while (result.status === 0); // a collection came in that very moment
    assert.match(result.stderr, /there is nothing in the profile .*\.gcprofile: take it once more\n/);
    assert.ok(!fs.existsSync(path.join(home, 'none.trace.json')) && profiles(app).length > 0);
  });

  test('a disk that is full: the profile is kept where it was', async () => {
    const app = await busyApp();
    const { stderr } = await refused(['cpu', '-p', app.pid, '-t', '300ms', '-o', '/dev/full'], 1, /\/dev\/full could not be written: No space left/);
    const [name] = profiles(app);
    assert.ok(stderr.includes(path.join(app.logDir, name)));
  });
});

describe('several targets', () => {
  test('processes together, names apart, one that fails named', async () => {
    const [one, two] = [await busyApp(), await busyApp()];
    const began = Date.now();
    const result = await ctl(['cpu', '-p', one.pid, '-p', two.pid, 2147483000, '-t', '2s', '-o', 'all.cpuprofile']);
    assert.ok(Date.now() - began < 60000);
    assert.strictEqual(result.status, 1);
    assert.match(result.stderr, /Process 2147483000, thread 0: process 2147483000 does not exist\n[^]*1 of 3 failed/);
    assert.strictEqual(result.stdout.match(/^CPU profile of process/gm).length, 2);
    const names = [one.pid, two.pid].map((pid) => `all-${pid}.cpuprofile`);
    assert.deepStrictEqual(fs.readdirSync(home).sort(), names.sort());
  });

  test('all failed in one way: that exit status', async () => {
    await refused(['cpu', 2147483000, 2147483001], 3, /2 of 2 failed/);
  });

  test('--title chooses by title, script or command line; --json has results', async () => {
    const app = await busyApp(`process.title = 'xpf-oneshot-${process.pid}-here';`);
    await until(async () => (await ctl(['list'])).stdout.includes(app.pid), 'the program in the list');
    const single = await data(['gc', '--title', `^xpf-oneshot-${process.pid}-h.re$`, '-t', '200ms']);
    assert.strictEqual(single.pid, app.pid);
    await refused(['gc', '--title', 'xpf-oneshot-nowhere$', '-t', '200ms'], 3, /no process with xprofiler matches/);
    await refused(['gc', '--title', '('], 2, /not a regular expression/);
  });

  test('--each-thread: the main thread and the workers', async () => {
    const app = await busyApp(`
      workerOf('setInterval(() => { const end = Date.now() + 20; while (Date.now() < end); }, 40);').on('online', () => say('online'));
    `);
    await app.said('online');
    const threads = async () => (await ctl(['list_environments', '-p', app.pid])).stdout.match(/\(tid \d+\)/g)?.length;
    await until(async () => (await threads()) === 2, 'two threads');
    const { results } = await data(['cpu', '-p', app.pid, '--each-thread', '-t', '500ms', '-o', 't.cpuprofile']);
    assert.deepStrictEqual(results.map(({ ok, pid, thread_id: id }) => [ok, pid, id]), [[true, app.pid, 0], [true, app.pid, 1]]);
    assert.deepStrictEqual(fs.readdirSync(home).sort(), [`t-${app.pid}-w1.cpuprofile`, `t-${app.pid}.cpuprofile`]);
    await refused(['cpu', '-p', app.pid, '--each-thread', '-w', '1'], 2, /exclude each other/);
    await refused(['cpu', '-p', app.pid, '--each-thread', '-o', '-', '-t', '100ms'], 2, /-o - takes the file of one target; there are 2/);
  });

  test('without a target', async () => {
    await refused(['cpu'], 2, /a process is needed: -p PID, --title REGEX or --all/);
    await refused(['cpu', 'x'], 2, /a process id is a whole number/);
    await refused(['heapdump', '-p', '1', '-p', '2'], 2, /heapdump takes one process, not several/);
    await refused(['top', '--once', '-p', '1', '-p', '2'], 2, /top takes one process, not several/);
  });
});

describe('when it does not go as planned', () => {
  test('a profile of somebody else is running', async () => {
    const app = await busyApp();
    await done(['start_cpu_profiling', '-p', app.pid]);
    await refused(['cpu', '-p', app.pid, '-t', '300ms'], 1, /start_cpu_profiling is running\.\n.*: xprofctl stop_cpu_profiling -p \d+\n/);
    await done(['stop_cpu_profiling', '-p', app.pid, '--wait']);
  });

  test('the process ends in the middle: its profile is delivered', async () => {
    const app = await busyApp('setTimeout(() => process.exit(), 2000);');
    const result = await data(['cpu', '-p', app.pid, '-t', '60s', '-o', 'end.cpuprofile']);
    assert.strictEqual(result.ended_by, 'process exit');
    assert.strictEqual(result.summary.by_self[0].function, 'hotSpot');
    assert.ok(fs.existsSync(path.join(home, 'end.cpuprofile')));
    assert.deepStrictEqual(profiles(app), []);
  });

  test('the process is killed in the middle', async () => {
    const app = await busyApp();
    setTimeout(() => app.child.kill('SIGKILL'), 1500);
    await refused(['cpu', '-p', app.pid, '-t', '60s'], 3, /ended before it answered/);
  });

  test('a blocked thread: one sentence says so, --timeout gives up', async () => {
    const app = launch(`setTimeout(() => { say('blocked'); execSync('sleep 20'); }, 10);`);
    await app.said('blocked');
    await refused(['cpu', '-p', app.pid, '-t', '1s', '--timeout', '6'], 1, /Not begun yet: process \d+, thread 0 has not been free for[^]*did not answer within 6 s\nNot begun yet: .*\. It begins when the thread is free\.\n/);
  });

  test('Ctrl-C stops early, and the profile is there', async () => {
    const app = await busyApp();
    const onStart = (child) => setTimeout(() => child.kill('SIGINT'), 2500);
    const { stdout, stderr } = await done(['cpu', '-p', app.pid, '-t', '5m'], { onStart });
    assert.match(stderr, /^Stopping; the profile is still written/);
    assert.match(stdout, /covers: \d\.\d+ s[^]*hotSpot/);
    assert.strictEqual(profiles(app).length, 1);
  });
});
