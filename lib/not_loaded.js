'use strict';

// Why the native addon could not be loaded, as an error whose one sentence says what to do.

const path = require('node:path');

const { target } = require('./binding');

const root = path.join(__dirname, '..');

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

const otherAbi = (abi) => failure(`it was built for ABI ${abi}, this is ${here()}; run: ${rebuildCommand()}`);
const missing = () => failure(`the native addon is not built for ${here()}; run: ${rebuildCommand()}`);
const refused = (cause, file) => failure(explain(cause, file), cause);

// V8 would crash: no native addon can be part of a snapshot.
const inSnapshot = () =>
  failure('a startup snapshot is being built; load it in the function given to v8.startupSnapshot.setDeserializeMainFunction()');

module.exports = { otherAbi, missing, refused, inSnapshot, explain };
