'use strict';

// What the long runs send: every kind of command, with its valid and invalid parameters, to every thread.

const { PROFILES } = require('../e2e/support/kinds');

/** Numbers that look random and are the same in each run. */
function random(seed) {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

const CHEAP = ['check_version', 'list_environments', 'get_config', 'process_info', 'metrics'];
const WRONG = [
  ['no_such_command', {}],
  ['start_cpu_profiling', { profiling_time: 'long' }],
  ['heapdump', { thread_id: 999999 }],
  ['set_config', { log_level: 'loud' }],
  ['cancel', {}],
  ['start_gc_profiling', { name: '../up' }],
];

/**
 * The next [method, params] of a client.
 * @param {(limit: number) => number} next
 * @param {{ threadIds: number[], dumps: boolean }} options dumps: also snapshots and reports, which take a while
 */
function command(next, { threadIds, dumps }) {
  const thread_id = threadIds[next(threadIds.length)];
  const { start, stop } = PROFILES[next(3)];
  const kind = next(20);
  if (kind < 7) return [CHEAP[next(CHEAP.length)], {}];
  if (kind < 11) return [start, { thread_id, profiling_time: next(3) === 0 ? 1 + next(300) : 0 }];
  if (kind < 15) return [stop, { thread_id, wait: next(2) === 0 }];
  if (kind < 16) return ['cancel', { thread_id, action: start }];
  if (kind < 17) return ['set_config', { enable_log_uv_handles: next(2) === 0, log_level: next(3) }];
  if (kind < 18) return WRONG[next(WRONG.length)];
  if (!dumps || next(3) > 0) return ['list_environments', {}];
  return [next(4) === 0 ? 'heapdump' : 'diag_report', { thread_id, wait: next(2) === 0 }];
}

/** Refusals that such a mix explains; an internal error or a failed write is a defect. */
const EXPECTED = new Set([
  -32601, // unknown method
  -32602, // wrong parameter
  -32000, // refused: is running, is not running
  -32001, // no such thread
  -32002, // the thread ended
  -32004, // cancelled
]);

/** Ends what still runs in the threads, so that who waits for it is answered. */
async function stopAll(rpc, limitMs) {
  const { environments } = await rpc.call('list_environments', {}, limitMs);
  for (const { thread_id } of environments) {
    for (const { stop } of PROFILES) await rpc.send(stop, { thread_id }).reply;
  }
}

module.exports = { random, command, stopAll, EXPECTED };
