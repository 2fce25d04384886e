'use strict';

// What a user reads when the addon cannot be loaded.

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { test } = require('node:test');

const { explain } = require('../../lib/not_loaded');

const root = path.resolve(__dirname, '../..');

/** A copy of lib/ without any addon, inside node_modules of an empty application. */
function emptyInstall() {
  const app = fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-app-'));
  const copy = path.join(app, 'node_modules', 'xprofiler');
  fs.cpSync(path.join(root, 'lib'), path.join(copy, 'lib'), { recursive: true });
  fs.copyFileSync(path.join(root, 'package.json'), path.join(copy, 'package.json'));
  return { app, copy };
}

function node(cwd, ...args) {
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' });
  return { stdout, stderr, status };
}

function withInstall(body) {
  const { app, copy } = emptyInstall();
  try {
    body(app, copy);
  } finally {
    fs.rmSync(app, { recursive: true, force: true });
  }
}

test('not built: require says what to run', () => {
  withInstall((app) => {
    const { stderr, status } = node(app, '-e', 'require("xprofiler")');
    assert.strictEqual(status, 1);
    assert.match(stderr, /not built for Node v\d+.*run: npm rebuild xprofiler/);
  });
});

test('not built: the preload prints one line and the application runs', () => {
  withInstall((app) => {
    for (const flag of ['--require', '--import']) {
      const result = node(app, flag, 'xprofiler/register', '-e', 'console.log("ran")');
      if (/bad option/.test(result.stderr)) {
        continue; // --import came with Node 18.18
      }
      assert.deepStrictEqual([result.status, result.stdout], [0, 'ran\n'], flag);
      assert.match(result.stderr, /^xprofiler cannot be loaded: .* run: npm rebuild xprofiler\n$/, flag);
    }
  });
});

// --experimental-permission came with Node 20, --permission with 22.13.
const permission = ['--permission', '--experimental-permission'].find((flag) => process.allowedNodeEnvironmentFlags.has(flag));

test('--permission with nothing but the package readable: what is not there is told, not what may not be read', { skip: !permission && 'no permission model' }, () => {
  withInstall((app, copy) => {
    const words = ['--no-warnings', permission, `--allow-fs-read=${copy}/*`];
    const { stderr } = node(app, ...words, '-e', `try { require(${JSON.stringify(copy)}) } catch (error) { console.error(error.message) }`);
    assert.match(stderr, /^xprofiler cannot be loaded: the native addon is not built for Node v.*npm rebuild xprofiler\n$/);
  });
});

test('built for another Node version: it is not even loaded', () => {
  withInstall((app, copy) => {
    const release = path.join(copy, 'build', 'Release');
    fs.mkdirSync(release, { recursive: true });
    fs.writeFileSync(path.join(release, 'xprofiler.node'), 'not a library');
    fs.writeFileSync(path.join(release, 'xprofiler.json'), '{"abi":"1"}');
    const { stderr } = node(app, '--require', 'xprofiler/register', '-e', '0');
    assert.match(stderr, /^xprofiler cannot be loaded: it was built for ABI 1, this is Node v.*npm rebuild xprofiler\n$/);
    fs.rmSync(path.join(release, 'xprofiler.json'));
    const damaged = node(app, '--require', 'xprofiler/register', '-e', '0');
    assert.match(damaged.stderr, /^xprofiler cannot be loaded: .*built for another machine.*\n$/);
  });
});

test('addons forbidden: the flag that allows them is named', () => {
  withInstall((app, copy) => {
    const release = path.join(copy, 'build', 'Release');
    fs.mkdirSync(release, { recursive: true });
    fs.writeFileSync(path.join(release, 'xprofiler.node'), '');
    const result = node(app, '--no-addons', '--require', 'xprofiler/register', '-e', 'console.log("ran")');
    assert.strictEqual(result.stdout, 'ran\n');
    assert.match(result.stderr, /^xprofiler cannot be loaded: .*--allow-addons.*--no-addons\n$/);
  });
});

test('the loader of the system: its words are turned into advice', () => {
  const advice = (message, code) => explain(Object.assign(new Error(message), { code }), '/x.node');
  assert.match(advice('libc.musl-x86_64.so.1: cannot open shared object file'), /another C library/);
  assert.match(advice("/lib/libc.so.6: version `GLIBC_2.38' not found"), /another C library/);
  assert.match(advice('libcjson.so.1: cannot open shared object file'), /apt-get install -y libcjson1 /);
  assert.match(advice('libprotobuf-c.so.1: cannot open shared object file'), /apt-get install -y libprotobuf-c1 /);
  assert.match(advice('/x.node: undefined symbol: _ZN2v8'), /another Node version/);
  assert.match(advice('Access to this API has been restricted', 'ERR_ACCESS_DENIED'), /--allow-fs-read/);
});
