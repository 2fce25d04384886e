'use strict';

// Loads the native addon and hands out one object for the whole module instance. A process may hold two
// copies of this package (hoisting, jest, two versions): the addon knows which copy came first, and that
// one serves all, because there must be one core, one socket and one log per process.

const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');

function libcName() {
  if (process.platform !== 'linux') {
    return '';
  }
  // Two features a musl Node never shows; process.report would be exact but takes milliseconds.
  const variables = process.config && process.config.variables ? process.config.variables : {};
  if (fs.existsSync('/etc/alpine-release') || String(variables.host).includes('musl')) {
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
  const gypi = stamp ? '' : readOrEmpty(path.join(root, 'build', 'config.gypi'));
  const match = /"(?:abi|node_module_version)"\s*:\s*"?(\d+)/.exec(stamp || gypi);
  return match ? match[1] : '';
}

function rebuildCommand() {
  return root.split(path.sep).includes('node_modules') ? 'npm rebuild xprofiler' : 'npm run build';
}

function here() {
  return `Node ${process.version} (ABI ${process.versions.modules}, ${target()})`;
}

function failure(sentence, cause) {
  const error = new Error(`xprofiler cannot be loaded: ${sentence}`);
  error.code = 'XPROFILER_NOT_LOADED';
  if (cause) {
    error.cause = cause;
  }
  return error;
}

function explainDenied(code) {
  if (code === 'ERR_DLOPEN_DISABLED') {
    const flags = '--allow-addons (under --permission) or without --no-addons';
    return `this process may not load native addons; start node with ${flags}`;
  }
  if (code === 'ERR_ACCESS_DENIED') {
    const flags = `--allow-addons --allow-fs-read=${root}/*`;
    return `--permission denies access to the package; start node with ${flags}`;
  }
  return '';
}

/** What went wrong while loading `file`, as one sentence that says what to do. */
function explain(cause, file) {
  const text = String((cause && cause.message) || cause).split('\n')[0];
  const denied = explainDenied(cause && cause.code);
  if (denied) {
    return denied;
  }
  const advice = `run here: ${rebuildCommand()} (${text})`;
  if (/NODE_MODULE_VERSION|undefined symbol|symbol not found|another Node|different Node/i.test(text)) {
    return `${file} was built for another Node version than ${here()}; ${advice}`;
  }
  const [library] = /libcjson|libprotobuf-c/.exec(text) || [];
  if (library) {
    return `the library ${library} is missing; on Debian or Ubuntu run: apt-get install -y ${library}1 (${text})`;
  }
  if (/musl|ld-linux|libc\.so|GLIBC(XX)?_[\d.]+|Error relocating/.test(text)) {
    return `${file} was built for another C library than that of ${here()}; ${advice}`;
  }
  if (/invalid ELF|wrong ELF|Exec format|mach-o|incompatible architecture|file too short/i.test(text)) {
    return `${file} was built for another machine than ${target()}; ${advice}`;
  }
  return `${file}: ${text}`;
}

function exists(file) {
  try {
    fs.accessSync(file);
    return true;
  } catch (error) {
    // Denied is not missing: let loading tell.
    return error.code === 'ERR_ACCESS_DENIED';
  }
}

/** The addon file to load; throws the sentence for the user when there is none. */
function choose() {
  if (exists(builtFile())) {
    const abi = builtAbi();
    if (abi === '' || abi === process.versions.modules) {
      return builtFile();
    }
    if (!exists(prebuildFile())) {
      throw failure(`it was built for ABI ${abi}, this is ${here()}; run: ${rebuildCommand()}`);
    }
  }
  if (exists(prebuildFile())) {
    return prebuildFile();
  }
  throw failure(`the native addon is not built for ${here()}; run: ${rebuildCommand()}`);
}

/** What require() does with an addon, without its search for the file. */
function open(file) {
  const loaded = { exports: {} };
  try {
    process.dlopen(loaded, file);
    return loaded.exports;
  } catch (cause) {
    throw failure(explain(cause, file), cause);
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

function load() {
  let addon = open(choose());
  if (addon.activePath) {
    addon = open(addon.activePath);
  }
  Object.assign(addon, threadOf(addon));
  addon.attach({ threadId: addon.threadId, isMain: addon.isMainThread, script: process.argv[1] || '' });
  return addon;
}

module.exports = { load, explain, prebuildFile };
