'use strict';

// A busy HTTP server in one process, wrk in another, on the cores of one machine.

const { spawn } = require('node:child_process');
const fs = require('node:fs');

const { withChild, sleep } = require('../child');
const { profilers } = require('../profilers');

const CONNECTIONS = 16;
const SECONDS = 5;
const WARM_UP_SECONDS = 2;

const figures = [
  { key: 'rate', name: 'requests a second', digits: 0, chart: true },
  { key: 'p50', name: 'median latency, ms', digits: 2 },
  { key: 'p99', name: '99th percentile, ms', digits: 2, chart: true },
  { key: 'cpu', name: 'CPU of the server a request, µs', digits: 1, chart: true },
];

function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (piece) => {
      text += piece;
    });
    child.on('error', () => reject(new Error(`${command} is needed: apt-get install ${command}`)));
    child.on('close', (status) => (status === 0 ? resolve(text) : reject(new Error(`${command} ended with ${status}`))));
  });
}

function milliseconds(word) {
  const [, number, unit] = /^([\d.]+)(us|ms|s)$/.exec(word);
  return Number(number) * { us: 1e-3, ms: 1, s: 1e3 }[unit];
}

async function load(port, seconds) {
  const text = await run('wrk', ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '--latency', `http://127.0.0.1:${port}/`]);
  const of = (pattern) => pattern.exec(text)[1];
  return {
    rate: Number(of(/Requests\/sec:\s+([\d.]+)/)),
    p50: milliseconds(of(/50%\s+(\S+)/)),
    p99: milliseconds(of(/99%\s+(\S+)/)),
    count: Number(of(/(\d+) requests in/)),
  };
}

/** CPU of all threads of the process, µs. */
function cpuOf(pid) {
  return fs
    .readdirSync(`/proc/${pid}/task`)
    .reduce((sum, tid) => sum + Number(fs.readFileSync(`/proc/${pid}/task/${tid}/schedstat`, 'utf8').split(' ')[0]), 0) / 1000;
}

function measure(variant, { config, intervalUs }) {
  return withChild({ profiler: variant, workload: 'http', options: { config, turns: false } }, async (child) => {
    const port = await child.ask('port');
    await load(port, WARM_UP_SECONDS);
    if (intervalUs) {
      await profilers[variant].startCpu(child, { sampling_interval_us: intervalUs });
      await sleep(500);
    }
    const before = cpuOf(child.pid);
    const { count, ...result } = await load(port, SECONDS);
    return { ...result, cpu: (cpuOf(child.pid) - before) / count };
  });
}

const common = `${CONNECTIONS} keep-alive connections of wrk on one server that answers \`{"hello":"world"}\`, the worst case for a profiler. ${SECONDS} s after
${WARM_UP_SECONDS} s of warm-up.`;

function profiled(id, intervalUs, variants, verdict) {
  return {
    id,
    title: `A busy HTTP server while a CPU profile runs, ${intervalUs / 1000} ms interval`,
    words: common,
    target: 'not worse than the best of the others',
    verdict,
    variants,
    base: 'nothing',
    compare: 'ratio',
    rounds: 7,
    figures,
    round: (variant) => measure(variant, { intervalUs }),
  };
}

module.exports = [
  {
    id: 'http-logging',
    title: 'A busy HTTP server with a log record a second',
    words: `${common} xprofiler counts the requests and writes all its metrics every second instead of every minute.`,
    target: 'not to be told from the control ("nothing again")',
    verdict: `Within the noise here: the intervals overlap those of the control. By the medians a request costs 0.3 to 0.4 µs more CPU, which a server that does
anything at all will not notice.`,
    variants: ['nothing', 'nothing again', 'no-op addon', 'xprofiler', 'xprofiler 3.1.0'],
    base: 'nothing',
    compare: 'ratio',
    rounds: 11,
    figures,
    round: (variant) => measure(variant, { config: { log_interval: 1 } }),
  },
  profiled('http-cpu-1ms', 1000, ['nothing', 'nothing again', 'xprofiler', 'xprofiler 3.1.0', 'node inspector', '@datadog/pprof'], 'Nearly: all sample with V8, and requests are counted too here, which costs 0.3 to 0.4 µs each; the best other has that much less. Better than 3.1.0.'),
  profiled('http-cpu-10ms', 10000, ['nothing', 'nothing again', 'xprofiler', 'node inspector', '@datadog/pprof']),
];
