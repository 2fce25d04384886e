'use strict';

// A host that is short of something it takes for granted: its standard streams, bits of its umask, threads. And one that
// is not a running program at all: a startup snapshot.

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { execFileSync, spawnSync } = require('node:child_process');
const { describe, test } = require('node:test');
const { root } = require('./support/app');
const { launch } = require('./support/launch');
const { NOBODY, noNobody } = require('./support/nobody');
const { until, within } = require('./support/until');

const IDLE = 'setInterval(() => {}, 1000);';
const noProc = process.platform !== 'linux' && 'there is no /proc';

const fdsOf = (app) => fs.readdirSync(`/proc/${app.pid}/fd`).map(Number);

/** The streams stay closed, with a client and without; the program goes on and ends as it wants to. */
async function checkWithout(app, closed) {
  const rpc = await app.rpc();
  await until(() => closed.every((fd) => !fdsOf(app).includes(fd)), `descriptors ${closed} closed in ${fdsOf(app)}`);
  await rpc.call('start_cpu_profiling');
  assert.strictEqual((await rpc.call('stop_cpu_profiling', { wait: true })).state, 'written');
  const late = await app.rpc();
  assert.ok((await late.call('check_version')).version);
  await until(() => (app.log().match(/\[memory\]/g) || []).length >= 3, 'three records');
  app.child.kill('SIGUSR2');
  assert.deepStrictEqual(await within(app.ended, 'the end of the program', 30000), { status: 5, signal: null });
}

describe('standard streams that the program has closed', { timeout: 240000, skip: noProc }, () => {
  const END = `process.on('SIGUSR2', () => process.exit(5)); ${IDLE}`;
  const close = (fds) => fds.map((fd) => `fs.closeSync(${fd});`).join(' ');
  for (const fds of [[0], [1], [0, 1, 2]]) {
    test(`${fds} before start(): nothing of ours takes their place`, async () => {
      const app = launch(`${END} ${close(fds)} require(xprofilerRoot)(xprofilerConfig);`, { isBare: true, config: { log_interval: 1 } });
      await checkWithout(app, fds);
    });
    test(`${fds} after start()`, async () => {
      await checkWithout(launch(`${END} ${close(fds)}`, { config: { log_interval: 1 } }), fds);
    });
  }
});

test('a umask that takes everything away: files have mode 0600 all the same', { timeout: 120000, skip: noProc }, async () => {
  const app = launch(`process.umask(0o777); require(xprofilerRoot)(xprofilerConfig); ${IDLE}`, { isBare: true, config: { log_interval: 1 } });
  const rpc = await app.rpc();
  await rpc.call('start_gc_profiling');
  const { filepath } = await rpc.call('stop_gc_profiling', { wait: true });
  await until(() => app.log() !== '', 'the log');
  const logs = fs.readdirSync(app.logDir).filter((name) => /^xprofiler-(error-)?\d+\.log$/.test(name));
  assert.strictEqual(logs.length, 2);
  for (const file of [filepath, path.join(app.home, '.xprofiler'), ...logs.map((name) => path.join(app.logDir, name))]) {
    assert.strictEqual(fs.statSync(file).mode & 0o777, 0o600, file);
  }
});

test('no further thread is to be had: what needs one is refused, Node does not abort', { timeout: 120000, skip: noProc || noNobody }, async (context) => {
  const app = launch(
    `const { spawnSync } = require('node:child_process');
    const take = (kind) => require(xprofilerRoot)[kind]({ durationMs: 100 }).then(() => say(kind + ' written'), (error) => say(kind + ' ' + error.code + ' ' + error.message));
    serve({ spawn() { say('spawn ' + (spawnSync('/bin/true').error || {}).code); }, trace() { take('trace'); }, cpuProfile() { take('cpuProfile'); } });
    say('up'); ${IDLE}`,
    { uid: NOBODY },
  );
  await app.said('up');
  // The soft limit, which its own user may change.
  const limit = (count) => execFileSync('prlimit', ['--pid', `${app.pid}`, `--nproc=${count}:`], { uid: NOBODY, gid: NOBODY, cwd: '/' });
  const [, usual] = /^Max processes +(\w+)/m.exec(fs.readFileSync(`/proc/${app.pid}/limits`, 'utf8'));
  limit(1);
  app.tell('spawn');
  const [, error] = await until(() => /^spawn (\w+)$/m.exec(app.stdout), 'whether it may spawn');
  if (error !== 'EAGAIN') {
    context.skip('this system does not limit the processes of a user');
    return;
  }
  for (const kind of ['trace', 'cpuProfile']) {
    app.tell(kind);
    const [, answer] = await until(() => new RegExp(`^${kind} (.*)$`, 'm').exec(app.stdout), `an answer; stderr ${app.stderr}`);
    assert.match(answer, /^XPROFILER_REFUSED a .* needs a thread, and the system gives this process no more: .*ulimit -u.*pids\.max/);
  }
  limit(usual);
  for (const kind of ['trace', 'cpuProfile']) {
    app.tell(kind);
    await app.said(`${kind} written`);
  }
});

const noWay = Number(process.versions.node.split('.')[0]) < 20 && 'Node 18 gives a snapshot no way to load an addon';
test('while a startup snapshot is built: an Error says where to load it', { timeout: 120000, skip: noWay }, () => {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-snapshot-'));
  try {
    const entry = path.join(home, 'entry.js');
    fs.writeFileSync(entry, `require('module').createRequire(__filename)(${JSON.stringify(root)});`);
    const words = ['--snapshot-blob', path.join(home, 'blob'), '--build-snapshot', entry];
    const { status, stderr } = spawnSync(process.execPath, words, { cwd: home, encoding: 'utf8', timeout: 60000 });
    assert.strictEqual(status, 1, stderr);
    assert.match(stderr, /^Error: xprofiler cannot be loaded: a startup snapshot is being built; .*setDeserializeMainFunction/m);
  } finally {
    fs.rmSync(home, { recursive: true, force: true });
  }
});
