'use strict';

// The Node versions that are supported: each with its headers, from npm's packages node-<platform>-<arch>.

const fs = require('node:fs');
const path = require('node:path');

const { cached, run } = require('./cache');

/** Major version: its ABI (NODE_MODULE_VERSION). Oldest first. */
const ABIS = { 18: '108', 20: '115', 22: '127', 24: '137', 26: '147' };
const MAJORS = Object.keys(ABIS);

function fetch(major, folder) {
  const name = `node-${process.platform}-${process.arch}`;
  const quiet = ['--ignore-scripts', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
  run('npm', ['install', '--prefix', folder, ...quiet, `${name}@${major}`]);
  const unpacked = path.join(folder, 'node_modules', name);
  ['bin', 'include'].forEach((part) => fs.renameSync(path.join(unpacked, part), path.join(folder, part)));
  fs.rmSync(path.join(folder, 'node_modules'), { recursive: true, force: true });
}

/** { major, abi, dir, node }: dir holds bin/node and include/node. Fetched when it is not in the cache. */
function nodeOf(major) {
  const abi = ABIS[major];
  if (!abi) {
    throw new Error(`Node ${major} is not supported; there are: ${MAJORS.join(', ')}`);
  }
  const dir = cached(path.join('nodes', `${major}-${process.platform}-${process.arch}`), (folder) => fetch(major, folder));
  const node = path.join(dir, 'bin', 'node');
  const found = run(node, ['-p', 'process.versions.modules']).trim();
  if (found !== abi) {
    throw new Error(`${node} has ABI ${found}, not ${abi}`);
  }
  return { major, abi, dir, node };
}

module.exports = { ABIS, MAJORS, nodeOf };
