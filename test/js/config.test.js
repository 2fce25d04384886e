'use strict';

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');

const { merge, defaultLogDir, ensurePrivate } = require('../../lib/config');
const { makeFakeBinding } = require('./fake_binding');

const keys = makeFakeBinding().configKeys;

/** merge() and what it wrote to stderr. */
function mergeLoud(user, env = {}) {
  const lines = [];
  const { write } = process.stderr;
  process.stderr.write = (text) => lines.push(text);
  try {
    return { config: merge(keys, user, env), lines };
  } finally {
    process.stderr.write = write;
  }
}

const value = (key, user, env) => mergeLoud({ [key]: user }, { [`XPROFILER_${key.toUpperCase()}`]: env }).config[key];

function tempDir() {
  return fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-config-'));
}

test('every key of the core has a value of its type, also when nothing is given', () => {
  assert.ok(keys.length >= 24);
  const { config, lines } = mergeLoud({});
  const types = { text: 'string', number: 'number', flag: 'boolean' };
  for (const { key, type } of keys) {
    assert.strictEqual(typeof config[key], types[type], key);
  }
  assert.strictEqual(config.log_interval, 60);
  assert.strictEqual(config.patch_http_timeout, 30);
  assert.strictEqual(config.auto_incr_heap_limit_size, 256);
  assert.deepStrictEqual(lines, []);
});

test('the argument wins over the environment, the environment over the default', () => {
  assert.strictEqual(value('log_interval', 5, '7'), 5);
  assert.strictEqual(value('log_interval', undefined, '7'), 7);
  assert.strictEqual(value('log_interval', undefined, undefined), 60);
  assert.strictEqual(value('patch_http', false, 'YES'), false);
  assert.strictEqual(value('patch_http', undefined, 'NO'), false);
});

test('an invalid value gives way to the next source', () => {
  for (const bad of [null, NaN, 'abc', {}, [], () => 1, Symbol('x'), -1, '-3', -Infinity]) {
    assert.strictEqual(value('log_interval', bad, '9'), 9, String(bad));
  }
  for (const bad of ['true', 'yes', '1', 1, 0, null, 'TRUE']) {
    assert.strictEqual(value('enable_avoid_rss_leak', bad, 'YES'), true, String(bad));
    assert.strictEqual(value('enable_avoid_rss_leak', undefined, bad), false, String(bad));
  }
  assert.strictEqual(value('log_format', 'xml', 'json'), 'json');
  assert.strictEqual(value('cpu_profiler', 'READY', undefined), 'lazy');
});

test('numbers are read as Number() reads them and kept within their range', () => {
  assert.strictEqual(value('auto_incr_heap_limit_size', '64'), 64);
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

test('unknown keys are ignored; null and undefined are a TypeError', () => {
  assert.strictEqual('nonsense' in mergeLoud({ nonsense: 1 }).config, false);
  assert.throws(() => mergeLoud(null), TypeError);
  assert.throws(() => mergeLoud(null), /log_dir/);
  assert.throws(() => mergeLoud(undefined), TypeError);
});

test('log_dir: an existing directory is taken as it is', () => {
  const dir = tempDir();
  const { config, lines } = mergeLoud({ log_dir: dir }, { XPROFILER_LOG_DIR: '/nonexistent' });
  assert.strictEqual(config.log_dir, dir);
  assert.deepStrictEqual(lines, []);
  assert.strictEqual(mergeLoud({}, { XPROFILER_LOG_DIR: dir }).config.log_dir, dir);
  assert.strictEqual(mergeLoud({ log_dir: 'relative' }, { XPROFILER_LOG_DIR: dir }).config.log_dir, dir);
  fs.rmdirSync(dir);
});

test('log_dir: one that cannot be used is told in one line and replaced by the default', () => {
  const { config, lines } = mergeLoud({ log_dir: '/no/such\ndir' }, { XPROFILER_LOG_DIR: '/tmp' });
  assert.strictEqual(config.log_dir, defaultLogDir());
  assert.deepStrictEqual(lines, [
    `[config_int] /no/such dir will be ignored (env: /tmp, user: /no/such dir), use default log_dir: ${defaultLogDir()}\n`,
  ]);
  const file = path.join(tempDir(), 'file');
  fs.writeFileSync(file, '');
  assert.strictEqual(mergeLoud({ log_dir: file }).lines.length, 1, 'a file is not a directory');
});

test('the default directory is ours alone, and a trap in its place is not used', () => {
  const saved = process.env.TMPDIR;
  const base = tempDir();
  try {
    process.env.TMPDIR = base;
    const dir = defaultLogDir();
    assert.strictEqual(dir, path.join(base, `xprofiler-${process.geteuid()}`));
    assert.strictEqual(fs.statSync(dir).mode & 0o777, 0o700);
    fs.chmodSync(dir, 0o777);
    assert.strictEqual(defaultLogDir(), dir);
    assert.strictEqual(fs.statSync(dir).mode & 0o777, 0o700, 'narrowed');
    fs.rmdirSync(dir);
    fs.symlinkSync(os.homedir(), dir);
    assert.strictEqual(ensurePrivate(dir), false);
    const other = defaultLogDir();
    assert.notStrictEqual(other, dir);
    assert.strictEqual(fs.statSync(other).mode & 0o077, 0);
    process.env.TMPDIR = '/nonexistent';
    assert.ok(fs.statSync(defaultLogDir()).isDirectory());
  } finally {
    if (saved === undefined) {
      delete process.env.TMPDIR;
    } else {
      process.env.TMPDIR = saved;
    }
    fs.rmSync(base, { recursive: true, force: true });
  }
});
