'use strict';

// A file system of its own for a test, as small as wanted; only root may mount.

const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');

function run(...words) {
  const { status, stderr, error } = spawnSync(words[0], words.slice(1), { encoding: 'utf8' });
  return status === 0 ? '' : `${words.join(' ')}: ${error ? error.message : stderr.trim()}`;
}

/** Why there can be none here, or ''. */
function whyNot(scratch) {
  if (process.platform !== 'linux') return 'only Linux has tmpfs';
  if (process.geteuid() !== 0) return 'only root may mount a tiny file system';
  const problem = mount(scratch, '64k');
  if (!problem) unmount(scratch);
  return problem;
}

function mount(dir, size) {
  return run('mount', '-t', 'tmpfs', '-o', `size=${size},mode=0700`, 'tmpfs', dir);
}

/** Everything under it can only be read, from now on. */
function mountReadOnly(dir) {
  return run('mount', '--bind', dir, dir) || run('mount', '-o', 'remount,bind,ro', dir);
}

function unmount(dir) {
  return run('umount', '-l', dir);
}

/** Writes until nothing more fits, also to what it wrote before. Gives the file that keeps the place. */
function fill(dir) {
  const file = path.join(dir, 'filler');
  const fd = fs.openSync(file, 'a');
  try {
    for (let size = 1 << 20; size >= 1; size = size >> 1) {
      try {
        for (;;) if (fs.writeSync(fd, Buffer.alloc(size)) < size) break;
      } catch (error) {
        if (error.code !== 'ENOSPC') throw error;
      }
    }
  } finally {
    fs.closeSync(fd);
  }
  return file;
}

module.exports = { whyNot, mount, mountReadOnly, unmount, fill };
