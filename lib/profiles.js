'use strict';

// cpuProfile() and its kin: options of JavaScript turned into a request, its answer into a path or a Buffer.

const path = require('node:path');
const fs = require('node:fs');
const { setTimeout } = require('node:timers');
const { clientOf } = require('./client');

const DURATION_MS = 10000;
const CANCEL_MS = 1000; // a thread that does not react keeps nobody waiting longer

const number = (value) => typeof value === 'number' && Number.isFinite(value);
const TYPES = {
  number: { is: number, words: 'a number' },
  duration: { is: (value) => number(value) && value > 0, words: 'a number of milliseconds above 0' },
  text: { is: (value) => typeof value === 'string' && value !== '', words: 'a string' },
  flag: { is: (value) => typeof value === 'boolean', words: 'true or false' },
  names: {
    is: (value) => typeof value === 'string' || (Array.isArray(value) && value.every((each) => typeof each === 'string')),
    words: 'a string or an array of strings',
  },
  signal: {
    is: (value) => value !== null && typeof value === 'object' && typeof value.addEventListener === 'function',
    words: 'an AbortSignal',
  },
};

/** Options: [type, parameter of the request or '' ]. */
const COMMON = {
  threadId: ['number', 'thread_id'],
  output: ['text', 'output'],
  filepath: ['text', ''],
  signal: ['signal', ''],
};
const TIMED = { ...COMMON, durationMs: ['duration', ''], format: ['text', 'format'] };
const HEAP = {
  ...TIMED,
  samplingIntervalBytes: ['number', 'sampling_interval_bytes'],
  stackDepth: ['number', 'stack_depth'],
};
const KINDS = {
  cpuProfile: {
    method: 'start_cpu_profiling',
    options: { ...TIMED, samplingIntervalUs: ['number', 'sampling_interval_us'] },
  },
  heapProfile: { method: 'start_heap_profiling', options: { ...HEAP, collected: ['flag', 'include_collected'] } },
  allocProfile: { method: 'start_heap_profiling', options: HEAP, params: { include_collected: true } },
  gcProfile: { method: 'start_gc_profiling', options: TIMED },
  trace: {
    method: 'start_trace',
    options: { ...TIMED, categories: ['names', ''], maxFileMb: ['number', 'max_file_mb'] },
    isOfMainThread: true,
  },
  heapSnapshot: {
    method: 'heapdump',
    options: {
      ...COMMON,
      numericValues: ['flag', 'numeric_values'],
      internals: ['flag', 'internals'],
      maxRssMb: ['number', 'max_rss_mb'],
    },
  },
  diagReport: { method: 'diag_report', options: COMMON },
};

function wrong(message, field) {
  const error = new TypeError(message);
  error.code = 'XPROFILER_PARAMS';
  error.field = field;
  return error;
}

function checkOptions(kind, options) {
  if (options === null || typeof options !== 'object') {
    throw wrong('options must be an object', 'options');
  }
  for (const [name, value] of Object.entries(options)) {
    const option = kind.options[name];
    if (!option) {
      throw wrong(`there is no option ${name}; there are ${Object.keys(kind.options).join(', ')}`, name);
    }
    const type = TYPES[option[0]];
    if (value !== undefined && !type.is(value)) {
      throw wrong(`${name} must be ${type.words}`, name);
    }
  }
  if (options.output !== undefined && !['file', 'buffer'].includes(options.output)) {
    throw wrong("output must be 'file' or 'buffer'", 'output');
  }
  if (options.output === 'buffer' && options.filepath !== undefined) {
    throw wrong("filepath makes no sense with output: 'buffer'", 'filepath');
  }
}

/** The parameters of the request. */
function paramsOf(kind, options, ownThread) {
  const params = { thread_id: kind.isOfMainThread ? 0 : ownThread, ...kind.params, wait: true };
  for (const [name, [, parameter]] of Object.entries(kind.options)) {
    if (parameter && options[name] !== undefined) {
      params[parameter] = options[name];
    }
  }
  if (kind.options.durationMs) {
    const { durationMs = DURATION_MS } = options;
    params.profiling_time = Math.max(1, Math.round(durationMs));
  }
  if (params.format === 'html') {
    params.format = 'flamegraph';
  }
  if (options.filepath !== undefined) {
    const file = path.resolve(options.filepath);
    params.directory = path.dirname(file);
    params.name = path.basename(file);
  }
  if (options.categories !== undefined) {
    params.categories = String(options.categories); // an array: with commas
  }
  return params;
}

/** The names of the request's parameters in a message become those of the options. */
function inOwnWords(error, kind) {
  for (const [name, [, parameter]] of Object.entries(kind.options)) {
    if (parameter && error.field === parameter) {
      error.field = name;
      error.message = error.message.replaceAll(parameter, name);
    }
  }
  return error;
}

function abortError(signal) {
  const error = new Error('The operation was aborted');
  error.name = 'AbortError';
  error.code = 'ABORT_ERR';
  error.cause = signal.reason;
  return error;
}

function removeFile({ result }) {
  if (result.filepath) {
    fs.unlink(result.filepath, () => {});
  }
}

/** Rejects when the signal fires, at the latest a second after it; then nothing is written, or stays. */
function untilAborted(client, { id, reply }, signal) {
  return new Promise((resolve, reject) => {
    let isAborted = false;
    const onAbort = () => {
      isAborted = true;
      client.ask('cancel', { id }).reply.catch(() => {});
      setTimeout(() => reject(abortError(signal)), CANCEL_MS).unref();
    };
    const settle = (done) => (value) => {
      signal.removeEventListener('abort', onAbort);
      if (!isAborted) {
        done(value);
        return;
      }
      if (done === resolve) {
        removeFile(value); // it was complete before the cancellation came
      }
      reject(abortError(signal));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    reply.then(settle(resolve), settle(reject));
  });
}

/** A path, or with output: 'buffer' the bytes. */
async function take(binding, name, options = {}) {
  const kind = KINDS[name];
  checkOptions(kind, options);
  const { signal } = options;
  if (signal?.aborted) {
    throw abortError(signal);
  }
  const client = clientOf(binding);
  const call = client.ask(kind.method, paramsOf(kind, options, binding.threadId));
  try {
    const { result, data } = await (signal ? untilAborted(client, call, signal) : call.reply);
    return options.output === 'buffer' ? data : result.filepath;
  } catch (error) {
    throw inOwnWords(error, kind);
  }
}

module.exports = { take, names: Object.keys(KINDS) };
