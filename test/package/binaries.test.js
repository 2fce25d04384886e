'use strict';

// What the binaries in the tarball ask of the machine they come to.

const { test, describe, before, after } = require('node:test');
const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { execFileSync, spawnSync } = require('node:child_process');

const { ABIS, nodeOf } = require('../../scripts/nodes');
const { tarball } = require('./support/install');

// Node 18 to 26 ask for the same: an addon that asks for more would not load where Node runs.
const NEWEST = { GLIBC: [2, 28], GLIBCXX: [3, 4, 21], CXXABI: [1, 3, 9] };
// Each is needed by Node itself.
const LIBRARIES = ['libc.so.6', 'libm.so.6', 'libdl.so.2', 'libpthread.so.0', 'librt.so.1', 'libstdc++.so.6', 'libgcc_s.so.1'];
const allowed = fs
  .readFileSync(path.join(__dirname, 'public_symbols.txt'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));

const run = (command, args) => execFileSync(command, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });

/** [{ name, version }] of what a binary leaves to others; names of C++ are readable and without parameters. */
function undefinedOf(file) {
  const lines = run('nm', ['-D', '-u', '-C', file]).split('\n').filter(Boolean);
  return lines.map((line) => {
    const [, symbol, version = ''] = /^\s+[Uwv] (.+?)(?:@([A-Z]+_[\d.]+))?$/.exec(line);
    const [, name] = /^((?:operator \w+|[^(])+)/.exec(symbol);
    return { name, version };
  });
}

function isAllowed(name) {
  return allowed.some((rule) => (rule.endsWith('*') ? name.startsWith(rule.slice(0, -1)) : name === rule));
}

/** Is a version such as GLIBC_2.17 at most the newest that we may ask for? */
function isOldEnough(version) {
  const [, family, numbers] = /^([A-Z]+)_([\d.]+)$/.exec(version);
  const parts = numbers.split('.').map(Number);
  const most = NEWEST[family];
  const at = parts.findIndex((part, index) => part !== (most[index] || 0));
  return at === -1 || parts[at] < (most[at] || 0);
}

function needed(file) {
  const dynamic = run('readelf', ['-d', file]);
  return [...dynamic.matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(([, name]) => name);
}

describe('the binaries of the package', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-binaries-'));
  const prebuilds = path.join(folder, 'package', 'prebuilds', `${process.platform}-${process.arch}`);

  before(() => run('tar', ['xzf', tarball().file, '-C', folder]));
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  test('the tarball: all ABIs, xprofctl, the licences of what is inside; at most 3 MB; no dependencies', () => {
    const addons = Object.values(ABIS).map((abi) => `abi${abi}.node`);
    assert.deepStrictEqual(fs.readdirSync(prebuilds).sort(), ['LICENSES.txt', ...addons, 'xprofctl'].sort());
    assert.ok(tarball().size <= 3_000_000, `${tarball().size} bytes`);
    const { dependencies = {}, optionalDependencies = {}, peerDependencies = {} } = JSON.parse(fs.readFileSync(path.join(folder, 'package', 'package.json'), 'utf8'));
    assert.deepStrictEqual([dependencies, optionalDependencies, peerDependencies], [{}, {}, {}]);
    const licences = fs.readFileSync(path.join(prebuilds, 'LICENSES.txt'), 'utf8');
    ['cjson', 'protobuf-c', 'zlib', 'ncurses', 'musl'].forEach((name) => assert.match(licences, new RegExp(`^==== ${name}$`, 'm')));
  });

  for (const [major, abi] of Object.entries(ABIS)) {
    const file = path.join(prebuilds, `abi${abi}.node`);

    test(`abi${abi}.node: only public symbols`, () => {
      const symbols = undefinedOf(file);
      assert.ok(symbols.some(({ name }) => name === 'v8::Isolate::RequestInterrupt') && symbols.length > 200, `${symbols.length} symbols`);
      const foreign = symbols.filter(({ name, version }) => !isAllowed(name) && !version.startsWith('GLIBC_'));
      assert.deepStrictEqual(foreign, []);
      const include = path.join(nodeOf(major).dir, 'include', 'node');
      const headers = ['node_api.h', 'js_native_api.h', 'uv.h'].map((name) => fs.readFileSync(path.join(include, name), 'utf8')).join('\n');
      const undeclared = symbols.filter(({ name }) => /^(napi|uv)_/.test(name) && !new RegExp(`\\b${name}\\(`).test(headers));
      assert.deepStrictEqual(undeclared, []);
    });

    test(`abi${abi}.node: loads wherever its Node runs`, () => {
      const libraries = needed(file);
      assert.ok(libraries.includes('libc.so.6'));
      assert.deepStrictEqual(libraries.filter((name) => !LIBRARIES.includes(name)), []);
      const tooNew = undefinedOf(file).filter(({ version }) => version !== '' && !isOldEnough(version));
      assert.deepStrictEqual(tooNew, []);
    });

    test(`abi${abi}.node: exports its entry, and the anchor that two copies of the package share`, () => {
      const lines = run('nm', ['-D', '--defined-only', file]).trim().split('\n');
      // Weak: inline functions of V8's headers that its classes have in their tables.
      const names = lines.filter((line) => !/ [VW] _Z\w*2v8/.test(line)).map((line) => line.split(' ').pop());
      assert.deepStrictEqual(names.filter((name) => !/^(napi_register_module_v1|node_api_module_get_api_version_v1|xpf_copy_anchor)$/.test(name)), []);
    });
  }

  test('xprofctl: no library at all', () => {
    const file = path.join(prebuilds, 'xprofctl');
    assert.deepStrictEqual(needed(file), []);
    assert.doesNotMatch(run('readelf', ['-l', file]), /INTERP/);
    const { status, stdout } = spawnSync(file, ['--version'], { env: {}, encoding: 'utf8' });
    assert.deepStrictEqual([status, stdout.trim()], [0, require('../../package.json').version]);
  });
});
