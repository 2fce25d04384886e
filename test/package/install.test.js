'use strict';

// npm install of the tarball on every supported Node: no compiler, no network, no library.

const { test, describe, before, after } = require('node:test');
const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { spawn } = require('node:child_process');

const { MAJORS, nodeOf } = require('../../scripts/nodes');
const { tarball, Stranger, diskUsage } = require('./support/install');
const { until } = require('../e2e/support/until');

const MB = 1_000_000;
const PROGRAM = `
require('xprofiler')({ log_dir: process.argv[2], log_interval: 1, cpu_profiler: 'ready' });
function burnTime() {
  for (const end = Date.now() + 30; Date.now() < end; );
}
setInterval(burnTime, 40);
console.log('ready');
`;

/** Starts the program; resolves when its xprofiler has started. */
async function startProgram(stranger, node) {
  const file = path.join(stranger.folder, 'program.js');
  fs.writeFileSync(file, PROGRAM);
  const child = spawn(node, [file, stranger.logDir], { cwd: stranger.folder, env: stranger.env(node), stdio: ['ignore', 'pipe', 'pipe'] });
  let words = '';
  child.stdout.on('data', (chunk) => (words += chunk));
  child.stderr.on('data', (chunk) => (words += chunk));
  await until(() => words !== '', 'the program to say something');
  assert.strictEqual(words, 'ready\n');
  return child;
}

function checkProfile(file) {
  const { nodes } = JSON.parse(fs.readFileSync(file, 'utf8'));
  const hits = (name) => nodes.filter(({ callFrame }) => callFrame.functionName === name).reduce((sum, { hitCount }) => sum + hitCount, 0);
  assert.ok(hits('burnTime') > 20, `burnTime has ${hits('burnTime')} samples`);
}

/** start, logs, a CPU profile, xprofctl. */
async function use(stranger, node) {
  const child = await startProgram(stranger, node);
  try {
    const list = stranger.run(node, 'xprofctl', ['list']);
    assert.strictEqual(list.status, 0, list.stderr);
    assert.match(list.stdout, new RegExp(`^ *${child.pid} `, 'm'));
    const profile = stranger.run(node, 'xprofctl', ['start_cpu_profiling', '-p', `${child.pid}`, '-t', '1000', '--wait', '--json']);
    assert.strictEqual(profile.status, 0, profile.stderr);
    const { filepath } = JSON.parse(profile.stdout).data;
    assert.strictEqual(path.dirname(filepath), stranger.logDir);
    checkProfile(filepath);
    const record = new RegExp(`^\\[[^\\]]+\\] \\[info\\] \\[memory\\] \\[${child.pid}\\] \\[0\\] .* heap_used: [1-9]`, 'm');
    const log = path.join(stranger.logDir, 'xprofiler.log');
    await until(() => fs.existsSync(log) && record.test(fs.readFileSync(log, 'utf8')), 'a record in the log');
  } finally {
    child.kill('SIGKILL');
  }
}

function install(stranger, node, ...options) {
  const result = stranger.npm(node, ['install', tarball().file, ...options]);
  assert.strictEqual(result.status, 0, result.stdout + result.stderr);
  return result;
}

describe('install without compiler and network', { timeout: 600_000 }, () => {
  let stranger;
  const nodes = Object.fromEntries(MAJORS.map((major) => [major, nodeOf(major).node]));

  before(() => {
    tarball();
  });

  for (const major of MAJORS) {
    test(`Node ${major}: start, logs, a CPU profile, xprofctl; at most 2 MB, no other package`, async (t) => {
      stranger = new Stranger();
      t.after(() => stranger.remove());
      const node = nodes[major];
      for (const tool of ['cc', 'gcc', 'make', 'python3', 'tar']) {
        assert.notStrictEqual(stranger.run(node, tool, ['--version']).status, 0, `${tool} is on the PATH`);
      }
      install(stranger, node);
      const modules = fs.readdirSync(path.join(stranger.folder, 'node_modules')).filter((name) => !name.startsWith('.'));
      assert.deepStrictEqual(modules, ['xprofiler']);
      const size = diskUsage(stranger.package);
      t.diagnostic(`tarball ${tarball().size} bytes, installed ${size} bytes`);
      assert.ok(size <= 2 * MB, `${size} bytes are installed`);
      await use(stranger, node);
    });
  }

  test('npm rebuild after a change of Node', async (t) => {
    stranger = new Stranger();
    t.after(() => stranger.remove());
    install(stranger, nodes[20]);
    const before = stranger.run(nodes[26], 'node', ['-e', 'require("xprofiler")']);
    assert.notStrictEqual(before.status, 0);
    assert.match(before.stderr, /npm rebuild xprofiler/);
    for (const major of ['26', '18']) {
      const result = stranger.npm(nodes[major], ['rebuild', 'xprofiler']);
      assert.strictEqual(result.status, 0, result.stdout + result.stderr);
      assert.ok(diskUsage(stranger.package) <= 2 * MB);
      await use(stranger, nodes[major]);
    }
  });

  test('--ignore-scripts: works on every Node', async (t) => {
    stranger = new Stranger();
    t.after(() => stranger.remove());
    install(stranger, nodes[20], '--ignore-scripts');
    await use(stranger, nodes[22]);
    for (const major of MAJORS) {
      const { status, stdout, stderr } = stranger.run(nodes[major], 'node', ['-p', 'require("xprofiler")({ log_dir: process.argv[1] })', stranger.logDir]);
      assert.strictEqual(status, 0, stdout + stderr);
    }
  });

  test('no prebuilt addon that fits and no compiler: what to install', async (t) => {
    stranger = new Stranger();
    t.after(() => stranger.remove());
    install(stranger, nodes[20], '--ignore-scripts');
    const addon = path.join(stranger.package, 'prebuilds', `${process.platform}-${process.arch}`, 'abi115.node');
    fs.truncateSync(addon, 5000);
    const broken = stranger.npm(nodes[20], ['rebuild', 'xprofiler', '--foreground-scripts']);
    assert.notStrictEqual(broken.status, 0);
    assert.match(broken.stdout + broken.stderr, /the prebuilt addon prebuilds\/linux-x64\/abi115\.node does not load: .*; to build the native addon, .*gcc g\+\+ make python3/);
    fs.rmSync(addon);
    const missing = stranger.npm(nodes[20], ['rebuild', 'xprofiler', '--foreground-scripts']);
    assert.notStrictEqual(missing.status, 0);
    assert.match(missing.stdout + missing.stderr, /there is no prebuilt addon for Node v20\.\d+\.\d+ \(prebuilds\/linux-x64\/abi115\.node\); to build the native addon/);
  });

  test('XPROFILER_BUILD_FROM_SOURCE=1: compiles, without network where the headers are beside node', async (t) => {
    stranger = new Stranger();
    t.after(() => stranger.remove());
    install(stranger, nodes[22], '--ignore-scripts');
    const tools = { PATH: `${stranger.env(nodes[22]).PATH}:${process.env.PATH}` };
    const result = stranger.npm(nodes[22], ['rebuild', 'xprofiler', '--foreground-scripts'], { ...tools, XPROFILER_BUILD_FROM_SOURCE: '1' });
    assert.strictEqual(result.status, 0, result.stdout + result.stderr);
    assert.ok(fs.existsSync(path.join(stranger.package, 'build', 'Release', 'xprofiler.node')));
    assert.ok(!fs.existsSync(path.join(stranger.package, 'build', 'Release', 'obj.target')), 'object files are left');
    await use(stranger, nodes[22]);
  });

  after(() => stranger.remove());
});
