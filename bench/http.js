'use strict';

// What xprofiler costs a busy HTTP server: a record of the log each second, requests counted. The server does
// almost nothing for a request, which is the worst case for us.
//   node bench/http.js [rounds] [seconds]
// Server and load run in processes of their own; each round starts every variant anew, in turn.

const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');
const { fork } = require('node:child_process');

const { rotate, report, machine, count } = require('./sample');

const root = path.join(__dirname, '..');
const CONNECTIONS = 16;
const WARM_UP_MS = 1500;
const FIGURES = [
  { key: 'rate', name: 'requests a second', digits: 0 },
  { key: 'p50', name: 'median latency, ms', digits: 2 },
  { key: 'p99', name: '99th percentile, ms', digits: 2 },
  { key: 'cpu', name: 'CPU of the server a request, µs', digits: 1 },
];

/** In the server process. */
function serve(variant) {
  if (variant === 'xprofiler') {
    require(root)({ log_interval: 1 });
  }
  const body = JSON.stringify({ hello: 'world' });
  const server = http.createServer((request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(body);
  });
  server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
  process.on('message', () => process.send({ cpu: process.cpuUsage() }));
  process.on('disconnect', () => process.exit(0));
}

function visit(options, state) {
  return new Promise((resolve, reject) => {
    const next = () => {
      if (state.isOver) {
        resolve();
        return;
      }
      const begin = process.hrtime.bigint();
      const request = http.get(options, (response) => {
        response.resume();
        response.on('end', () => {
          state.latencies.push(Number(process.hrtime.bigint() - begin) / 1e6);
          setImmediate(next);
        });
      });
      request.on('error', reject);
    };
    next();
  });
}

/** In the load process: warms up, says so, measures for a time, gives rate and latencies. */
async function load(port, seconds) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const state = { latencies: [], isOver: false };
  const options = { port, host: '127.0.0.1', agent };
  const visitors = Promise.all(Array.from({ length: CONNECTIONS }, () => visit(options, state)));
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  await sleep(WARM_UP_MS);
  state.latencies = [];
  process.send({ isWarm: true });
  const begin = performance.now();
  await sleep(seconds * 1000);
  const taken = state.latencies;
  const elapsed = (performance.now() - begin) / 1000;
  process.send({ isDone: true });
  state.isOver = true;
  await visitors;
  agent.destroy();
  const sorted = taken.sort((a, b) => a - b);
  const at = (q) => sorted[Math.floor(q * (sorted.length - 1))];
  process.send({ count: sorted.length, rate: sorted.length / elapsed, p50: at(0.5), p99: at(0.99) });
  process.disconnect();
}

function messages(child) {
  return () =>
    new Promise((resolve, reject) => {
      child.once('message', resolve);
      child.once('exit', () => reject(new Error('a process of the benchmark has ended')));
    });
}

async function measure(variant, seconds, home) {
  const env = { ...process.env, XPROFILER_PREFIX: home, XPROFILER_LOG_DIR: home };
  const server = fork(__filename, ['--serve', variant], { env });
  const fromServer = messages(server);
  const { port } = await fromServer();
  const client = fork(__filename, ['--load', String(port), String(seconds)]);
  const fromClient = messages(client);
  const cpuOfServer = async () => {
    const answer = fromServer();
    server.send('cpu');
    const { cpu } = await answer;
    return cpu.user + cpu.system;
  };
  try {
    await fromClient();
    const before = await cpuOfServer();
    await fromClient();
    const result = fromClient();
    const cpuUs = (await cpuOfServer()) - before;
    const { count: requests, ...figures } = await result;
    return { ...figures, cpu: cpuUs / requests };
  } finally {
    [client, server].forEach((child) => child.removeAllListeners('exit').kill('SIGKILL'));
  }
}

async function main() {
  const rounds = count(process.argv[2], 15);
  const seconds = count(process.argv[3], 4);
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'xprofiler-bench-'));
  const variants = ['bare', 'bare again', 'xprofiler'];
  try {
    console.log(`${rounds} rounds of ${seconds} s, ${CONNECTIONS} connections; ${machine()}\n`);
    const results = [];
    for (let round = 0; round < rounds; round++) {
      const result = {};
      for (const variant of rotate(variants, round)) {
        result[variant] = await measure(variant, seconds, home);
      }
      results.push(result);
    }
    report(results, variants, FIGURES);
  } finally {
    fs.rmSync(home, { recursive: true, force: true });
  }
}

const [role, ...words] = process.argv.slice(2);
if (role === '--serve') {
  serve(words[0]);
} else if (role === '--load') {
  load(Number(words[0]), Number(words[1]));
} else {
  main().catch((error) => {
    console.error(`bench: ${error.message}`);
    process.exitCode = 1;
  });
}
