'use strict';

// Files and limits: whatever happens to log_dir and to what the process may open or write, the application goes on,
// lost lines are told once, a command says why it failed, and nothing but our own files is touched.

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { describe, test, before, after } = require('node:test');
const { root } = require('./support/app');
const { launch } = require('./support/launch');
const { openLines } = require('./support/lines');
const { NOBODY, isRoot, noNobody } = require('./support/nobody');
const tinyDisk = require('./support/tiny_disk');
const { until, within, sleep } = require('./support/until');

const IO = -32003;
const IDLE = 'setInterval(() => {}, 1000);';
const FAILED = /^xprofiler: cannot write .*\/xprofiler-\d{8}\.log: .*; log lines are lost until this is over$/gm;
const RECOVERED = /^xprofiler: .*\/xprofiler-\d{8}\.log can be written again, (\d+) log lines were lost$/gm;

const count = (app, pattern) => (app.stderr.match(pattern) || []).length;
const records = (app) => (app.log().match(/\[memory\]/g) || []).length;
const under = (script) => (words) => ['sh', '-c', `${script}; exec "$@"`, 'sh', ...words];

/** Each file that could not be written is told of once, and once when it can: nothing else is on stderr. */
function checkToldOnce(app) {
  const lines = app.stderr.split('\n').slice(0, -1);
  const told = lines.map((line) => {
    const [, again, once] = /^xprofiler: cannot write (\S+):|^xprofiler: (\S+) can be written again/.exec(line) || [];
    assert.ok(again || once, line);
    return again ? `failed ${again}` : `recovered ${once}`;
  });
  assert.strictEqual(new Set(told).size, told.length, app.stderr);
}

/** Lines are lost from breakIt() on and written again from mendIt() on. */
async function checkOutage(app, { breakIt, mendIt, whileBroken = async () => {} }) {
  await until(() => records(app) >= 1, `a record; stderr ${app.stderr}`);
  assert.strictEqual(app.stderr, '');
  breakIt();
  await until(() => count(app, FAILED) === 1, `the word that lines are lost; stderr ${app.stderr}`);
  await whileBroken();
  await sleep(2500); // more lines are lost, in silence
  assert.strictEqual(count(app, FAILED), 1, app.stderr);
  assert.strictEqual(count(app, RECOVERED), 0, app.stderr);
  mendIt();
  await until(() => count(app, RECOVERED) === 1, `the word that it is over; stderr ${app.stderr}`);
  const [, lost] = [...app.stderr.matchAll(RECOVERED)][0];
  assert.ok(Number(lost) > 5, `${lost} lines`);
  const before_ = records(app);
  await until(() => records(app) > before_, 'a record after the outage');
  checkToldOnce(app);
  assert.ok(app.isAlive());
}

/** The command fails with a sentence, leaves nothing, and the next client is served. */
async function checkRefused(app, rpc, method, pattern) {
  const error = await rpc.refused(method, { wait: true });
  assert.strictEqual(error.code, IO, JSON.stringify(error));
  assert.match(error.message, pattern);
  assert.ok((await rpc.call('check_version')).version);
}

describe('the directory of the logs', { timeout: 240000 }, () => {
  let scratch;
  let noDisk;
  before(() => {
    scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-disk-'));
    noDisk = tinyDisk.whyNot(scratch);
  });
  after(() => fs.rmSync(scratch, { recursive: true, force: true }));

  test('a full disk: costs lines, told once when it begins and once when it ends', async (context) => {
    if (noDisk) return context.skip(noDisk);
    let disk;
    const app = launch(IDLE, {
      config: { log_interval: 1 },
      logDir: (home) => {
        disk = path.join(home, 'disk');
        fs.mkdirSync(disk);
        assert.strictEqual(tinyDisk.mount(disk, '256k'), '');
        return path.join(disk, 'logs');
      },
    });
    try {
      let filler;
      const rpc = await app.rpc();
      await checkOutage(app, {
        breakIt: () => (filler = tinyDisk.fill(disk)),
        mendIt: () => fs.rmSync(filler),
        whileBroken: async () => {
          await checkRefused(app, rpc, 'diag_report', /could not be written: No space left on device; free some space/);
          await checkRefused(app, rpc, 'heapdump', /No space left on device/);
          assert.deepStrictEqual(app.files(), []);
        },
      });
      await rpc.call('diag_report', { wait: true });
    } finally {
      await app.stop().catch(() => {});
      tinyDisk.unmount(disk);
      fs.rmSync(app.home, { recursive: true, force: true });
    }
  });

  const noReadOnly = isRoot && noNobody; // nothing is read-only for root
  test('a log_dir that turns read-only', { skip: noReadOnly }, async () => {
    const uid = isRoot ? NOBODY : undefined;
    const app = launch(`${IDLE} serve({ diag() {
      require('node:net').connect('/tmp/xprofiler-' + process.geteuid() + '/' + process.pid + '.sock')
        .on('data', (text) => say('reply ' + text)).write('{"id":1,"method":"diag_report","params":{"wait":true}}\\n');
    } });`, { uid, config: { log_interval: 1 } });
    await checkOutage(app, {
      breakIt: () => {
        for (const name of fs.readdirSync(app.logDir)) fs.rmSync(path.join(app.logDir, name));
        fs.chmodSync(app.logDir, 0o555);
      },
      mendIt: () => fs.chmodSync(app.logDir, 0o700),
      whileBroken: async () => {
        app.tell('diag');
        const text = await until(() => (/^reply (.*)$/m.exec(app.stdout) || [])[1], 'the reply');
        const { error } = JSON.parse(text);
        assert.strictEqual(error.code, IO);
        assert.match(error.message, /Permission denied; log_dir must exist and be writable/);
        assert.deepStrictEqual(fs.readdirSync(app.logDir), []);
      },
    });
  });

  test('a log_dir that is read-only from the start: one line, and the default is used', { skip: noReadOnly }, async () => {
    const uid = isRoot ? NOBODY : undefined;
    const app = launch(IDLE, {
      uid,
      env: { TMPDIR: undefined },
      wrap: under('mkdir tmp; TMPDIR="$PWD/tmp"; export TMPDIR; chmod 555 logs'),
    });
    await until(() => app.stderr.includes('\n'), 'a line on stderr');
    assert.match(app.stderr, /^\[config_int\] .*\/logs will be ignored .*use default log_dir: .*\/tmp\/xprofiler-\d+\n$/);
    await until(() => fs.existsSync(path.join(app.home, 'tmp', `xprofiler-${uid || process.geteuid()}`)), 'the default directory');
    assert.ok(app.isAlive());
    fs.chmodSync(app.logDir, 0o700);
  });

  test('a log_dir that is deleted while the program runs, and comes back', async () => {
    const app = launch(IDLE, { config: { log_interval: 1 } });
    const rpc = await app.rpc();
    await checkOutage(app, {
      breakIt: () => fs.rmSync(app.logDir, { recursive: true }),
      mendIt: () => fs.mkdirSync(app.logDir),
      whileBroken: async () => {
        await checkRefused(app, rpc, 'diag_report', /No such file or directory; log_dir must exist/);
        await rpc.call('start_cpu_profiling');
        await checkRefused(app, rpc, 'stop_cpu_profiling', /No such file or directory/);
      },
    });
    await rpc.call('start_cpu_profiling');
    assert.strictEqual((await rpc.call('stop_cpu_profiling', { wait: true })).state, 'written');
  });
});

describe('links planted where we write', { timeout: 240000 }, () => {
  const SECRET = 'not for us\n';

  /** A directory of the test with a file that must stay as it is. */
  function victims(home) {
    const dir = path.join(home, 'victim');
    fs.mkdirSync(dir);
    fs.writeFileSync(path.join(dir, 'file'), SECRET, { mode: 0o640 });
    return path.join(dir, 'file');
  }

  function checkUntouched(app) {
    const dir = path.join(app.home, 'victim');
    assert.deepStrictEqual(fs.readdirSync(dir), ['file']);
    assert.strictEqual(fs.readFileSync(path.join(dir, 'file'), 'utf8'), SECRET);
    assert.strictEqual(fs.statSync(path.join(dir, 'file')).mode & 0o777, 0o640);
  }

  test('under the names of the log files', async () => {
    const now = new Date();
    const today = [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((part) => String(part).padStart(2, '0')).join('');
    const names = [`xprofiler-${today}.log`, `xprofiler-error-${today}.log`, 'xprofiler.log', 'error.log'];
    const app = launch(`${IDLE} require(xprofilerRoot).error('test', 'a line for the error log');`, {
      config: { log_interval: 1 },
      logDir: (home) => {
        const logs = path.join(home, 'logs');
        fs.mkdirSync(logs);
        const file = victims(home);
        for (const name of names) fs.symlinkSync(file, path.join(logs, name));
        return logs;
      },
    });
    const rpc = await app.rpc();
    await until(() => count(app, FAILED) === 1, 'the word that the log cannot be written');
    await sleep(1500);
    checkUntouched(app);
    for (const name of names) assert.ok(fs.lstatSync(path.join(app.logDir, name)).isSymbolicLink());
    fs.rmSync(path.join(app.logDir, names[0])); // the log itself, while the other links stay
    await until(() => count(app, RECOVERED) === 1 && records(app) >= 1, 'a record');
    checkUntouched(app);
    assert.ok((await rpc.call('check_version')).version);
  });

  test('under the names of profiles and of their temp files', async () => {
    const app = launch(IDLE, {
      logDir: (home) => {
        victims(home);
        return path.join(home, 'logs');
      },
    });
    const rpc = await app.rpc();
    const victim = path.join(app.home, 'victim', 'file');
    const planted = (name) => fs.symlinkSync(victim, path.join(app.logDir, name));
    planted('final.diag');
    const taken = await rpc.refused('diag_report', { name: 'final', wait: true });
    assert.match(taken.message, /exists already/);
    planted('dangling.diag.x');
    fs.symlinkSync('/nonexistent/x', path.join(app.logDir, 'dangling.diag'));
    assert.match((await rpc.refused('diag_report', { name: 'dangling', wait: true })).message, /exists already/);
    planted(`.temp.diag.${app.pid}.tmp`);
    const error = await rpc.refused('diag_report', { name: 'temp', wait: true });
    assert.strictEqual(error.code, IO, error.message);
    assert.ok(!fs.existsSync(path.join(app.logDir, 'temp.diag')));
    // A name that is taken while the file is written is not overwritten either.
    await rpc.call('start_cpu_profiling', { name: 'late' });
    planted('late.cpuprofile');
    assert.strictEqual((await rpc.refused('stop_cpu_profiling', { wait: true })).code, IO);
    checkUntouched(app);
    assert.deepStrictEqual(app.files().filter((name) => /^\.(?!temp)/.test(name)), []);
  });

  const noOwnTmp =
    (!(isRoot && process.platform === 'linux') && 'only root may have a /tmp of its own') ||
    (root.startsWith('/tmp/') && 'the package itself is in /tmp');
  test('in the place of the private directories', { skip: noOwnTmp }, async () => {
    const home = fs.mkdtempSync('/var/tmp/xpf-private-');
    const file = path.join(home, 'app.js');
    fs.writeFileSync(file, `process.chdir('/'); require(${JSON.stringify(root)})({ log_dir: '/nonexistent' }); ${IDLE}`);
    const script = [
      'mkdir -p "$PWD/own/victim"',
      'chmod 755 "$PWD/own/victim"',
      'mount --bind "$PWD/own" /tmp',
      'ln -s victim /tmp/xprofiler-0',
      'exec "$@"',
    ].join(' && ');
    const child = spawn('unshare', ['-m', 'sh', '-c', script, 'sh', process.execPath, file], {
      cwd: home,
      env: { ...process.env, TMPDIR: '/tmp', XPROFILER_PREFIX: home },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let stderr = '';
    child.stderr.on('data', (text) => (stderr += text));
    try {
      const socket = `/var/tmp/xprofiler-0/${child.pid}.sock`; // the next root
      await until(() => fs.existsSync(socket) || child.exitCode !== null, `${socket}; ${stderr}`);
      assert.strictEqual(child.exitCode, null, stderr);
      assert.match(stderr, /use default log_dir: \/var\/tmp\/xprofiler-0\n/);
      const victim = path.join(home, 'own', 'victim');
      assert.deepStrictEqual(fs.readdirSync(victim), []);
      assert.strictEqual(fs.statSync(victim).mode & 0o777, 0o755);
    } finally {
      child.kill('SIGKILL');
      fs.rmSync(home, { recursive: true, force: true });
    }
  });
});

/** Of this user, in the first root. */
const socketOf = (app) => `/tmp/xprofiler-${process.getuid()}/${app.pid}.sock`;

describe('what others take away', { timeout: 240000 }, () => {
  test('the socket, by somebody who cleans /tmp: it is made again, who is connected stays', async () => {
    const app = launch(IDLE);
    const early = await app.rpc();
    const socket = socketOf(app);
    const takeAway = [() => fs.unlinkSync(socket), () => fs.renameSync(socket, `${socket}.moved`)];
    try {
      for (const [i, act] of takeAway.entries()) {
        act();
        await until(() => fs.existsSync(socket), 'a new socket');
        assert.strictEqual(fs.lstatSync(socket).mode & 0o777, 0o600);
        const late = await openLines(app.pid);
        await late.checkAlive();
        late.close();
        assert.ok((await early.call('check_version')).version);
        await until(() => app.log('error-').split('the command socket was gone').length === i + 2, 'a line about it');
      }
    } finally {
      fs.rmSync(`${socket}.moved`, { force: true });
    }
    app.child.kill('SIGTERM');
    await app.ended;
  });

  const noRoot = !isRoot && 'only root may give its user up';
  test('nothing, but the process has given up root: its socket stays the one it was', { skip: noRoot || noNobody }, async () => {
    const app = launch(`${IDLE} serve({ drop() { process.setgid(${NOBODY}); process.setuid(${NOBODY}); say('dropped'); } });`);
    await app.rpc();
    const { ino } = fs.lstatSync(socketOf(app));
    app.tell('drop');
    await app.said('dropped');
    await sleep(2500); // two looks
    assert.strictEqual(fs.lstatSync(socketOf(app)).ino, ino);
    assert.ok(!fs.existsSync(`/tmp/xprofiler-${NOBODY}/${app.pid}.sock`));
    const late = await openLines(app.pid);
    await late.checkAlive();
    late.close();
  });

  test('the descriptor of the log, by an application that closes one too many: nothing goes into its own files', async () => {
    const app = launch(
      `${IDLE} const of = (file) => fs.readdirSync('/proc/self/fd').find((fd) => {
        try { return fs.readlinkSync('/proc/self/fd/' + fd).includes(file); } catch { return false; }
      });
      serve({ steal() {
        const log = of('/xprofiler-2');
        if (log === undefined) return say('no number');
        const fd = Number(log);
        fs.closeSync(fd);
        const mine = fs.openSync(xprofilerConfig.log_dir + '/mine', 'w');
        if (mine === fd) return say('stolen');
        fs.closeSync(mine);
        say('another number'); // another thread of the process was faster
      }, look() {
        say('mine is open: ' + (of('/mine') !== undefined));
      } });`,
      { config: { log_interval: 1 } },
    );
    await until(() => records(app) >= 1, 'a record');
    for (let tries = 1; !app.stdout.includes('stolen'); tries++) {
      app.tell('steal');
      await until(() => app.stdout.split('number').length > tries || app.stdout.includes('stolen'), 'an answer');
      await sleep(1500); // the log is open again
    }
    const before_ = records(app);
    await until(() => records(app) >= before_ + 2, 'the log goes on');
    assert.strictEqual(fs.readFileSync(path.join(app.logDir, 'mine'), 'utf8'), '');
    app.tell('look');
    await app.said('mine is open: true');
  });
});

describe('limits and sudden ends', { timeout: 240000 }, () => {
  test('a limit for the size of files: no SIGXFSZ, an answer for the command, lost lines are told', async () => {
    const app = launch(`${IDLE} const x = require(xprofilerRoot); setInterval(() => x.info('fill', 'z'.repeat(2000)), 20);`, {
      config: { log_interval: 1 },
      wrap: under('ulimit -f 64'),
    });
    const rpc = await app.rpc();
    await checkRefused(app, rpc, 'heapdump', /File too large/);
    assert.deepStrictEqual(app.files(), []);
    await until(() => count(app, FAILED) === 1, 'the word that lines are lost');
    assert.ok(app.isAlive());
    await rpc.call('start_gc_profiling'); // a small file still fits
    assert.strictEqual((await rpc.call('stop_gc_profiling', { wait: true })).state, 'written');
    app.child.kill('SIGTERM');
    assert.deepStrictEqual(await within(app.ended, 'the end'), { status: null, signal: 'SIGTERM' });
  });

  test('no descriptor is left: the application keeps its own, clients wait or are closed, and all works again afterwards', async () => {
    const app = launch(`${IDLE} const held = [];
      require(xprofilerRoot).error('test', 'both logs are open');
      serve({
        use() { try { for (;;) held.push(fs.openSync('/dev/null')); } catch (error) { say('used ' + error.code); } },
        free() { held.splice(0).forEach((fd) => fs.closeSync(fd)); say('freed'); },
      });`, { config: { log_interval: 1 }, wrap: under('ulimit -n 64') });
    const rpc = await app.rpc();
    await until(() => records(app) >= 1, 'a record');
    for (let round = 1; round <= 2; round++) {
      app.tell('use');
      await app.said('used EMFILE', round);
      await checkRefused(app, rpc, 'diag_report', /Too many open files/);
      await rpc.call('metrics');
      const late = await openLines(app.pid); // the kernel connects; the program cannot accept
      await late.write('{"id":1,"method":"check_version"}\n');
      const before_ = records(app);
      await until(() => records(app) > before_, 'the log that is open goes on');
      app.tell('free');
      await app.said('freed', round);
      const next = await openLines(app.pid);
      await next.checkAlive();
      [late, next].forEach((lines) => lines.close());
      await rpc.call('start_cpu_profiling');
      assert.strictEqual((await rpc.call('stop_cpu_profiling', { wait: true })).state, 'written');
    }
    assert.strictEqual(app.stderr, '');
  });

  test('no descriptor is left when start() is called: an Error, and the next start() works', async () => {
    const app = launch(`const start = require(xprofilerRoot); const held = [];
      try { for (;;) held.push(fs.openSync('/dev/null')); } catch {}
      try { start(xprofilerConfig); say('started'); } catch (error) { say('refused ' + error.message); }
      held.forEach((fd) => fs.closeSync(fd));
      start(xprofilerConfig);
      ${IDLE}`, { isBare: true, wrap: under('ulimit -n 48') });
    await until(() => app.stdout !== '', 'the first start');
    assert.match(app.stdout, /^(refused .*too many open files.*|started)\n$/i);
    const rpc = await app.rpc();
    assert.strictEqual((await rpc.call('diag_report', { wait: true })).state, 'written');
    assert.ok(app.isAlive());
  });

  test('killed in the middle of a heapdump: nothing under the final name, and the next start removes the rest', async () => {
    const body = `globalThis.kept = []; for (let i = 0; i < 300000; i++) kept.push({ i, text: 'text ' + i }); ${IDLE}`;
    const first = launch(body);
    const rpc = await first.rpc();
    rpc.send('heapdump', { name: 'half' });
    const temp = path.join(first.logDir, `.half.heapsnapshot.${first.pid}.tmp`);
    await until(() => fs.existsSync(temp) && fs.statSync(temp).size > 0, 'the temp file', 30000);
    first.child.kill('SIGKILL');
    await first.ended;
    assert.ok(!fs.existsSync(path.join(first.logDir, 'half.heapsnapshot')));
    assert.ok(fs.existsSync(temp));
    const others = ['.mine.tmp', '.x.99999999.tmp.txt', 'x.1.tmp', `.alive.heapsnapshot.${process.pid}.tmp`];
    for (const name of others) fs.writeFileSync(path.join(first.logDir, name), 'x');
    const next = launch(IDLE, { logDir: () => first.logDir });
    await next.rpc();
    await until(() => !fs.existsSync(temp), 'the rest to be removed');
    assert.ok(next.isAlive());
    for (const name of others) assert.ok(fs.existsSync(path.join(first.logDir, name)), `${name} is not ours`);
    await until(() => /removed 1 unfinished file/.test(next.log()), 'a line about it');
  });
});
