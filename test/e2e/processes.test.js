'use strict';

// Threads and processes come and go, the ways to load the package differ: lines stay whole and complete.

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');
const { spawn } = require('node:child_process');

const { startApp, root } = require('./support/app');
const { ANSWER, ask } = require('./support/answer');
const { socketOf } = require('./support/rpc');
const { parseLine, numbersOf, recordsOf, series, documentedKeys } = require('./support/records');
const { until, within } = require('./support/until');

const THREAD_COMPONENTS = ['memory', 'gc', 'uv', 'http', 'loop'];

async function withApp(program, config, body) {
  const app = startApp(program, { config: { log_interval: 1, ...config } });
  try {
    await app.said('up');
    await body(app);
  } finally {
    await app.stop();
  }
}

/** Every line is whole; metric lines have all their keys. */
function checkWhole(text) {
  const keys = documentedKeys();
  const lines = text.split('\n').slice(0, -1);
  for (const line of lines) {
    const parsed = parseLine(line);
    assert.ok(parsed, `not a line: ${line.slice(0, 200)}`);
    if (parsed.level !== 'info' || !keys[parsed.component] || parsed.component === 'spaces') continue;
    const shown = Object.keys(numbersOf(parsed)).filter((key) => !key.startsWith('res__'));
    assert.deepStrictEqual(shown, keys[parsed.component]);
  }
  return lines.length;
}

test('workers start and end while records are written', async () => {
  const program = `${ANSWER}
let left = 40;
let done = 0;
const starts = "require(" + JSON.stringify(xprofilerRoot) + ")();";
function next() {
  if (left-- <= 0) return;
  const worker = workerOf(left % 2 ? starts + "setInterval(() => {}, 100)" : "setTimeout(() => {}, 150)");
  worker.on('error', (error) => say('error ' + error.message));
  worker.on('exit', () => { done++; next(); if (done === 40) say('all ended'); });
  if (left % 2) setTimeout(() => worker.terminate(), 20 + 40 * (left % 9));
}
for (let i = 0; i < 4; i++) next();
setInterval(() => {}, 1000);
say('up');`;
  await withApp(program, {}, async (app) => {
    await app.said('all ended');
    const from = series(app, 'process').length;
    await until(() => series(app, 'process').length > from + 1, 'two more records');
    assert.strictEqual(series(app, 'process').at(-1).js_threads, 1);
    checkWhole(app.log());
    const records = recordsOf(app.log()).slice(0, -1);
    assert.ok(records.some((record) => record.some(({ tid }) => tid > 0)), 'a worker in some record');
    for (const record of records) {
      const tids = record.filter(({ component }) => component === 'memory').map(({ tid }) => tid);
      assert.strictEqual(tids.at(-1), 0, 'the main thread is last');
      assert.deepStrictEqual(tids.slice(0, -1), [...tids.slice(0, -1)].sort((a, b) => a - b));
      for (const tid of tids) {
        const of = record.filter((line) => line.tid === tid && THREAD_COMPONENTS.includes(line.component));
        assert.deepStrictEqual(of.map(({ component }) => component), THREAD_COMPONENTS, `thread ${tid}`);
      }
    }
    const rpc = await app.rpc();
    assert.strictEqual((await rpc.call('list_environments')).environments.length, 1);
    assert.ok(!app.stdout.includes('error'), app.stdout);
    assert.strictEqual(app.stderr, '');
  });
});

/** Without the prelude: the test decides where the package is loaded. */
function runNode(home, args, env = {}) {
  const child = spawn(process.execPath, args, {
    cwd: home,
    env: { ...process.env, XPROFILER_PREFIX: home, XPROFILER_LOG_DIR: path.join(home, 'logs'), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const result = { pid: child.pid, stdout: '', stderr: '', child };
  child.stdout.setEncoding('utf8').on('data', (chunk) => (result.stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk) => (result.stderr += chunk));
  result.ended = new Promise((resolve) => child.on('close', (status, signal) => resolve({ status, signal })));
  return result;
}

/** A directory with logs/ and node_modules/xprofiler, as an application has them. */
async function withHome(files, body) {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-e2e-'));
  const running = [];
  try {
    fs.mkdirSync(path.join(home, 'logs'));
    fs.mkdirSync(path.join(home, 'node_modules'));
    fs.symlinkSync(root, path.join(home, 'node_modules', 'xprofiler'));
    for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(home, name), text);
    await body({
      home,
      start(args, env) {
        const process = runNode(home, args, env);
        running.push(process);
        return process;
      },
      log() {
        const names = fs.readdirSync(path.join(home, 'logs')).filter((name) => /^xprofiler-\d{8}\.log$/.test(name));
        return names.map((name) => fs.readFileSync(path.join(home, 'logs', name), 'utf8')).join('');
      },
    });
  } finally {
    for (const { child, ended } of running) {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await ended;
    }
    fs.rmSync(home, { recursive: true, force: true });
  }
}

test('start() only in workers, one after the other: lines, commands, and a quiet time between', async () => {
  const program = `
const { Worker } = require('node:worker_threads');
const next = () => new Promise((resolve) => {
  const worker = new Worker("require('xprofiler')({ log_interval: 1 }); setTimeout(() => {}, 3500)", { eval: true });
  worker.on('error', (error) => console.error(error)).on('exit', resolve);
});
next().then(() => { console.log('between'); return new Promise((r) => setTimeout(r, 1500)); }).then(next).then(() => console.log('end'));`;
  await withHome({ 'app.js': program }, async ({ start, log }) => {
    const app = start(['app.js']);
    await until(() => log().includes('[memory]'), 'a record');
    const socket = socketOf(app.pid);
    assert.ok(socket);
    await until(() => app.stdout.includes('between'), 'the end of the first worker');
    await until(() => !fs.existsSync(socket), 'the socket to go with the last thread', 3000);
    const quiet = log();
    await until(() => app.stdout.includes('end'), 'the end of the second worker');
    assert.ok(log().startsWith(quiet));
    checkWhole(log());
    const tids = (text) => new Set(recordsOf(text).flat().filter((line) => line.component === 'loop').map(({ tid }) => tid));
    assert.deepStrictEqual([...tids(quiet)], [1]);
    assert.deepStrictEqual([...tids(log().slice(quiet.length))], [2]);
    assert.deepStrictEqual(await within(app.ended, 'the end'), { status: 0, signal: null });
    assert.strictEqual(app.stderr, '');
  });
});

test('start() ten times, also in a worker: one record a period, one line for each event', async () => {
  const program = `${ANSWER}
const config = xprofiler.getXprofilerConfig();
for (let i = 0; i < 9; i++) xprofiler(config);
workerOf("for (let i = 0; i < 10; i++) require(" + JSON.stringify(xprofilerRoot) + ")(); setInterval(() => {}, 1000)");
say('up');
setInterval(() => {}, 1000);`;
  await withApp(program, {}, async (app) => {
    await until(() => recordsOf(app.log()).length >= 4, 'four records');
    const records = recordsOf(app.log()).slice(1, -1);
    for (const record of records) {
      assert.strictEqual(record.filter(({ component }) => component === 'cpu').length, 1);
      assert.strictEqual(record.filter(({ component, tid }) => component === 'gc' && tid === 1).length, 1);
    }
    assert.strictEqual(app.log().match(/listener thread created/g).length, 1);
    assert.strictEqual(app.log().match(/log thread created/g).length, 1);
    assert.strictEqual(series(app, 'process').at(-1).js_threads, 2);
  });
});

test('a cluster of three in one log_dir: every line of every process is whole', async () => {
  const program = `${ANSWER}
const cluster = require('node:cluster');
const http = require('node:http');
if (cluster.isPrimary) {
  for (let i = 0; i < 3; i++) cluster.fork();
  let online = 0;
  cluster.on('listening', () => { if (++online === 3) say('up'); });
  serve({ pids() { answer('pids', Object.values(cluster.workers).map((each) => each.process.pid)); },
    end() { Object.values(cluster.workers).forEach((each) => each.send('end')); } });
  let exits = 0;
  cluster.on('exit', () => { if (++exits === 3) say('ended'); });
} else {
  process.on('message', (text) => { if (text === 'end') process.exit(); });
  http.createServer((request, response) => response.end()).listen(0, '127.0.0.1');
  let left = 30;
  setInterval(() => {
    if (left-- > 0) for (let i = 0; i < 5; i++) xprofiler.info('own', process.pid + ' ' + 'x'.repeat(6000) + ' end');
  }, 30);
}`;
  await withApp(program, {}, async (app) => {
    const pids = await ask(app, 'pids');
    assert.strictEqual(new Set(pids).size, 3);
    const done = (pid) => (app.log().match(new RegExp(`\\[memory\\] \\[${pid}\\]`, 'g')) || []).length >= 3;
    await until(() => [app.pid, ...pids].every(done), 'three records of each process');
    for (const pid of [app.pid, ...pids]) assert.ok(socketOf(pid), `a socket of ${pid}`);
    app.tell('end');
    await app.said('ended');
    const text = app.log();
    assert.ok(text.endsWith('\n'));
    checkWhole(text);
    const own = text.split('\n').map(parseLine).filter((line) => line && line.component === 'own');
    assert.strictEqual(own.length, 3 * 150);
    for (const { pid, text: said } of own) assert.strictEqual(said, `${pid} ${'x'.repeat(6000)} end`);
    assert.deepStrictEqual(new Set(own.map(({ pid }) => pid)), new Set(pids));
    for (const pid of pids) assert.strictEqual(socketOf(pid), undefined, 'no socket stays behind');
  });
});

test('vm contexts are counted, also those that are gone', async () => {
  const program = `${ANSWER}
const vm = require('node:vm');
let contexts = [];
say('up');
setInterval(() => {}, 1000);
serve({
  make() { for (let i = 0; i < 12; i++) contexts.push(vm.createContext({})); say('made'); },
  inside() { vm.runInContext('run()', vm.createContext({ run: () => xprofiler.info('inside', 'a context') })); },
});`;
  await withApp(program, {}, async (app) => {
    const rpc = await app.rpc();
    const count = async () => (await rpc.call('metrics')).threads[0].number_of_native_contexts;
    const before = await count();
    app.tell('make');
    await app.said('made');
    const after = await until(async () => (await count()) !== before && count(), 'more contexts');
    assert.strictEqual(after - before, 12);
    app.tell('inside');
    await until(() => app.log().includes('[inside]'), 'the line');
  });
});

/* ---- ways to load ---- */

const APP = `
const { Worker, isMainThread } = require('node:worker_threads');
if (isMainThread) new Worker(__filename);
setInterval(() => {}, 1000);`;
const ESM = `
import { Worker, isMainThread } from 'node:worker_threads';
import xprofiler, { info } from 'xprofiler';
xprofiler();
info('own', isMainThread ? 'main' : 'worker');
if (isMainThread) new Worker(new URL(import.meta.url));
setInterval(() => {}, 1000);`;

const WAYS = [
  ['--require xprofiler/register', ['--require', 'xprofiler/register', 'app.js'], {}],
  ['--import xprofiler/register', ['--import', 'xprofiler/register', 'app.js'], {}],
  ['NODE_OPTIONS', ['app.js'], { NODE_OPTIONS: '--require xprofiler/register' }],
  ['NODE_OPTIONS with --import', ['app.js'], { NODE_OPTIONS: '--import xprofiler/register' }],
  ['import in an ES module', ['app.mjs'], {}],
];

for (const [name, args, env] of WAYS) {
  test(`${name}: the main thread and its workers`, async () => {
    await withHome({ 'app.js': APP, 'app.mjs': ESM }, async ({ start, log }) => {
      const app = start(args, { XPROFILER_LOG_INTERVAL: '1', ...env });
      const complete = () =>
        recordsOf(log()).find((record) => [1, 0].every((tid) => record.some((line) => line.component === 'loop' && line.tid === tid)));
      const record = await until(complete, `a record with the worker; stderr ${app.stderr}`);
      const started = record.filter(({ component }) => component === 'http').map(({ tid }) => tid);
      assert.deepStrictEqual(started, [1, 0]);
      if (name.startsWith('import')) {
        // A worker that is in a record may not have come to its own line yet.
        await until(() => / worker\n/.test(log()), 'the line of the worker');
        assert.match(log(), /\[own\] \[\d+\] \[0\] \S+ main\n/);
        assert.match(log(), /\[own\] \[\d+\] \[1\] \S+ worker\n/);
      }
      checkWhole(log());
      assert.strictEqual(app.stderr, '');
      assert.ok(app.child.exitCode === null);
    });
  });
}

/* ---- short lives ---- */

const END_WAYS = {
  'by itself': ['setTimeout(() => {}, 50);', { status: 0, signal: null }],
  'by process.exit': ['setTimeout(() => process.exit(3), 50);', { status: 3, signal: null }],
  'by an exception': ['setTimeout(() => { throw new Error("mine"); }, 50);', { status: 1, signal: null }],
  'by SIGTERM': ["setTimeout(() => process.kill(process.pid, 'SIGTERM'), 50); setInterval(() => {}, 1000);", { status: null, signal: 'SIGTERM' }],
};

for (const [name, [code, end]] of Object.entries(END_WAYS)) {
  test(`a process that ends after 50 ms ${name}: its lines are there, its socket is not`, async () => {
    const program = `const xprofiler = require('xprofiler');
xprofiler();
for (let i = 0; i < 50; i++) xprofiler.info('own', 'line ' + i);
${code}
setTimeout(() => {}, 45).unref();
process.on('exit', () => xprofiler.error('own', 'last words'));`;
    await withHome({ 'app.js': program }, async ({ home, start, log }) => {
      const app = start(['app.js']);
      assert.deepStrictEqual(await within(app.ended, 'its end'), end);
      const lines = log().split('\n').slice(0, -1).map(parseLine);
      assert.ok(lines.every((line) => line && line.pid === app.pid));
      const own = lines.filter(({ component }) => component === 'own').map(({ text }) => text);
      assert.deepStrictEqual(own, Array.from({ length: 50 }, (_, i) => `line ${i}`));
      if (end.signal === null) {
        const name = fs.readdirSync(path.join(home, 'logs')).find((file) => /^xprofiler-error-\d{8}\.log$/.test(file));
        assert.match(fs.readFileSync(path.join(home, 'logs', name), 'utf8'), /last words\n$/);
        assert.strictEqual(socketOf(app.pid), undefined);
      }
      const registered = fs.readFileSync(path.join(home, '.xprofiler'), 'utf8').split('\n');
      assert.deepStrictEqual(registered.map((line) => line.split('\0')[0]), [String(app.pid), '']);
      assert.strictEqual(app.stdout, '');
      if (!code.includes('throw')) assert.strictEqual(app.stderr, '');
    });
  });
}

/* ---- registry ---- */

test('the registry line: six fields, in the file that XPROFILER_PREFIX names, readable by old tools', async () => {
  await withHome({ 'my app.js': "require('xprofiler')(); setInterval(() => {}, 1000);" }, async ({ home, start }) => {
    const prefix = path.join(home, 'prefix');
    fs.mkdirSync(prefix);
    const app = start(['my app.js'], { XPROFILER_PREFIX: prefix });
    const file = path.join(prefix, '.xprofiler');
    const text = await until(() => fs.existsSync(file) && fs.readFileSync(file, 'utf8'), 'the registry');
    assert.ok(text.endsWith('\n'));
    const fields = text.slice(0, -1).split('\0');
    const real = (name) => fs.realpathSync(name);
    assert.deepStrictEqual(
      [fields[0], fields[1], real(fields[2]), real(fields[3]), real(fields[4]), fields[5]],
      [String(app.pid), path.join(home, 'logs'), real(home), real(process.execPath), real(path.join(home, 'my app.js')), root],
    );
    assert.ok(fs.existsSync(path.join(fields[5], 'lib', 'xctl.js')));
    assert.ok(!fs.existsSync(path.join(home, '.xprofiler')));
  });
});

test('twenty processes that start at once lose no line, and a dead one is dropped', async () => {
  await withHome({ 'app.js': "require('xprofiler')({ check_throw: false }); console.log('up'); setInterval(() => {}, 1000);" }, async ({ home, start }) => {
    const file = path.join(home, '.xprofiler');
    const gone = start(['app.js']);
    await until(() => gone.stdout.includes('up'), 'the first process');
    assert.ok(fs.readFileSync(file, 'utf8').startsWith(`${gone.pid}\0`));
    gone.child.kill('SIGKILL');
    await gone.ended;
    const all = Array.from({ length: 20 }, () => start(['app.js']));
    await until(() => all.every(({ stdout }) => stdout.includes('up')), 'twenty processes', 120000);
    const lines = () => fs.readFileSync(file, 'utf8').split('\n').slice(0, -1);
    const pids = () => lines().map((line) => line.split('\0')[0]).sort();
    const wanted = all.map(({ pid }) => String(pid)).sort();
    assert.ok(wanted.every((pid) => pids().includes(pid)), 'each is there once it started');
    await until(() => String(pids()) === String(wanted), () => `each once and nobody else: ${pids()}`);
    for (const line of lines()) assert.strictEqual(line.split('\0').length, 6);
    assert.deepStrictEqual(fs.readdirSync(home).filter((name) => name.startsWith('.xprofiler')), ['.xprofiler']);
  });
});
