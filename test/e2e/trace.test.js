'use strict';

// Trace events: what ends up in the file, when it ends, who is refused, and that tracing harms nobody.

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { describe, test } = require('node:test');
const { launch } = require('./support/launch');
const { until, within } = require('./support/until');

const LIMIT = { timeout: 240000 };
const MAJOR = Number(process.versions.node.split('.')[0]);
const WORK = `const work = setInterval(() => {
  fs.readFileSync(__filename);
  Promise.resolve().then(() => {});
}, 2);`;
const PHASES = new Set('BEXiIbneBESTFNODPMVvRcsetpf()C'.split(''));

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The trace, after the rules of the trace event format that viewers rely on. */
function readTrace(file) {
  const trace = JSON.parse(fs.readFileSync(file, 'utf8'));
  assert.ok(Array.isArray(trace.traceEvents));
  for (const event of trace.traceEvents) {
    assert.ok(PHASES.has(event.ph), JSON.stringify(event));
    assert.ok(Number.isInteger(event.pid) && Number.isInteger(event.tid), JSON.stringify(event));
    assert.ok(Number.isFinite(event.ts) && event.ts > 0, JSON.stringify(event));
    assert.ok(typeof event.name === 'string' && typeof event.cat === 'string', JSON.stringify(event));
    if (event.ph === 'X') assert.ok(event.dur >= 0, JSON.stringify(event));
  }
  assert.strictEqual(trace.otherData.events, trace.traceEvents.length);
  return trace;
}

const tempFiles = (app) => app.files().filter((name) => name.startsWith('.'));

async function ready(body, options) {
  const app = launch(`${body}\nsay('ready');`, options);
  const rpc = await app.rpc();
  await app.said('ready');
  return { app, rpc };
}

describe('a trace', LIMIT, () => {
  test('start, stop: the reply, the name, the events of the program, whole at once', async () => {
    const { app, rpc } = await ready(WORK);
    const started = await rpc.call('start_trace');
    assert.strictEqual(started.state, 'running');
    assert.match(started.filepath, new RegExp(`/x-trace-${app.pid}-\\d{8}-0\\.trace\\.json$`));
    await sleep(700);
    assert.strictEqual(fs.existsSync(started.filepath), false, 'not before it is complete');
    const result = await rpc.call('stop_trace', { wait: true });
    assert.strictEqual(result.filepath, started.filepath);
    assert.strictEqual(result.state, 'written');
    assert.strictEqual(result.bytes, fs.statSync(result.filepath).size);
    assert.strictEqual(fs.statSync(result.filepath).mode & 0o777, 0o600);
    assert.ok(result.duration_ms >= 700 && result.paused_ms > 0, JSON.stringify(result));
    assert.strictEqual(result.dropped, 0);
    const { traceEvents, otherData } = readTrace(result.filepath);
    assert.strictEqual(result.events, traceEvents.length);
    assert.strictEqual(otherData.node, process.version);
    const names = new Set(traceEvents.map(({ name }) => name));
    for (const name of ['RunTimers', 'fs.sync.read', 'process_name']) {
      assert.ok(names.has(name), `${name} in ${[...names]}`);
    }
    assert.ok(!traceEvents.some(({ cat }) => cat.includes('async_hooks')), 'not recorded without being asked for');
    const metadata = traceEvents.filter(({ ph, name }) => ph === 'M' && name === 'version');
    assert.strictEqual(metadata.length, 1, 'metadata stands there once');
    assert.deepStrictEqual(tempFiles(app), []);
    assert.strictEqual(app.stderr, '');
  });

  test('one at a time; a time; a name; another one after it', async () => {
    const { app, rpc } = await ready(WORK);
    const waiting = rpc.send('start_trace', { profiling_time: 600, wait: true, name: 'mine', categories: 'v8' });
    await rpc.call('list_trace_categories');
    const refusal = await rpc.refused('start_trace');
    assert.deepStrictEqual([refusal.code, refusal.message], [-32000, 'start_trace is running.']);
    const { result } = await within(waiting.reply, 'the trace');
    assert.strictEqual(result.filepath, `${app.logDir}/mine.trace.json`);
    assert.ok(result.duration_ms >= 600, result.duration_ms);
    assert.strictEqual(readTrace(result.filepath).otherData.categories, 'v8');
    const none = await rpc.refused('stop_trace');
    assert.strictEqual(none.message, 'stop_trace dependent action start_trace is not running.');
    const again = await rpc.call('start_trace', { profiling_time: 50, wait: true });
    assert.notStrictEqual(again.filepath, result.filepath);
  });

  test('JavaScript without a pause: pending, then it begins', async () => {
    const { app, rpc } = await ready(`serve({ block() { say('blocked'); while (!fs.existsSync('free')); say('free'); } });`);
    app.tell('block');
    await app.said('blocked');
    const pending = await rpc.call('start_trace');
    assert.strictEqual(pending.state, 'pending', JSON.stringify(pending));
    fs.writeFileSync(path.join(app.home, 'free'), '');
    await app.said('free');
    readTrace((await rpc.call('stop_trace', { wait: true })).filepath);
  });

  test('its largest size: it ends there, valid, and says so; the rest is counted', async () => {
    const { rpc } = await ready(`setInterval(() => { for (let i = 0; i < 500; i++) Promise.resolve().then(() => {}); }, 1);`);
    const waiting = rpc.send('start_trace', { wait: true, max_file_mb: 1, categories: 'node.async_hooks' });
    await rpc.refused('start_trace');
    await sleep(1000); // the size is reached; a fast machine has ended by itself then, a slow one is ended
    const stopped = rpc.send('stop_trace', { wait: true });
    const { result } = await within(waiting.reply, 'the end of the trace', 120000);
    await stopped.reply;
    assert.strictEqual(result.ended_by, 'size limit');
    assert.ok(result.bytes > 0.3 * 2 ** 20 && result.bytes <= 2 ** 20, result.bytes);
    assert.ok(result.dropped > 0, JSON.stringify(result));
    assert.strictEqual(readTrace(result.filepath).otherData.ended_by, 'size limit');
  });

  test('cancel: nothing is written', async () => {
    const { app, rpc } = await ready(WORK);
    await rpc.call('start_trace');
    const waiting = rpc.send('start_gc_profiling', { profiling_time: 10, wait: true });
    assert.deepStrictEqual(await rpc.call('cancel', { action: 'start_trace' }), { cancelled: 1 });
    await waiting.reply;
    await rpc.call('start_trace', { profiling_time: 50, wait: true, name: 'after' });
    const files = app.files().filter((name) => name.includes('trace'));
    assert.deepStrictEqual(files, ['after.trace.json']);
  });

  test('a log_dir that is gone: the reply says so, and the next one works', async () => {
    const { app, rpc } = await ready(WORK);
    fs.renameSync(app.logDir, `${app.logDir}.away`);
    const error = await rpc.refused('start_trace', { wait: true });
    fs.renameSync(`${app.logDir}.away`, app.logDir);
    assert.strictEqual(error.code, -32003, error.message);
    assert.match(error.message, /could not be written.*log_dir/);
    readTrace((await rpc.call('start_trace', { profiling_time: 50, wait: true })).filepath);
  });

  test('so many events that Node.js would abort: every trace ends well', async () => {
    const { app, rpc } = await ready(`const it = setInterval(() => { for (let i = 0; i < 3000; i++) Promise.resolve().then(() => {}); }, 1);
      serve({ end() { clearInterval(it); process.stdin.destroy(); } });`);
    for (let i = 0; i < 5; i++) {
      const options = { profiling_time: 200 + 40 * i, wait: true, categories: 'node,v8' };
      const result = await rpc.call('start_trace', options, 120000);
      assert.ok(result.events > 1000, JSON.stringify(result));
      fs.unlinkSync(result.filepath);
    }
    app.tell('end');
    assert.deepStrictEqual(await within(app.ended, 'the end'), { status: 0, signal: null }, app.stderr);
    assert.strictEqual(app.stderr, '');
  });
});

describe('a reader that is not ours', LIMIT, () => {
  test('the trace engine of Chrome DevTools takes it: threads, their names, the time', { skip: MAJOR < 20 }, async (t) => {
    const home = fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-engine-'));
    t.after(() => fs.rmSync(home, { recursive: true, force: true }));
    const words = ['install', '--silent', '--no-audit', '--no-fund', '--prefix', home, '@paulirish/trace_engine@0.0.65'];
    const installed = spawnSync('npm', words, { encoding: 'utf8', timeout: 150000 });
    assert.strictEqual(installed.status, 0, installed.stderr);
    const { app, rpc } = await ready(WORK);
    const { filepath } = await rpc.call('start_trace', { profiling_time: 500, wait: true });
    const program = `globalThis.window ??= globalThis;
      const { readFileSync } = await import('node:fs');
      const { Processor } = await import('@paulirish/trace_engine');
      const processor = Processor.TraceProcessor.createWithAllHandlers();
      await processor.parse(JSON.parse(readFileSync(${JSON.stringify(filepath)}, 'utf8')).traceEvents, { isFreshRecording: false });
      const { Meta, Renderer } = processor.data ?? processor.parsedTrace;
      const [[pid, { threads }]] = Renderer.processes;
      const names = [...threads.values()].map(({ name, entries }) => [name, entries.length]);
      console.log(JSON.stringify({ pid, names, range: Meta.traceBounds.range }));`;
    fs.writeFileSync(path.join(home, 'read.mjs'), program);
    const { stdout, stderr } = spawnSync(process.execPath, [path.join(home, 'read.mjs')], { encoding: 'utf8' });
    assert.ok(stdout, stderr);
    const { pid, names, range } = JSON.parse(stdout);
    assert.strictEqual(pid, app.pid);
    const [, entries] = names.find(([name]) => name === 'JavaScriptMainThread');
    assert.ok(entries > 20, stdout);
    assert.ok(range > 300000 && range < 60e6, stdout);
  });
});

describe('categories', LIMIT, () => {
  test('listed; unknown and empty ones are refused by name', async () => {
    const { rpc } = await ready(WORK);
    const { categories } = await rpc.call('list_trace_categories');
    const of = (name) => categories.find((category) => category.name === name);
    assert.deepStrictEqual(of('v8'), { name: 'v8', is_default: true });
    assert.deepStrictEqual(of('node.async_hooks'), { name: 'node.async_hooks', is_default: false });
    const wrong = await rpc.refused('start_trace', { categories: 'v8,node.foo' });
    assert.deepStrictEqual([wrong.code, wrong.data.field], [-32602, 'categories']);
    assert.match(wrong.message, /no category node\.foo; there are .*node\.perf/);
    assert.match((await rpc.refused('start_trace', { categories: ' , ' })).message, /at least one/);
    const size = await rpc.refused('start_trace', { max_file_mb: 0 });
    assert.strictEqual(size.data.field, 'max_file_mb');
  });

  test('only those asked for are recorded', async () => {
    const { rpc } = await ready(WORK);
    const options = { categories: 'node.fs.sync', profiling_time: 200, wait: true };
    const { traceEvents } = readTrace((await rpc.call('start_trace', options)).filepath);
    const others = traceEvents.filter(({ cat }) => cat !== '__metadata' && !cat.includes('node.fs.sync'));
    assert.deepStrictEqual(others, []);
    assert.ok(traceEvents.length > 10);
  });
});

describe('threads and other tracers', LIMIT, () => {
  test('a worker is refused with the way out, and its events are in the trace of thread 0', async () => {
    const { rpc } = await ready(
      `${WORK}\nconst worker = workerOf("setInterval(() => require('fs').readFileSync(process.execPath.slice(0, 1) + 'etc/hostname'), 5)");
       await new Promise((resolve) => worker.once('online', resolve));`.replace(/^/, '(async () => {') + '\n})();',
    );
    const worker = await until(async () => {
      const { environments } = await rpc.call('list_environments');
      return environments.find(({ is_main_thread }) => !is_main_thread);
    }, 'the worker');
    const refusal = await rpc.refused('start_trace', { thread_id: worker.thread_id });
    assert.deepStrictEqual([refusal.code, refusal.data.field], [-32006, 'thread_id']);
    assert.match(refusal.message, /thread 0/);
    await until(async () => { // a worker that has just begun may not have read yet
      const { traceEvents } = readTrace((await rpc.call('start_trace', { profiling_time: 500, wait: true })).filepath);
      const tids = new Set(traceEvents.filter(({ name }) => name === 'fs.sync.read').map(({ tid }) => tid));
      return tids.size >= 2;
    }, 'reads in two threads');
  });

  test('a session of the application goes on, and so does --trace-event-categories', async () => {
    const args = ['--trace-event-categories', 'v8', '--trace-event-file-pattern', 'own-${rotation}.json'];
    const session = `const { Session } = require('inspector'); const own = new Session(); own.connect(); let seen = 0;
      own.on('NodeTracing.dataCollected', ({ params }) => { seen += params.value.length; });
      own.post('NodeTracing.start', { traceConfig: { includedCategories: ['node.fs.sync'] } });
      serve({ end() { own.post('NodeTracing.stop'); say(seen > 10 ? 'seen' : 'only ' + seen); clearInterval(work); process.stdin.destroy(); } });`;
    const { app, rpc } = await ready(`${WORK}\n${session}`, { args });
    if (MAJOR >= 22) {
      readTrace((await rpc.call('start_trace', { profiling_time: 300, wait: true })).filepath);
    } else {
      const refusal = await rpc.refused('start_trace');
      assert.match(refusal.message, /traces already/);
    }
    await sleep(300); // some reads
    app.tell('end');
    await app.said('seen');
    await app.ended;
    const own = fs.readdirSync(app.home).filter((name) => name.startsWith('own-'));
    assert.strictEqual(own.length, 1);
    JSON.parse(fs.readFileSync(`${app.home}/${own[0]}`, 'utf8'));
  });

  test('without the inspector: refused with the reason', async () => {
    const hide = `const Module = require('module'); const load = Module._load;
      Module._load = function (name, ...rest) {
        if (/inspector/.test(name)) throw Object.assign(new Error('Inspector is not available'), { code: 'ERR_INSPECTOR_NOT_AVAILABLE' });
        return load.call(this, name, ...rest);
      };`;
    const { app, rpc } = await ready(`${hide}\n${WORK}`);
    const refusal = await rpc.refused('start_trace');
    assert.strictEqual(refusal.code, -32006);
    assert.match(refusal.message, /built without the inspector/);
    assert.ok(app.isAlive());
  });

  test('under --permission: refused with the flag', { skip: MAJOR < 24 }, async () => {
    const args = ['--permission', '--allow-addons', '--allow-worker', '--allow-child-process', '--allow-fs-read=*', '--allow-fs-write=*'];
    const { rpc } = await ready(WORK, { args });
    const refusal = await rpc.refused('start_trace');
    assert.strictEqual(refusal.code, -32006);
    assert.match(refusal.message, /--allow-inspector/);
  });
});

describe('the end of the process: written, and who waits is told', LIMIT, () => {
  const ENDS = [
    ['a natural end', 'serve({ end() { clearInterval(work); process.stdin.destroy(); } });', { status: 0, signal: null }],
    ['process.exit', 'serve({ end() { process.exit(3); } });', { status: 3, signal: null }],
    ['an uncaught exception', 'serve({ end() { throw new Error("mine"); } });', { status: 1, signal: null }],
    ['SIGTERM', '', { status: null, signal: 'SIGTERM' }, 'SIGTERM'],
    ['SIGTERM in a loop without end', 'serve({ end() { say("loop"); for (;;); } });', { status: null, signal: 'SIGTERM' }, 'SIGTERM'],
  ];
  for (const [what, body, wanted, signal] of ENDS) {
    test(what, async () => {
      const { app, rpc } = await ready(`${WORK}\n${body}`);
      const waiting = rpc.send('start_trace', { wait: true });
      await rpc.call('list_trace_categories'); // after it has begun
      await sleep(300);
      if (body) app.tell('end');
      if (what.includes('loop')) await app.said('loop');
      if (signal) app.child.kill(signal);
      assert.deepStrictEqual(await within(app.ended, 'the end'), wanted, app.stderr);
      const { result, error } = await within(waiting.reply, 'the reply');
      assert.strictEqual(error, undefined, error && error.message);
      assert.deepStrictEqual([result.state, result.ended_by], ['written', signal || 'process exit']);
      const { traceEvents, otherData } = readTrace(result.filepath);
      assert.strictEqual(otherData.ended_by, signal || 'process exit');
      if (!what.includes('loop')) assert.ok(traceEvents.some(({ name }) => name === 'fs.sync.read'), 'the last events too');
      assert.deepStrictEqual(tempFiles(app), []);
    });
  }
});
