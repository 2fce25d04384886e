'use strict';

// cpuProfile() and its kin, and on(): each test runs a program of its own, which looks at what it gets.

const assert = require('node:assert');
const fs = require('node:fs');
const zlib = require('node:zlib');
const { describe, test } = require('node:test');
const { busy } = require('./support/busy');
const { launch } = require('./support/launch');
const { within } = require('./support/until');

const LIMIT = { timeout: 240000 };
const MAJOR = Number(process.versions.node.split('.')[0]);
const hasCollected = MAJOR >= 20;

const PRELUDE = `const xprofiler = require(xprofilerRoot);
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
${busy('spin')}
const fault = (promise) => promise.then((value) => ({ value }),
  ({ name, code, field, message, cause }) => ({ name, code, field, message, cause: cause && cause.name }));
const report = (value) => say('VALUE ' + JSON.stringify(value));`;

/** Runs the body to its natural end, status 0 and nothing on stderr; gives what it reported. */
async function run(body, options) {
  const app = launch(`${PRELUDE}\nprocess.stdin.destroy();\n(async () => {\n${body}\n})();`, options);
  const end = await within(app.ended, 'the end of the program', 50000);
  assert.deepStrictEqual([end, app.stderr], [{ status: 0, signal: null }, '']);
  const values = app.stdout.split('\n').filter((line) => line.startsWith('VALUE ')).map((line) => JSON.parse(line.slice(6)));
  return { app, values };
}

const profiles = (app) => app.files().filter((name) => !name.endsWith('.log'));

describe('profiles from JavaScript', LIMIT, () => {
  test('a path: the complete file of each kind; the pending call keeps the process alive', async () => {
    const { app, values } = await run(`
      for (const name of ['cpuProfile', 'heapProfile', 'gcProfile', 'trace'])
        report(await xprofiler[name]({ durationMs: 100 }));
      report(await xprofiler.heapSnapshot());
      report(await xprofiler.diagReport({}));`);
    const extensions = ['cpuprofile', 'heapprofile', 'gcprofile', 'trace.json', 'heapsnapshot', 'diag'];
    assert.deepStrictEqual(values.map((file) => file.replace(/^.*?\d-\d+\./, '')), extensions);
    for (const file of values) {
      assert.ok(file.startsWith(`${app.logDir}/x-`), file);
      JSON.parse(fs.readFileSync(file, 'utf8'));
    }
  });

  test('a Buffer in every format, and no file', async () => {
    const { app, values } = await run(`
      const work = setInterval(() => spin(5), 6);
      const take = async (name, options) => report((await xprofiler[name]({ output: 'buffer', ...options })).toString('base64'));
      for (const format of ['cpuprofile', 'pprof', 'folded', 'html', 'speedscope', 'trace'])
        await take('cpuProfile', { durationMs: 200, format, samplingIntervalUs: 500 });
      await take('heapProfile', { durationMs: 100, samplingIntervalBytes: 1024, format: 'pprof' });
      await take('gcProfile', { durationMs: 20 });
      await take('trace', { durationMs: 50, categories: ['v8', 'node.environment'] });
      await take('heapSnapshot');
      await take('diagReport');
      clearInterval(work);`);
    const [cpuprofile, pprof, folded, html, speedscope, chrome, heap, gc, trace, snapshot, diag] = values.map((text) =>
      Buffer.from(text, 'base64'),
    );
    assert.ok(JSON.parse(cpuprofile).nodes.some(({ callFrame }) => callFrame.functionName === 'spin'));
    for (const word of ['samples', 'nanoseconds', 'processTimers']) assert.ok(zlib.gunzipSync(pprof).includes(word), word);
    assert.match(folded.toString(), /processTimers.* \d+$/m);
    assert.match(html.toString(), /^<!doctype html>/i);
    assert.match(JSON.parse(speedscope).$schema, /speedscope/);
    assert.ok(Array.isArray(JSON.parse(chrome).traceEvents));
    assert.ok(zlib.gunzipSync(heap).includes('inuse_space'));
    assert.ok(Array.isArray(JSON.parse(gc).gc));
    assert.strictEqual(JSON.parse(trace).otherData.categories, 'v8,node.environment');
    assert.ok(JSON.parse(snapshot).snapshot.node_count > 1000);
    assert.strictEqual(JSON.parse(diag).pid, app.pid);
    assert.deepStrictEqual(profiles(app), []);
  });

  test('allocations, collected ones too', { skip: !hasCollected }, async () => {
    const { values } = await run(`
      const work = setInterval(() => { for (let i = 0; i < 1000; i++) [i].concat([i]); }, 1);
      const options = { durationMs: 300, samplingIntervalBytes: 1024, format: 'pprof', output: 'buffer' };
      report((await xprofiler.allocProfile(options)).toString('base64'));
      clearInterval(work);`);
    assert.ok(zlib.gunzipSync(Buffer.from(values[0], 'base64')).includes('alloc_space'));
  });

  test('filepath: another directory, the extension added; an existing file is left alone', async () => {
    const { app, values } = await run(`
      const path = require('node:path');
      const there = path.join(path.dirname(__filename), 'mine');
      report(await xprofiler.cpuProfile({ durationMs: 20, filepath: there, format: 'html' }));
      process.chdir(path.dirname(__filename));
      report(await xprofiler.gcProfile({ durationMs: 20, filepath: 'relative.gcprofile' }));
      report(await fault(xprofiler.gcProfile({ durationMs: 20, filepath: 'relative.gcprofile' })));
      report(await fault(xprofiler.gcProfile({ durationMs: 20, filepath: '/nowhere/at/all' })));`);
    const [html, relative, exists, nowhere] = values;
    assert.strictEqual(html, `${app.home}/mine.html`);
    assert.strictEqual(fs.realpathSync(relative), fs.realpathSync(`${app.home}/relative.gcprofile`));
    assert.strictEqual(exists.code, 'XPROFILER_PARAMS');
    assert.match(exists.message, /exists already/);
    assert.strictEqual(nowhere.code, 'XPROFILER_IO');
  });

  test('a worker from the main thread, a worker from inside, the main thread from a worker', async () => {
    const { values } = await run(`
      const code = \`const xprofiler = require(require('node:worker_threads').workerData);
        const { parentPort, threadId } = require('node:worker_threads');
        ${busy('inTheWorker')} setInterval(inTheWorker, 6, 5);
        parentPort.on('message', async () => {
          const own = await xprofiler.cpuProfile({ durationMs: 500, output: 'buffer' });
          const main = await xprofiler.cpuProfile({ durationMs: 500, output: 'buffer', threadId: 0 });
          parentPort.postMessage({ threadId, own: own.toString(), main: main.toString() });
        });\`;
      const worker = new Worker(code, { eval: true, workerData: xprofilerRoot });
      ${busy('inTheMain')} const work = setInterval(inTheMain, 6, 5);
      await new Promise((resolve) => worker.once('online', resolve));
      await sleep(300);
      const has = (text, name) => JSON.parse(text).nodes.some(({ callFrame }) => callFrame.functionName === name);
      const answer = new Promise((resolve) => worker.once('message', resolve));
      worker.postMessage('go');
      const { threadId: id, own, main } = await answer;
      report([has(own, 'inTheWorker'), has(own, 'inTheMain'), has(main, 'inTheWorker'), has(main, 'inTheMain')]);
      const other = await xprofiler.cpuProfile({ durationMs: 500, output: 'buffer', threadId: id });
      report([has(other, 'inTheWorker'), has(other, 'inTheMain')]);
      const ended = fault(xprofiler.cpuProfile({ durationMs: 30000, output: 'buffer', threadId: id }));
      await sleep(500);
      await worker.terminate();
      const { value } = await ended;
      report(has(Buffer.from(value).toString(), 'inTheWorker'));
      clearInterval(work);`);
    assert.deepStrictEqual(values, [[true, false, false, true], [true, false], true]);
  });

  test('wrong options: a TypeError that names them', async () => {
    const { values } = await run(`
      const wrong = [{ durationMs: -1 }, { durationMs: '1' }, { nothing: 1 }, { format: 'xml' }, { samplingIntervalUs: 1 },
        { output: 'socket' }, { output: 'buffer', filepath: 'x' }, { signal: 1 }, null, { threadId: 4711 }];
      for (const options of wrong) report(await fault(xprofiler.cpuProfile(options)));
      report(await fault(xprofiler.trace({ categories: 'node.nothing' })));
      report(await fault(xprofiler.gcProfile({ format: 'pprof' })));`);
    const fields = ['durationMs', 'durationMs', 'nothing', 'format', 'samplingIntervalUs', 'output', 'filepath', 'signal', 'options'];
    fields.forEach((field, i) => {
      const { name, code, field: found, message } = values[i];
      assert.deepStrictEqual([name, code, found], ['TypeError', 'XPROFILER_PARAMS', field]);
      assert.ok(message.includes(field), message);
    });
    assert.deepStrictEqual([values[9].code, values[9].field], ['XPROFILER_THREAD', 'threadId']);
    assert.strictEqual(values[10].field, 'categories');
    assert.match(values[11].message, /format must be one of: gcprofile/);
  });

  test('one at a time, whoever runs the other; before start() it is refused', async () => {
    const { values } = await run(
      `const early = await fault(xprofiler.cpuProfile({ durationMs: 10 }));
       xprofiler(xprofilerConfig);
       const first = xprofiler.cpuProfile({ durationMs: 300 });
       const second = await fault(xprofiler.cpuProfile({ durationMs: 10 }));
       report([early.code, second.code, second.message, typeof (await first)]);`,
      { isBare: true },
    );
    const running = 'start_cpu_profiling is running.';
    assert.deepStrictEqual(values, [['XPROFILER_NOT_STARTED', 'XPROFILER_REFUSED', running, 'string']]);
  });

  test('an AbortSignal: an AbortError soon, and nothing is written', async () => {
    const { app, values } = await run(`
      const abort = new AbortController();
      setTimeout(() => abort.abort(), 150);
      const began = Date.now();
      const all = ['cpuProfile', 'heapProfile', 'gcProfile', 'trace'].map((name) =>
        fault(xprofiler[name]({ durationMs: 20000, signal: abort.signal })));
      report(await Promise.all(all));
      report(Date.now() - began < 10000);
      report(await fault(xprofiler.heapSnapshot({ signal: AbortSignal.abort() })));
      report(typeof (await xprofiler.cpuProfile({ durationMs: 10, signal: new AbortController().signal, output: 'buffer' })));
      await sleep(300);`);
    const [all, isSoon, early] = values;
    for (const { name, code, cause } of [...all, early]) {
      assert.deepStrictEqual([name, code, cause], ['AbortError', 'ABORT_ERR', 'AbortError']);
    }
    assert.strictEqual(isSoon, true);
    assert.deepStrictEqual(profiles(app), []);
  });

  test('somebody outside stops it: the promise has the profile', async () => {
    const app = launch(`${PRELUDE}
      xprofiler.cpuProfile({ durationMs: 60000 }).then((file) => { report(file); process.stdin.destroy(); });
      serve({}); say('ready');`);
    const rpc = await app.rpc();
    await app.said('ready');
    const { filepath } = await rpc.call('stop_cpu_profiling', { wait: true });
    await app.said(`VALUE ${JSON.stringify(filepath)}`);
  });

  test('process.exit while one is under way: the file is written, the exit is the program\'s', async () => {
    const app = launch(`${PRELUDE}
      xprofiler.cpuProfile({ durationMs: 60000, filepath: __dirname + '/last' }); setTimeout(() => process.exit(4), 300);`);
    assert.deepStrictEqual(await within(app.ended, 'the end'), { status: 4, signal: null });
    JSON.parse(fs.readFileSync(`${app.home}/last.cpuprofile`, 'utf8'));
  });
});

describe('events', LIMIT, () => {
  test('stall: the time, the stack when it was JavaScript; off ends it', async () => {
    const { values } = await run(`
      const events = [];
      const listener = (event) => events.push(event);
      xprofiler.on('stall', listener, { thresholdMs: 150 });
      await sleep(100);
      // A thread that gets no CPU at the moment is not asked for its stack in time.
      for (let i = 0; i < 10 && !events.some(({ stack }) => /theCulprit/.test(stack || '')); i++) {
        (function theCulprit() { spin(600); })();
        await sleep(100);
      }
      execSync('sleep 0.4');
      await sleep(100);
      xprofiler.off('stall', listener);
      spin(300);
      await sleep(100);
      report(events);`);
    const long = values[0].filter(({ durationMs }) => durationMs >= 390);
    assert.ok(long.length >= 2, JSON.stringify(values));
    const culprit = long.find(({ stack }) => /theCulprit/.test(stack || ''));
    assert.ok(culprit && culprit.durationMs >= 590, JSON.stringify(long));
    assert.match(culprit.stack, /at spin .*app\.js:\d+:\d+\)\n.*at theCulprit /);
    assert.ok(!/execSync|theCulprit/.test(long.at(-1).stack || ''), 'no stack that is not true');
    const after = values[0].findIndex((event) => event === long.at(-1));
    assert.ok(values[0].length <= after + 2, 'nothing after off()');
  });

  test('gc: kind and time; profile: every file, whoever asked', async () => {
    const { values } = await run(`
      const kinds = new Set();
      const onGc = ({ kind, durationMs, at }) => {
        if (durationMs >= 0 && Math.abs(Date.now() - at) < 60000) kinds.add(kind);
      };
      xprofiler.on('gc', onGc);
      const files = [];
      xprofiler.on('profile', (event) => files.push(event));
      let kept = [];
      for (let i = 0; i < 50 && kinds.size === 0; i++) { kept = Array.from({ length: 200000 }, () => ({})); await sleep(20); }
      xprofiler.off('gc', onGc);
      const file = await xprofiler.gcProfile({ durationMs: 20 });
      await xprofiler.gcProfile({ durationMs: 20, output: 'buffer' });
      await sleep(100);
      report([...kinds]);
      report(files.length === 1 && files[0].filepath === file && files[0].bytes > 10 && files[0].command);`);
    assert.ok(values[0].length > 0);
    assert.ok(values[0].every((kind) => /^(scavenge|minormarksweep|marksweep|marking|weakcallbacks)$/.test(kind)), values[0]);
    assert.strictEqual(values[1], 'start_gc_profiling');
  });

  test('once is once; a listener that throws is an uncaught exception; unknown events are refused', async () => {
    const { values } = await run(`
      let count = 0;
      xprofiler.once('profile', () => count++);
      await xprofiler.gcProfile({ durationMs: 10 });
      await xprofiler.gcProfile({ durationMs: 10 });
      process.on('uncaughtException', (error) => report(error.message));
      xprofiler.once('profile', () => { throw new Error('of the listener'); });
      await xprofiler.gcProfile({ durationMs: 10 });
      await sleep(100);
      report(count);
      try { xprofiler.on('stop', () => {}); } catch (error) { report([error.name, error.code]); }
      report(xprofiler.off('stall', () => {}) === xprofiler);`);
    assert.deepStrictEqual(values, ['of the listener', 1, ['TypeError', 'XPROFILER_PARAMS'], true]);
  });
});
