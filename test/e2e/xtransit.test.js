'use strict';

// The host agent xtransit 3.1.0, unchanged from the npm registry, works with us: it reads our logs, lists our
// processes, and drives them through lib/xctl.js.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const zlib = require('node:zlib');
const { after, before, test } = require('node:test');

const { startApp, root } = require('./support/app');
const { install, Server, startAgent, makeHome } = require('./support/agent');
const { XPROFILER } = require('./support/known_keys');
const { documentedKeys } = require('./support/records');
const { until } = require('./support/until');

const { version } = require(path.join(root, 'package.json'));
const SECRET = 'a secret';
const SERVICE = `
const http = require('node:http');
workerOf("require(" + JSON.stringify(xprofilerRoot) + ")(); setInterval(() => {}, 1000)");
const server = http.createServer((request, response) => {
  response.statusCode = request.url === '/lost' ? 404 : 200;
  response.end('x'.repeat(1000));
});
server.listen(0, '127.0.0.1', () => say('up'));
// No loop: V8 may have no name for one that it optimised while it ran (docs/compatibility.md).
function hotSpot(n) { return n < 2 ? n : hotSpot(n - 1) + hotSpot(n - 2); }
setInterval(() => { hotSpot(30); http.get({ port: server.address().port, path: '/' }); http.get({ port: server.address().port, path: '/lost' }); }, 100);`;

let unreachable = '';
let home;
let app;
let server;
let agent;

before(
  async () => {
    home = makeHome();
    unreachable = await install(home);
    if (unreachable) return;
    app = startApp(SERVICE, { config: { log_interval: 1 } });
    await app.said('up');
    await until(() => app.log().includes('[memory]'), 'the first record');
    server = new Server(home, SECRET);
    await server.listen();
    const config = { server: `ws://127.0.0.1:${server.port}`, appId: 1, appSecret: SECRET, logdir: app.logDir };
    agent = startAgent(home, config, { XPROFILER_PREFIX: app.home });
    await until(() => server.messages.length > 0, `the agent to report; it says ${agent.output}`);
  },
  { timeout: 150000 },
);

after(async () => {
  if (agent) {
    agent.child.kill('SIGKILL');
    await agent.ended;
  }
  if (server) await server.close();
  if (app) await app.stop();
  fs.rmSync(home, { recursive: true, force: true });
});

/** A test that is left out, with the reason, where the agent cannot be had. */
function agentTest(name, body) {
  test(name, async (t) => {
    if (unreachable) {
      t.skip(unreachable);
      return;
    }
    await body(t);
  });
}

/** What a command of the agent printed, as an object. */
async function call(command, limitMs) {
  const { ok, data } = await server.command(command, limitMs);
  assert.ok(ok, JSON.stringify(data));
  assert.strictEqual(data.stderr, '', `${command}: ${data.stderr}`);
  return JSON.parse(data.stdout);
}

agentTest('it connects, signs what it says, and finds nothing wrong', async () => {
  await until(() => server.messages.some(({ type }) => type === 'heartbeat'), 'a heartbeat');
  for (const message of server.messages) assert.ok(server.isSigned(message), JSON.stringify(message).slice(0, 300));
});

agentTest('it uploads every key of every record: cpu, memory, gc, uv, http, of the main thread and the worker', async () => {
  const seen = (key, tid, count) => server.pairs().filter((pair) => pair.key === key && pair.tid === tid).length >= count;
  await until(() => seen('http_rt', 0, 3) && seen('heap_used', 1, 3), 'three records', 30000);
  const pairs = server.pairs();
  assert.ok(pairs.every(({ pid }) => pid === app.pid));
  assert.ok(pairs.every(({ value }) => Number.isFinite(value) && value >= 0));
  const keysOf = (tid) => new Set(pairs.filter((pair) => pair.tid === tid).map(({ key }) => key));
  const keys = documentedKeys();
  for (const component of Object.keys(XPROFILER)) {
    for (const tid of component === 'cpu' ? [0] : [0, 1]) {
      for (const key of keys[component]) assert.ok(keysOf(tid).has(key), `${component} ${key} of thread ${tid}`);
    }
  }
  assert.ok(keysOf(0).has('res__200') && keysOf(0).has('res__404'));
  const message = server.messages.find(({ data }) => data && data.type === 'xprofiler_log' && data.data.logs.length > 0);
  assert.strictEqual(message.data.data.xprofiler_version, version);

  // It reports to a manager that keeps the last value of a key of a process: that must be the main thread's.
  const heaps = pairs.filter(({ key }) => key === 'heap_used').map(({ tid }) => tid);
  heaps.forEach((tid, i) => assert.ok(tid === 0 || i === heaps.length - 1 || heaps[i + 1] === 0, heaps.join(' ')));

  const main = (key) => pairs.filter((pair) => pair.key === key && pair.tid === 0).map(({ value }) => value);
  assert.ok(main('heap_used').at(-1) > 1e6 && main('rss').at(-1) > 2e7 && main('cpu_now').at(-1) > 0);
  assert.ok(main('http_response_sent').reduce((sum, value) => sum + value, 0) >= 5);
  assert.ok(main('active_tcp_handles').at(-1) >= 1);
});

agentTest('it finds the process and says that xprofiler is installed and enabled', async () => {
  const { data } = await server.command('get_node_processes');
  const lines = data.stdout.split('\n').map((line) => line.split('\0'));
  assert.ok(lines.some(([pid, command]) => pid === String(app.pid) && command.includes('app.js')), data.stdout);
  const alive = await call(`check_processes_alive ${app.pid}`);
  assert.strictEqual(alive[app.pid], true);
  const status = await call(`check_process_status ${app.pid} 0`);
  assert.strictEqual(status.enableXprofiler, true);
  assert.strictEqual(status.installXprofiler, true);
  assert.strictEqual(status.xprofilerVersion, `v${version}`);
  assert.strictEqual(status.xprofilerLogdir, app.logDir);
  assert.strictEqual(status.xprofilerConfig.log_interval, 1);
});

agentTest('get_config, set_config, check_version, list_environments; with and without a thread', async () => {
  const config = await call(`xprofctl ${app.pid} get_config {}`);
  assert.strictEqual(config.log_dir, app.logDir);
  assert.strictEqual(config.enable_log_uv_handles, true);
  assert.deepStrictEqual(await call(`xprofctl ${app.pid} 0 set_config {"enable_http_profiling":true}`), {
    enable_http_profiling: true,
  });
  assert.strictEqual((await call(`xprofctl ${app.pid} get_config {}`)).enable_http_profiling, true);
  assert.strictEqual((await call(`xprofctl ${app.pid} check_version {}`)).version, version);
  const { environments } = await call(`xprofctl ${app.pid} list_environments {}`);
  assert.deepStrictEqual(environments.map((each) => each.is_main_thread).sort(), [false, true]);
});

/** The path of a command's file, after the agent said that it is there. */
async function profile(command, options) {
  const { filepath } = await call(`xprofctl ${app.pid} ${command} ${JSON.stringify(options)}`);
  assert.ok(path.isAbsolute(filepath) && path.dirname(filepath) === app.logDir, filepath);
  const isReady = () => server.messages.some(({ type, data }) => type === 'action' && data.filePath === filepath);
  await until(isReady, `the agent to find ${filepath}`, 30000);
  return filepath;
}

agentTest('start_cpu_profiling with profiling_time: the file is complete when the agent finds it, and is uploaded', async () => {
  const filepath = await profile('0 start_cpu_profiling', { profiling_time: 1500 });
  assert.match(path.basename(filepath), new RegExp(`^x-cpuprofile-${app.pid}-\\d{8}-\\d+\\.cpuprofile$`));
  const content = fs.readFileSync(filepath, 'utf8');
  const { nodes, samples, startTime, endTime } = JSON.parse(content);
  const found = nodes.map(({ callFrame }) => callFrame.functionName);
  assert.ok(samples.length > 50 && found.includes('hotSpot'), `${samples.length} samples: ${found.join(' ')}`);
  const ms = (endTime - startTime) / 1000;
  assert.ok(ms >= 1450 && ms < 10000, `${ms} ms`);

  const upload = await call(`upload_file 7 cpuprofile ${filepath} http://127.0.0.1:${server.port} token`);
  assert.strictEqual(upload.storage, 'here');
  const { body, url } = server.uploads.at(-1);
  assert.match(url, /^\/xapi\/upload_from_xtransit\?fileId=7&fileType=cpuprofile&/);
  assert.ok(body.includes(path.basename(filepath)));
  const packed = body.subarray(body.indexOf('\r\n\r\n') + 4, body.lastIndexOf('\r\n--'));
  assert.strictEqual(zlib.gunzipSync(packed).toString('utf8'), content);
});

agentTest('profiles of the worker, a snapshot, a report', async () => {
  const [heap, gc, snapshot, report] = await Promise.all([
    profile('1 start_heap_profiling', { profiling_time: 1000 }),
    profile('0 start_gc_profiling', { profiling_time: 1000 }),
    profile('1 heapdump', {}),
    profile('0 diag_report', {}),
  ]);
  const read = (file) => JSON.parse(fs.readFileSync(file, 'utf8'));
  assert.ok(read(heap).head.callFrame);
  assert.ok(Array.isArray(read(gc).gc));
  assert.ok(read(snapshot).snapshot.node_count > 1000);
  assert.strictEqual(read(report).pid, app.pid);
});

agentTest('refusals reach the console as text', async () => {
  const refusal = async (command) => {
    const { ok, data } = await server.command(command);
    assert.ok(ok);
    assert.strictEqual(data.stdout, '');
    return data.stderr.trim();
  };
  assert.match(await refusal(`xprofctl ${app.pid} 99 heapdump {}`), /^Thread not found: 99/);
  assert.strictEqual(await refusal(`xprofctl ${app.pid} no_such_command {}`), 'not support command: no_such_command');
  assert.match(await refusal(`xprofctl ${app.pid} stop_cpu_profiling {}`), /stop_cpu_profiling dependent action start_cpu_profiling is not running/);
  assert.match(await refusal('xprofctl 999999 get_config {}'), /not enable xprofiler/);
});

agentTest('it cleans up nothing of ours, and writes nothing of its own into our logs', async () => {
  const names = fs.readdirSync(app.logDir).filter((name) => !name.startsWith('x-'));
  const dated = names.filter((name) => /^xprofiler(-error|-debug)?-\d{8}\.log$/.test(name));
  assert.deepStrictEqual(names.sort(), [...dated, 'error.log', 'xprofiler.log'].sort());
  assert.ok(!/TypeError|ReferenceError/.test(agent.output), agent.output);
  assert.ok(app.isAlive());
  assert.strictEqual(app.stderr, '');
});
