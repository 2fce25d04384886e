'use strict';

// How a process ends while profiles run: they are written, who waits is told, and the end stays the program's own.

const assert = require('node:assert');
const fs = require('node:fs');
const { describe, test } = require('node:test');
const { startApp } = require('./support/app');
const { PROFILES } = require('./support/kinds');
const { within } = require('./support/until');

const WORK = 'let kept = []; const work = setInterval(() => { kept = Array.from({ length: 20000 }, (_, i) => ({ i })); }, 5);';
const read = (file) => JSON.parse(fs.readFileSync(file, 'utf8'));

/** Runs the body with all three profiles running, tells it to end; gives its end and the waiters' replies. */
async function endWhileProfiling(t, body, { thread_id = 0, kill, ...options } = {}) {
  const app = startApp(`${WORK}\n${body}`, options);
  t.after(() => app.stop());
  const rpc = await app.rpc();
  await app.said('ready');
  const waiting = PROFILES.map(({ start }) => rpc.send(start, { thread_id, wait: true }));
  await rpc.call('diag_report', { thread_id, wait: true, name: 'begun' }); // begins after the three
  if (kill) app.child.kill(kill);
  else app.tell('end');
  const end = await within(app.ended, 'the end of the program');
  const replies = await within(Promise.all(waiting.map(({ reply }) => reply)), 'the waiters are told');
  return { app, end, replies };
}

function checkWritten({ app, replies }, endedBy) {
  for (const { kind } of PROFILES) {
    const [name, ...more] = app.files().filter((file) => file.endsWith(`.${kind}`));
    assert.ok(name && more.length === 0, `one .${kind}: ${app.files()}`);
    read(`${app.logDir}/${name}`);
  }
  assert.deepStrictEqual(app.files().filter((name) => name.startsWith('.')), [], 'no temp file');
  for (const { result, error } of replies) {
    assert.strictEqual(error, undefined, error && error.message);
    assert.deepStrictEqual([result.state, result.ended_by], ['written', endedBy]);
    read(result.filepath);
  }
}

describe('profiles at the end of the process', { timeout: 240000 }, () => {
  const ENDS = [
    ['a natural end', 'serve({ end() { clearInterval(work); process.stdin.destroy(); } });', { status: 0, signal: null }],
    ['process.exit', 'serve({ end() { process.exit(3); } });', { status: 3, signal: null }],
    [
      'an uncaught exception',
      'serve({ end() { throw new Error("the program is at fault"); } });',
      { status: 1, signal: null },
    ],
    [
      'process.exit inside a listener of exit',
      'process.on("exit", () => process.exit(7)); serve({ end() { process.exit(3); } });',
      { status: 7, signal: null },
    ],
  ];
  for (const [what, body, wanted] of ENDS) {
    test(`${what}: written, waiters are told, the status is the program's`, async (t) => {
      const outcome = await endWhileProfiling(t, `${body} say('ready');`);
      assert.deepStrictEqual(outcome.end, wanted, outcome.app.stderr);
      checkWritten(outcome, 'process exit');
      const { stderr } = outcome.app;
      if (wanted.status === 1) assert.match(stderr, /Error: the program is at fault/);
      else assert.strictEqual(stderr, '');
    });
  }

  test('a signal that the program sends itself and dies of: written, and death by that signal', async (t) => {
    const outcome = await endWhileProfiling(t, "serve({ end() { process.kill(process.pid, 'SIGINT'); } }); say('ready');");
    assert.deepStrictEqual(outcome.end, { status: null, signal: 'SIGINT' });
    checkWritten(outcome, 'signal');
  });

  test('a signal that the program sends itself and survives: written, all goes on, also the end', async (t) => {
    const app = startApp(`${WORK} serve({ wink() { process.kill(process.pid, 'SIGWINCH'); }, end() { process.exit(3); } });`);
    t.after(() => app.stop());
    const rpc = await app.rpc();
    for (const [order, endedBy] of [['wink', 'signal'], ['wink', 'signal'], ['end', 'process exit']]) {
      const waiting = PROFILES.map(({ start }) => rpc.send(start, { wait: true }));
      await rpc.call('diag_report', { wait: true }); // begins after the three
      app.tell(order);
      for (const { reply } of waiting) {
        const { result, error } = await within(reply, `the waiters are told after ${order}`);
        assert.strictEqual(error, undefined, error && error.message);
        assert.deepStrictEqual([result.state, result.ended_by], ['written', endedBy]);
        read(result.filepath);
      }
    }
    assert.deepStrictEqual(await within(app.ended, 'the end of the program'), { status: 3, signal: null });
    assert.deepStrictEqual(app.files().filter((name) => name.startsWith('.')), [], 'no temp file');
  });

  test('SIGTERM without a handler: written, and death by SIGTERM', async (t) => {
    const outcome = await endWhileProfiling(t, "say('ready');", { kill: 'SIGTERM' });
    assert.deepStrictEqual(outcome.end, { status: null, signal: 'SIGTERM' });
    checkWritten(outcome, 'SIGTERM');
  });

  test("SIGTERM with the program's own handler: it decides, its exit writes", async (t) => {
    const body = `process.on('SIGTERM', () => { say('mine'); setTimeout(() => process.exit(5), 100); }); say('ready');`;
    const outcome = await endWhileProfiling(t, body, { kill: 'SIGTERM' });
    assert.deepStrictEqual(outcome.end, { status: 5, signal: null });
    assert.match(outcome.app.stdout, /^mine$/m);
    checkWritten(outcome, 'process exit');
  });

  test("SIGTERM, the program's handler set while a profile runs: it decides", async (t) => {
    const body = `serve({
      handle() { process.on('SIGTERM', () => { say('mine'); process.exit(6); }); say('set'); },
    }); say('ready');`;
    const app = startApp(body);
    t.after(() => app.stop());
    const rpc = await app.rpc();
    await app.said('ready');
    const { filepath } = await rpc.call('start_cpu_profiling');
    app.tell('handle');
    await app.said('set');
    app.child.kill('SIGTERM');
    assert.deepStrictEqual(await within(app.ended, 'the end'), { status: 6, signal: null });
    assert.match(app.stdout, /^mine$/m);
    read(filepath);
  });

  test('SIGTERM when no profile runs, and after one has ended: the usual death', async (t) => {
    for (const profiled of [false, true]) {
      const app = startApp(`${WORK} say('ready');`);
      t.after(() => app.stop());
      const rpc = await app.rpc();
      await app.said('ready');
      if (profiled) await rpc.call('start_cpu_profiling', { profiling_time: 20, wait: true });
      app.child.kill('SIGTERM');
      assert.deepStrictEqual(await within(app.ended, 'the end'), { status: null, signal: 'SIGTERM' });
    }
  });

  test('SIGTERM while the thread is blocked in native code: it dies all the same', async (t) => {
    const app = startApp("serve({ block() { say('blocked'); execSync('sleep 20'); } }); say('ready');");
    t.after(() => app.stop());
    const rpc = await app.rpc();
    await app.said('ready');
    const running = rpc.send('start_cpu_profiling', { wait: true });
    await rpc.call('diag_report', { wait: true });
    app.tell('block');
    await app.said('blocked');
    app.child.kill('SIGTERM');
    const { signal } = await within(app.ended, 'the end, within the limit of 5 s', 15000);
    assert.strictEqual(signal, 'SIGTERM');
    const { error } = await within(running.reply, 'the waiter is told');
    assert.ok(error, 'the profile could not be written');
  });

  const WORKER = `
    const worker = workerOf('setInterval(() => { Array.from({ length: 20000 }, (_, i) => ({ i })); }, 5);');
    worker.on('online', () => setTimeout(say, 200, 'ready'));`;
  for (const [what, end, wanted] of [
    ['process.exit', 'process.exit(4);', { status: 4, signal: null }],
    ['an uncaught exception', 'throw new Error("in main");', { status: 1, signal: null }],
  ]) {
    test(`profiles of a worker when main ends by ${what}: written`, async (t) => {
      const outcome = await endWhileProfiling(t, `${WORKER} serve({ end() { ${end} } });`, { thread_id: 1 });
      assert.deepStrictEqual(outcome.end, wanted, outcome.app.stderr);
      checkWritten(outcome, 'thread exit');
    });
  }

  test('profiles of a worker at SIGTERM: written', async (t) => {
    const outcome = await endWhileProfiling(t, WORKER, { thread_id: 1, kill: 'SIGTERM' });
    assert.deepStrictEqual(outcome.end, { status: null, signal: 'SIGTERM' });
    checkWritten(outcome, 'SIGTERM');
  });
});
