'use strict';

// What is fetched or built once for all checkouts: Node versions, sources and static libraries for prebuilds.
// It lies outside the tree, in the user's cache folder; XPF_CACHE names another place.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawnSync } = require('node:child_process');

function cacheRoot() {
  const shared = process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache');
  return process.env.XPF_CACHE || path.join(shared, 'xprofiler-build');
}

/**
 * The folder `name` of the cache. When it is missing, make(folder) fills a new one beside it, which is renamed
 * into place when complete: two that do so at once do not meet.
 */
function cached(name, make) {
  const folder = path.join(cacheRoot(), name);
  if (fs.existsSync(folder)) {
    return folder;
  }
  fs.mkdirSync(path.dirname(folder), { recursive: true });
  const temporary = fs.mkdtempSync(`${folder}-`);
  try {
    make(temporary);
    if (!fs.existsSync(folder)) {
      fs.renameSync(temporary, folder);
    }
  } finally {
    fs.rmSync(temporary, { recursive: true, force: true });
  }
  return folder;
}

function forget(name) {
  fs.rmSync(path.join(cacheRoot(), name), { recursive: true, force: true });
}

/** Runs a command to its end; throws its words when it fails. */
function run(command, args, options = {}) {
  const limits = { encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 };
  const result = spawnSync(command, args, { ...limits, stdio: ['ignore', 'pipe', 'pipe'], ...options });
  if (result.error || result.status !== 0) {
    const words = result.error ? result.error.message : `${result.stdout}\n${result.stderr}`.trim();
    throw new Error(`${command} ${args.join(' ')} failed: ${words.split('\n').slice(-30).join('\n')}`);
  }
  return result.stdout;
}

module.exports = { cached, forget, run };
