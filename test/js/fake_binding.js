'use strict';

// Stands in for the native addon: the same exports, everything remembered, nothing started.

const fs = require('node:fs');
const path = require('node:path');
const { performance } = require('node:perf_hooks');
const { isMainThread } = require('node:worker_threads');

const BLOCK = ['started', 'sent', 'closed', 'timeouts', 'errors', 'inFlight', 'durationLow', 'durationHigh'];
const STATUSES = 1000;
const BUCKETS = 464;
const BLOCK_SIZE = BLOCK.length + STATUSES + BUCKETS;

const TYPES = { TEXT: 'text', NUMBER: 'number', FLAG: 'flag' };

function readWords() {
  const source = fs.readFileSync(path.join(__dirname, '../../src/core/config.c'), 'utf8');
  const rows = source.matchAll(/\{"(\w+)", \{((?:"\w+"(?:, )?)+)\}\}/g);
  return new Map([...rows].map(([, key, words]) => [key, JSON.parse(`[${words}]`)]));
}

/** The keys as the addon gives them, read from the header that defines them. */
function readKeys() {
  const header = fs.readFileSync(path.join(__dirname, '../../src/core/config.h'), 'utf8');
  const row = /X\((TEXT|NUMBER|FLAG), (\w+), (\w+), ("[^"]*"|[\w.]+), ([\d.]+), ([\d.]+), (\w+), "([^"]*)", "([^"]*)"\)/g;
  const words = readWords();
  return [...header.matchAll(row)].map(([, type, key, env, fallback, min, max, runtime, unit, what]) => ({
    key,
    env: `XPROFILER_${env}`,
    type: TYPES[type],
    default: JSON.parse(fallback),
    min: Number(min),
    max: Number(max),
    runtime: runtime === 'true',
    unit,
    what,
    ...(words.has(key) && { words: words.get(key) }),
  }));
}

function blockOffsets(start) {
  const offsets = Object.fromEntries(BLOCK.map((name, index) => [name, start + index]));
  return { ...offsets, status: start + BLOCK.length, histogram: start + BLOCK.length + STATUSES };
}

function makeFakeBinding({ timeoutMs = 30000, serverError = '' } = {}) {
  const claimed = new Set();
  const calls = [];
  const details = [];
  const registered = [];
  const counters = new Uint32Array(2 + 2 * BLOCK_SIZE);
  const offsets = {
    profiling: 0,
    timeoutMs: 1,
    server: blockOffsets(2),
    client: blockOffsets(2 + BLOCK_SIZE),
  };
  counters[1] = timeoutMs;
  let current;
  const step = (name) => () => {
    calls.push(name);
    return { socket: serverError ? '' : '/tmp/fake.sock', error: serverError };
  };
  return {
    version: '4.0.0',
    isMainThread,
    activePath: '',
    attach: (who) => calls.push(['attach', who]),
    configure(user, env, tellIgnored) {
      const given = readKeys().map((row) => [row.key, user[row.key] ?? env[row.env] ?? row.default]);
      current = Object.fromEntries(given.map(([key, value]) => [key, value === 'NO' ? false : value]));
      if (current.log_dir.startsWith('/no/such')) {
        tellIgnored(current.log_dir, user.log_dir, env.XPROFILER_LOG_DIR, '/tmp/instead');
      }
      calls.push('configure');
    },
    config: () => current && { ...current },
    start: step('start'),
    startLog: step('startLog'),
    startServer: step('startServer'),
    startHooks: step('startHooks'),
    startMalloc: step('startMalloc'),
    cleanSockets: () => {},
    register(file, delayMs, ...fields) {
      registered.push({ file, delayMs, fields });
      return 'written';
    },
    log: (...args) => calls.push(['log', ...args]),
    claim(name) {
      const isFirst = !claimed.has(name);
      claimed.add(name);
      return isFirst;
    },
    http: () => ({ counters, offsets, steps: 16, buckets: BUCKETS }),
    httpDetail: (...args) => details.push(args),
    metrics: () => ({ process: {}, threads: [] }),
    prometheus: () => '',
    setMemoryReader: () => calls.push('setMemoryReader'),
    setTracer: () => calls.push('setTracer'),
    calls,
    details,
    registered,
    server: (name) => counters[offsets.server[name]],
    client: (name) => counters[offsets.client[name]],
    serverStatus: (code) => counters[offsets.server.status + code],
    clientStatus: (code) => counters[offsets.client.status + code],
    setProfiling: (on) => {
      counters[offsets.profiling] = on ? 1 : 0;
    },
  };
}

/** Waits until the condition holds; fails after 20 seconds. */
async function until(condition, what) {
  const end = performance.now() + 20000;
  while (!condition()) {
    if (performance.now() > end) {
      throw new Error(`still not: ${what}`);
    }
    await new Promise((resolve) => {
      setTimeout(resolve, 5);
    });
  }
}

module.exports = { makeFakeBinding, readKeys, until };
