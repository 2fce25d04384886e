'use strict';

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');

const binding = require('../../lib/binding').load();
const { readKeys } = require('./fake_binding');

const keys = readKeys();

/** The configuration that the core makes of both sources, and what it tells of a log_dir that is ignored. */
function mergeLoud(user, env = {}) {
  const ignored = [];
  binding.configure(user, env, (...told) => ignored.push(told));
  return { config: binding.config(), ignored };
}

const value = (key, user, env) => mergeLoud({ [key]: user }, { [`XPROFILER_${key.toUpperCase()}`]: env }).config[key];

function tempDir() {
  return fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-config-'));
}

test('every key of the core has a value of its type, also when nothing is given', () => {
  assert.ok(keys.length >= 24);
  const { config, ignored } = mergeLoud({});
  const types = { text: 'string', number: 'number', flag: 'boolean' };
  for (const { key, type } of keys) {
    assert.strictEqual(typeof config[key], types[type], key);
  }
  assert.strictEqual(config.log_interval, 60);
  assert.strictEqual(config.patch_http_timeout, 30);
  assert.strictEqual(config.auto_incr_heap_limit_size, 256);
  assert.deepStrictEqual(Object.keys(config).sort(), keys.map(({ key }) => key).sort());
  assert.deepStrictEqual(ignored, []);
});

test('the argument wins over the environment, the environment over the default', () => {
  assert.strictEqual(value('log_interval', 5, '7'), 5);
  assert.strictEqual(value('log_interval', undefined, '7'), 7);
  assert.strictEqual(value('log_interval', undefined, undefined), 60);
  assert.strictEqual(value('patch_http', false, 'YES'), false);
  assert.strictEqual(value('patch_http', undefined, 'NO'), false);
});

test('an invalid value gives way to the next source', () => {
  for (const bad of [null, NaN, 'abc', {}, [], () => 1, Symbol('x'), -1, '-3', -Infinity, -1n, '', ' \u00a0', '9'.repeat(9000) + 'x']) {
    assert.strictEqual(value('log_interval', bad, '9'), 9, String(bad));
  }
  for (const bad of ['true', 'yes', '1', 1, 0, null, 'TRUE']) {
    assert.strictEqual(value('enable_avoid_rss_leak', bad, 'YES'), true, String(bad));
    assert.strictEqual(value('enable_avoid_rss_leak', undefined, bad), false, String(bad));
  }
  assert.strictEqual(value('log_format', 'xml', 'json'), 'json');
  assert.strictEqual(value('cpu_profiler', 'READY', undefined), 'lazy');
  assert.strictEqual(value('log_format', 'json\0', undefined), 'xprofiler');
});

test('numbers are read as Number() reads them and kept within their range', () => {
  assert.strictEqual(value('auto_incr_heap_limit_size', '64'), 64);
  assert.strictEqual(value('auto_incr_heap_limit_size', ' 0x40 '), 64);
  assert.strictEqual(value('auto_incr_heap_limit_size', '6.4e1'), 64);
  assert.strictEqual(value('auto_incr_heap_limit_size', 64n), 64);
  assert.strictEqual(value('log_max_total_mb', 10n ** 400n), 1048576);
  assert.strictEqual(value('log_interval', '00'), 1, 'a digit: not blank');
  assert.strictEqual(value('log_level', true), 1);
  assert.strictEqual(value('log_level', undefined, ''), 0);
  assert.strictEqual(value('log_interval', undefined, ''), 60);
  assert.strictEqual(value('log_level', 5), 2);
  assert.strictEqual(value('log_type', 9), 1);
  assert.strictEqual(value('log_level', 1.7), 1);
  assert.strictEqual(value('log_interval', 0), 1);
  assert.strictEqual(value('m_mmap_threshold', 64), 128);
  assert.strictEqual(value('patch_http_timeout', 0.5), 0.5);
  assert.strictEqual(value('patch_http_timeout', undefined, '0.5'), 0.5);
  assert.strictEqual(value('patch_http_timeout', 1e12), 86400);
});

test('unknown keys are ignored; a key may be inherited, or of a primitive', () => {
  assert.strictEqual('nonsense' in mergeLoud({ nonsense: 1 }).config, false);
  assert.strictEqual(mergeLoud(Object.create({ log_interval: 4 })).config.log_interval, 4);
  assert.strictEqual(mergeLoud(7).config.log_interval, 60);
});

test('what an application throws while its configuration is read reaches it, and nothing is stored', () => {
  mergeLoud({ log_interval: 8 });
  const getter = {
    get log_level() {
      throw new RangeError('mine');
    },
  };
  assert.throws(() => mergeLoud(Object.assign(Object.create(getter), { log_interval: 5 })), new RangeError('mine'));
  const throwing = () => {
    throw new RangeError('stderr is gone');
  };
  assert.throws(() => binding.configure({ log_dir: '/no/such', log_interval: 5 }, {}, throwing), new RangeError('stderr is gone'));
  assert.strictEqual(binding.config().log_interval, 8);
});

test('log_dir: an existing directory is taken as it is', () => {
  const dir = tempDir();
  const { config, ignored } = mergeLoud({ log_dir: dir }, { XPROFILER_LOG_DIR: '/nonexistent' });
  assert.strictEqual(config.log_dir, dir);
  assert.deepStrictEqual(ignored, []);
  assert.strictEqual(mergeLoud({}, { XPROFILER_LOG_DIR: dir }).config.log_dir, dir);
  assert.strictEqual(mergeLoud({ log_dir: 'relative' }, { XPROFILER_LOG_DIR: dir }).config.log_dir, dir);
  fs.rmdirSync(dir);
});

test('log_dir: one that cannot be used is told and replaced by the default', () => {
  const base = tempDir();
  const env = { XPROFILER_LOG_DIR: '/tmp', TMPDIR: base };
  const { config, ignored } = mergeLoud({ log_dir: '/no/such\ndir' }, env);
  assert.strictEqual(config.log_dir, path.join(base, `xprofiler-${process.geteuid()}`));
  assert.deepStrictEqual(ignored, [['/no/such\ndir', '/no/such\ndir', '/tmp', config.log_dir]]);
  const file = path.join(base, 'file');
  fs.writeFileSync(file, '');
  assert.strictEqual(mergeLoud({ log_dir: file }, env).ignored.length, 1, 'a file is not a directory');
  // It exists, but no configuration takes such a name.
  for (const name of ['line\nbreak', Array(5).fill('d'.repeat(250)).join('/')]) {
    const dir = path.join(base, name);
    fs.mkdirSync(dir, { recursive: true });
    const { config: other, ignored: told } = mergeLoud({ log_dir: dir }, { TMPDIR: base });
    assert.deepStrictEqual(told, [[dir, dir, undefined, config.log_dir]]);
    assert.strictEqual(other.log_dir, config.log_dir);
    assert.strictEqual(mergeLoud({}, { TMPDIR: dir }).config.log_dir, `/tmp/xprofiler-${process.geteuid()}`);
  }
  fs.rmSync(base, { recursive: true });
});

test('the default directory is ours alone, and a trap in its place is not used', () => {
  const base = tempDir();
  const defaultIn = (env) => mergeLoud({}, env).config.log_dir;
  try {
    const dir = defaultIn({ TMPDIR: `${base}/` });
    assert.strictEqual(dir, path.join(base, `xprofiler-${process.geteuid()}`));
    assert.strictEqual(fs.statSync(dir).mode & 0o777, 0o700);
    assert.strictEqual(defaultIn({ TMPDIR: '', TMP: base }), dir);
    assert.strictEqual(defaultIn({ TEMP: base }), dir);
    fs.chmodSync(dir, 0o777);
    assert.strictEqual(defaultIn({ TMPDIR: base }), dir);
    assert.strictEqual(fs.statSync(dir).mode & 0o777, 0o700, 'narrowed');
    fs.rmdirSync(dir);
    fs.symlinkSync(os.homedir(), dir);
    const other = defaultIn({ TMPDIR: base });
    assert.notStrictEqual(other, dir);
    assert.strictEqual(fs.statSync(other).mode & 0o077, 0);
    assert.ok(fs.statSync(defaultIn({ TMPDIR: '/nonexistent' })).isDirectory());
    assert.ok(fs.statSync(defaultIn({ TMPDIR: 'relative' })).isDirectory());
    assert.ok(fs.statSync(defaultIn({ TMPDIR: base.padEnd(3000, '/x') })).isDirectory());
  } finally {
    fs.rmSync(base, { recursive: true, force: true });
  }
});
