'use strict';

// xprofiler lives in somebody else's process. One test for each way in which such a guest could kill or change its
// host: strange environments, other agents, double loading, processes and workers that die young.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { describe, test } = require('node:test');
const { root } = require('./support/app');
const { launch } = require('./support/launch');
const { PROFILES } = require('./support/kinds');
const { NOBODY, isRoot, noNobody } = require('./support/nobody');
const { connect, socketOf } = require('./support/rpc');
const { until, within } = require('./support/until');

const register = path.join(root, 'lib', 'register.js');
const nodeMajor = Number(process.versions.node.split('.')[0]);
const IDLE = 'setInterval(() => {}, 1000);';

/** The program answers, profiles and has nothing to say on stderr. */
async function checkWell(app, stderr = '') {
  const rpc = await app.rpc();
  assert.ok((await rpc.call('check_version')).version);
  await rpc.call('start_cpu_profiling');
  assert.strictEqual((await rpc.call('stop_cpu_profiling', { wait: true })).state, 'written');
  assert.ok(app.isAlive());
  if (stderr instanceof RegExp) assert.match(app.stderr, stderr);
  else assert.strictEqual(app.stderr, stderr);
  return rpc;
}

async function endOf(app) {
  return within(app.ended, 'the end of the program', 30000);
}

/** Words that sh runs before it becomes the program. */
const under = (script) => (words) => ['sh', '-c', `${script}; exec "$@"`, 'sh', ...words];

describe('a strange environment', { timeout: 240000 }, () => {
  test('no HOME, a HOME that does not exist, a HOME that is a file', async () => {
    for (const HOME of [undefined, '/nonexistent/home', '/dev/null', '']) {
      const app = launch(IDLE, { env: { XPROFILER_PREFIX: '', HOME } });
      await checkWell(app);
    }
  });

  test('a user without an entry in the list of users, and no HOME', { skip: noNobody }, async () => {
    const app = launch(IDLE, { uid: 54321, env: { XPROFILER_PREFIX: '', HOME: undefined, TMPDIR: undefined } });
    await until(() => fs.existsSync(`/tmp/xprofiler-54321/${app.pid}.sock`), 'its socket');
    assert.ok(app.isAlive());
    assert.strictEqual(app.stderr, '');
    await app.stop();
    fs.rmSync('/tmp/xprofiler-54321', { recursive: true, force: true });
  });

  test('an empty environment', async () => {
    await checkWell(launch(IDLE, { wrap: (words) => ['/usr/bin/env', '-i', ...words] }));
  });

  test('a registry that is a directory, a loop of links, unreadable, or in a prefix that is missing', async () => {
    const uid = isRoot && !noNobody ? NOBODY : undefined; // root may read and write everything
    const cases = [
      (home) => fs.mkdirSync(path.join(home, '.xprofiler')),
      (home) => fs.symlinkSync('.xprofiler', path.join(home, '.xprofiler')),
      (home) => fs.writeFileSync(path.join(home, '.xprofiler'), 'x\0y\n\0\0\0', { mode: 0o000 }),
      (home) => fs.writeFileSync(path.join(home, '.xprofiler'), Buffer.alloc(5 * 1024 * 1024, 0xff)),
      (home) => fs.writeFileSync(path.join(home, '.xprofiler.lock'), '1'), // held by a live process
      (home) => fs.rmSync(home, { recursive: true }),
    ];
    for (const prepare of cases) {
      const app = launch(IDLE, {
        uid,
        logDir: (home) => {
          fs.mkdirSync(path.join(home, 'prefix'));
          if (uid) fs.chownSync(path.join(home, 'prefix'), uid, uid);
          prepare(path.join(home, 'prefix'));
          return path.join(home, 'logs');
        },
        wrap: under('XPROFILER_PREFIX="$PWD/prefix"; export XPROFILER_PREFIX'),
      });
      const dir = `/tmp/xprofiler-${uid === undefined ? process.geteuid() : uid}`;
      await until(() => fs.existsSync(`${dir}/${app.pid}.sock`), `the socket; stderr ${app.stderr}`);
      assert.ok(app.isAlive());
      assert.strictEqual(app.stderr, '', prepare.toString());
    }
  });

  test('a registry and a prefix that are deleted before they are looked after again', async () => {
    const app = launch(`${IDLE} setTimeout(() => say('later'), 2500);`, { env: { UNIT_TEST_CHECK_TIME: '1' } });
    const file = path.join(app.home, '.xprofiler');
    await until(() => fs.existsSync(file), 'the registry');
    fs.rmSync(file);
    await app.said('later');
    await checkWell(app);
  });

  test('invalid UTF-8 in arguments, environment and working directory', { skip: process.platform !== 'linux' }, async () => {
    const script = [
      'bad=$(printf "b\\377\\376\\355\\240\\200d")',
      'mkdir "$bad" && cd "$bad"',
      'BAD_VALUE=$bad; export BAD_VALUE',
      'set -- "$@" "$bad"',
    ].join('; ');
    const app = launch(IDLE, { wrap: under(script) });
    const rpc = await checkWell(app);
    const info = await rpc.call('process_info');
    assert.match(info.cwd, /\/b.+d$/);
    assert.match(info.argv, /app\.js b.+d/);
    const { filepath } = await rpc.call('diag_report', { wait: true });
    const report = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(fs.readFileSync(filepath)));
    assert.ok(report.system.env.some((line) => line.startsWith('BAD_VALUE=b')));
    new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(app.log()));
    assert.ok(fs.readFileSync(path.join(app.home, '.xprofiler'), 'utf8').startsWith(`${app.pid}\0`));
  });

  test('a working directory that was deleted', async () => {
    const app = launch(IDLE, { wrap: under('mkdir gone; cd gone; rmdir ../gone') });
    // Node itself does not start without one before it has its script, so this is asked of a fresh program only.
    await checkWell(app).catch((error) => {
      if (app.isAlive()) throw error;
      assert.match(app.stderr, /ENOENT.*(uv_cwd|cwd)/s);
      assert.ok(!app.stderr.includes('xprofiler'), app.stderr);
    });
  });

  test('stdout and stderr are closed, and the log is also meant for stdout', async () => {
    const app = launch(IDLE, { config: { log_type: 1, log_interval: 1, log_level: 2 }, wrap: under('exec >&- 2>&-') });
    await checkWell(app);
    await until(() => (app.log().match(/\[memory\]/g) || []).length >= 2, 'two records');
    // Node gives the free descriptors to /dev/null: nothing of ours may sit on 0, 1 or 2.
    for (const fd of [1, 2]) assert.strictEqual(fs.readlinkSync(`/proc/${app.pid}/fd/${fd}`), '/dev/null');
  });

  test('nobody reads stdout and stderr any more: no SIGPIPE; somebody holds them and does not read: nothing blocks', async () => {
    for (const disturb of [(stream) => stream.destroy(), (stream) => stream.pause()]) {
      const app = launch(`${IDLE} const x = require(xprofilerRoot);
        setInterval(() => { for (let i = 0; i < 50; i++) x.info('flood', 'y'.repeat(1000)); }, 50);`, {
        config: { log_type: 1, log_interval: 1 },
      });
      await app.rpc();
      disturb(app.child.stdout);
      disturb(app.child.stderr);
      await until(() => (app.log().match(/\[memory\]/g) || []).length >= 3, 'three records');
      const rpc = await app.rpc();
      const { environments } = await rpc.call('list_environments');
      assert.ok(environments[0].loop_blocked_ms < 3000, JSON.stringify(environments));
      assert.ok(app.isAlive());
    }
  });
});

describe('other owners of the process', { timeout: 240000 }, () => {
  test('the module loaded again and again in one isolate: one core, one log, requests counted once', async () => {
    const app = launch(`
      const path = require('node:path');
      const vm = require('node:vm');
      const http = require('node:http');
      // As jest does it: modules of the package in a registry and a context of their own.
      function loadApart() {
        const modules = new Map();
        const context = vm.createContext({ process, console, Buffer, setTimeout, clearTimeout, setInterval, clearInterval, performance });
        const load = (file) => {
          if (!file.startsWith(xprofilerRoot) || file.endsWith('.node')) return require(file);
          if (modules.has(file)) return modules.get(file).exports;
          const module = { exports: {} };
          modules.set(file, module);
          const resolve = require('node:module').createRequire(file);
          const wrapper = vm.runInContext('(function (exports, require, module, __filename, __dirname) {' + fs.readFileSync(file, 'utf8') + '\\n})', context);
          const inner = (name) => load(name.startsWith('.') ? resolve.resolve(name) : name);
          inner.resolve = resolve.resolve;
          wrapper(module.exports, inner, module, file, path.dirname(file));
          return module.exports;
        };
        return load(path.join(xprofilerRoot, 'lib', 'index.js'));
      }
      const all = [require(xprofilerRoot)];
      for (let i = 0; i < 10; i++) {
        for (const file of Object.keys(require.cache)) if (file.startsWith(xprofilerRoot)) delete require.cache[file];
        all.push(require(xprofilerRoot), loadApart());
      }
      all.forEach((each) => each(xprofilerConfig));
      if (new Set(all).size !== 21) throw new Error('not loaded again');
      const server = http.createServer((_request, response) => response.end('x'));
      server.listen(0, async () => {
        for (let i = 0; i < 10; i++) {
          await new Promise((resolve) => http.get({ port: server.address().port, agent: false }, (response) => response.resume().on('close', resolve)));
        }
        say('served');
      });`, { config: { log_interval: 1 } });
    await app.said('served');
    const rpc = await checkWell(app);
    const { environments } = await rpc.call('list_environments');
    assert.strictEqual(environments.length, 1);
    const total = () => [...app.log().matchAll(/http_response_sent: (\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0);
    await until(() => total() >= 10, 'a record with the requests');
    assert.strictEqual(total(), 10);
    const names = fs.readdirSync(`/proc/${app.pid}/task`).map((tid) => fs.readFileSync(`/proc/${app.pid}/task/${tid}/comm`, 'utf8').trim());
    assert.strictEqual(names.filter((name) => name === 'xprofiler').length, 1, names.join());
  });

  test('two copies of the package in one process: one core serves both', async () => {
    const app = launch(`
      const path = require('node:path');
      const copies = ['a', 'b'].map((name) => {
        const copy = path.join(__dirname, name, 'node_modules', 'xprofiler');
        fs.mkdirSync(path.join(copy, 'build', 'Release'), { recursive: true });
        fs.cpSync(path.join(xprofilerRoot, 'lib'), path.join(copy, 'lib'), { recursive: true });
        for (const file of ['package.json', 'build/Release/xprofiler.node', 'build/Release/xprofiler.json']) {
          fs.copyFileSync(path.join(xprofilerRoot, file), path.join(copy, file));
        }
        return copy;
      });
      const [a, b] = copies.map((copy) => require(copy));
      if (a === b) throw new Error('not two copies');
      a(xprofilerConfig);
      b({ ...xprofilerConfig, log_interval: 2 });
      if (a.getXprofilerConfig().log_interval !== 2) throw new Error('two configurations');
      a.info('copy', 'from a');
      b.info('copy', 'from b');
      for (const each of [a, b]) if (each.metrics().threads.length !== 1) throw new Error('no metrics');
      if (!a.prometheus().includes('xprofiler') || !b.prometheus().includes('xprofiler')) throw new Error('no text');
      const worker = new Worker('require(' + JSON.stringify(copies[1]) + ')(); setInterval(() => {}, 1000)', { eval: true });
      worker.once('online', () => say('online'));
      setInterval(() => {}, 1000);`, { isBare: true, config: { log_interval: 1 } });
    await app.said('online');
    const rpc = await checkWell(app);
    await until(async () => (await rpc.call('list_environments')).environments.length === 2, 'the worker in the list');
    await until(() => app.log().includes('from b'), 'the lines of both');
    assert.ok(app.log().includes('from a'));
    const names = fs.readdirSync(`/proc/${app.pid}/task`).map((tid) => fs.readFileSync(`/proc/${app.pid}/task/${tid}/comm`, 'utf8').trim());
    assert.strictEqual(names.filter((name) => name === 'xprofiler').length, 1, names.join());
    await rpc.call('start_gc_profiling', { thread_id: 1 });
    assert.strictEqual((await rpc.call('stop_gc_profiling', { thread_id: 1, wait: true })).state, 'written');
  });

  test('handlers of the application: SIGTERM, uncaughtException, exit, process.report, also while profiles run', async () => {
    const app = launch(`${IDLE}
      process.on('SIGTERM', () => say('SIGTERM'));
      process.on('SIGUSR2', () => say('SIGUSR2'));
      process.on('uncaughtException', (error) => say('caught ' + error.message));
      process.on('unhandledRejection', (error) => say('rejected ' + error.message));
      process.on('exit', (code) => say('exit ' + code));
      serve({
        fail() { setTimeout(() => { throw new Error('meant'); }); },
        reject() { Promise.reject(new Error('meant')); },
        report() { say('report ' + Boolean(process.report.getReport().javascriptStack)); },
        late() { process.on('SIGINT', () => say('SIGINT')); say('late'); },
        exit() { process.exit(7); },
      });`);
    const rpc = await checkWell(app);
    for (const round of [1, 2]) {
      if (round === 2) for (const { start } of PROFILES) await rpc.call(start);
      for (const signal of ['SIGTERM', 'SIGUSR2']) {
        app.child.kill(signal);
        await app.said(signal, round);
      }
      for (const [order, answer] of [['fail', 'caught meant'], ['reject', 'rejected meant'], ['report', 'report true']]) {
        app.tell(order);
        await app.said(answer, round);
      }
    }
    app.tell('late');
    await app.said('late');
    app.child.kill('SIGINT');
    await app.said('SIGINT');
    app.tell('exit');
    assert.deepStrictEqual(await endOf(app), { status: 7, signal: null });
    await app.said('exit 7');
    assert.strictEqual(app.stderr, '');
    // Its end was a normal event: the profiles that ran are there.
    for (const { kind } of PROFILES) assert.strictEqual(app.files().filter((file) => file.includes(`x-${kind}-`)).length, kind === 'cpuprofile' ? 2 : 1);
  });

  test('a handler for SIGTERM that comes while a profile runs is the one that counts, and its removal too', async () => {
    const app = launch(`${IDLE}
      const handler = () => say('mine');
      serve({ on() { process.on('SIGTERM', handler); say('on'); }, off() { process.off('SIGTERM', handler); say('off'); } });`);
    const rpc = await app.rpc();
    await rpc.call('start_cpu_profiling');
    app.tell('on');
    await app.said('on');
    app.child.kill('SIGTERM');
    await app.said('mine');
    await rpc.call('stop_cpu_profiling', { wait: true });
    app.child.kill('SIGTERM');
    await app.said('mine', 2);
    app.tell('off');
    await app.said('off');
    app.child.kill('SIGTERM');
    assert.deepStrictEqual(await endOf(app), { status: null, signal: 'SIGTERM' });
  });

  test('--report-on-fatalerror and the words of Node stay', async () => {
    const app = launch(`${IDLE} const kept = []; serve({ fill() { for (;;) kept.push(new Array(1000).fill({ a: 1 })); } });`, {
      args: ['--max-old-space-size=30', '--report-on-fatalerror', '--report-directory=.', '--report-filename=node-report.json'],
      wrap: under('ulimit -c 0'),
    });
    const rpc = await app.rpc();
    await rpc.call('start_gc_profiling');
    app.tell('fill');
    const { signal } = await endOf(app);
    assert.strictEqual(signal, 'SIGABRT');
    assert.match(app.stderr, /FATAL ERROR: .*heap out of memory/i);
    assert.match(app.stderr, /^xprofiler: .*heap out of memory/m);
    const report = JSON.parse(fs.readFileSync(path.join(app.home, 'node-report.json'), 'utf8'));
    assert.match(report.header.event, /heap out of memory/i);
    const diag = app.files().find((file) => /^x-fatal-error-\d+-\d{8}-\d+\.diag$/.test(file));
    JSON.parse(fs.readFileSync(path.join(app.logDir, diag), 'utf8'));
    assert.ok(app.files().some((file) => file.endsWith('.gcprofile')), app.files().join());
  });

  test('a worker over its resourceLimits still ends with ERR_WORKER_OUT_OF_MEMORY, the program lives', async () => {
    const app = launch(`${IDLE}
      const worker = new Worker(
        // Not new Array().fill(): Node 26 never ends a worker in such a loop, with or without us.
        'require(' + JSON.stringify(xprofilerRoot) + ')(); require("node:worker_threads").parentPort.once("message", () => { const kept = []; for (;;) kept.push(Array.from({ length: 100 }, (_, i) => ({ i }))); })',
        { eval: true, resourceLimits: { maxOldGenerationSizeMb: 20, maxYoungGenerationSizeMb: 4 } },
      );
      worker.on('error', (error) => say('error ' + error.code));
      worker.on('exit', (code) => say('exit ' + code));
      serve({ fill() { worker.postMessage('fill'); } });`, { config: { enable_auto_incr_heap_limit: true } });
    const rpc = await app.rpc();
    await until(async () => (await rpc.call('list_environments')).environments.length === 2, 'the worker');
    const waits = [];
    for (const { start } of PROFILES) waits.push(rpc.send(start, { thread_id: 1, wait: true }).reply);
    await rpc.refused('start_gc_profiling', { thread_id: 1 });
    app.tell('fill');
    await app.said('error ERR_WORKER_OUT_OF_MEMORY');
    await app.said('exit 1');
    for (const wait of waits) {
      const { result, error } = await within(wait, 'the answer to who waited');
      assert.ok(result ? result.state === 'written' : error.code === -32002, JSON.stringify({ result, error }));
    }
    await checkWell(app);
  });

  test('node --permission: a clear sentence, and with register the program goes on', { skip: nodeMajor < 20 && 'Node 18 has no permission model' }, () => {
    const flag = nodeMajor < 22 ? '--experimental-permission' : '--permission';
    const home = fs.mkdtempSync('/tmp/xpf-permission-');
    try {
      const run = (...words) =>
        spawnSync(process.execPath, ['--no-warnings', flag, '--allow-fs-read=*', `--allow-fs-write=${home}/*`, ...words], {
          encoding: 'utf8',
          cwd: home,
          env: { ...process.env, XPROFILER_PREFIX: home, XPROFILER_LOG_DIR: home },
          timeout: 60000,
        });
      fs.writeFileSync(path.join(home, 'app.js'), 'console.log("went on")');
      // Node 20 to 24 load addons under the permission model, or not; in both cases the program goes on.
      const result = run('--require', register, 'app.js');
      assert.deepStrictEqual([result.status, result.stdout], [0, 'went on\n'], result.stderr);
      if (result.stderr !== '') {
        assert.match(result.stderr, /^xprofiler cannot be loaded: .*(--allow-addons|--no-addons|permission).*\n$/);
      }
      fs.writeFileSync(path.join(home, 'own.js'), `try { require(${JSON.stringify(root)})(); console.log('loaded'); process.exit(0); } catch (error) { console.log(error.message); }`);
      const own = run('own.js');
      assert.strictEqual(own.status, 0, own.stderr);
      assert.match(own.stdout, /^(loaded|xprofiler cannot be loaded: [^\n]*--allow-addons[^\n]*)\n$/);
    } finally {
      fs.rmSync(home, { recursive: true, force: true });
    }
  });
});

describe('processes and workers that die young', { timeout: 240000 }, () => {
  test('a cluster of 4 whose members are killed while they profile', async () => {
    const app = launch(`
      const cluster = require('node:cluster');
      if (cluster.isPrimary) {
        let members, ready, dead;
        const generation = () => {
          [ready, dead] = [0, 0];
          members = Array.from({ length: 4 }, () => cluster.fork());
        };
        cluster.on('message', () => { if (++ready === 4) say('pids ' + members.map((member) => member.process.pid).join(' ')); });
        cluster.on('exit', () => { if (++dead === 4) generation(); });
        generation();
      } else {
        require('node:http').createServer((_request, response) => response.end('x')).listen(0, () => process.send('ready'));
      }`, { config: { log_interval: 1 } });
    const rpc = await app.rpc();
    let dead = [];
    for (let round = 1; round <= 3; round++) {
      const line = await until(() => app.stdout.split('\n').filter((each) => each.startsWith('pids '))[round - 1], `generation ${round}`, 30000);
      const pids = line.split(' ').slice(1).map(Number);
      for (const pid of dead) assert.strictEqual(socketOf(pid), undefined, 'the sockets of the dead are swept by the next');
      await Promise.all(pids.map(async (pid) => {
        const member = await connect(pid);
        await member.call('start_cpu_profiling');
        member.send('heapdump', { wait: true });
        process.kill(pid, 'SIGKILL');
        member.close();
      }));
      await until(() => pids.every((pid) => !fs.existsSync(`/proc/${pid}`)), 'the end of the members');
      dead = pids;
    }
    assert.ok((await rpc.call('check_version')).version);
    assert.ok(app.isAlive());
    const registered = fs.readFileSync(path.join(app.home, '.xprofiler'), 'utf8').split('\n').filter(Boolean);
    for (const line of registered) assert.strictEqual(line.split('\0').length, 6, JSON.stringify(line));
    assert.strictEqual(app.stderr, '');
  });

  test('100 workers started and terminated while they are measured and profiled', async () => {
    const app = launch(`${IDLE}
      serve({
        async bomb() {
          for (let wave = 0; wave < 10; wave++) {
            const workers = Array.from({ length: 10 }, () => new Worker('require(' + JSON.stringify(xprofilerRoot) + ')(); for (;;) JSON.stringify({ a: [1, 2, 3] });', { eval: true }));
            await Promise.all(workers.map((worker, i) => new Promise((resolve) => {
              worker.on('exit', resolve);
              worker.once('online', () => setTimeout(() => worker.terminate(), i * 15));
            })));
            say('wave');
          }
          say('over');
        },
      });`, { config: { log_interval: 1 } });
    const rpc = await app.rpc();
    let profiled = 0;
    let rounds = 0;
    const replies = [];
    const isOver = () => app.stdout.split('over\n').length > rounds;
    while (app.isAlive()) {
      if (isOver()) {
        // On a busy machine none may live long enough to be profiled: once more.
        if (rounds > 0 && (profiled > 0 || rounds >= 4)) break;
        rounds++;
        app.tell('bomb');
      }
      const { environments } = await rpc.call('list_environments');
      await rpc.call('metrics');
      await rpc.call('metrics', { format: 'prometheus' });
      for (const { thread_id } of environments.filter((each) => !each.is_main_thread)) {
        for (const { start } of PROFILES) replies.push(rpc.send(start, { thread_id, wait: true, profiling_time: 50 }).reply);
      }
      for (const { result, error } of await within(Promise.all(replies.splice(0)), 'all answers', 30000)) {
        if (result) profiled++;
        else assert.ok([-32000, -32001, -32002, -32005].includes(error.code), error.message);
      }
    }
    assert.ok(app.isAlive(), app.stderr);
    assert.ok(profiled > 0, 'no worker lived long enough to be profiled');
    assert.deepStrictEqual((await rpc.call('list_environments')).environments.map(({ thread_id }) => thread_id), [0]);
    await checkWell(app);
  });

  test('a program that starts its successor and ends, and one that execs itself', async () => {
    const app = launch(`
      if (process.argv[2] === 'second') {
        say('second ' + process.pid);
        ${IDLE}
      } else {
        require('node:child_process').spawn(process.execPath, [__filename, 'second'], { detached: true, stdio: ['ignore', 1, 2] }).unref();
        setTimeout(() => process.exit(0), 200);
      }`);
    // Not app.ended: the successor holds its streams.
    await until(() => app.child.exitCode === 0, 'the end of the first');
    const pid = Number(await until(() => (/^second (\d+)$/m.exec(app.stdout) || [])[1], 'the second'));
    try {
        const rpc = await connect(pid);
      assert.strictEqual((await rpc.call('process_info')).pid, pid);
      rpc.close();
      assert.strictEqual(socketOf(app.pid), undefined);
    } finally {
      process.kill(pid, 'SIGKILL');
    }
    assert.strictEqual(app.stderr, '');
  });

  test('process.execve: the next program under the same pid starts as if it were the first', { skip: typeof process.execve !== 'function' && 'this Node has no execve' }, async () => {
    const app = launch(`
      say('run ' + process.argv.length);
      if (process.argv.length < 4) {
        serve({ exec() { process.execve(process.execPath, [process.execPath, __filename, ...process.argv.slice(2), 'again'], process.env); } });
      } else ${IDLE}`, { args: ['--no-warnings'] });
    for (let run = 2; run < 4; run++) {
      await app.said(`run ${run}`);
      const rpc = await app.rpc();
      await rpc.call('start_cpu_profiling');
      app.tell('exec');
    }
    await app.said('run 4');
    await until(() => app.rpc().then((rpc) => rpc.call('start_cpu_profiling', { profiling_time: 50, wait: true })).catch(() => null), 'the third answers');
    assert.ok(app.isAlive());
  });

  test('NODE_OPTIONS in a tree of programs: children print and exit as they would without', () => {
    const home = fs.mkdtempSync('/tmp/xpf-options-');
    const env = { ...process.env, XPROFILER_PREFIX: home, XPROFILER_LOG_DIR: home };
    const inner = `${JSON.stringify(process.execPath)} -p 6*7`;
    const commands = [
      ['-p', '6*7'],
      ['-e', ''],
      ['-e', 'process.exit(3)'],
      ['-e', 'throw new Error("meant")'],
      ['-e', `process.stdout.write(require("node:child_process").execSync(${JSON.stringify(inner)}))`],
      ['-e', 'new (require("node:worker_threads").Worker)("console.log(1)", { eval: true })'],
      ['-e', 'process.kill(process.pid, "SIGTERM"); setTimeout(() => {}, 10000)'],
      ['--version'],
      ['--check', __filename],
    ];
    try {
      for (const words of commands) {
        const run = (extra) => {
          const { status, signal, stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8', env: { ...env, ...extra }, timeout: 60000 });
          return { status, signal, stdout, stderr: stderr.split('\n').filter((line) => !/^\s+at |^Node\.js v/.test(line)) };
        };
        assert.deepStrictEqual(run({ NODE_OPTIONS: `--require ${register}` }), run({ NODE_OPTIONS: '' }), words.join(' '));
      }
      const broken = spawnSync(process.execPath, ['-p', '6*7'], { encoding: 'utf8', env: { ...env, NODE_OPTIONS: `--require ${register}`, XPROFILER_LOG_DIR: '/nonexistent', TMPDIR: '/nonexistent' } });
      assert.deepStrictEqual([broken.status, broken.stdout], [0, '42\n']);
    } finally {
      fs.rmSync(home, { recursive: true, force: true });
    }
  });
});
