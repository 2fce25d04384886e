'use strict';

// xprofctl attach where it works: every kind of main module and state of the process; what it leaves behind.

const assert = require('node:assert');
const fs = require('node:fs');
const http = require('node:http');
const net = require('node:net');
const path = require('node:path');
const { randomBytes } = require('node:crypto');
const { describe, test } = require('node:test');

const { ANY_PORT, TICKING, plain, run, attach, ports } = require('./support/attach');
const { root } = require('./support/app');
const { launch } = require('./support/launch');
const { NOBODY, noNobody } = require('./support/nobody');
const { until, sleep } = require('./support/until');

const { version } = require('../../package.json');
const LOOP = "say('ready'); for (;;);";
const DEBUGGER_LINES = /^(?:Debugger listening on ws:.*|For help, see: .*|Debugger attached\.|Debugger ending on .*|)$/;

async function assertAttached(app, { stdout, stderr, status }) {
  assert.strictEqual(status, 0, stderr + app.stderr);
  assert.match(stdout, new RegExp(`^Process ${app.pid} \\(Node\\.js ${process.version}\\) runs xprofiler ${version} now; that took \\d+ ms\\.\n`));
  assert.strictEqual(stderr, '');
  assert.ok(app.isAlive());
  const checked = await run(['check_version', '-p', app.pid]);
  assert.strictEqual(checked.stdout, `X-Profiler addon version (pid ${app.pid}): v${version}\n`);
}

async function assertTicking(app) {
  const counts = () => [...app.stdout.matchAll(/^ticks (\d+)$/gm)].map(([, count]) => Number(count));
  await until(() => {
    app.tell('ticks');
    const [first, ...rest] = counts();
    return rest.some((count) => count > first + 5);
  }, `the main thread to go on; it said ${app.stdout}`);
}

describe('attach', { timeout: 240000, skip: process.platform !== 'linux' && 'only on Linux' }, () => {
  test('an idle process: every command works, nothing is left open, a second attach says that it is there', async () => {
    const app = await plain();
    await assertAttached(app, await attach(app.pid, '--log-dir', app.logDir));
    assert.deepStrictEqual(ports(app.pid), []);
    const profile = await run(['start_cpu_profiling', '-p', app.pid, '-t', 300, '--wait', '--json']);
    const { filepath } = JSON.parse(profile.stdout).data;
    assert.strictEqual(path.dirname(filepath), app.logDir);
    assert.ok(JSON.parse(fs.readFileSync(filepath, 'utf8')).nodes.length > 1);
    await assertTicking(app);
    app.stderr.split('\n').forEach((line) => assert.match(line, DEBUGGER_LINES));
    assert.deepStrictEqual(await attach(app.pid), {
      status: 0,
      stdout: `Process ${app.pid} runs xprofiler ${version} already; nothing was done.\n`,
      stderr: '',
    });
    const again = JSON.parse((await attach(app.pid, '--json')).stdout);
    assert.deepStrictEqual(again, { ok: true, data: { pid: app.pid, version, was_there: true } });
  });

  test('a loop without end', async () => {
    const app = await plain(LOOP);
    await assertAttached(app, await attach(app.pid));
    assert.deepStrictEqual(ports(app.pid), []);
    const profile = await run(['start_cpu_profiling', '-p', app.pid, '-t', 200, '--wait', '--json']);
    assert.strictEqual(JSON.parse(profile.stdout).data.state, 'written');
  });

  test('cpu --attach: a profile of a process without xprofiler, in one go', async () => {
    const app = await plain('function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); } setTimeout(() => { for (;;) fib(20); }, 50); ' + "say('ready');");
    const refused = await run(['cpu', '-p', app.pid, '-t', '200ms']);
    assert.strictEqual(refused.status, 3);
    assert.match(refused.stderr, new RegExp(`does not run xprofiler[^]*\nLoad it now, without a restart: xprofctl attach -p ${app.pid}\n$`));
    const { status, stdout, stderr } = await run(['cpu', '-p', app.pid, '--attach', '-t', '500ms']);
    assert.strictEqual(status, 0, stderr);
    assert.match(stdout, new RegExp(`^CPU profile of process ${app.pid}, main thread`));
    const [file] = /\/\S+\.cpuprofile/.exec(stdout);
    assert.match(fs.readFileSync(file, 'utf8'), /"fib"/);
    fs.rmSync(file);
    assert.deepStrictEqual(ports(app.pid), []);
  });

  test('an ES module', async () => {
    const app = await plain(`
      fs.writeFileSync('main.mjs', "await new Promise((done) => setTimeout(done, 10)); globalThis.begin(); export {};");
      globalThis.begin = () => { ${TICKING} };
      import(process.cwd() + '/main.mjs');`);
    await assertAttached(app, await attach(app.pid));
    await assertTicking(app);
    const home = app.home;
    const file = path.join(home, 'alone.mjs');
    fs.writeFileSync(file, "console.log('ready'); setInterval(() => {}, 1000);");
    const alone = launch('', { isBare: true, wrap: ([node]) => [node, ANY_PORT, file] });
    await alone.said('ready');
    await assertAttached(alone, await attach(alone.pid));
  });

  // Node.js 18 has no other way to a module from code that is evaluated.
  const hasOtherWay = Boolean(process.getBuiltinModule);
  test('node -e, with a global that is called require', { skip: !hasOtherWay && 'not with this Node.js' }, async () => {
    const code = "globalThis.require = () => 1; console.log('ready'); setInterval(() => {}, 1000);";
    const app = launch('', { isBare: true, wrap: ([node]) => [node, ANY_PORT, '-e', code] });
    await app.said('ready');
    await assertAttached(app, await attach(app.pid));
  });

  test('node -e', async () => {
    const app = launch('', { isBare: true, wrap: ([node]) => [node, ANY_PORT, '-e', "console.log('ready'); setInterval(() => {}, 1000);"] });
    await app.said('ready');
    await assertAttached(app, await attach(app.pid));
  });

  test('workers: those that exist get it too', async () => {
    const app = await plain(`
      const code = "require('node:worker_threads').parentPort.on('message', () => {});";
      const workers = [new Worker(code, { eval: true }), new Worker('for (;;);', { eval: true })];
      Promise.all(workers.map((worker) => new Promise((done) => worker.on('online', done)))).then(() => say('ready'));`);
    const { status, stdout, stderr } = await attach(app.pid, '--json');
    assert.strictEqual(status, 0, stderr + stdout);
    const { data } = JSON.parse(stdout);
    assert.deepStrictEqual([data.workers, data.workers_missed, data.was_there], [2, 0, false]);
    const list = await run(['list_environments', '-p', app.pid]);
    assert.strictEqual(list.stdout.match(/worker thread/g).length, 2, list.stdout);
    assert.deepStrictEqual(ports(app.pid), []);
  });

  test('an inspector that is open is used and stays open', async () => {
    const app = await plain(TICKING, { args: ['--inspect=0'] });
    const [port] = ports(app.pid);
    const result = await attach(app.pid);
    await assertAttached(app, result);
    assert.match(result.stdout, new RegExp(`its inspector was open \\(port ${port}\\) and still is`));
    assert.deepStrictEqual(ports(app.pid), [port]);
    await assertTicking(app);
  });

  test('an inspector that the program opened at a port of its own', async () => {
    const app = await plain(`require('node:inspector').open(0); ${TICKING}`, { args: [] });
    const [port] = ports(app.pid);
    await assertAttached(app, await attach(app.pid, '--port', port));
    assert.deepStrictEqual(ports(app.pid), [port]);
  });

  test('a process that waits for its debugger: it is left alone, and can be attached to when it runs', async () => {
    const app = launch(TICKING, { isBare: true, args: ['--inspect-brk=0'] });
    await until(() => /Debugger listening/.test(app.stderr), 'the inspector');
    const result = await attach(app.pid);
    // Where Node.js has set its loaders up before it waits, that is early enough.
    if (result.status === 0) await assertAttached(app, result);
    else assert.match(result.stderr, /waits for its debugger and has not begun yet \(--inspect-brk\)\nLet it run in the debugger, then attach\.\n$/);
    assert.strictEqual(app.stdout, '');
    assert.strictEqual(ports(app.pid).length, 1);
    const session = await debug(ports(app.pid)[0]);
    session.send('Debugger.enable');
    session.send('Runtime.runIfWaitingForDebugger');
    await session.event('Debugger.paused');
    session.send('Debugger.resume');
    await app.said('ready');
    session.end();
    await assertTicking(app);
    assert.strictEqual((await attach(app.pid)).status, 0);
  });

  test('a process at a breakpoint stays there', async () => {
    const app = await plain(`setInterval(() => { if (globalThis.go) { debugger; say('passed'); } }, 20); say('ready');`, { args: ['--inspect=0'] });
    const session = await debug(ports(app.pid)[0]);
    session.send('Debugger.enable');
    session.send('Runtime.evaluate', { expression: 'globalThis.go = true' });
    await session.event('Debugger.paused');
    await assertAttached(app, await attach(app.pid));
    assert.doesNotMatch(app.stdout, /passed/);
    session.send('Debugger.resume');
    await until(() => app.stdout.includes('passed'), 'the program to go on');
    session.end();
  });

  test('a process that is just starting is waited for: modules loaded too early would end it', async () => {
    for (let i = 0; i < 3; i++) {
      const app = launch(TICKING, { isBare: true, args: [ANY_PORT] });
      await until(() => isCaught(app.pid), 'a handler of SIGUSR1');
      await assertAttached(app, await attach(app.pid));
      await app.said('ready');
      await assertTicking(app);
    }
  });

  test('workers that come and go meanwhile are not harmed', async () => {
    const app = await plain(`
      const begin = (code, options) => new Worker(code, { eval: true, ...options }).on('error', (error) => say('error ' + error.stack));
      begin('setInterval(() => {}, 10)', { argv: ['/a', '/b'] });
      // The next ones when these have ended: more than a slow machine can start would keep all of it from the rest.
      const again = () => begin('setTimeout(() => {}, 20)').on('exit', () => setTimeout(again, 20));
      for (let i = 0; i < 3; i++) again();
      ${TICKING}`);
    await sleep(200);
    const { status, stdout } = await attach(app.pid, '--json');
    assert.strictEqual(status, 0, stdout);
    assert.ok(JSON.parse(stdout).data.workers >= 1);
    await sleep(300);
    await assertTicking(app);
    assert.doesNotMatch(app.stdout, /error/);
  });

  test('root attaches to the process of another user, as that user', { skip: noNobody }, async () => {
    const app = await plain(TICKING, { uid: NOBODY });
    await assertAttached(app, await attach(app.pid, '--log-dir', app.logDir));
    const { stdout } = await run(['diag_report', '-p', app.pid, '--wait', '--json']);
    assert.strictEqual(fs.statSync(JSON.parse(stdout).data.filepath).uid, NOBODY);
  });

  test('list --all shows a process that could be attached to', async () => {
    const app = await plain();
    const { data } = JSON.parse((await run(['list', '--all', '--json'])).stdout);
    const row = data.find(({ pid }) => pid === app.pid);
    assert.strictEqual(row.state, 'not instrumented');
    assert.ok(row.command_line.includes('app.js'));
    const listed = JSON.parse((await run(['list', '--json'])).stdout).data;
    assert.ok(!listed.some(({ pid }) => pid === app.pid));
    const table = await run(['list', '--all']);
    assert.match(table.stdout, new RegExp(`^ *${app.pid} +not instrumented +.*app\\.js`, 'm'));
    assert.match(table.stdout, /xprofctl attach -p PID/);
  });
});

/** Whether a signal would find a handler of SIGUSR1. */
function isCaught(pid) {
  const [, mask] = /^SigCgt:\s*(\w+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'));
  return (BigInt(`0x${mask}`) >> 9n) & 1n;
}

/** A session with an inspector, as small as it can be: text of any length out, events in. */
async function debug(port) {
  const text = await new Promise((resolve, reject) => {
    http.get({ port, host: '127.0.0.1', path: '/json/list' }, (reply) => {
      let body = '';
      reply.on('data', (chunk) => (body += chunk)).on('end', () => resolve(body));
    }).on('error', reject);
  });
  const { webSocketDebuggerUrl } = JSON.parse(text)[0];
  const socket = net.connect(port, '127.0.0.1');
  const head = [`GET ${new URL(webSocketDebuggerUrl).pathname} HTTP/1.1`, `Host: 127.0.0.1:${port}`, 'Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13'];
  let received = '';
  socket.setEncoding('latin1').on('data', (chunk) => (received += chunk));
  socket.on('error', () => {});
  socket.write(`${head.join('\r\n')}\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`);
  await until(() => received.includes('101'), 'a session');
  let id = 0;
  return {
    send(method, params = {}) {
      const data = Buffer.from(JSON.stringify({ id: ++id, method, params }));
      socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | 126, data.length >> 8, data.length & 255, 0, 0, 0, 0]), data]));
    },
    event: (name) => until(() => received.includes(`"${name}"`), name),
    end: () => socket.destroy(),
  };
}

test('the package has what attach loads', () => {
  assert.ok(fs.existsSync(path.join(root, 'lib', 'attach.js')));
});
