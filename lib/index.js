'use strict';

// The package entry for CommonJS: a function `start` that carries the rest of the API.

const path = require('node:path');

const binding = require('./binding').load();
const http = require('./http');

const { isMainThread } = binding;

const NOT_CONFIGURED = 'must run "require(\'xprofiler\')()" to set xprofiler config first!';
let latest = {}; // what start() or setConfig() was given
const LEVELS = { info: 0, error: 1, debug: 2 };

function requireConfig() {
  const config = binding.config();
  if (!config) {
    throw new Error(NOT_CONFIGURED);
  }
  return config;
}

/** null and undefined are no configuration; anything else is read like an object. */
function check(user) {
  if (user === null || user === undefined) {
    throw new TypeError(`config must be an object, but is ${user} (reading 'log_dir')`);
  }
}

const oneLine = (value) => String(value).replace(/[\r\n]+/g, ' ');

function tellIgnored(logDir, fromUser, fromEnv, instead) {
  const sources = `env: ${oneLine(fromEnv)}, user: ${oneLine(fromUser)}`;
  process.stderr.write(`[config_int] ${oneLine(logDir)} will be ignored (${sources}), use default log_dir: ${instead}\n`);
}

/**
 * Stores the configuration: always in the main thread, in a worker only when nobody did before.
 * isOwner: this thread speaks for the process.
 */
function configure(user) {
  check(user);
  latest = user;
  if (!isMainThread && binding.config()) {
    return { config: requireConfig(), isOwner: false };
  }
  try {
    binding.configure(user, process.env, tellIgnored);
  } catch (error) {
    if (isMainThread || !binding.config()) {
      throw error;
    }
    // another worker was faster
  }
  return { config: requireConfig(), isOwner: true };
}

function timestamp() {
  const date = new Date();
  const two = (number) => String(number).padStart(2, '0');
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-');
  const time = [two(date.getHours()), two(date.getMinutes()), two(date.getSeconds())].join(':');
  return `${day} ${time}`;
}

/** Only when asked for by name: an application must not die of a system that has no place for a socket. */
function isThrowWanted() {
  const sources = [latest.check_throw, process.env.XPROFILER_CHECK_THROW];
  const value = sources.find((raw) => [true, false, 'YES', 'NO'].includes(raw));
  return value === true || value === 'YES';
}

function checkServer({ error }) {
  if (!error) {
    return;
  }
  if (isThrowWanted()) {
    throw new Error(error);
  }
  console.error(`\n[${timestamp()}] [error] [xprofiler-ipc] [${binding.version}] ${error}`);
}

function watchHttp(config) {
  http.watch(binding, { server: config.patch_http, client: config.patch_http_client });
}

/** Old agents find the process by a line in `<prefix>/.xprofiler` (src/core/registry.h). */
function register(logDir) {
  const { XPROFILER_PREFIX, XPROFILER_UNIT_TEST_TMP_HOMEDIR, UNIT_TEST_CHECK_TIME } = process.env;
  try {
    const prefix = XPROFILER_PREFIX || XPROFILER_UNIT_TEST_TMP_HOMEDIR || require('node:os').homedir();
    const seconds = Number(UNIT_TEST_CHECK_TIME);
    const delayMs = seconds > 0 ? seconds * 1000 : 50000 + Math.random() * 15000;
    const root = path.join(__dirname, '..');
    binding.register(path.join(prefix, '.xprofiler'), delayMs, logDir, process.execPath, process.argv[1] || '', root);
  } catch {
    // a home is no condition of an application
  }
}

function start(config = {}) {
  const { config: current, isOwner } = configure(config);
  const isSingleModule = process.env.XPROFILER_UNIT_TEST_SINGLE_MODULE === 'YES';
  if (isOwner) {
    binding.cleanSockets(current.log_dir);
  }
  if (!isSingleModule && binding.claim('memory')) {
    binding.setMemoryReader(() => process.memoryUsage().arrayBuffers); // before start() looks at the memory
  }
  const server = isSingleModule ? { error: '' } : binding.start();
  if (!isSingleModule && isMainThread && binding.claim('tracer')) {
    let tracer;
    binding.setTracer((what, argument) => {
      tracer ||= require('./trace').create(binding);
      return tracer(what, argument);
    });
  }
  watchHttp(current);
  if (isOwner && !server.error) {
    register(current.log_dir);
  }
  checkServer(server);
}

function setConfig(config) {
  return configure(config).config;
}

function write(level, type, content) {
  requireConfig();
  if (typeof type !== 'string' || typeof content !== 'string') {
    throw new TypeError('log type and content must be string!');
  }
  binding.log(LEVELS[level], type, content);
}

// Loaded by those who use it: start() stays cheap.
const take = (name, options) => require('./profiles').take(binding, name, options);

let events;

function listen(method, name, listener, options) {
  events ||= new (require('./events').Events)(binding);
  events.add(method, name, listener, options);
  return start;
}

const api = {
  start,
  setConfig,
  getXprofilerConfig: () => requireConfig(),
  info: (type, content) => write('info', type, content),
  error: (type, content) => write('error', type, content),
  debug: (type, content) => write('debug', type, content),
  runLogBypass() {
    requireConfig();
    binding.startLog();
  },
  runCommandsListener() {
    requireConfig();
    checkServer(binding.startServer());
  },
  setHooks() {
    requireConfig();
    binding.startHooks();
  },
  initMallopt() {
    requireConfig();
    binding.startMalloc();
  },
  metrics: () => binding.metrics(),
  prometheus: () => binding.prometheus(),
  cpuProfile: (options) => take('cpuProfile', options),
  heapProfile: (options) => take('heapProfile', options),
  allocProfile: (options) => take('allocProfile', options),
  gcProfile: (options) => take('gcProfile', options),
  heapSnapshot: (options) => take('heapSnapshot', options),
  diagReport: (options) => take('diagReport', options),
  trace: (options) => take('trace', options),
  on: (name, listener, options) => listen('on', name, listener, options),
  once: (name, listener, options) => listen('once', name, listener, options),
  off(name, listener) {
    events?.remove(name, listener);
    return start;
  },
  pprofHandler: (options) => require('./pprof').create(binding, options),
};

module.exports = Object.assign(start, api);
// For default imports compiled without interoperability helpers; not one of the API's own keys.
Object.defineProperty(start, 'default', { value: start });
