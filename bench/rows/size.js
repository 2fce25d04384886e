'use strict';

// What npm install leaves on a disk. Ours is the packed tarball, installed into an empty folder.

const fs = require('node:fs');
const path = require('node:path');

const { installOurs } = require('../ours');
const { peers } = require('../peers');

function bytesOf(file) {
  const stat = fs.lstatSync(file);
  return stat.isDirectory() ? fs.readdirSync(file).reduce((sum, name) => sum + bytesOf(path.join(file, name)), 0) : stat.size;
}

/** The folder of a package as node finds it from another one. */
function resolve(name, from) {
  for (let folder = from; ; folder = path.dirname(folder)) {
    const found = path.join(folder, 'node_modules', name);
    if (fs.existsSync(path.join(found, 'package.json'))) {
      return found;
    }
    if (folder === path.dirname(folder)) {
      throw new Error(`${name} is not installed`);
    }
  }
}

/** All packages that one needs, itself included. */
function closure(folder, found = new Set()) {
  if (!found.has(folder)) {
    found.add(folder);
    const { dependencies = {} } = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));
    Object.keys(dependencies).forEach((name) => closure(resolve(name, folder), found));
  }
  return found;
}

function ownBytes(folder) {
  const nested = path.join(folder, 'node_modules');
  return bytesOf(folder) - (fs.existsSync(nested) ? bytesOf(nested) : 0);
}

function figuresOf(folder) {
  const all = [...closure(folder)];
  const bytes = all.reduce((sum, each) => sum + ownBytes(each), 0);
  return { dependencies: all.length - 1, size: bytes / 1e6 };
}

function measureOurs() {
  const { folder, tarballBytes } = installOurs();
  return { ...figuresOf(folder), tarball: tarballBytes / 1e6 };
}

/** What of 3.1.0 comes by npm, without the objects that compiling it here has left. */
function measureOld() {
  const { dependencies, size } = figuresOf(peers.old);
  const release = path.join(peers.old, 'build', 'Release');
  return { dependencies, size: size - (fs.existsSync(release) ? bytesOf(release) / 1e6 : 0), tarball: NaN };
}

module.exports = {
  id: 'size',
  title: 'What is installed',
  words: 'The packed package, installed into an empty folder; 3.1.0 as npm installs it (without what compiling it here leaves behind).',
  target: 'no production dependency, at most 2 MB; the package with all Node versions at most 3 MB',
  verdict: 'Met.',
  variants: ['xprofiler', 'xprofiler 3.1.0'],
  base: 'xprofiler 3.1.0',
  compare: 'none',
  rounds: 1,
  figures: [
    { key: 'dependencies', name: 'packages it needs', digits: 0 },
    { key: 'size', name: 'installed, MB', digits: 2, chart: true },
    { key: 'tarball', name: 'package, MB', digits: 2 },
  ],
  round: (variant) => (variant === 'xprofiler' ? measureOurs() : measureOld()),
};
