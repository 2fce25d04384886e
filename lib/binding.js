'use strict';

// Loads the native addon and hands out one object for the whole module instance. A process may hold two
// copies of this package (hoisting, jest, two versions): the addon knows which copy came first, and that
// one serves all, because there must be one core, one socket and one log per process.

const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');

function isAlpine() {
  try {
    return fs.existsSync('/etc/alpine-release');
  } catch {
    return false; // under --permission only the package may be readable
  }
}

function libcName() {
  if (process.platform !== 'linux') {
    return '';
  }
  // Two features a musl Node never shows; process.report would be exact but takes milliseconds.
  const variables = process.config && process.config.variables ? process.config.variables : {};
  if (isAlpine() || String(variables.host).includes('musl')) {
    return 'musl';
  }
  return 'glibc';
}

function target() {
  const libc = libcName() === 'musl' ? 'musl' : '';
  return `${process.platform}${libc}-${process.arch}`;
}

function prebuildFile() {
  return path.join(root, 'prebuilds', target(), `abi${process.versions.modules}.node`);
}

function builtFile() {
  return path.join(root, 'build', 'Release', 'xprofiler.node');
}

function readOrEmpty(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

// A Node-API addon passes Node's own ABI check, but our bridge uses V8 directly: loaded into another
// major version it would crash. So the ABI it was built for is looked up before loading. '' = unknown.
function builtAbi() {
  const stamp = readOrEmpty(path.join(root, 'build', 'Release', 'xprofiler.json'));
  const { modules } = process.versions;
  if (stamp.startsWith(`{"abi":"${modules}"`)) {
    return modules;
  }
  const gypi = stamp ? '' : readOrEmpty(path.join(root, 'build', 'config.gypi'));
  const match = /"(?:abi|node_module_version)"\s*:\s*"?(\d+)/.exec(stamp || gypi);
  return match ? match[1] : '';
}

// Loaded when there is something to say.
const notLoaded = () => require('./not_loaded');

function exists(file) {
  try {
    return fs.existsSync(file); // half a dozen times cheaper than a first statSync()
  } catch (error) {
    // Denied is not missing: let loading tell.
    return error.code === 'ERR_ACCESS_DENIED';
  }
}

/** The addon file to load; throws the sentence for the user when there is none. */
function choose() {
  const built = builtFile();
  const prebuild = prebuildFile();
  const abi = exists(built) ? builtAbi() : undefined;
  if (abi === '' || abi === process.versions.modules) {
    return built;
  }
  if (exists(prebuild)) {
    return prebuild;
  }
  throw abi === undefined ? notLoaded().missing() : notLoaded().otherAbi(abi);
}

/** What require() does with an addon, without its search for the file. */
function open(file) {
  const loaded = { exports: {} };
  try {
    process.dlopen(loaded, file);
    return loaded.exports;
  } catch (cause) {
    throw notLoaded().refused(cause, file);
  }
}

// node:worker_threads brings all of node:stream with it, 2 ms; on the first thread of the process the answer is known.
function threadOf({ onFirstThread }) {
  if (onFirstThread) {
    return { isMainThread: true, threadId: 0 };
  }
  const { isMainThread, threadId } = require('node:worker_threads');
  return { isMainThread, threadId };
}

const isSnapshotFlag = (word) => /^--build-snapshot(-config)?\b/.test(word);

function load() {
  if (process.execArgv.some(isSnapshotFlag)) {
    throw notLoaded().inSnapshot();
  }
  let addon = open(choose());
  if (addon.activePath) {
    addon = open(addon.activePath);
  }
  Object.assign(addon, threadOf(addon));
  addon.attach({ threadId: addon.threadId, isMain: addon.isMainThread, script: process.argv[1] || '' });
  return addon;
}

module.exports = { load, prebuildFile, target };
