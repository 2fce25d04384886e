'use strict';

// What require('xprofiler')() costs at start-up: CPU time and resident memory over a program that does nothing.
//   node bench/start.js [rounds]
// Each round starts every variant once, in turn. "bare again" is the same program as "bare": its difference
// shows how far figures of this machine can be trusted.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawnSync } = require('node:child_process');

const { rotate, report, machine, count } = require('./sample');

const root = path.join(__dirname, '..');
const SETTLE_MS = 300; // the core thread has opened its socket and log by then
const FIGURES = [
  { key: 'call', name: 'require and start, ms', digits: 2 },
  { key: 'cpu', name: 'CPU time of the process, ms', digits: 1 },
  { key: 'rss', name: 'resident memory, MiB', digits: 1 },
];

const program = (work) => `'use strict';
const begin = process.hrtime.bigint();
${work}
const call = Number(process.hrtime.bigint() - begin) / 1e6;
setTimeout(() => {
  const { user, system } = process.cpuUsage();
  const rss = process.memoryUsage.rss() / 2 ** 20;
  console.log(JSON.stringify({ call, cpu: (user + system) / 1000, rss }));
}, ${SETTLE_MS});
`;

function measure(file, env) {
  const options = { encoding: 'utf8', timeout: 30000, env: { ...process.env, ...env } };
  const { stdout, stderr, status } = spawnSync(process.execPath, [file], options);
  if (status !== 0) {
    throw new Error(stderr || `${file} ended with ${status}`);
  }
  return JSON.parse(stdout);
}

function main() {
  const rounds = count(process.argv[2], 25);
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'xprofiler-bench-'));
  const env = { XPROFILER_PREFIX: home, XPROFILER_LOG_DIR: home };
  const works = { bare: '', 'bare again': '', xprofiler: `require(${JSON.stringify(root)})();` };
  const variants = Object.keys(works);
  const fileOf = (variant) => path.join(home, `${variant.replace(' ', '-')}.js`);
  try {
    variants.forEach((variant) => fs.writeFileSync(fileOf(variant), program(works[variant])));
    console.log(`${rounds} rounds; ${machine()}\n`);
    variants.forEach((variant) => measure(fileOf(variant), env)); // the page cache is warm from here on
    const results = Array.from({ length: rounds }, (_, round) => {
      const pairs = rotate(variants, round).map((variant) => [variant, measure(fileOf(variant), env)]);
      return Object.fromEntries(pairs);
    });
    report(results, variants, FIGURES);
  } finally {
    fs.rmSync(home, { recursive: true, force: true });
  }
}

main();
