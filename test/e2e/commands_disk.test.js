'use strict';

// log_dir full, read-only, gone, or limited: the caller learns why and what to do, nothing half is left, the
// program lives, and the next try works.

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test, after } = require('node:test');
const { startApp } = require('./support/app');
const { PROFILES } = require('./support/kinds');
const disk = require('./support/tiny_disk');
const { until } = require('./support/until');

const BODY = "let kept; setInterval(() => { kept = Array.from({ length: 2000 }, (_, i) => ({ i })); }, 10); say('ready');";
const IO = -32003;
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-disk-'));
const noMounts = disk.whyNot(scratch) || false;
const canDumpCore = process.platform === 'linux' && process.arch === 'x64';
after(() => fs.rmSync(scratch, { recursive: true, force: true }));
const options = (skip) => ({ timeout: 240000, skip });

async function open(t, appOptions) {
  const app = startApp(BODY, appOptions);
  t.after(() => app.stop());
  const rpc = await app.rpc();
  await app.said('ready');
  return { app, rpc };
}

const outputs = (app) => app.files().filter((name) => /^\.|\.(heapsnapshot|diag|core|\w+profile)/.test(name));

/** Every command that makes a file; gives its error. */
function attempts(rpc) {
  const profiles = PROFILES.map(({ start, stop }) => [
    start,
    async () => {
      await rpc.call(start);
      return rpc.refused(stop, { wait: true });
    },
  ]);
  const dumps = ['heapdump', 'diag_report', ...(canDumpCore ? ['generate_coredump'] : [])];
  return [...profiles, ...dumps.map((command) => [command, () => rpc.refused(command, { wait: true }, 30000)])];
}

async function checkRefusals(app, rpc, reason, remedy) {
  for (const [command, attempt] of attempts(rpc)) {
    const error = await attempt();
    assert.strictEqual(error.code, IO, `${command}: ${error.message}`);
    assert.ok(error.message.includes(app.logDir), `where: ${error.message}`);
    assert.match(error.message, reason, command);
    assert.match(error.message, remedy, command);
    if (fs.existsSync(app.logDir)) assert.deepStrictEqual(outputs(app), [], command);
    assert.ok(app.isAlive(), command);
  }
}

async function checkRetry(app, rpc) {
  for (const { start } of PROFILES) {
    const { filepath } = await rpc.call(start, { profiling_time: 20, wait: true });
    JSON.parse(fs.readFileSync(filepath, 'utf8'));
  }
  const { filepath } = await rpc.call('diag_report', { wait: true });
  JSON.parse(fs.readFileSync(filepath, 'utf8'));
  assert.strictEqual((await rpc.call('check_version')).protocol, 1);
}

test('a full disk', options(noMounts), async (t) => {
  const place = (home) => {
    const dir = path.join(home, 'disk');
    fs.mkdirSync(dir);
    assert.strictEqual(disk.mount(dir, '1m'), '');
    t.after(() => disk.unmount(dir));
    return dir;
  };
  const { app, rpc } = await open(t, { logDir: place });
  const filler = disk.fill(app.logDir);
  await checkRefusals(app, rpc, /No space left on device/, /free some space or set another log_dir/);
  fs.rmSync(filler);
  await checkRetry(app, rpc);
});

test('a disk that becomes full in the middle of a large file', options(noMounts), async (t) => {
  const place = (home) => {
    const dir = path.join(home, 'disk');
    fs.mkdirSync(dir);
    assert.strictEqual(disk.mount(dir, '1m'), '');
    t.after(() => disk.unmount(dir));
    return dir;
  };
  const { app, rpc } = await open(t, { logDir: place });
  const error = await rpc.refused('heapdump', { wait: true }, 30000); // several MB
  assert.strictEqual(error.code, IO);
  assert.match(error.message, /No space left on device; free some space/);
  assert.deepStrictEqual(outputs(app), []);
  await checkRetry(app, rpc);
});

test('a read-only log_dir', options(process.geteuid() === 0 && noMounts), async (t) => {
  const { app, rpc } = await open(t);
  const asRoot = process.geteuid() === 0;
  if (asRoot) {
    assert.strictEqual(disk.mountReadOnly(app.logDir), '');
    t.after(() => disk.unmount(app.logDir));
  } else {
    fs.chmodSync(app.logDir, 0o500);
  }
  await checkRefusals(app, rpc, asRoot ? /Read-only file system/ : /Permission denied/, /log_dir must exist and be writable/);
  if (asRoot) disk.unmount(app.logDir);
  else fs.chmodSync(app.logDir, 0o700);
  await checkRetry(app, rpc);
});

test('a deleted log_dir', options(false), async (t) => {
  const { app, rpc } = await open(t);
  fs.rmSync(app.logDir, { recursive: true });
  // A file in its place, so that nobody can make it anew meanwhile.
  fs.writeFileSync(app.logDir, '');
  await checkRefusals({ logDir: `${app.logDir}`, isAlive: () => app.isAlive(), files: () => [] }, rpc,
    /Not a directory|No such file or directory/, /log_dir must exist and be writable/);
  fs.rmSync(app.logDir);
  fs.mkdirSync(app.logDir);
  await checkRetry(app, rpc);
});

test('without wait the failure is in the error log', options(false), async (t) => {
  const { app, rpc } = await open(t);
  const { filepath } = await rpc.call('start_gc_profiling');
  fs.writeFileSync(filepath, 'in the way');
  await rpc.call('stop_gc_profiling');
  const line = await until(() => app.log('error-').split('\n').find((each) => each.includes(path.basename(filepath))), 'the line');
  assert.match(line, /\[error\].*could not be written: File exists/);
});

test('a limit of the file size: an error, not the signal that kills', options(process.platform !== 'linux'), async (t) => {
  // 100 or 200 KiB. A shell of Debian dies with the runtime of ThreadSanitizer in it: that is for Node alone.
  const script = 'ulimit -f 200; LD_PRELOAD=$PRELOAD exec "$@"';
  const wrap = (words) => ['/bin/sh', '-c', script, 'sh', ...words];
  const { app, rpc } = await open(t, { wrap, env: { LD_PRELOAD: '', PRELOAD: process.env.LD_PRELOAD || '' } });
  const error = await rpc.refused('heapdump', { wait: true }, 30000);
  assert.strictEqual(error.code, IO, error.message);
  assert.match(error.message, /File too large/);
  assert.deepStrictEqual(outputs(app), []);
  if (canDumpCore) {
    const core = await rpc.refused('generate_coredump', { wait: true }, 30000);
    assert.strictEqual(core.code, IO, core.message);
    assert.match(core.message, /File too large/);
  }
  assert.deepStrictEqual(outputs(app), []);
  assert.ok(app.isAlive());
  await checkRetry(app, rpc);
});
