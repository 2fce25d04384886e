'use strict';

// The package as an application uses it: each test runs a small program in a process of its own.

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { test, beforeEach, afterEach } = require('node:test');
const { pathToFileURL } = require('node:url');

const root = path.resolve(__dirname, '../..');
const register = path.join(root, 'lib', 'register.js');
const LIMIT_MS = 30000;
let home;
let logs;

beforeEach(() => {
  home = fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-api-'));
  logs = path.join(home, 'logs');
  fs.mkdirSync(logs);
});
afterEach(() => fs.rmSync(home, { recursive: true, force: true }));

/** What every program can use; `report(value)` hands a value to the test. */
const PRELUDE = `
  const { Worker, isMainThread, parentPort } = require('node:worker_threads');
  const root = ${JSON.stringify(root)};
  const values = [];
  const report = (value) => values.push(value);
  const fault = (fn) => { try { fn(); return 'nothing'; } catch (e) { return e.name + ': ' + e.message; } };
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  async function until(fn) {
    for (let i = 0; i < 200 && !fn(); i++) await sleep(20);
    return fn();
  }
  async function serve(handler, paths) {
    const server = require('node:http').createServer(handler);
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = 'http://127.0.0.1:' + server.address().port;
    for (const each of paths) await (await fetch(url + each)).text();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  process.on('exit', () => process.stdout.write('\\nVALUES ' + JSON.stringify(values) + '\\n'));`;

/** Runs a program; gives { status, signal, stdout, stderr, values }. */
function run(body, { args = [], env = {}, name = 'app.js', prelude = true } = {}) {
  const file = path.join(home, name);
  fs.writeFileSync(file, prelude ? `${PRELUDE}\n(async () => {\n${body}\n})();\n` : body);
  const child = spawn(process.execPath, [...args, file], {
    cwd: home,
    env: { ...process.env, XPROFILER_PREFIX: home, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MS,
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk) => (stderr += chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => {
      const match = /\nVALUES (.*)\n$/.exec(stdout);
      const values = match ? JSON.parse(match[1]) : [];
      resolve({ pid: child.pid, status, signal, stdout: stdout.replace(/\nVALUES .*\n$/, ''), stderr, values });
    });
  });
}

/** Runs and expects a clean end: status 0, nothing printed. */
async function runClean(body, options) {
  const result = await run(body, options);
  assert.deepStrictEqual(
    [result.status, result.signal, result.stdout, result.stderr],
    [0, null, '', ''],
  );
  return result;
}

const start = (config = '{}') => `const xprofiler = require(root);
  xprofiler({ log_dir: ${JSON.stringify(logs)}, ...(${config}) });`;

function logText(kind = '') {
  const name = fs.readdirSync(logs).find((file) => new RegExp(`^xprofiler-${kind}\\d{8}\\.log$`).test(file));
  return name ? fs.readFileSync(path.join(logs, name), 'utf8') : '';
}

function registryLines() {
  const text = fs.readFileSync(path.join(home, '.xprofiler'), 'utf8');
  return text.split('\n').slice(0, -1).map((line) => line.split('\0'));
}

/** The sum of one figure over all records of a thread. */
function sumOf(component, key, thread = 0) {
  const line = new RegExp(`\\[${component}\\] \\[\\d+\\] \\[${thread}\\] .*[ ,]${key}: ([\\d.]+)`, 'g');
  return [...logText().matchAll(line)].reduce((sum, [, number]) => sum + Number(number), 0);
}

test('CommonJS: the export is start() with the known names in their order', async () => {
  const { values } = await runClean(`
    const xprofiler = require(root);
    report([typeof xprofiler, xprofiler === xprofiler.start, xprofiler.length, Object.keys(xprofiler)]);`);
  const names = 'start setConfig getXprofilerConfig info error debug runLogBypass runCommandsListener setHooks initMallopt';
  assert.deepStrictEqual(values[0].slice(0, 3), ['function', true, 0]);
  assert.deepStrictEqual(values[0][3].slice(0, 10), names.split(' '));
});

test('what 3.1.0 had below its name is found there: its main file, lib/xctl, the command', async () => {
  const resolve = (name) => path.relative(root, require.resolve(name));
  const found = ['xprofiler', 'xprofiler.js', 'lib/xctl', 'lib/xctl.js', 'bin/xprofctl', 'package.json'].map((name) =>
    resolve(`xprofiler/${name}`),
  );
  assert.deepStrictEqual(found, ['lib/index.js', 'lib/index.js', 'lib/xctl.js', 'lib/xctl.js', 'bin/xprofctl', 'package.json']);
});

test('ES module: default and named imports', async () => {
  const specifier = JSON.stringify(pathToFileURL(path.join(root, 'lib/index.mjs')).href);
  const result = await run(
    `import xprofiler, { start, getXprofilerConfig } from ${specifier};
     start({ log_dir: ${JSON.stringify(logs)}, log_interval: 7 });
     console.log(typeof xprofiler, xprofiler.start === start, getXprofilerConfig().log_interval);`,
    { name: 'app.mjs', prelude: false },
  );
  assert.deepStrictEqual([result.status, result.stdout, result.stderr], [0, 'function true 7\n', '']);
});

test('before configuration everything that needs it throws the known sentence', async () => {
  const { values } = await runClean(`
    const xprofiler = require(root);
    const names = ['getXprofilerConfig', 'info', 'error', 'debug', 'runLogBypass', 'runCommandsListener',
      'setHooks', 'initMallopt'];
    names.forEach((name) => report(fault(() => xprofiler[name]('a', 'b'))));
    report(fault(() => xprofiler.metrics()) !== 'nothing');`);
  const sentence = 'Error: must run "require(\'xprofiler\')()" to set xprofiler config first!';
  assert.deepStrictEqual(values, [...Array(8).fill(sentence), true]);
});

test('wrong arguments are TypeErrors', async () => {
  const { values } = await runClean(`
    ${start()}
    report(fault(() => xprofiler(null)).slice(0, 9));
    report(fault(() => xprofiler.setConfig()).slice(0, 9));
    report(fault(() => xprofiler.info('a', 1)));
    report(fault(() => xprofiler.error()));`);
  const text = 'TypeError: log type and content must be string!';
  assert.deepStrictEqual(values, ['TypeError', 'TypeError', text, text]);
});

test('configuration: argument, then environment, then default; invalid values give way', async () => {
  const env = { XPROFILER_LOG_INTERVAL: '5', XPROFILER_LOG_LEVEL: '2', XPROFILER_PATCH_HTTP: 'NO' };
  const { values } = await runClean(
    `${start("{ log_interval: 'soon', log_level: '0', patch_http_timeout: 0.5, enable_log_uv_handles: 'yes' }")}
     report(xprofiler.getXprofilerConfig());
     report(xprofiler.setConfig({ log_interval: 9 }).log_interval);
     report(xprofiler.getXprofilerConfig().log_interval);`,
    { env },
  );
  const [config, ...later] = values;
  assert.strictEqual(config.log_dir, logs);
  assert.strictEqual(config.log_interval, 5);
  assert.strictEqual(config.log_level, 0);
  assert.strictEqual(config.patch_http, false);
  assert.strictEqual(config.patch_http_timeout, 0.5);
  assert.strictEqual(config.enable_log_uv_handles, true);
  assert.strictEqual(config.auto_incr_heap_limit_size, 256);
  assert.deepStrictEqual(later, [9, 9]);
});

test('log_dir: the default is private; one that cannot be used is told in one line', async () => {
  const env = { TMPDIR: home, XPROFILER_LOG_DIR: '/no/such/dir' };
  const result = await run('require(root)(); report(require(root).getXprofilerConfig().log_dir);', { env });
  const dir = path.join(home, `xprofiler-${process.geteuid()}`);
  assert.deepStrictEqual(result.values, [dir]);
  assert.strictEqual(fs.statSync(dir).mode & 0o777, 0o700);
  const line = `[config_int] /no/such/dir will be ignored (env: /no/such/dir, user: undefined), use default log_dir: ${dir}\n`;
  assert.strictEqual(result.stderr, line);
  assert.strictEqual(result.stdout, '');
});

test('info, error and debug write lines of their level, and only what log_level lets through', async () => {
  const { pid } = await runClean(`
    ${start('{ log_level: 1 }')}
    xprofiler.info('mine', 'one'); xprofiler.error('mine', 'two'); xprofiler.debug('mine', 'three');
    xprofiler.info('mine', 'line\\nbreak');
    await sleep(300);`);
  const form = (level, text) =>
    new RegExp(`^\\[\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\\] \\[${level}\\] \\[mine\\] \\[${pid}\\] \\[0\\] \\[[\\d.]+\\] ${text}$`, 'm');
  assert.match(logText(), form('info', 'one'));
  assert.match(logText(), form('info', 'line break'));
  assert.match(logText('error-'), form('error', 'two'));
  assert.strictEqual(logText('debug-'), '');
  for (const name of fs.readdirSync(logs)) {
    assert.strictEqual(fs.statSync(path.join(logs, name)).mode & 0o077, 0, name);
  }
  assert.strictEqual(fs.readFileSync(path.join(logs, 'xprofiler.log'), 'utf8'), logText());
});

test('setConfig is enough for lines: info, error and debug write them although nothing was started', async () => {
  const set = (config) => `const xprofiler = require(root);
    xprofiler.setConfig({ log_dir: ${JSON.stringify(logs)}, ...(${config}) });`;
  await runClean(`
    ${set('{ log_level: 2, log_interval: 1 }')}
    xprofiler.info('mine', 'one'); xprofiler.error('mine', 'two'); xprofiler.debug('mine', 'three');
    await sleep(2500);`);
  const texts = (kind) => logText(kind).split('\n').map((line) => line.replace(/^(?:\[[^\]]*\] ){6}/, ''));
  assert.deepStrictEqual(['', 'error-', 'debug-'].map(texts), [['one', ''], ['two', ''], ['three', '']]); // no records

  await runClean(`${set('{}')} xprofiler.info('mine', 'at the end'); process.exit();`);
  assert.deepStrictEqual(texts(''), ['one', 'at the end', '']);
  await runClean(`${set('{ log_interval: 1 }')} xprofiler.info('mine', 'before'); xprofiler.runLogBypass(); await sleep(1500);`);
  assert.match(logText(), /\[mine\] .* before\n[^]*\[memory\] .* rss: \d+/);
});

test('start registers the process for old tools, in the place that XPROFILER_PREFIX names', async () => {
  const { pid } = await runClean(start());
  const app = path.join(home, 'app.js');
  assert.deepStrictEqual(registryLines(), [[String(pid), logs, home, process.execPath, app, root]]);
  assert.ok(fs.existsSync(path.join(root, 'lib', 'xctl.js')));
});

test('a home that does not exist or cannot be written costs nothing', async () => {
  for (const prefix of [path.join(home, 'missing'), '/proc']) {
    await runClean(start(), { env: { XPROFILER_PREFIX: prefix } });
  }
});

test('start() keeps no process alive and no exit status changes', async () => {
  const begin = Date.now();
  await runClean(start());
  assert.ok(Date.now() - begin < 20000); // log_interval is 60 s
  const exit = await run(`${start()} process.exit(7);`);
  assert.deepStrictEqual([exit.status, exit.stderr], [7, '']);
  const thrown = await run(`${start()} setTimeout(() => { throw new Error('mine'); }, 50);`);
  assert.strictEqual(thrown.status, 1);
  assert.match(thrown.stderr, /Error: mine/);
});

test('start() five times and the module loaded twice: each request is counted once', async () => {
  const { values } = await runClean(`
    ${start('{ log_interval: 1 }')}
    for (let i = 0; i < 4; i++) xprofiler({ log_dir: ${JSON.stringify(logs)}, log_interval: 1 });
    Object.keys(require.cache).filter((file) => file.endsWith('.js')).forEach((file) => delete require.cache[file]);
    const second = require(root);
    second({ log_dir: ${JSON.stringify(logs)}, log_interval: 1 });
    report(second !== xprofiler);
    await serve((req, res) => res.writeHead(req.url === '/no' ? 404 : 200).end(), ['/', '/', '/no', '/', '/']);
    await sleep(2300);`);
  assert.deepStrictEqual(values, [true]);
  assert.strictEqual(sumOf('http', 'live_http_request'), 5);
  assert.strictEqual(sumOf('http', 'http_response_sent'), 5);
  assert.strictEqual(sumOf('http', 'http_response_close'), 5);
  assert.strictEqual(sumOf('http', 'res__200'), 4);
  assert.strictEqual(sumOf('http', 'res__404'), 1);
});

test('patch_http_timeout may be a fraction of a second', async () => {
  await runClean(`
    ${start('{ log_interval: 1, patch_http_timeout: 0.3 }')}
    await serve((req, res) => setTimeout(() => res.end(), Number(req.url.slice(1))), ['/0', '/600', '/50']);
    await sleep(2300);`);
  assert.strictEqual(sumOf('http', 'http_request_timeout'), 1);
  assert.strictEqual(sumOf('http', 'http_response_sent'), 3);
});

test('patch_http off: the keys stay, the counts are zero', async () => {
  await runClean(`
    ${start('{ log_interval: 1, patch_http: false }')}
    await serve((req, res) => res.end(), ['/', '/']);
    await sleep(1500);`);
  assert.match(logText(), /\[http\] .*live_http_request: 0, .*http_rt: 0/);
  assert.strictEqual(sumOf('http', 'live_http_request'), 0);
});

test('a worker counts its own requests, writes lines with its id, and configures nothing', async () => {
  const worker = `
    const { threadId, parentPort } = require('node:worker_threads');
    const http = require('node:http');
    const xprofiler = require(${JSON.stringify(root)});
    xprofiler({ log_interval: 77 });
    xprofiler.info('mine', 'from the worker');
    const server = http.createServer((req, res) => res.end()).listen(0, '127.0.0.1', async () => {
      const url = 'http://127.0.0.1:' + server.address().port;
      for (let i = 0; i < 3; i++) await (await fetch(url)).text();
      setTimeout(() => {
        parentPort.postMessage([threadId, xprofiler.getXprofilerConfig().log_interval]);
        server.closeAllConnections();
        server.close();
      }, 2300);
    });`;
  const { values } = await runClean(`
    ${start('{ log_interval: 1 }')}
    const worker = new Worker(${JSON.stringify(worker)}, { eval: true });
    worker.on('message', report);
    await new Promise((resolve) => worker.on('exit', resolve));
    report(xprofiler.metrics().threads.map((thread) => thread.thread_id));`);
  assert.deepStrictEqual(values, [[1, 1], [0]]);
  assert.strictEqual(sumOf('http', 'live_http_request', 1), 3);
  assert.strictEqual(sumOf('http', 'live_http_request', 0), 0);
  assert.match(logText(), /\[mine\] \[\d+\] \[1\] .*from the worker/);
});

test('only a worker calls start: it configures the process', async () => {
  const worker = `
    const xprofiler = require(${JSON.stringify(root)});
    xprofiler({ log_dir: ${JSON.stringify(logs)}, log_interval: 3 });
    xprofiler.info('mine', 'hello');
    setTimeout(() => {}, 300);`;
  const { values } = await runClean(`
    const worker = new Worker(${JSON.stringify(worker)}, { eval: true });
    await new Promise((resolve) => worker.on('exit', resolve));
    report(require(root).getXprofilerConfig().log_interval);`);
  assert.deepStrictEqual(values, [3]);
  assert.match(logText(), /\[mine\] .* hello/);
  assert.strictEqual(registryLines().length, 1);
});

test('workers that are terminated at any moment do no harm', async () => {
  const { values } = await runClean(`
    ${start('{ log_interval: 1 }')}
    const code = 'require(' + JSON.stringify(root) + ')(); for (;;) JSON.parse(JSON.stringify({ a: [1, 2, 3] }));';
    for (let i = 0; i < 12; i++) {
      const worker = new Worker(code, { eval: true });
      await sleep(10 * i);
      await worker.terminate();
    }
    report(xprofiler.metrics().threads.length);`);
  assert.deepStrictEqual(values, [1]);
});

test('two copies of the package in one process: the first one serves both', async () => {
  const copy = path.join(home, 'copy');
  fs.cpSync(path.join(root, 'lib'), path.join(copy, 'lib'), { recursive: true });
  fs.copyFileSync(path.join(root, 'package.json'), path.join(copy, 'package.json'));
  fs.mkdirSync(path.join(copy, 'build/Release'), { recursive: true });
  for (const name of ['xprofiler.node', 'xprofiler.json']) {
    const file = path.join(root, 'build/Release', name);
    if (fs.existsSync(file)) {
      fs.copyFileSync(file, path.join(copy, 'build/Release', name));
    }
  }
  const { values } = await runClean(`
    ${start('{ log_interval: 1 }')}
    const other = require(${JSON.stringify(copy)});
    report(other !== xprofiler);
    report(other.getXprofilerConfig().log_interval);
    other({ log_dir: ${JSON.stringify(logs)}, log_interval: 1 });
    await serve((req, res) => res.end(), ['/', '/', '/']);
    await sleep(2300);
    report(xprofiler.metrics().threads.length);`);
  assert.deepStrictEqual(values, [true, 1, 1]);
  assert.strictEqual(sumOf('http', 'live_http_request'), 3);
  assert.strictEqual(logText().match(/listener thread created/g).length, 1);
});

test('inside a vm context it works as outside', async () => {
  const { values } = await runClean(`
    const code = 'const x = require(root); x({ log_dir: dir }); report(x.getXprofilerConfig().log_dir);';
    require('node:vm').runInNewContext(code, { require, root, report, dir: ${JSON.stringify(logs)} });`);
  assert.deepStrictEqual(values, [logs]);
});

test('metrics() and prometheus() give the present figures', async () => {
  const { values } = await runClean(`
    ${start()}
    await sleep(50);
    report(xprofiler.metrics());
    report(xprofiler.prometheus());`);
  const [{ process: all, threads }, text] = values;
  assert.ok(all.rss > 10e6 && all.rss < 1e9, `rss ${all.rss}`);
  assert.strictEqual(threads.length, 1);
  assert.ok(threads[0].heap_used > 1e6 && threads[0].heap_used < threads[0].heap_total + 1);
  assert.match(text, /^# HELP \S+ .*\n# TYPE \S+ (gauge|counter)/);
  assert.match(text, /_bytes \d+/);
});

test('the single steps: configured first, each may be called twice', async () => {
  const { values } = await runClean(`
    const xprofiler = require(root);
    xprofiler.setConfig({ log_dir: ${JSON.stringify(logs)}, log_interval: 1 });
    for (const name of ['runLogBypass', 'runCommandsListener', 'setHooks', 'initMallopt']) {
      report(xprofiler[name]() === undefined && xprofiler[name]() === undefined);
    }
    await sleep(1500);`);
  assert.deepStrictEqual(values, [true, true, true, true]);
  assert.match(logText(), /\[memory\] .* rss: \d+/);
});

test('register: with --require, --import and NODE_OPTIONS, in the main thread and in workers', async () => {
  const env = { XPROFILER_LOG_DIR: logs, XPROFILER_LOG_INTERVAL: '1' };
  const url = pathToFileURL(register).href;
  const ways = [
    { args: ['--require', register], env },
    { args: ['--import', url], env },
    { env: { ...env, NODE_OPTIONS: `--require ${register}` } },
  ];
  for (const way of ways) {
    const { pid } = await runClean(
      `if (isMainThread) new Worker(__filename, { stdout: true });
       await sleep(1600);`,
      way,
    );
    const lines = logText().split('\n').filter((line) => line.includes(`[memory] [${pid}]`));
    const threads = new Set(lines.map((line) => /\[memory\] \[\d+\] \[(\d+)\]/.exec(line)[1]));
    assert.deepStrictEqual([...threads].sort(), ['0', '1'], JSON.stringify(way.args));
  }
});
