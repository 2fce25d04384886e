'use strict';

// How tests run xprofctl, and a target that knows every command.

const assert = require('node:assert');
const path = require('node:path');
const { spawn } = require('node:child_process');

const { start } = require('./fake_server');

const program = process.env.XPROFCTL || path.join(__dirname, '../../build/Release/xprofctl');
const LIMIT_MS = 20000;
const EN = 'C';
const ZH = 'zh_CN.UTF-8';

function run(words, { locale = EN, onStart, command = program, ...options } = {}) {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, LC_ALL: locale };
    const child = spawn(command, words.map(String), { env, timeout: LIMIT_MS, ...options });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (data) => (stdout += data));
    child.stderr.setEncoding('utf8').on('data', (data) => (stderr += data));
    child.on('error', reject);
    child.on('close', (status, signal) => resolve({ status, signal, stdout, stderr }));
    if (onStart) {
      onStart(child);
    }
  });
}

async function withTarget(script, body, options) {
  const target = await start(script, options);
  try {
    await body(target);
  } finally {
    await target.stop();
  }
}

async function expectDone(words, stdout, options) {
  const result = await run(words, options);
  assert.deepStrictEqual(result, { status: 0, signal: null, stdout, stderr: '' });
}

async function expectFailure(words, status, stderr, options) {
  const result = await run(words, options);
  assert.deepStrictEqual(result, { status, signal: null, stdout: '', stderr });
}

async function json(words, status = 0) {
  const result = await run([...words, '--json']);
  assert.strictEqual(result.stderr, '');
  assert.strictEqual(result.status, status);
  assert.strictEqual(result.stdout.trimEnd().split('\n').length, 1);
  return JSON.parse(result.stdout);
}

const SCRIPT = {
  check_version: [{ result: { version: '4.0.0', protocol: 1 } }],
  list_environments: [
    { split: 5 },
    {
      result: {
        environments: [
          { is_main_thread: false, thread_id: 12, uptime: 2 },
          { is_main_thread: false, thread_id: 3, uptime: 5 },
          { is_main_thread: true, thread_id: 0, uptime: 13 },
        ],
      },
    },
  ],
  get_config: [{ result: { log_level: 1, log_dir: '/lo\u001b[2Jgs', enable_http_profiling: false, log_interval: 0.5 } }],
  set_config: [{ result: { log_level: 2 } }],
  start_cpu_profiling: [{ result: { filepath: '/logs/a.cpuprofile', state: 'running', thread_id: 0 } }],
  stop_cpu_profiling: [{ result: { filepath: '/logs/a.cpuprofile', state: 'writing', thread_id: 0 } }],
  start_heap_profiling: [{ result: { filepath: '/logs/a.heapprofile', state: 'running', thread_id: 0 } }],
  stop_heap_profiling: [{ result: { filepath: '/logs/a.heapprofile', state: 'writing', thread_id: 0 } }],
  start_gc_profiling: [{ result: { filepath: '/logs/a.gcprofile', state: 'running', thread_id: 0 } }],
  stop_gc_profiling: [{ result: { filepath: '/logs/a.gcprofile', state: 'writing', thread_id: 0 } }],
  heapdump: [{ result: { filepath: '/logs/a.heapsnapshot', state: 'running', thread_id: 0 } }],
  diag_report: [{ result: { filepath: '/logs/a.diag', state: 'writing', thread_id: 0 } }],
  generate_coredump: [{ result: { filepath: '/logs/a.core', state: 'writing' } }],
  cancel: [{ result: { cancelled: 1 } }],
  process_info: [
    { result: { pid: 1, title: 'node', script: '/app/web.js', node_version: 'v20.1.0', version: '4.0.0', uptime: 3700 } },
  ],
  metrics: [
    {
      result: {
        process: { cpu_now: 12.34, rss: 104857600 },
        threads: [
          { thread_id: 1, heap_used: 1 },
          { thread_id: 0, heap_used: 10485760, heap_limit: 2147483648, loop_delay_p99_ms: 3.26, loop_blocked_ms: 0 },
        ],
      },
    },
  ],
};

module.exports = { program, EN, ZH, SCRIPT, run, withTarget, expectDone, expectFailure, json };
