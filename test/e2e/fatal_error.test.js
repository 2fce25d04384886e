'use strict';

// Out of memory: our line and report come first, then everything Node itself does stays as it was.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { describe, test } = require('node:test');
const { spawnSync } = require('node:child_process');
const { startApp } = require('./support/app');
const { within } = require('./support/until');

const OOM = `
  const kept = [];
  function eatTheHeap() {
    for (;;) kept.push({ list: new Array(100).fill(kept.length) });
  }
  serve({ eat: eatTheHeap });
  say('ready');`;
const SMALL = ['--max-old-space-size=40'];
const canDumpCore = process.platform === 'linux' && process.arch === 'x64';

async function eat(t, { args = [], before, ...options } = {}) {
  const app = startApp(OOM, { args: [...SMALL, ...args], ...options });
  t.after(() => app.stop());
  await app.said('ready');
  if (before) await before(await app.rpc());
  app.tell('eat');
  const end = await within(app.ended, 'the end', 50000);
  return { app, end };
}

const filesOf = (app, extension) => app.files().filter((name) => name.endsWith(extension));

function checkNodesOwn({ app, end }) {
  assert.deepStrictEqual(end, { status: null, signal: 'SIGABRT' });
  assert.match(app.stderr, /^FATAL ERROR: .*JavaScript heap out of memory/m);
}

function checkReport(app) {
  const [name, ...more] = filesOf(app, '.diag');
  assert.deepStrictEqual(more, []);
  assert.match(name || 'none', new RegExp(`^x-fatal-error-${app.pid}-\\d{8}-\\d+\\.diag$`));
  const report = JSON.parse(fs.readFileSync(path.join(app.logDir, name), 'utf8'));
  assert.strictEqual(report.pid, app.pid);
  assert.strictEqual(report.thread_id, 0);
  assert.match(report.message, /heap out of memory/);
  assert.ok(report.location.length > 0);
  assert.ok(report.heapStatistics.heapTotalUsed > 30 * 1024 * 1024);
  assert.ok(report.nativeStacks.length > 0);
  return name;
}

describe('fatal error', { timeout: 240000 }, () => {
  test('our line, our report, then the words and the signal of Node', async (t) => {
    const { app, end } = await eat(t, { config: { log_level: 0 } });
    checkNodesOwn({ app, end });
    const line = app.stderr.split('\n').find((each) => each.startsWith('xprofiler: '));
    assert.match(line || 'none', /^xprofiler: .+ .*heap out of memory/);
    assert.ok(app.stderr.indexOf(line) < app.stderr.indexOf('FATAL ERROR'), 'ours is first');
    const name = checkReport(app);
    assert.match(app.log(), new RegExp(`\\[info\\] \\[fatal_error\\] \\[${app.pid}\\] \\[0\\] \\[[\\d.]+\\] dump report to ${app.logDir}/${name}\\.`));
    assert.deepStrictEqual(filesOf(app, '.core'), []);
  });

  test('--report-on-fatalerror still writes its file', async (t) => {
    const { app, end } = await eat(t, { args: ['--report-on-fatalerror', '--report-filename=node.json'] });
    checkNodesOwn({ app, end });
    checkReport(app);
    const report = JSON.parse(fs.readFileSync(path.join(app.home, 'node.json'), 'utf8'));
    assert.strictEqual(report.header.processId, app.pid);
    assert.strictEqual(report.header.trigger, 'OOMError');
  });

  test('enable_fatal_error_report false: no report; enable_fatal_error_hook false: nothing of ours', async (t) => {
    const quiet = await eat(t, { config: { enable_fatal_error_report: false } });
    checkNodesOwn(quiet);
    assert.match(quiet.app.stderr, /^xprofiler: /m);
    assert.deepStrictEqual(quiet.app.files(), []);
    const off = await eat(t, { config: { enable_fatal_error_hook: false } });
    checkNodesOwn(off);
    assert.doesNotMatch(off.app.stderr, /xprofiler: /);
    assert.deepStrictEqual(off.app.files(), []);
  });

  test('enable_fatal_error_report is read when it happens', async (t) => {
    const before = (rpc) => rpc.call('set_config', { enable_fatal_error_report: false });
    const { app } = await eat(t, { before });
    assert.deepStrictEqual(app.files(), []);
  });

  test('running CPU and GC profiles are written', async (t) => {
    const before = async (rpc) => {
      await rpc.call('start_cpu_profiling');
      await rpc.call('start_gc_profiling');
    };
    const outcome = await eat(t, { before });
    checkNodesOwn(outcome);
    checkReport(outcome.app);
    for (const extension of ['.cpuprofile', '.gcprofile']) {
      const [name] = filesOf(outcome.app, extension);
      assert.ok(name, `${extension}: ${outcome.app.files()}`);
      JSON.parse(fs.readFileSync(path.join(outcome.app.logDir, name), 'utf8'));
    }
    assert.deepStrictEqual(outcome.app.files().filter((name) => name.startsWith('.')), []);
  });

  test('enable_fatal_error_coredump: a core of all threads', { skip: !canDumpCore && 'only Linux x64' }, async (t) => {
    const outcome = await eat(t, { config: { enable_fatal_error_coredump: true } });
    checkNodesOwn(outcome);
    checkReport(outcome.app);
    const [name] = filesOf(outcome.app, '.core');
    assert.match(name || 'none', new RegExp(`^x-fatal-error-${outcome.app.pid}-\\d{8}-\\d+\\.core$`));
    const file = path.join(outcome.app.logDir, name);
    assert.strictEqual(fs.statSync(file).mode & 0o777, 0o600);
    const gdb = spawnSync('gdb', ['-batch', '-ex', 'info threads', '-ex', 'bt 5', process.execPath, file], { encoding: 'utf8', timeout: 60000 });
    if (gdb.error) return t.diagnostic('gdb is not here');
    assert.match(gdb.stdout, /terminated with signal SIGABRT|signal 6/);
    assert.ok((gdb.stdout.match(/^[* ] +\d+ /gm) || []).length >= 5, gdb.stdout);
  });
});
