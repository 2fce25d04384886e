'use strict';

// xprofctl watch and xprofctl logs against real processes.
// matrix: once, xprofctl reads what the C core wrote.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { describe, test } = require('node:test');

const { NOBODY, isRoot, noNobody } = require('./support/nobody');
const { launch } = require('./support/launch');
const { until } = require('./support/until');
const { ZH, program, run, withTarget } = require('../ctl/run_ctl');

const APP = `
let worker;
serve({
  worker() { worker = workerOf("require('node:worker_threads').parentPort.on('message', () => {})"); worker.on('online', () => say('worker')); },
  info() { require(xprofilerRoot).info('shop', 'sold 5 lamps'); },
  error() { require(xprofilerRoot).error('shop', 'no lamps left'); },
});
setInterval(() => {}, 1000);
say('ready');
`;

async function start(config = {}) {
  const app = launch(APP, { config: { log_interval: 1, ...config } });
  await app.said('ready');
  return app;
}

const lines = (text) => text.trimEnd().split('\n');

/** A program that goes on until the test ends it. */
function begin(words) {
  const child = spawn(program, words.map(String), { env: { ...process.env, LC_ALL: 'C' } });
  const going = { child, stdout: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk) => (going.stdout += chunk));
  going.ended = new Promise((resolve) => child.on('close', (status, signal) => resolve({ status, signal })));
  return going;
}

describe('xprofctl watch', () => {
  test('lines of values under their keys', async () => {
    const app = await start();
    const { status, stdout, stderr } = await run(['watch', '-p', app.pid, '-n', 3, '-d', 0.5, 'rss', 'heap_used', 'fd_limit']);
    assert.deepStrictEqual([status, stderr], [0, '']);
    const [head, ...rows] = lines(stdout);
    assert.match(head, /^time +rss +heap_used +fd_limit$/);
    assert.strictEqual(rows.length, 3);
    const times = rows.map((row) => {
      const [time, rss, heap] = row.split(/\s+/);
      assert.ok(Number(rss) > 1e7 && Number(heap) > 1e6, row);
      return Date.parse(time);
    });
    // Two intervals, of which a late first line takes some.
    assert.ok(times[2] - times[0] >= 500, `three lines in ${times[2] - times[0]} ms`);
  });

  test('JSON, of a worker, with the rate of a counter', async () => {
    const app = await start();
    app.tell('worker');
    await app.said('worker');
    await until(async () => (await run(['watch', '-p', app.pid, '-w', 1, '-n', 1, 'thread_id'])).status === 0, 'the worker');
    const words = ['watch', '-p', app.pid, '-w', 1, '-n', 2, '-d', 0.3, '--json', 'thread_id', 'loop_idle_total_ms/s', 'http_status'];
    const { stdout } = await run(words);
    const objects = lines(stdout).map((line) => JSON.parse(line));
    assert.strictEqual(objects.length, 2);
    for (const object of objects) {
      assert.deepStrictEqual(Object.keys(object), ['time', 'thread_id', 'loop_idle_total_ms/s', 'http_status']);
      assert.strictEqual(object.thread_id, 1);
      // An idle loop waits nearly all of the time: 1000 ms in a second, as exactly as a busy machine lets it be read.
      assert.ok(object['loop_idle_total_ms/s'] > 300 && object['loop_idle_total_ms/s'] < 2500, JSON.stringify(object));
      assert.deepStrictEqual(object.http_status, {});
    }
  });

  test('without a key: all keys with their values', async () => {
    const app = await start();
    const { status, stdout } = await run(['watch', '-p', app.pid]);
    assert.strictEqual(status, 0);
    assert.match(stdout, /^of the process:\n {2}cpu_now /);
    assert.match(stdout, /\nof thread 0:\n {2}thread_id +0\n/);
    assert.match(stdout, /\n {2}loop_delay_p99_ms +\d/);
    const chinese = await run(['watch', '-p', app.pid], { locale: ZH });
    assert.match(chinese.stdout, /^进程指标:\n/);
  });

  // A target does so after a minute of silence; lines may be an hour apart.
  test('a target that closes the connection between two lines is asked on a new one', async () => {
    const metrics = [{ result: { process: { rss: 5 }, threads: [{ thread_id: 0 }] } }, { delay: 50 }, { close: true }];
    await withTarget({ metrics }, async ({ pid }) => {
      const { status, stdout, stderr } = await run(['watch', '-p', pid, '-n', 3, '-d', 0.5, 'rss']);
      assert.deepStrictEqual([status, stderr], [0, '']);
      assert.match(stdout, /^time +rss\n(\S+ +5\n){3}$/);
    });
    await withTarget({ metrics: [{ close: true }] }, async ({ pid }) => {
      const { status, stderr } = await run(['watch', '-p', pid, 'rss']);
      assert.notStrictEqual(status, 0);
      assert.match(stderr, /closed the connection/);
    });
  });

  test('mistakes, and the end of the process', async () => {
    const app = await start();
    const wrong = await run(['watch', '-p', app.pid, 'cpu_nwo']);
    assert.strictEqual(wrong.status, 2);
    assert.strictEqual(
      wrong.stderr,
      `xprofctl: process ${app.pid} has no metric cpu_nwo; did you mean cpu_now?\nThe keys: xprofctl watch -p ${app.pid}\n`,
    );
    const rate = await run(['watch', '-p', app.pid, 'http_status/s']);
    assert.match(rate.stderr, /http_status is not a number, so it has no rate/);
    const thread = await run(['watch', '-p', app.pid, '-w', 9, 'rss']);
    assert.deepStrictEqual([thread.status, thread.stderr.includes('has no thread 9')], [1, true]);
    const going = begin(['watch', '-p', app.pid, '-d', 0.1, 'rss']);
    await until(() => lines(going.stdout).length > 3, 'some lines');
    app.child.kill('SIGKILL');
    const { status } = await going.ended;
    assert.strictEqual(status, 3);
  });
});

describe('xprofctl logs', () => {
  test('the last lines, with units, what is 0 left out; one thread; one process', async () => {
    const app = await start();
    app.tell('worker');
    await app.said('worker');
    await until(() => /\[memory\] \[\d+\] \[1\]/.test(app.log()), 'a record of the worker');
    const other = app.log().replaceAll(`[${app.pid}]`, '[1]');
    fs.appendFileSync(path.join(app.logDir, fs.readlinkSync(path.join(app.logDir, 'xprofiler.log'))), other);
    const { status, stdout } = await run(['logs', '-p', app.pid, '-n', 8]);
    assert.strictEqual(status, 0);
    assert.strictEqual(lines(stdout).length, 8);
    lines(stdout).forEach((line) => assert.match(line, /^\d\d:\d\d:\d\d {2}[a-z]+ +(main|worker 1)? /));
    const memory = lines((await run(['logs', '-p', app.pid, '-n', 60])).stdout).find((line) => line.includes(' memory '));
    assert.match(memory, /rss \d+(\.\d)? MiB {2}heap_used \d+\.\d MiB/);
    assert.ok(!/ 0( {2}|$)/.test(memory), memory);
    const worker = await run(['logs', '-p', app.pid, '-n', 5, '-w', 1]);
    assert.ok(lines(worker.stdout).every((line) => line.includes(' worker 1 ')));
    const all = await run(['logs', '-p', app.pid, '-n', 1000, '--all-pids']);
    assert.match(all.stdout, new RegExp(`^\\d\\d:\\d\\d:\\d\\d {2}${app.pid} .*\\n[^]*\\d\\d {2}1 `));
  });

  for (const format of ['xprofiler', 'alinode', 'json']) {
    test(`${format}: records and messages as JSON objects; the error log`, async () => {
      const app = await start({ log_format: format });
      app.tell('info');
      app.tell('error');
      const logs = async (...more) => {
        const { stdout } = await run(['logs', '-p', app.pid, '-n', 1000, '--json', ...more]);
        return stdout.split('\n').filter((line) => line.startsWith('{"time"')).map((line) => JSON.parse(line));
      };
      const message = await until(async () => (await logs()).find(({ component }) => component === 'shop'), 'the message');
      assert.strictEqual(message.message, 'sold 5 lamps');
      assert.strictEqual(message.pid, app.pid);
      const heap = format === 'alinode' ? 'heap' : 'memory';
      const record = await until(async () => (await logs()).find(({ component }) => component === heap), 'a record');
      assert.ok(record.values.heap_used > 1e6 && record.values.map_space_size >= 0);
      const error = await until(async () => (await logs('--errors'))[0], 'the error');
      assert.deepStrictEqual([error.level, error.component, error.message], ['error', 'shop', 'no lamps left']);
    });
  }

  test('-f goes on, into the file of the next day, until the process ends', async () => {
    const app = await start({ log_interval: 3600 });
    app.tell('info');
    await until(() => app.log().includes('sold 5 lamps'), 'the first message');
    const going = begin(['logs', '-p', app.pid, '-f', '-n', 1]);
    await until(() => going.stdout.includes('sold 5 lamps'), 'the last line');
    app.tell('info');
    await until(() => lines(going.stdout).filter((line) => line.includes('sold')).length === 2, 'the new line');
    const tomorrow = path.join(app.logDir, 'xprofiler-29991231.log');
    fs.writeFileSync(tomorrow, `[2999-12-31 00:00:01] [info] [shop] [${app.pid}] [0] [4.0.0] a new day\n`);
    await until(() => going.stdout.includes('00:00:01  shop     main      a new day'), 'the next day');
    app.child.kill('SIGKILL');
    assert.deepStrictEqual(await going.ended, { status: 0, signal: null });
  });

  const recorded = (app, what) =>
    until(async () => (await run(['logs', '-p', app.pid, '-n', 50])).stdout.includes('heap_used'), what);
  const assertSeen = async ({ pid }) => {
    const { status, stdout } = await run(['top', '-p', pid, '--once', '--json']);
    assert.deepStrictEqual([status, JSON.parse(stdout).processes[0].state], [0, 'ok']);
  };

  const cannot = !isRoot && 'only root makes mount namespaces';
  test('a log that only the process can see, as in a container', { skip: cannot }, async () => {
    const wrap = (words) => ['unshare', '-m', 'sh', '-c', 'mount -t tmpfs none logs && exec "$0" "$@"', ...words];
    const boxed = launch(APP, { config: { log_interval: 1 }, wrap });
    await boxed.said('ready');
    await recorded(boxed, 'a record of the boxed process');
    assert.deepStrictEqual(fs.readdirSync(boxed.logDir), []);
    await assertSeen(boxed);
  });

  test('the log of a process of another user', { skip: noNobody }, async () => {
    const foreign = launch(APP, { config: { log_interval: 1 }, uid: NOBODY });
    await foreign.said('ready');
    await recorded(foreign, 'a record of the other user');
    await assertSeen(foreign);
  });

  test('no log yet, no line of the process', async () => {
    const app = await start({ log_interval: 3600 });
    // The process looks every second whether its log is still there, and makes it anew.
    const clear = () => fs.readdirSync(app.logDir).forEach((name) => fs.rmSync(path.join(app.logDir, name), { force: true }));
    const none = await until(async () => {
      clear();
      const result = await run(['logs', '-p', app.pid]);
      return result.stderr.includes('There is no log') && result;
    }, 'no log');
    assert.deepStrictEqual([none.status, none.stdout], [1, '']);
    assert.match(none.stderr, /There is no log in \S+ yet; a record is written every log_interval\./);
    const foreign = '[2026-01-01 00:00:01] [info] [shop] [1] [0] [4.0.0] not ours\n';
    const putForeign = () => {
      clear();
      fs.writeFileSync(path.join(app.logDir, 'xprofiler-20260101.log'), foreign);
    };
    putForeign();
    const empty = await run(['logs', '-p', app.pid]);
    assert.strictEqual(empty.status, 1);
    assert.match(empty.stderr, new RegExp(`The log has no line of process ${app.pid}; --all-pids shows the others\\.`));
    await until(async () => {
      putForeign();
      return /not ours\n$/.test((await run(['logs', '-p', app.pid, '--all-pids'])).stdout);
    }, 'the foreign line');
  });
});
