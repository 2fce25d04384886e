'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawnSync } = require('node:child_process');

const { installOurs } = require('../ours');
const { peers } = require('../peers');

const SETTLE_MS = 300; // a core thread has opened its socket and log by then

// Each package as npm installs it: ours with the prebuilt addon, not the one of this checkout.
const works = {
  nothing: () => '',
  'nothing again': () => '',
  'no-op addon': () => `require(${JSON.stringify(peers.noop)});`,
  xprofiler: () => `require(${JSON.stringify(installOurs().folder)})();`,
  'xprofiler 3.1.0': () => `require(${JSON.stringify(peers.old)})();`,
};

const program = (work) => `'use strict';
const begin = process.hrtime.bigint();
${work}
const call = Number(process.hrtime.bigint() - begin) / 1e6;
setTimeout(() => {
  const { user, system } = process.cpuUsage();
  const smaps = require('fs').readFileSync('/proc/self/smaps_rollup', 'utf8');
  const of = (key) => Number(new RegExp(key + ':\\\\s+(\\\\d+)').exec(smaps)[1]) / 1024;
  const own = of('Private_Dirty');
  console.log(JSON.stringify({ call, cpu: (user + system) / 1000, rss: of('Rss'), own }));
}, ${SETTLE_MS});
`;

let homes;

/** Empty, and removed with all others at the end: ext4 goes past what was deleted in the last minutes whenever a file is made. */
function makeHome() {
  if (!homes) {
    homes = fs.mkdtempSync(path.join(os.tmpdir(), 'xprofiler-bench-'));
    process.once('exit', () => fs.rmSync(homes, { recursive: true, force: true }));
  }
  return fs.mkdtempSync(path.join(homes, 'home-'));
}

function round(variant) {
  const home = makeHome();
  const file = path.join(home, 'app.js');
  fs.writeFileSync(file, program(works[variant]()));
  const env = { ...process.env, XPROFILER_PREFIX: home, XPROFILER_LOG_DIR: home };
  const { stdout, stderr, status } = spawnSync(process.execPath, [file], { encoding: 'utf8', timeout: 30000, env });
  if (status !== 0) {
    throw new Error(stderr || `${variant} ended with ${status}`);
  }
  return JSON.parse(stdout);
}

module.exports = {
  id: 'startup',
  title: 'Start-up: require and start',
  words: `A program that only calls \`require('xprofiler')()\`; ${SETTLE_MS} ms later CPU time and memory are read. Resident memory also
counts pages of the node binary and of the addon that were touched for the first time; what was written to is the process's own.`,
  target: 'at most 3 ms of CPU and 2 MiB over a bare node',
  verdict: `Missed. Over half is V8 and Node's own JavaScript: three files of ours are found, read, parsed and compiled (a tenth of all is the parsing, another what
it costs that they are three), and functions of Node run for the first time. A fifth is the kernel for the main thread, mostly page faults and the entry in ~/.xprofiler;
a sixth is the core thread: the log and its links, the socket, a first look at each thread; a twentieth the loader, which looks up 160 names. Loading an addon that does
nothing is a quarter of a millisecond. Of the resident memory half are pages of the node binary, most of them its symbol table: the kernel maps 64 KiB around
each name that the loader looks up; a fifth is the addon.`,
  variants: Object.keys(works),
  base: 'nothing',
  compare: 'difference',
  rounds: 40,
  figures: [
    { key: 'call', name: 'require and start, wall-clock ms', digits: 2 },
    { key: 'cpu', name: 'CPU time of the process, ms', digits: 1, chart: true },
    { key: 'rss', name: 'resident memory, MiB', digits: 1 },
    { key: 'own', name: 'of it written to, MiB', digits: 1 },
  ],
  round,
};
