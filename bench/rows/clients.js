'use strict';

// A hundred clients ask at once, again and again. 3.1.0 answers on one socket with a fixed name that every
// client must listen on, so that clients take it from each other.

const net = require('node:net');
const path = require('node:path');
const { execFile } = require('node:child_process');

const { peers, root } = require('../peers');
const { withChild } = require('../child');

const CLIENTS = 100;
const REQUESTS = 30;

function oursOf(child) {
  const socket = `/tmp/xprofiler-${process.geteuid()}/${child.pid}.sock`;
  return async (latencies) => {
    const connection = net.connect(socket);
    const lines = [];
    let wake = () => {};
    let rest = '';
    connection.setEncoding('utf8').on('data', (text) => {
      const parts = (rest + text).split('\n');
      rest = parts.pop();
      lines.push(...parts);
      wake();
    });
    await new Promise((resolve, reject) => connection.once('connect', resolve).once('error', reject));
    let failed = 0;
    for (let id = 1; id <= REQUESTS; id++) {
      const begin = performance.now();
      connection.write(`${JSON.stringify({ jsonrpc: '2.0', id, method: 'get_config' })}\n`);
      while (lines.length === 0) {
        await new Promise((resolve) => {
          wake = resolve;
        });
      }
      failed += JSON.parse(lines.shift()).result ? 0 : 1;
      latencies.push(performance.now() - begin);
    }
    connection.end();
    return failed;
  };
}

function byXctl(folder, child, requests) {
  const xctl = require(path.join(folder, 'lib', 'xctl.js'));
  return async (latencies) => {
    let failed = 0;
    for (let at = 0; at < requests; at++) {
      const begin = performance.now();
      const { ok } = await xctl(child.pid, 0, 'get_config', {});
      failed += ok ? 0 : 1;
      latencies.push(performance.now() - begin);
    }
    return failed;
  };
}

const clients = {
  'xprofiler, one connection a client': ['xprofiler', (child) => oursOf(child)],
  'xprofiler, lib/xctl.js': ['xprofiler', (child) => byXctl(root, child, 10)],
  '3.1.0, lib/xctl.js': ['xprofiler 3.1.0', (child) => byXctl(peers.old, child, 3)],
};

/** The clients have a process of their own: with 3.1.0 it may end by an exception that nobody can catch. */
async function drive(variant, pid) {
  const [, make] = clients[variant];
  const client = make({ pid });
  const latencies = [];
  const begin = performance.now();
  const failures = await Promise.all(Array.from({ length: CLIENTS }, () => client(latencies)));
  const seconds = (performance.now() - begin) / 1000;
  const failed = failures.reduce((sum, number) => sum + number, 0);
  console.log(
    JSON.stringify({
      rate: (latencies.length - failed) / seconds,
      worst: Math.max(...latencies),
      failed: (100 * failed) / latencies.length,
    }),
  );
}

function runDriver(variant, child) {
  const env = { ...process.env, XPROFILER_PREFIX: child.home }; // where 3.1.0 looks a process up
  const words = [__filename, variant, String(child.pid)];
  return new Promise((resolve) => {
    execFile(process.execPath, words, { env, timeout: 120000 }, (error, stdout) => {
      resolve(error || stdout === '' ? { rate: 0, worst: NaN, failed: 100 } : JSON.parse(stdout));
    });
  });
}

module.exports = {
  id: 'clients',
  title: 'A hundred clients at once',
  words: `${CLIENTS} clients in one process ask for the configuration, each its next question when the last is answered: ${REQUESTS} questions on a
connection of its own, or 10 (3 of 3.1.0) through lib/xctl.js, which connects for each. A process of clients that dies counts as 100 % failed.`,
  target: 'reported',
  variants: Object.keys(clients),
  base: '3.1.0, lib/xctl.js',
  compare: 'none',
  rounds: 7,
  figures: [
    { key: 'rate', name: 'answers a second', digits: 0, chart: true },
    { key: 'worst', name: 'worst latency, ms', digits: 1 },
    { key: 'failed', name: 'questions that failed, %', digits: 1 },
  ],
  round: (variant) =>
    withChild({ profiler: clients[variant][0], options: { turns: false } }, (child) => runDriver(variant, child)),
};

if (require.main === module) {
  drive(process.argv[2], Number(process.argv[3])).catch((error) => {
    console.error(error);
    process.exitCode = 1;
  });
}
