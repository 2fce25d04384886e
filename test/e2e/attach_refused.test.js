'use strict';

// xprofctl attach where it cannot work: a sentence that says why and what else to do, and a process that is as it was.

const assert = require('node:assert');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { spawn, spawnSync } = require('node:child_process');
const { describe, test, after } = require('node:test');

const { ANY_PORT, TICKING, plain, run, attach, ports } = require('./support/attach');
const { root } = require('./support/app');
const { makePidsCgroup } = require('./support/cgroup');
const { launch } = require('./support/launch');
const { NOBODY, isRoot, noNobody } = require('./support/nobody');
const { until, sleep } = require('./support/until');

const RESTART = 'Start it with xprofiler instead: node --require xprofiler/register; or with --inspect, then attach works.';
const BUSY = "say('ready'); setInterval(() => {}, 1000);";
const xprofctl = path.join(root, 'build', 'Release', 'xprofctl');
const flags = process.allowedNodeEnvironmentFlags;
const permission = ['--permission', '--experimental-permission'].find((flag) => flags.has(flag));

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-attach-'));
after(() => fs.rmSync(folder, { recursive: true, force: true }));

/** The refusal, in words and as JSON; the process lives, has no inspector and has said nothing about one. */
async function assertRefused(app, words, { status = 1, reason, message, hint, stderr = '' }) {
  const result = await attach(app.pid, ...words, '--json');
  const reply = JSON.parse(result.stdout);
  assert.deepStrictEqual([reply.ok, reply.reason, result.status], [false, reason, status], result.stdout);
  assert.match(reply.message, message);
  if (hint) assert.ok(reply.hint.includes(hint), reply.hint);
  else assert.strictEqual(reply.hint, undefined);
  assert.ok(app.isAlive());
  assert.deepStrictEqual(ports(app.pid), app.ports || []);
  assert.strictEqual(app.stderr, stderr);
}

describe('attach is refused', { timeout: 240000, skip: process.platform !== 'linux' && 'only on Linux' }, () => {
  test('what is not Node.js, does not exist, or is dead', async () => {
    const child = spawn('sleep', ['60']);
    await until(() => /Name:\ssleep/.test(readStatus(child.pid)), 'sleep to run');
    const other = { pid: child.pid, isAlive: () => child.exitCode === null && child.signalCode === null, stderr: '' };
    await assertRefused(other, [], { status: 3, reason: 'not_node', message: /^process \d+ \(sleep 60\) is not a Node\.js process$/ });
    child.kill();
    const gone = await attach(2147483646);
    assert.deepStrictEqual(gone, { status: 3, stdout: '', stderr: 'Command failed: process 2147483646 does not exist\n' });
    const zombie = spawn('sh', ['-c', '(sleep 0.3; exit 0) & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] });
    let pid = '';
    zombie.stdout.on('data', (data) => (pid += data));
    await until(() => /State:\sZ/.test(readStatus(Number(pid))), 'a zombie');
    assert.strictEqual((await attach(pid.trim())).status, 3);
    zombie.kill();
  });

  test('a process that does not catch SIGUSR1: it is not sent', async () => {
    // Taking one's own handler away takes Node's away, too.
    const app = await plain(`const own = () => {}; process.on('SIGUSR1', own); process.off('SIGUSR1', own); ${BUSY}`);
    const message = /^process \d+ does not catch SIGUSR1, so that signal would end it; it was not sent$/;
    await assertRefused(app, [], { reason: 'inspector', message, hint: RESTART });
  });

  test('--disable-sigusr1', { skip: !flags.has('--disable-sigusr1') && 'this Node.js has no such option' }, async () => {
    const app = await plain(BUSY, { args: ['--disable-sigusr1'] });
    const message = /^process \d+ does not open its inspector on SIGUSR1 \(--disable-sigusr1\)$/;
    await assertRefused(app, [], { reason: 'inspector', message, hint: RESTART });
  });

  const noRoom = /^process \d+ may have [01] more threads, attaching takes 2, and Node\.js aborts where its inspector gets none: it was not asked to open it$/;
  const roomHint = 'Raise its limit (pids.max of its cgroup, or ulimit -u of its user), then attach works.';

  test('a cgroup that allows no more threads, until it does', { skip: !isRoot && 'only root makes cgroups' }, async (t) => {
    const cgroup = makePidsCgroup();
    if (typeof cgroup === 'string') return t.skip(cgroup);
    const app = await plain(BUSY);
    try {
      cgroup.add(app.pid);
      for (const more of [0, 1]) {
        cgroup.limit(cgroup.count() + more);
        await assertRefused(app, [], { reason: 'inspector', message: noRoom, hint: roomHint });
      }
      cgroup.limit('max');
      assert.strictEqual((await attach(app.pid)).status, 0);
    } finally {
      await app.stop();
      await until(() => !cgroup.count(), 'the cgroup is empty');
      cgroup.remove();
    }
  });

  test('a user who may have no more threads', { skip: noNobody }, async () => {
    const app = await plain(BUSY, { uid: NOBODY, gid: NOBODY });
    const threads = fs.readdirSync(`/proc/${app.pid}/task`).length;
    const { status, stderr } = spawnSync('prlimit', ['--pid', String(app.pid), `--nproc=${threads + 1}:`], { uid: NOBODY, gid: NOBODY, encoding: 'utf8' });
    assert.strictEqual(status, 0, stderr);
    await assertRefused(app, [], { reason: 'inspector', message: noRoom, hint: roomHint });
  });

  test('an application with its own handler of SIGUSR1', async () => {
    const app = await plain(`process.on('SIGUSR1', () => say('mine')); ${BUSY}`);
    const message = /^process \d+ did not open its inspector within 1 s$/;
    await assertRefused(app, ['--timeout', 1], { reason: 'inspector', message, hint: 'or the application handles SIGUSR1 itself' });
    assert.strictEqual(app.stdout, 'ready\nmine\n');
  });

  test('a thread that is blocked in native code: what opens too late is closed again', async () => {
    const app = await plain(`serve({ block() { say('blocked'); execSync('sleep 4'); say('free'); } }); ${BUSY}`);
    app.tell('block');
    await app.said('blocked');
    await sleep(100);
    const message = /^process \d+ did not open its inspector within 1 s$/;
    await assertRefused(app, ['--timeout', 1], { reason: 'inspector', message, hint: 'Its main thread is blocked in native code' });
    await app.said('free');
    await until(() => /Debugger attached/.test(app.stderr), 'the inspector to open and to be found');
    await until(() => ports(app.pid).length === 0, 'the inspector to be closed');
    await sleep(300);
    assert.ok(app.isAlive());
    assert.strictEqual((await attach(app.pid)).status, 0);
  });

  test('a port that somebody else has', async () => {
    const server = net.createServer().listen(0, '127.0.0.1').unref();
    await new Promise((resolve) => server.on('listening', resolve));
    const { port } = server.address();
    const app = await plain(BUSY, { args: [`--inspect-port=${port}`] });
    const message = new RegExp(`^process ${app.pid} would open its inspector on port ${port}, which process ${process.pid} has \\(.*\\); it was not asked to$`);
    await assertRefused(app, [], { reason: 'inspector', message, hint: '--inspect-port=0' });
    const byOption = await plain(BUSY);
    await assertRefused(byOption, ['--port', port], { reason: 'inspector', message: /which process/, hint: '--inspect-port=0' });
    server.close();
    const again = await attach(app.pid);
    assert.strictEqual(again.status, 0, again.stderr);
  });

  test('an inspector that keeps its id to itself', async () => {
    const app = await plain(BUSY, { args: [ANY_PORT, '--inspect-publish-uid=stderr'] });
    const message = /^the inspector of process \d+ does not tell its id \(--inspect-publish-uid\)$/;
    await assertRefused(app, [], { reason: 'inspector', message, hint: RESTART });
  });

  test('a process that may not load addons', async () => {
    const app = await plain(BUSY, { args: [ANY_PORT, '--no-addons'] });
    await assertRefused(app, [], { reason: 'unsuited', message: /^process \d+ may not load native addons \(--no-addons\)$/, hint: '--allow-addons' });
  });

  test('a process with the permission model', { skip: !permission && 'this Node.js has none' }, async () => {
    const args = [ANY_PORT, permission, '--allow-fs-read=*', '--allow-fs-write=*'];
    const limited = launch(BUSY, { isBare: true, args });
    await limited.said('ready');
    const { status, stdout } = await attach(limited.pid, '--json');
    assert.deepStrictEqual([status, JSON.parse(stdout).reason], [1, 'unsuited']);
    assert.match(JSON.parse(stdout).message, /may not load native addons \(--permission\)/);
    assert.ok(limited.isAlive());
  });

  test('a stopped process', async () => {
    const app = await plain();
    app.child.kill('SIGSTOP');
    await until(() => /State:\sT/.test(readStatus(app.pid)), 'the process to stop');
    await assertRefused(app, [], { reason: 'inspector', message: /^process \d+ is stopped/, hint: `kill -CONT ${app.pid}` });
    app.child.kill('SIGCONT');
    assert.strictEqual((await attach(app.pid)).status, 0);
  });

  test('a package that is none, has no binary, or cannot be loaded', async () => {
    const app = await plain();
    await assertRefused(app, ['--package', folder], { reason: 'unsuited', message: /is no xprofiler package: it has no lib\/attach\.js$/ });
    fs.mkdirSync(path.join(folder, 'lib'));
    fs.writeFileSync(path.join(folder, 'lib', 'attach.js'), "throw new Error('spoilt\\nat line 2');");
    const message = new RegExp(`^the package ${folder} has no binary for Node ${process.version} \\(ABI ${process.versions.modules}, linux-${process.arch}\\), which process`);
    await assertRefused(app, ['--package', folder], { reason: 'unsuited', message, hint: 'npm install xprofiler' });
    const prebuilds = path.join(folder, 'prebuilds', `linux-${process.arch}`);
    fs.mkdirSync(prebuilds, { recursive: true });
    fs.writeFileSync(path.join(prebuilds, `abi${process.versions.modules}.node`), '');
    const spoilt = await attach(app.pid, '--package', folder, '--json');
    assert.deepStrictEqual([spoilt.status, JSON.parse(spoilt.stdout).reason], [1, 'loading']);
    assert.match(JSON.parse(spoilt.stdout).message, /^process \d+ could not load it: Error: spoilt$/);
    const noDir = await attach(app.pid, '--log-dir', path.join(folder, 'missing'), '--json');
    assert.deepStrictEqual([noDir.status, JSON.parse(noDir.stdout).reason], [1, 'loading']);
    assert.match(JSON.parse(noDir.stdout).message, /no such file or directory.*missing/);
    assert.deepStrictEqual(ports(app.pid), []);
    assert.strictEqual((await attach(app.pid)).status, 0);
  });

  test('the process of another user, and a package that its user may not read', { skip: noNobody }, async () => {
    const app = await plain();
    const asNobody = spawnSync(xprofctl, ['attach', '-p', `${app.pid}`], { uid: NOBODY, gid: NOBODY, cwd: '/', encoding: 'utf8', env: { LC_ALL: 'C' } });
    assert.deepStrictEqual([asNobody.status, asNobody.stdout], [3, '']);
    assert.match(asNobody.stderr, /belongs to user root \(uid 0\); run xprofctl as that user or with sudo/);
    const theirs = await plain(TICKING, { uid: NOBODY });
    const hidden = path.join(folder, 'hidden');
    fs.mkdirSync(path.join(hidden, 'lib'), { recursive: true });
    fs.writeFileSync(path.join(hidden, 'lib', 'attach.js'), '');
    fs.chmodSync(hidden, 0o700);
    const message = new RegExp(`^the user of the process \\(uid ${NOBODY}, pid ${theirs.pid}\\) may not read ${hidden}$`);
    await assertRefused(theirs, ['--package', hidden], { reason: 'unsuited', message, hint: 'add --package DIR' });
  });

  // SIOCSIFFLAGS with IFF_UP and IFF_RUNNING: what `ip link set lo up` does, where there is no ip.
  const LOOPBACK_UP = [
    'import fcntl, os, socket, struct, sys',
    'fcntl.ioctl(socket.socket(), 0x8914, struct.pack("16sh22x", b"lo", 0x41))',
    'os.execvp(sys.argv[1], sys.argv[1:])',
  ].join('\n');
  const canUnshare = isRoot && spawnSync('unshare', ['--mount', '--net', 'true']).status === 0;
  describe('in a container', { skip: !canUnshare && 'only root with namespaces' }, () => {
    test('its network is entered; what is left behind is nothing', async () => {
      const app = await plain(TICKING, { wrap: (words) => ['unshare', '--net', 'python3', '-c', LOOPBACK_UP, ...words] });
      const result = await attach(app.pid);
      assert.strictEqual(result.status, 0, result.stderr);
      assert.deepStrictEqual(ports(app.pid), []);
      assert.strictEqual((await run(['check_version', '-p', app.pid])).status, 0);
    });

    test('a package that is not there inside', async () => {
      const elsewhere = path.join(os.tmpdir(), path.basename(folder), 'outside');
      fs.mkdirSync(path.join(elsewhere, 'lib'), { recursive: true });
      fs.writeFileSync(path.join(elsewhere, 'lib', 'attach.js'), '');
      const hide = `mount -t tmpfs none ${elsewhere} && exec "$@"`;
      const app = await plain(BUSY, { wrap: (words) => ['unshare', '--mount', 'sh', '-c', hide, 'sh', ...words] });
      const message = new RegExp(`^process ${app.pid} has a file system of its own \\(a container\\), in which there is no ${elsewhere}$`);
      await assertRefused(app, ['--package', elsewhere], { reason: 'unsuited', message, hint: `docker cp ${elsewhere} CONTAINER:/tmp/xprofiler` });
      assert.strictEqual((await attach(app.pid)).status, 0);
    });
  });
});

function readStatus(pid) {
  try {
    return fs.readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}
