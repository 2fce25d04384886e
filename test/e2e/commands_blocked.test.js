'use strict';

// Commands against a main thread that is inside a native call and runs no JavaScript.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { describe, test, before, after, beforeEach } = require('node:test');
const { startApp } = require('./support/app');
const { until, within } = require('./support/until');

// Blocked until the test makes the file free-1, the next time free-2 and so on. A worker wakes who waits.
const WAKE = `
  const { parentPort } = require('node:worker_threads');
  const fs = require('node:fs');
  parentPort.on('message', ({ cell, file }) => {
    const look = setInterval(() => {
      if (!fs.existsSync(file)) return;
      clearInterval(look);
      Atomics.store(cell, 0, 1);
      Atomics.notify(cell, 0);
    }, 50);
  });`;
const BODY = `
  let times = 0;
  const waker = new Worker(${JSON.stringify(WAKE)}, { eval: true });
  waker.unref();
  serve({
    exec() {
      say('blocked');
      execSync('until [ -e free-' + ++times + ' ]; do sleep 0.05; done');
      say('free');
    },
    wait() {
      const cell = new Int32Array(new SharedArrayBuffer(4));
      waker.postMessage({ cell, file: 'free-' + ++times });
      say('blocked');
      Atomics.wait(cell, 0, 0);
      say('free');
    },
  });`;
// The limit of a reply from a blocked thread is 1000 ms, looked at every 100 ms; the rest is the machine.
const PENDING_MIN_MS = 950;
const PENDING_MAX_MS = 8000;
const AT_ONCE_MS = 900;
const isLinux64 = process.platform === 'linux' && process.arch === 'x64';

const read = (file) => JSON.parse(fs.readFileSync(file, 'utf8'));

async function timed(promise) {
  const begun = process.hrtime.bigint();
  const value = await promise;
  return { value, ms: Number(process.hrtime.bigint() - begun) / 1e6 };
}

describe('commands, a thread blocked in native code', { timeout: 240000 }, () => {
  let app;
  let rpc;
  let times = 0;
  before(async () => {
    app = startApp(BODY);
    rpc = await app.rpc();
  });
  after(() => app.stop());

  async function block(how = 'exec') {
    times++;
    app.tell(how);
    await app.said('blocked', times);
  }
  function free() {
    fs.writeFileSync(path.join(app.home, `free-${times}`), '');
    return app.said('free', times);
  }
  beforeEach(() => assert.ok(app.isAlive()));

  test('what needs no thread is answered at once', async () => {
    await block();
    for (const method of ['check_version', 'list_environments', 'get_config', 'process_info', 'metrics']) {
      const { ms } = await timed(rpc.call(method));
      assert.ok(ms < AT_ONCE_MS, `${method} took ${ms} ms`);
    }
    const environments = async () => (await rpc.call('list_environments')).environments[0].loop_blocked_ms;
    await until(async () => (await environments()) > 500, 'the blocked loop is told');
    await free();
  });

  test('a start is answered after a second, as pending and why; it begins when the thread is free', async () => {
    await block();
    const { value: pending, ms } = await timed(rpc.call('start_cpu_profiling', { profiling_time: 100 }));
    assert.ok(ms > PENDING_MIN_MS && ms < PENDING_MAX_MS, `answered after ${ms} ms`);
    assert.strictEqual(pending.state, 'pending');
    assert.ok(pending.pending.since_ms > PENDING_MIN_MS && pending.pending.since_ms < PENDING_MAX_MS);
    assert.match(pending.pending.reason, /^thread 0 is blocked in native code for \d+ ms \(kernel state [SD]/);
    assert.deepStrictEqual(await rpc.refused('start_cpu_profiling'), {
      code: -32000,
      message: 'start_cpu_profiling is running.',
    });
    assert.ok(!fs.existsSync(pending.filepath));
    await free();
    await until(() => fs.existsSync(pending.filepath), 'the profile after the block');
    assert.ok(read(pending.filepath).samples.length > 0);
  });

  test('a dump is accepted at once; it is made when the thread is free', async () => {
    await block();
    const { value: accepted, ms } = await timed(rpc.call('heapdump'));
    assert.ok(ms < AT_ONCE_MS, `answered after ${ms} ms`);
    assert.strictEqual(accepted.state, 'pending');
    assert.ok(accepted.pending.reason.includes('thread 0'));
    await free();
    await until(() => fs.existsSync(accepted.filepath), 'the snapshot after the block');
    await until(
      async () => !(await rpc.send('heapdump', { name: 'free', wait: true }).reply).error,
      'heapdump is free again',
    );
  });

  test('commands begin in the order they were sent', async () => {
    await block();
    const calls = [
      ['start_gc_profiling', { name: 'first', wait: true }],
      ['start_cpu_profiling', { name: 'second', wait: true }],
      ['stop_gc_profiling', {}],
      ['start_gc_profiling', { name: 'third', wait: true }],
      ['stop_cpu_profiling', {}],
      ['stop_gc_profiling', {}],
    ].map(([method, params]) => rpc.send(method, params));
    await rpc.call('check_version'); // all have been read
    await free();
    const replies = await within(Promise.all(calls.map(({ reply }) => reply)), 'all six replies');
    replies.forEach(({ error }, i) => assert.strictEqual(error, undefined, `${i}: ${error && error.message}`));
    const [gc1, cpu, , gc2] = replies.map(({ result }) => read(result.filepath));
    const moments = [gc1.startTime * 1e6, cpu.startTime, gc1.stopTime * 1e6, gc2.startTime * 1e6, cpu.endTime, gc2.stopTime * 1e6];
    assert.deepStrictEqual(moments, [...moments].sort((a, b) => a - b));
  });

  test('stopped while the stop has not been executed: refused in the known words', async () => {
    await block();
    const start = rpc.send('start_cpu_profiling', { wait: true });
    const first = rpc.send('stop_cpu_profiling');
    const second = await rpc.refused('stop_cpu_profiling');
    assert.deepStrictEqual(second, { code: -32000, message: 'stop_cpu_profiling is running.' });
    await free();
    for (const { reply } of [start, first]) assert.ok((await within(reply, 'a reply')).result);
  });

  test('diag_report does not wait for the thread: it tells where it is', async () => {
    await block();
    const { value: written, ms } = await timed(rpc.call('diag_report', { wait: true }));
    assert.ok(ms < 5000, `answered after ${ms} ms`);
    assert.strictEqual(written.js_available, false);
    const report = read(written.filepath);
    assert.match(report.jsUnavailable, /native code for about \d+ ms/);
    const names = report.jsStacks.map(({ functionName }) => functionName);
    if (isLinux64) assert.ok(names.includes('execSync') && names.includes('exec'), names.join(' '));
    assert.ok(report.nativeStacks.length > 0, 'the native stack of the blocked thread');
    assert.ok(report.loopBlockedMs >= 0);
    assert.ok(report.heapStatistics.heapTotalUsed > 0 || report.heapAgeMs === undefined);
    await free();
  });

  test('cancelled before it begins: it never does', async () => {
    await block();
    const start = rpc.send('start_heap_profiling', { wait: true });
    const dump = rpc.send('heapdump', { wait: true, name: 'never' });
    assert.deepStrictEqual(await rpc.call('cancel', { action: 'start_heap_profiling' }), { cancelled: 1 });
    assert.deepStrictEqual(await rpc.call('cancel', { id: dump.id }), { cancelled: 1 });
    for (const { reply } of [start, dump]) {
      const { error } = await within(reply, 'the reply of a cancelled command');
      assert.strictEqual(error.code, -32004);
    }
    await free();
    assert.strictEqual((await rpc.refused('stop_heap_profiling')).code, -32000);
    assert.ok(!app.files().some((name) => name.includes('never')));
  });

  test('Atomics.wait can be interrupted: commands begin at once and the wait goes on', async () => {
    await block('wait');
    const { value: running, ms } = await timed(rpc.call('start_cpu_profiling'));
    assert.ok(ms < PENDING_MAX_MS, `answered after ${ms} ms`);
    assert.strictEqual(running.state, 'running');
    const { result: report } = await within(rpc.send('diag_report', { wait: true }).reply, 'a report');
    assert.strictEqual(report.js_available, true);
    await rpc.call('stop_cpu_profiling', { wait: true });
    const lines = app.stdout.split('\n').filter((line) => line === 'free').length;
    assert.strictEqual(lines, times - 1, 'all of it happened inside the wait');
    await free();
  });
});

describe('a snapshot whose memory a blocked thread cannot give back', { timeout: 240000 }, () => {
  let app;
  let rpc;
  before(async () => {
    // trap: blocked as soon as a file is being written, until the test makes the file free.
    app = startApp(`
      globalThis.many = Array.from({ length: 20000 }, (_, i) => ({ i, text: 'text ' + i }));
      const names = (begin) => fs.readdirSync(xprofilerConfig.log_dir).filter((name) => begin.test(name)).length;
      function trap(known) {
        if (names(/^[.]/) > 0) {
          say('blocked');
          execSync('until [ -e free ]; do sleep 0.05; done');
          say('free');
        } else if (names(/^x-heapdump/) > known) say('late');
        else setImmediate(trap, known);
      }
      serve({ trap() { trap(names(/^x-heapdump/)); say('set'); } });
      say('ready');`);
    rpc = await app.rpc();
    await app.said('ready');
  });
  after(() => app.stop());

  test('the file is told; the next one is made when the thread is free', async () => {
    for (let turn = 1; !/^blocked$/m.test(app.stdout); turn++) {
      app.tell('trap');
      await app.said('set', turn);
      const { state } = await rpc.call('heapdump', { wait: true }, 120000);
      assert.strictEqual(state, 'written');
      await until(() => /^blocked$/m.test(app.stdout) || app.stdout.split('late').length > turn, 'blocked, or late');
    }
    const next = await rpc.call('heapdump');
    assert.strictEqual(next.state, 'pending', JSON.stringify(next));
    assert.strictEqual((await rpc.refused('heapdump')).message, 'heapdump is running.');
    fs.writeFileSync(path.join(app.home, 'free'), '');
    await app.said('free');
    await until(() => fs.existsSync(next.filepath), 'the next file');
    assert.ok(read(next.filepath).snapshot.node_count > 20000);
    await until(async () => !(await rpc.send('heapdump', { wait: true }).reply).error, 'heapdump is free again');
  });
});
