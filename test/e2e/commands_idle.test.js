'use strict';

// Every command against a program whose event loop is idle.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { execFileSync } = require('node:child_process');
const { describe, test, before, after } = require('node:test');
const { version } = require('../../package.json');
const { startApp, root } = require('./support/app');
const { PROFILES, DUMPS, THREAD_COMMANDS } = require('./support/kinds');
const { notUnderThreads } = require('./support/sanitizer');
const { until } = require('./support/until');

const IDLE = 'setInterval(() => {}, 1000);';
const REFUSED = -32000;

describe('commands, an idle program', { timeout: 240000 }, () => {
  let app;
  let rpc;
  before(async () => {
    app = startApp(IDLE);
    rpc = await app.rpc();
  });
  after(() => app.stop());

  const pathOf = (kind, extension) =>
    new RegExp(`^${app.logDir}/x-${kind}-${app.pid}-\\d{8}-\\d+\\.${extension}$`);

  /** The file is complete, private, as large as told, and alone: no temp file is left. */
  function checkFile({ filepath, bytes }) {
    const stat = fs.statSync(filepath);
    assert.strictEqual(stat.mode & 0o777, 0o600);
    assert.strictEqual(stat.size, bytes);
    assert.ok(bytes > 0);
    JSON.parse(fs.readFileSync(filepath, 'utf8'));
    assert.deepStrictEqual(app.files().filter((name) => name.startsWith('.')), []);
  }

  test('check_version, process_info, list_environments', async () => {
    assert.deepStrictEqual(await rpc.call('check_version'), { version, protocol: 1 });
    const info = await rpc.call('process_info');
    assert.strictEqual(info.pid, app.pid);
    assert.strictEqual(info.ppid, process.pid);
    assert.strictEqual(info.node_version, process.version);
    assert.strictEqual(info.log_dir, app.logDir);
    assert.strictEqual(info.script, path.join(app.home, 'app.js'));
    const { environments } = await rpc.call('list_environments');
    assert.strictEqual(environments.length, 1);
    assert.strictEqual(environments[0].is_main_thread, true);
    assert.strictEqual(environments[0].thread_id, 0);
    assert.ok(environments[0].uptime >= 0 && environments[0].uptime < 60);
  });

  for (const { kind, start, stop } of PROFILES) {
    test(`${start}: answers when it runs; ${stop}: the file follows, at the same path`, async () => {
      const running = await rpc.call(start);
      assert.strictEqual(running.state, 'running');
      assert.strictEqual(running.thread_id, 0);
      assert.match(running.filepath, pathOf(kind, kind));
      assert.ok(!fs.existsSync(running.filepath), 'the name is given to a complete file only');
      const stopped = await rpc.call(stop);
      assert.strictEqual(stopped.filepath, running.filepath);
      assert.ok(['writing', 'written'].includes(stopped.state), stopped.state);
      await until(() => fs.existsSync(running.filepath), running.filepath);
      JSON.parse(fs.readFileSync(running.filepath, 'utf8'));
    });

    test(`${stop} with wait: the complete file`, async () => {
      await rpc.call(start);
      const written = await rpc.call(stop, { wait: true });
      assert.strictEqual(written.state, 'written');
      assert.ok(written.duration_ms > 0);
      assert.ok(written.paused_ms >= 0);
      checkFile(written);
    });
  }

  for (const { command, kind, extension } of DUMPS) {
    test(`${command}: accepted at once, and with wait the complete file`, async () => {
      const accepted = await rpc.call(command);
      assert.match(accepted.filepath, pathOf(kind, extension));
      assert.ok(['pending', 'writing'].includes(accepted.state), accepted.state);
      await until(() => fs.existsSync(accepted.filepath), accepted.filepath);
      JSON.parse(fs.readFileSync(accepted.filepath, 'utf8'));
      // The file is there a moment before the memory of the dump is given back.
      const written = await until(
        () => rpc.call(command, { wait: true }).catch(({ message }) => assert.strictEqual(message, busyText(command))),
        `${command} is free again`,
      );
      assert.strictEqual(written.state, 'written');
      checkFile(written);
    });
  }
  const busyText = (command) => `${command === 'diag_report' ? 'node_report' : command} is running.`;

  test('generate_coredump: the complete file, private', { skip: process.platform !== 'linux' || process.arch !== 'x64' || notUnderThreads }, async () => {
    const written = await rpc.call('generate_coredump', { wait: true });
    assert.match(written.filepath, pathOf('coredump', 'core'));
    const stat = fs.statSync(written.filepath);
    assert.strictEqual(stat.mode & 0o777, 0o600);
    assert.strictEqual(stat.size, written.bytes);
    fs.rmSync(written.filepath);
  });

  test('started twice, stopped twice, stopped without a start: refused in the known words', async () => {
    for (const { start, stop, startAction, stopAction } of PROFILES) {
      const none = { code: REFUSED, message: `${stopAction} dependent action ${startAction} is not running.` };
      assert.deepStrictEqual(await rpc.refused(stop), none);
      await rpc.call(start);
      assert.deepStrictEqual(await rpc.refused(start), { code: REFUSED, message: `${startAction} is running.` });
      await rpc.call(stop, { wait: true });
      assert.deepStrictEqual(await rpc.refused(stop), none);
    }
  });

  test('different kinds run together', async () => {
    const running = [];
    for (const { start } of PROFILES) running.push(await rpc.call(start));
    assert.deepStrictEqual(running.map(({ state }) => state), ['running', 'running', 'running']);
    for (const { stop } of [...PROFILES].reverse()) checkFile(await rpc.call(stop, { wait: true }));
  });

  test('an unknown thread: the known words, for a number and for a string', async () => {
    for (const method of THREAD_COMMANDS) {
      for (const thread_id of [7, '7']) {
        const error = await rpc.refused(method, { thread_id });
        assert.deepStrictEqual([error.code, error.message], [-32001, 'Thread not found: 7.000000'], method);
        assert.strictEqual(error.data.field, 'thread_id');
      }
    }
  });

  test('an unknown method and values of a wrong type are refused by name', async () => {
    const unknown = await rpc.refused('start_time_machine');
    assert.deepStrictEqual([unknown.code, unknown.message], [-32601, 'not support command: start_time_machine']);
    const wrong = [
      ['start_cpu_profiling', 'profiling_time', 'soon'],
      ['start_cpu_profiling', 'sampling_interval_us', 49],
      ['start_cpu_profiling', 'sampling_interval_us', 1000001],
      ['start_cpu_profiling', 'wait', 'yes'],
      ['start_cpu_profiling', 'thread_id', {}],
      ['start_cpu_profiling', 'thread_id', '0x1'],
      ['start_cpu_profiling', 'thread_id', -1],
      ['start_heap_profiling', 'sampling_interval_bytes', 1023],
      ['start_heap_profiling', 'stack_depth', 0],
      ['start_heap_profiling', 'stack_depth', 513],
      ['start_heap_profiling', 'include_collected', 1],
      ['start_gc_profiling', 'profiling_time', []],
      ['heapdump', 'numeric_values', 'true'],
      ['heapdump', 'internals', 1],
      ['heapdump', 'max_rss_mb', 0],
      ['diag_report', 'name', 5],
    ];
    for (const [method, field, value] of wrong) {
      const error = await rpc.refused(method, { [field]: value });
      assert.deepStrictEqual([error.code, error.data && error.data.field], [-32602, field], `${method} ${field} ${value}`);
      assert.ok(error.message.includes(field), error.message);
    }
    for (const { start, stop } of PROFILES) {
      await rpc.call(start); // nothing was started by the above
      await rpc.call(stop, { wait: true });
    }
  });

  test('xprofctl does all of it from outside', () => {
    const run = (...words) => {
      const output = execFileSync(path.join(root, 'build/Release/xprofctl'), [...words, '-p', `${app.pid}`, '--json']);
      return JSON.parse(output).data;
    };
    assert.strictEqual(run('check_version').version, version);
    checkFile(run('start_cpu_profiling', '-t', '100', '--wait'));
    checkFile(run('heapdump', '--wait'));
    checkFile(run('diag_report', '--wait'));
  });

  test('lib/xctl.js, as the host agent calls it: pid and thread as strings', async () => {
    const xctl = require('../../lib/xctl.js');
    const before_ = process.env.XPROFILER_PREFIX;
    process.env.XPROFILER_PREFIX = app.home;
    try {
      const started = await xctl(`${app.pid}`, '0', 'start_cpu_profiling', { profiling_time: 100 });
      assert.strictEqual(started.ok, true, started.message);
      await until(() => fs.existsSync(started.data.filepath), started.data.filepath);
      const refused = await xctl(app.pid, 7, 'heapdump');
      assert.deepStrictEqual([refused.ok, refused.message], [false, 'Thread not found: 7.000000']);
    } finally {
      if (before_ === undefined) delete process.env.XPROFILER_PREFIX;
      else process.env.XPROFILER_PREFIX = before_;
    }
  });
});
