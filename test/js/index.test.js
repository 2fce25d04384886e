'use strict';

// The entry of the package with a stand-in for the addon.

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test, before, after } = require('node:test');
const { Worker } = require('node:worker_threads');

const lib = path.resolve(__dirname, '../../lib');
const { makeFakeBinding, readKeys } = require('./fake_binding');

const API = [
  'start',
  'setConfig',
  'getXprofilerConfig',
  'info',
  'error',
  'debug',
  'runLogBypass',
  'runCommandsListener',
  'setHooks',
  'initMallopt',
];
const PROFILES = ['cpuProfile', 'heapProfile', 'allocProfile', 'gcProfile', 'heapSnapshot', 'diagReport', 'trace'];
const NEW = ['metrics', 'prometheus', ...PROFILES, 'on', 'once', 'off', 'pprofHandler'];
let home;

before(() => {
  home = fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-index-'));
  process.env.XPROFILER_PREFIX = home;
});
after(() => fs.rmSync(home, { recursive: true, force: true }));

/** A fresh instance of lib/index.js on top of the given stand-in. */
function load(binding) {
  const file = path.join(lib, 'binding.js');
  require.cache[file] = { id: file, filename: file, loaded: true, exports: { load: () => binding } };
  delete require.cache[path.join(lib, 'index.js')];
  return require(lib);
}

function captureErrors(body) {
  const lines = [];
  const { error } = console;
  console.error = (text) => lines.push(text);
  try {
    body();
  } finally {
    console.error = error;
  }
  return lines;
}

test('the export is start() and carries the names in their order, new ones last', () => {
  const xprofiler = load(makeFakeBinding());
  assert.strictEqual(xprofiler, xprofiler.start);
  assert.strictEqual(xprofiler.length, 0);
  assert.strictEqual(xprofiler.name, 'start');
  assert.deepStrictEqual(Object.keys(xprofiler).slice(0, API.length), API);
  assert.deepStrictEqual(Object.keys(xprofiler).slice(API.length), NEW);
});

test('start configures, starts everything once and registers the process', () => {
  const binding = makeFakeBinding();
  const xprofiler = load(binding);
  assert.strictEqual(xprofiler({ log_dir: home, log_interval: 3 }), undefined);
  assert.deepStrictEqual(binding.calls, ['configure', 'setMemoryReader', 'start', 'setTracer']);
  assert.strictEqual(xprofiler.getXprofilerConfig().log_interval, 3);
  assert.strictEqual(Object.keys(xprofiler.getXprofilerConfig()).length, readKeys().length);
  const [{ file, fields, delayMs }] = binding.registered;
  assert.strictEqual(file, path.join(home, '.xprofiler'));
  assert.deepStrictEqual(fields, [home, process.execPath, process.argv[1], path.dirname(lib)]);
  assert.ok(delayMs >= 50000 && delayMs <= 65000);
  xprofiler({ log_dir: home, log_interval: 4 });
  assert.strictEqual(xprofiler.getXprofilerConfig().log_interval, 4, 'a later call replaces');
});

test('before configuration, everything that needs it throws the known sentence', () => {
  const xprofiler = load(makeFakeBinding());
  const expected = { name: 'Error', message: 'must run "require(\'xprofiler\')()" to set xprofiler config first!' };
  for (const name of API.filter((word) => !['start', 'setConfig'].includes(word))) {
    assert.throws(() => xprofiler[name]('type', 'content'), expected, name);
  }
});

test('setConfig stores without starting; wrong arguments are TypeErrors', () => {
  const binding = makeFakeBinding();
  const xprofiler = load(binding);
  const config = xprofiler.setConfig({ log_dir: home });
  assert.strictEqual(config.log_dir, home);
  assert.deepStrictEqual(binding.calls, ['configure']);
  assert.throws(() => xprofiler.setConfig(), TypeError);
  const sentence = (value) => new TypeError(`config must be an object, but is ${value} (reading 'log_dir')`);
  assert.throws(() => xprofiler(null), sentence('null'));
  assert.throws(() => xprofiler.setConfig(), sentence('undefined'));
  assert.throws(() => xprofiler.info('type', 1), new TypeError('log type and content must be string!'));
  assert.throws(() => xprofiler.debug(), new TypeError('log type and content must be string!'));
  xprofiler.info('a', 'b');
  xprofiler.error('c', 'd');
  xprofiler.debug('e', 'f');
  assert.deepStrictEqual(binding.calls.slice(1), [
    ['log', 0, 'a', 'b'],
    ['log', 1, 'c', 'd'],
    ['log', 2, 'e', 'f'],
  ]);
});

test('a server that cannot be started: thrown when check_throw is given, else one error message', () => {
  const xprofiler = load(makeFakeBinding({ serverError: 'no socket could be made' }));
  assert.throws(() => xprofiler({ log_dir: home, check_throw: true }), new Error('no socket could be made'));
  const lines = captureErrors(() => xprofiler({ log_dir: home }));
  assert.strictEqual(captureErrors(() => xprofiler({ log_dir: home, check_throw: false })).length, 1);
  assert.strictEqual(lines.length, 1);
  const form = /^\n\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] \[error\] \[xprofiler-ipc\] \[4\.0\.0\] no socket could be made$/;
  assert.match(lines[0], form);
  process.env.XPROFILER_CHECK_THROW = 'YES';
  try {
    assert.throws(() => load(makeFakeBinding({ serverError: 'no' })).start({ log_dir: home }), /no/);
  } finally {
    delete process.env.XPROFILER_CHECK_THROW;
  }
});

test('a log_dir that is not used is told in one line', () => {
  const lines = [];
  const { write } = process.stderr;
  process.stderr.write = (text) => lines.push(text);
  process.env.XPROFILER_LOG_DIR = '/tmp';
  try {
    load(makeFakeBinding())({ log_dir: '/no/such\r\ndir' });
  } finally {
    delete process.env.XPROFILER_LOG_DIR;
    process.stderr.write = write;
  }
  assert.deepStrictEqual(lines, [
    '[config_int] /no/such dir will be ignored (env: /tmp, user: /no/such dir), use default log_dir: /tmp/instead\n',
  ]);
});

test('the place of the line for old agents: XPROFILER_PREFIX, else the test home, else os.homedir() asked at the time', () => {
  const fileOf = () => {
    const binding = makeFakeBinding();
    load(binding)({ log_dir: home });
    return binding.registered[0].file;
  };
  const saved = process.env.XPROFILER_PREFIX;
  const { homedir } = os;
  try {
    assert.strictEqual(fileOf(), path.join(home, '.xprofiler'));
    delete process.env.XPROFILER_PREFIX;
    process.env.XPROFILER_UNIT_TEST_TMP_HOMEDIR = '/test/home';
    assert.strictEqual(fileOf(), '/test/home/.xprofiler');
    delete process.env.XPROFILER_UNIT_TEST_TMP_HOMEDIR;
    os.homedir = () => '/mocked';
    assert.strictEqual(fileOf(), '/mocked/.xprofiler');
  } finally {
    os.homedir = homedir;
    process.env.XPROFILER_PREFIX = saved;
  }
});

test('XPROFILER_UNIT_TEST_SINGLE_MODULE: nothing native is started', () => {
  process.env.XPROFILER_UNIT_TEST_SINGLE_MODULE = 'YES';
  try {
    const binding = makeFakeBinding();
    load(binding)({ log_dir: home });
    assert.deepStrictEqual(binding.calls, ['configure']);
    assert.strictEqual(binding.claim('http'), false, 'but requests are counted');
  } finally {
    delete process.env.XPROFILER_UNIT_TEST_SINGLE_MODULE;
  }
});

test('patch_http and patch_http_client off: nothing is subscribed', () => {
  const binding = makeFakeBinding();
  load(binding)({ log_dir: home, patch_http: false, patch_http_client: 'NO' });
  assert.strictEqual(binding.claim('http'), true);
  assert.strictEqual(binding.claim('http.client'), true);
});

test('a worker configures only when nobody did', async () => {
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    const { makeFakeBinding } = require(workerData.fake);
    const results = [false, true].map((isConfigured) => {
      const binding = makeFakeBinding();
      if (isConfigured) {
        binding.configure({ log_dir: workerData.home, log_interval: 9, patch_http: true }, {});
        binding.calls.length = 0;
      }
      const file = workerData.lib + '/binding.js';
      require.cache[file] = { id: file, filename: file, loaded: true, exports: { load: () => binding } };
      delete require.cache[workerData.lib + '/index.js'];
      const xprofiler = require(workerData.lib);
      xprofiler({ log_dir: workerData.home, log_interval: 5 });
      return [xprofiler.getXprofilerConfig().log_interval, binding.calls];
    });
    parentPort.postMessage(results);`;
  const workerData = { lib, home, fake: path.join(__dirname, 'fake_binding.js') };
  const worker = new Worker(code, { eval: true, workerData });
  const results = await new Promise((resolve, reject) => {
    worker.once('message', resolve).once('error', reject);
  });
  await worker.terminate();
  assert.deepStrictEqual(results, [
    [5, ['configure', 'setMemoryReader', 'start']],
    [9, ['setMemoryReader', 'start']],
  ]);
});

test('as an ES module: default and all the names', async () => {
  const xprofiler = load(makeFakeBinding());
  const namespace = await import(path.join(lib, 'index.mjs'));
  assert.strictEqual(namespace.default, xprofiler);
  assert.deepStrictEqual(Object.keys(namespace).sort(), [...Object.keys(xprofiler), 'default'].sort());
});
