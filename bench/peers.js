'use strict';

// The profilers we are measured against, as npm gives them, and an addon that does nothing. They are installed
// once into a folder outside of the tree: XPF_BENCH_DIR, else ~/.cache/xprofiler-bench/<ABI of this Node>.
//   node bench/peers.js     installs and prints where

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawnSync } = require('node:child_process');

const root = path.join(__dirname, '..');
const PACKAGES = ['xprofiler@3.1.0', '@datadog/pprof@5.20.0', 'speedscope@1.25.0'];
const base = process.env.XPF_BENCH_DIR || path.join(os.homedir(), '.cache', 'xprofiler-bench');
const home = path.join(base, process.versions.modules);
const modules = path.join(home, 'node_modules');

const peers = {
  old: path.join(modules, 'xprofiler'),
  datadog: path.join(modules, '@datadog', 'pprof'),
  speedscope: path.join(modules, 'speedscope'),
  noop: path.join(home, 'noop', 'build', 'Release', 'noop.node'),
};

function run(command, args, cwd) {
  const result = spawnSync(command, args, { cwd, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (result.status !== 0) {
    const end = `${result.stdout}${result.stderr}`.trimEnd().split('\n').slice(-15).join('\n');
    throw new Error(`${command} ${args.join(' ')} failed:\n${end}`);
  }
}

function isNative(folder) {
  return fs.existsSync(path.join(folder, 'build', 'binding', 'Release')) || fs.existsSync(path.join(folder, 'prebuilds'));
}

function installPackages() {
  if (isNative(peers.old) && isNative(peers.datadog) && fs.existsSync(peers.speedscope)) {
    return;
  }
  fs.mkdirSync(home, { recursive: true });
  fs.writeFileSync(path.join(home, 'package.json'), '{"private":true}\n');
  console.error(`installing ${PACKAGES.join(', ')} into ${home} (a few minutes: one is compiled)`);
  // npm 11 asks before it runs install scripts; one of the packages is nothing without.
  run('npm', ['install', '--no-audit', '--no-fund', '--foreground-scripts', ...PACKAGES], home);
  if (!isNative(peers.old)) {
    run('npm', ['rebuild', '--foreground-scripts', 'xprofiler'], home);
  }
}

function installNoop() {
  if (fs.existsSync(peers.noop)) {
    return;
  }
  const { findNodeGyp, findNodedir } = require('../scripts/build');
  const folder = path.join(home, 'noop');
  fs.cpSync(path.join(__dirname, 'noop'), folder, { recursive: true });
  const nodedir = findNodedir([]);
  run(process.execPath, [findNodeGyp(), 'rebuild', ...(nodedir ? [`--nodedir=${nodedir}`] : [])], folder);
}

/** { old, datadog, speedscope, noop }: folders of the packages, file of the addon. */
function install() {
  installPackages();
  installNoop();
  return peers;
}

module.exports = { install, peers, root };

if (require.main === module) {
  console.log(install());
}
