'use strict';

// The package as a stranger gets it: packed, and installed in an empty folder on a machine without a compiler,
// without a network and without the libraries of a developer.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawnSync } = require('node:child_process');

const { root, npmCli } = require('../../../scripts/build');

// What sh scripts and npm may expect everywhere. No compiler, no make, no python, no tar.
const TOOLS = ['sh', 'env', 'dirname', 'readlink', 'uname', 'tr', 'cat', 'ls', 'mkdir', 'rm', 'cp'];

let made;

/** The tarball of this checkout, packed once per test file: { file, size }. */
function tarball() {
  if (!made) {
    const folder = path.join(root, 'build-package');
    fs.mkdirSync(folder, { recursive: true });
    const result = spawnSync('npm', ['pack', '--pack-destination', folder, '--loglevel=error'], { cwd: root, encoding: 'utf8' });
    if (result.status !== 0) {
      throw new Error(`npm pack: ${result.stdout}\n${result.stderr}`);
    }
    const file = path.join(folder, result.stdout.trim().split('\n').pop());
    made = { file, size: fs.statSync(file).size };
  }
  return made;
}

function findTool(name) {
  const folder = process.env.PATH.split(path.delimiter).find((dir) => fs.existsSync(path.join(dir, name)));
  return path.join(folder, name);
}

/** A folder with nothing but `node`, npm and a few tools, to be a PATH. npm itself runs on the Node of the tests. */
function makeBin(home, node) {
  const bin = path.join(home, `bin-${path.basename(path.dirname(path.dirname(node)))}`);
  if (!fs.existsSync(bin)) {
    fs.mkdirSync(bin);
    TOOLS.forEach((name) => fs.symlinkSync(findTool(name), path.join(bin, name)));
    fs.symlinkSync(node, path.join(bin, 'node'));
    fs.writeFileSync(path.join(bin, 'npm'), `#!/bin/sh\nexec '${process.execPath}' '${npmCli()}' "$@"\n`, { mode: 0o755 });
  }
  return bin;
}

class Stranger {
  constructor() {
    this.home = fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-package-'));
    this.folder = path.join(this.home, 'project');
    this.logDir = path.join(this.home, 'logs');
    [this.folder, this.logDir].forEach((dir) => fs.mkdirSync(dir));
    fs.writeFileSync(path.join(this.folder, 'package.json'), '{}\n');
    this.package = path.join(this.folder, 'node_modules', 'xprofiler');
  }

  /** The environment with a Node: nothing of the developer's is in it. */
  env(node) {
    return {
      PATH: `${path.join(this.folder, 'node_modules', '.bin')}:${makeBin(this.home, node)}`,
      HOME: this.home,
      LANG: 'C.UTF-8',
      npm_config_registry: 'http://127.0.0.1:9/',
      npm_config_cache: path.join(this.home, 'npm-cache'),
      npm_config_globalconfig: path.join(this.home, 'no-global-npmrc'),
    };
  }

  /** Runs a command as the stranger; `extra` is added to the environment. */
  run(node, command, args, extra = {}) {
    const options = { cwd: this.folder, env: { ...this.env(node), ...extra }, encoding: 'utf8', timeout: 180_000 };
    // The name is looked up in the PATH of the child, which is his.
    return spawnSync('/bin/sh', ['-c', 'exec "$0" "$@"', command, ...args], options);
  }

  npm(node, args, extra) {
    return this.run(node, 'npm', [...args, '--offline', '--no-audit', '--no-fund'], extra);
  }

  remove() {
    fs.rmSync(this.home, { recursive: true, force: true });
  }
}

/** Bytes of disk below a folder, as du counts them. */
function diskUsage(folder) {
  return fs.readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const full = path.join(folder, entry.name);
    return sum + (entry.isDirectory() ? diskUsage(full) : fs.lstatSync(full).blocks * 512);
  }, fs.statSync(folder).blocks * 512);
}

module.exports = { tarball, Stranger, diskUsage };
