'use strict';

// Who may talk to a process, and processes that share a directory without sharing their numbers. Most of it needs
// root, who can be somebody else.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { describe, test, after } = require('node:test');
const { root } = require('./support/app');
const { launch } = require('./support/launch');
const { openFile } = require('./support/lines');
const { NOBODY, isRoot, noNobody } = require('./support/nobody');
const { socketOf } = require('./support/rpc');
const { until, within } = require('./support/until');

const IDLE = 'setInterval(() => {}, 1000);';
const ROOTS = ['/tmp', '/var/tmp', '/dev/shm'];
const xprofctl = path.join(root, 'build', 'Release', 'xprofctl');
const notRoot = !(process.platform === 'linux' && isRoot) && 'only root on Linux can do this';

/** What a connection of another user gives: the code of the error, or what came and that it was closed. */
const CLIENT = `
  const socket = require('node:net').connect(process.argv[1]);
  let text = '';
  socket.on('connect', () => socket.write('{"id":1,"method":"process_info"}\\n'));
  socket.on('data', (chunk) => (text += chunk));
  socket.on('error', (error) => console.log(error.code));
  socket.on('close', () => console.log('closed ' + text));`;

describe('another user', { timeout: 240000, skip: notRoot || noNobody }, () => {
  const asNobody = (command, words) =>
    spawnSync(command, words, { uid: NOBODY, gid: NOBODY, cwd: '/', encoding: 'utf8', timeout: 60000, env: { PATH: process.env.PATH, LC_ALL: 'C' } });

  test('the socket and the files are out of reach', async () => {
    const app = launch(IDLE);
    const rpc = await app.rpc();
    const { status, stdout } = asNobody(process.execPath, ['-e', CLIENT, socketOf(app.pid)]);
    assert.deepStrictEqual([status, stdout], [0, 'EACCES\nclosed \n']);
    assert.strictEqual(fs.statSync(path.dirname(socketOf(app.pid))).mode & 0o777, 0o700);
    assert.strictEqual(fs.statSync(socketOf(app.pid)).mode & 0o777, 0o600);
    await until(() => app.log() !== '', 'a log');
    fs.chmodSync(app.home, 0o755);
    fs.chmodSync(app.logDir, 0o755);
    await rpc.call('diag_report', { wait: true });
    for (const name of fs.readdirSync(app.logDir)) {
      assert.notStrictEqual(asNobody('cat', [path.join(app.logDir, name)]).status, 0, name);
    }
  });

  test('xprofctl says whose process it is, exit status 3', async () => {
    const app = launch(IDLE);
    await app.rpc();
    for (const words of [['check_version'], ['heapdump'], ['start_cpu_profiling', '-t', '100']]) {
      const result = asNobody(xprofctl, [...words, '-p', `${app.pid}`]);
      assert.strictEqual(result.status, 3, result.stderr);
      assert.match(result.stderr, /root \(uid 0\)/);
      assert.strictEqual(result.stdout, '');
    }
    assert.deepStrictEqual(app.files(), []);
  });

  const noOwnTmp = root.startsWith('/tmp/') && 'the package itself is in /tmp';
  test('a socket that was opened to everybody by mistake still refuses him', { skip: noOwnTmp }, async () => {
    // In a /tmp of its own, so that no other process stands open meanwhile.
    const app = launch(
      `const { spawnSync } = require('node:child_process');
      const dir = '/tmp/xprofiler-' + process.geteuid();
      serve({ try() {
        fs.chmodSync(dir, 0o777);
        fs.chmodSync(dir + '/' + process.pid + '.sock', 0o777);
        const client = ${JSON.stringify(CLIENT)};
        const ask = (uid) => spawnSync(process.execPath, ['-e', client, dir + '/' + process.pid + '.sock'], { uid, gid: uid, cwd: '/', encoding: 'utf8', timeout: 60000 });
        say('nobody ' + JSON.stringify(ask(${NOBODY}).stdout));
      } });`,
      // Its home is in /tmp, out of reach then: the program and its log_dir are elsewhere.
      { logDir: () => fs.mkdtempSync('/var/tmp/xpf-open-'), wrap: (words) => ['unshare', '-m', 'sh', '-c', 'mkdir -p "$PWD/own"; chmod 1777 "$PWD/own"; cp app.js /var/tmp/$$.js; mount --bind "$PWD/own" /tmp; cd /; exec "$1" /var/tmp/$$.js', 'sh', words[0]] },
    );
    try {
      const socket = path.join(app.home, 'own', 'xprofiler-0', `${app.pid}.sock`);
      await until(() => fs.existsSync(socket) || !app.isAlive(), `${socket}; ${app.stderr}`);
      app.tell('try');
      const answer = await until(() => (/^nobody (.*)$/m.exec(app.stdout) || [])[1], `the answer; ${app.stderr}`);
      assert.match(JSON.parse(answer), /^(ECONNRESET\n|EPIPE\n)?closed \n$/);
      await until(() => /refused a connection of uid 65534/.test(app.log('error-')), 'a line in the error log');
      const lines = await openFile(socket); // root
      await lines.checkAlive();
      lines.close();
    } finally {
      fs.rmSync(`/var/tmp/${app.pid}.js`, { force: true });
      fs.rmSync(app.logDir, { recursive: true, force: true });
    }
  });

  test('root serves itself from the process of another user', async () => {
    const app = launch(IDLE, { uid: NOBODY });
    const socket = `/tmp/xprofiler-${NOBODY}/${app.pid}.sock`;
    const lines = await until(() => fs.existsSync(socket) && openFile(socket), 'a connection');
    await lines.checkAlive();
    lines.close();
    const { status, stdout } = spawnSync(xprofctl, ['check_version', '-p', `${app.pid}`], { encoding: 'utf8' });
    assert.strictEqual(status, 0, stdout);
    assert.strictEqual(asNobody(xprofctl, ['check_version', '-p', `${app.pid}`]).status, 0);
  });
});

describe('two pid namespaces that share /tmp', { timeout: 240000, skip: notRoot }, () => {
  /** Both are pid 1 to themselves. */
  const inNamespace = (words) => ['unshare', '--pid', '--fork', '--kill-child', ...words];

  const places = ROOTS.map((dir) => `${dir}/xprofiler-0/1.sock`);
  // Who is killed leaves its socket, and out here there is always a process 1.
  after(async () => {
    for (const file of places) {
      const lines = await openFile(file);
      if (lines) lines.close();
      else fs.rmSync(file, { force: true });
    }
  });

  /** Every socket that a process with pid 1 could have, with what answers there. */
  async function answers() {
    const found = {};
    for (const file of places.filter((each) => fs.existsSync(each))) {
      const lines = await openFile(file);
      if (!lines) continue; // left behind by somebody
      await lines.ask(1, 'process_info');
      const { result } = await lines.next();
      found[result.log_dir] = { file, ...result };
      lines.close();
    }
    return found;
  }

  test('the second with the same pid neither steals nor breaks the socket of the first, and both are served', async (context) => {
    if (spawnSync('unshare', ['--pid', '--fork', 'true']).status !== 0) return context.skip('no pid namespaces here');
    const first = launch(IDLE, { wrap: inNamespace });
    const one = await until(async () => (await answers())[first.logDir], `the first; ${first.stderr}`);
    assert.strictEqual(one.pid, 1);
    const second = launch(IDLE, { wrap: inNamespace });
    const two = await until(async () => (await answers())[second.logDir], `the second; ${second.stderr}`);
    assert.strictEqual(two.pid, 1);
    assert.notStrictEqual(two.file, one.file);
    assert.strictEqual((await answers())[first.logDir].file, one.file);
    await second.stop();
    await until(async () => !(await answers())[second.logDir], 'the end of the second');
    assert.strictEqual((await answers())[first.logDir].file, one.file);
    // A third may have the place of the second, never that of the first.
    const third = launch(IDLE, { wrap: inNamespace });
    const three = await until(async () => (await answers())[third.logDir], `the third; ${third.stderr}`);
    assert.notStrictEqual(three.file, one.file);
    for (const app of [first, third]) assert.strictEqual(app.stderr, '');
  });

  test('ten that start at once: each finds a place of its own, or says that there is none', async (context) => {
    if (spawnSync('unshare', ['--pid', '--fork', 'true']).status !== 0) return context.skip('no pid namespaces here');
    const all = Array.from({ length: 10 }, () => launch(`${IDLE} try { require(xprofilerRoot)({ ...xprofilerConfig, check_throw: true }); say('served'); } catch (error) { say('refused ' + error.message); }`, { isBare: true, wrap: inNamespace }));
    await Promise.all(all.map((app) => until(() => app.stdout !== '', `a word; ${app.stderr}`)));
    const served = all.filter((app) => app.stdout === 'served\n');
    const found = await answers();
    for (const app of served) assert.ok(found[app.logDir], `${app.logDir} was served and lost its socket`);
    assert.ok(served.length >= 1 && served.length <= ROOTS.length, `${served.length} were served`);
    for (const app of all.filter((each) => !served.includes(each))) {
      assert.match(app.stdout, /^refused the command socket could not be made: address already in use \(by a process that has the same pid/);
      assert.ok(app.isAlive());
    }
  });

  test('a process that is stopped keeps its socket', async (context) => {
    if (spawnSync('unshare', ['--pid', '--fork', 'true']).status !== 0) return context.skip('no pid namespaces here');
    const first = launch(`say('pid ' + fs.readlinkSync('/proc/self')); ${IDLE}`, { wrap: inNamespace });
    const one = await until(async () => (await answers())[first.logDir], `the first; ${first.stderr}`);
    const pid = Number(/^pid (\d+)$/m.exec(first.stdout)[1]); // /proc is ours: the number out here
    process.kill(pid, 'SIGSTOP');
    try {
      const socket = fs.statSync(one.file);
      const second = launch(`say('started'); ${IDLE}`, { wrap: inNamespace });
      await within(second.said('started'), 'the second is not held up');
      assert.strictEqual(fs.statSync(one.file).ino, socket.ino);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    assert.ok((await answers())[first.logDir]);
  });
});

test('spawned children inherit no descriptor of ours', { skip: process.platform !== 'linux' }, async () => {
  const app = launch(`${IDLE} serve({ spawn() {
    const { status, stdout } = require('node:child_process').spawnSync('ls', ['-l', '/proc/self/fd'], { encoding: 'utf8' });
    say('status ' + status + ' ' + JSON.stringify(stdout));
  } });`);
  const rpc = await app.rpc();
  await rpc.call('start_cpu_profiling');
  await until(() => app.log() !== '', 'an open log');
  app.tell('spawn');
  const line = await until(() => (/^status 0 (.*)$/m.exec(app.stdout) || [])[1], 'the list');
  assert.doesNotMatch(JSON.parse(line), /xprofiler|\.log|\.sock/);
});
