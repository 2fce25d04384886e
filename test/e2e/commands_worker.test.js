'use strict';

// Commands for worker threads: by number, by text, and when the worker ends in the middle.

const assert = require('node:assert');
const fs = require('node:fs');
const { describe, test } = require('node:test');
const { startApp } = require('./support/app');
const { PROFILES } = require('./support/kinds');
const { until, within } = require('./support/until');

// Each order starts a worker; "end" makes the last one end in its own way.
const BODY = `
  let worker;
  let end;
  function start(code, how) {
    worker = workerOf('const { parentPort, threadId } = require("node:worker_threads");' +
      'function workOfTheWorker(n) { return n < 2 ? n : workOfTheWorker(n - 1) + workOfTheWorker(n - 2); }' +
      code);
    worker.on('error', () => {});
    worker.on('exit', (status) => say('worker ended ' + status));
    end = how;
  }
  const tell = () => worker.postMessage('end');
  // Each turn is several sampling intervals long: shorter ones can lie between two samples each time, because a sample
  // wakes the loop, which then runs the timer that is due.
  const WORK = 'const { writeSync } = require("node:fs"); let timer;' +
    'function again() { workOfTheWorker(30); writeSync(1, "turn\\\\n"); timer = setTimeout(again, 2); } again();';
  serve({
    work() { start(WORK, () => worker.terminate()); },
    exit() { start(WORK + 'parentPort.on("message", () => process.exit(3));', tell); },
    throw() { start(WORK + 'parentPort.on("message", () => { throw new Error("in the worker"); });', tell); },
    natural() { start(WORK + 'parentPort.once("message", () => clearTimeout(timer));', tell); },
    spin() { start('while (true) workOfTheWorker(15);', () => worker.terminate()); },
    exec() { start('require("node:child_process").execSync("sleep 2");', () => worker.terminate()); },
    end() { end(); },
  });`;

const read = (file) => JSON.parse(fs.readFileSync(file, 'utf8'));
const names = (profile) => profile.nodes.map(({ callFrame }) => callFrame.functionName);

async function open(t) {
  const app = startApp(BODY);
  t.after(() => app.stop());
  const rpc = await app.rpc();
  const ids = async () => (await rpc.call('list_environments')).environments.map(({ thread_id }) => thread_id);
  return {
    app,
    rpc,
    ids,
    /** Starts one and gives its thread id. */
    async startWorker(kind) {
      app.tell(kind);
      await until(async () => (await ids()).includes(1), 'the worker is listed');
      return 1;
    },
    /** Until a worker at work has done so many turns more. */
    async turns(count) {
      const done = () => app.stdout.split('turn\n').length;
      const before = done();
      await until(() => done() >= before + count, `${count} turns of the worker`);
    },
    async endWorker() {
      app.tell('end');
      await until(() => /^worker ended/m.test(app.stdout), 'the end of the worker');
    },
  };
}

describe('commands, worker threads', { timeout: 240000 }, () => {
  test('thread_id as number and as text: the profile is that of the worker', async (t) => {
    const { rpc, startWorker, endWorker, turns } = await open(t);
    const id = await startWorker('work');
    const environments = (await rpc.call('list_environments')).environments;
    assert.deepStrictEqual(
      environments.map(({ thread_id, is_main_thread }) => [thread_id, is_main_thread]).sort(),
      [[0, true], [id, false]],
    );
    for (const thread_id of [id, `${id}`]) {
      const running = await rpc.call('start_cpu_profiling', { thread_id });
      assert.deepStrictEqual([running.state, running.thread_id], ['running', id]);
      const none = { code: -32000, message: 'stop_cpu_profiling dependent action start_cpu_profiling is not running.' };
      assert.deepStrictEqual(await rpc.refused('stop_cpu_profiling', { thread_id: 0 }), none, 'main has none');
      await turns(10);
      const written = await rpc.call('stop_cpu_profiling', { thread_id, wait: true });
      assert.strictEqual(written.filepath, running.filepath);
      const found = names(read(written.filepath));
      assert.ok(found.includes('workOfTheWorker'), found.join(' '));
    }
    await endWorker();
  });

  test('every kind, for a worker and the main thread at the same time', async (t) => {
    const { rpc, startWorker, endWorker } = await open(t);
    const id = await startWorker('work');
    for (const { start, stop } of PROFILES) {
      const [main, worker] = await Promise.all([rpc.call(start), rpc.call(start, { thread_id: id })]);
      assert.notStrictEqual(main.filepath, worker.filepath);
      for (const thread_id of [0, id]) read((await rpc.call(stop, { thread_id, wait: true })).filepath);
    }
    const report = await rpc.call('diag_report', { thread_id: id, wait: true });
    assert.strictEqual(read(report.filepath).thread_id, id);
    const dump = await rpc.call('heapdump', { thread_id: `${id}`, wait: true }, 120000);
    assert.ok(read(dump.filepath).strings.includes('workOfTheWorker'));
    await endWorker();
  });

  test('a worker that never returns to its loop', async (t) => {
    const { rpc, startWorker, endWorker } = await open(t);
    const id = await startWorker('spin');
    const written = await rpc.call('start_cpu_profiling', { thread_id: id, profiling_time: 200, wait: true });
    const found = names(read(written.filepath));
    assert.ok(found.includes('workOfTheWorker'), found.join(' '));
    await endWorker();
  });

  for (const how of ['exit', 'throw', 'natural', 'work']) {
    test(`profiles of a worker that ends by ${how === 'work' ? 'terminate()' : how} are written`, async (t) => {
      const { rpc, startWorker, endWorker } = await open(t);
      const id = await startWorker(how);
      const running = PROFILES.map(({ start }) => rpc.send(start, { thread_id: id, wait: true }));
      // Answered in order, so the starts are accepted; a report on the thread comes after their beginning.
      await rpc.call('diag_report', { thread_id: id, wait: true });
      await endWorker();
      for (const { reply } of running) {
        const { result, error } = await within(reply, 'the waiter is told');
        assert.strictEqual(error, undefined, error && error.message);
        assert.deepStrictEqual([result.state, result.ended_by], ['written', 'thread exit']);
        read(result.filepath);
      }
      const gone = await rpc.refused('start_cpu_profiling', { thread_id: id });
      assert.deepStrictEqual([gone.code, gone.message], [-32001, `Thread not found: ${id}.000000`]);
    });
  }

  test('what a worker in a native call has queued when it ends: the file, or the reason why there is none', async (t) => {
    const { app, rpc, startWorker, endWorker } = await open(t);
    const id = await startWorker('exec');
    const calls = ['start_gc_profiling', 'heapdump'].map((method) => rpc.send(method, { thread_id: id, wait: true }));
    await rpc.call('check_version');
    await endWorker();
    for (const { reply } of calls) {
      const { result, error } = await within(reply, 'the waiter is told');
      // V8 may still run what is queued between the end of the native call and the end of the worker.
      if (result) read(result.filepath);
      else if (error.code === -32001) assert.match(error.message, new RegExp(`^thread ${id} ended \\(thread exit\\) before \\w+ began`));
      else assert.strictEqual(error.code, -32002, error.message);
    }
    assert.deepStrictEqual(app.files().filter((name) => name.startsWith('.')), []);
    assert.ok(app.isAlive());
  });

  test('a snapshot of a worker that is terminated meanwhile: a result or a reason, and main lives', async (t) => {
    const { app, rpc, startWorker, endWorker } = await open(t);
    const id = await startWorker('work');
    const dump = rpc.send('heapdump', { thread_id: id, wait: true });
    await rpc.call('check_version');
    await endWorker();
    const { result, error } = await within(dump.reply, 'the waiter is told', 120000);
    if (error) assert.ok([-32001, -32002, -32603].includes(error.code), `${error.code} ${error.message}`);
    else assert.ok(read(result.filepath).snapshot.node_count > 0);
    assert.deepStrictEqual(app.files().filter((name) => name.startsWith('.')), []);
    const written = await rpc.call('start_cpu_profiling', { profiling_time: 50, wait: true });
    read(written.filepath);
    assert.ok(app.isAlive());
  });
});
