'use strict';

// enable_auto_incr_heap_limit: grows in steps to a cap, on the main thread only; workers keep their resourceLimits.

const assert = require('node:assert');
const { describe, test } = require('node:test');
const { startApp } = require('./support/app');
const { within } = require('./support/until');

const SMALL = ['--max-old-space-size=40'];
const MB = 1024 * 1024;

const KEEP = `
  const kept = [];
  function keep(mb) {
    for (let i = 0; i < mb * 10; i++) kept.push(new Array(13000).fill(i));
  }`;

async function run(t, body, config) {
  const app = startApp(`${KEEP}\n${body}`, { args: SMALL, config: { log_level: 0, ...config } });
  t.after(() => app.stop());
  const end = await within(app.ended, 'the end', 50000);
  const steps = [...app.log().matchAll(/\[heap_limit\] \[\d+\] \[0\] \[[\d.]+\] current_heap_limit: (\d+), initial_heap_limit: (\d+), auto_incr_heap_limit_size: (\d+), increased_heap: (\d+)/g)];
  return { app, end, steps: steps.map(([, ...numbers]) => numbers.map(Number)) };
}

const EAT = `
  const used = () => process.memoryUsage().heapUsed / ${MB};
  while (used() < 120) keep(2);
  say('survived');
  process.exit(0);`;

// Node ends a worker at its limit only when JavaScript comes to an interrupt check in time.
const EAT_IN_STEPS = JSON.stringify(`
  const kept = [];
  function eat() {
    for (let i = 0; i < 200; i++) kept.push(Array.from({ length: 100 }, (_, k) => ({ k })));
    setImmediate(eat);
  }`);

describe('the heap limit', { timeout: 240000 }, () => {
  test('grows in the configured steps, each with its log line', async (t) => {
    const { app, end, steps } = await run(t, EAT, { enable_auto_incr_heap_limit: true, auto_incr_heap_limit_size: 64 });
    assert.deepStrictEqual(end, { status: 0, signal: null }, app.stderr);
    assert.match(app.stdout, /^survived$/m);
    assert.ok(steps.length >= 1, app.log());
    for (const [current, initial, size, increased] of steps) {
      assert.strictEqual(size, 64);
      assert.strictEqual(increased, current + 64 * MB);
      assert.ok(initial <= current);
    }
  });

  test('has a cap, at which the program ends as without it', async (t) => {
    const config = { enable_auto_incr_heap_limit: true, auto_incr_heap_limit_size: 16, auto_incr_heap_limit_max: 80 };
    const { app, end, steps } = await run(t, EAT, config);
    assert.strictEqual(end.signal, 'SIGABRT');
    assert.match(app.stderr, /JavaScript heap out of memory/);
    assert.ok(steps.length >= 2, `${steps.length} steps`);
    steps.forEach(([, , , increased]) => assert.ok(increased <= 80 * MB, `${increased}`));
  });

  test('off: it does not grow', async (t) => {
    const { app, end, steps } = await run(t, EAT, {});
    assert.strictEqual(end.signal, 'SIGABRT', app.stdout);
    assert.deepStrictEqual(steps, []);
  });

  test('a worker that hits its resourceLimits ends alone, with all our hooks on', async (t) => {
    const body = `
      const eat = 'require(' + JSON.stringify(xprofilerRoot) + ')(); ' + ${EAT_IN_STEPS} + 'eat();';
      const worker = new Worker(eat, { eval: true, resourceLimits: { maxOldGenerationSizeMb: 20 } });
      worker.on('error', ({ code }) => say('worker: ' + code));
      worker.on('exit', () => { say('main lives'); process.exit(0); });`;
    const config = { enable_auto_incr_heap_limit: true, auto_incr_heap_limit_size: 64, enable_fatal_error_hook: true };
    const { app, end, steps } = await run(t, body, config);
    assert.deepStrictEqual(end, { status: 0, signal: null }, app.stderr);
    assert.match(app.stdout, /^worker: ERR_WORKER_OUT_OF_MEMORY\nmain lives$/m);
    assert.deepStrictEqual(steps, []);
    assert.doesNotMatch(app.stderr, /xprofiler: /);
  });

  test('a worker with a CPU profile running hits its resourceLimits: main lives', async (t) => {
    const body = `
      const eat = 'require(' + JSON.stringify(xprofilerRoot) + ')(); const { parentPort } = require("node:worker_threads");' +
        ${EAT_IN_STEPS} + 'parentPort.once("message", eat); parentPort.postMessage(1);';
      const worker = new Worker(eat, { eval: true, resourceLimits: { maxOldGenerationSizeMb: 30 } });
      worker.on('error', ({ code }) => say('worker: ' + code));
      worker.on('exit', () => say('worker ended'));
      worker.on('message', () => say('ready'));
      serve({ eat() { worker.postMessage(1); }, end() { process.exit(0); } });`;
    const app = startApp(body, { config: { enable_auto_incr_heap_limit: true } });
    t.after(() => app.stop());
    const rpc = await app.rpc();
    await app.said('ready');
    const running = rpc.send('start_cpu_profiling', { thread_id: 1, wait: true });
    await rpc.call('diag_report', { thread_id: 1, wait: true });
    app.tell('eat');
    await app.said('worker ended');
    assert.match(app.stdout, /^worker: ERR_WORKER_OUT_OF_MEMORY$/m);
    const { result, error } = await within(running.reply, 'the waiter is told');
    assert.ok(result ? result.ended_by === 'thread exit' : error.code === -32002, JSON.stringify(result || error));
    assert.ok(app.isAlive());
    app.tell('end');
    assert.deepStrictEqual(await within(app.ended, 'the end'), { status: 0, signal: null }, app.stderr);
  });
});
