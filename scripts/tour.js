'use strict';

// Makes docs/tour.md again: types its commands against the demo service under load and notes what they print.
//   node scripts/tour.js

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawn, spawnSync } = require('node:child_process');

const root = path.join(__dirname, '..');
const page = path.join(root, 'docs', 'tour.md');
const children = [];

// A string is text of the page. { run } is typed and shown with its output; `keep` chooses lines, `first` cuts after
// so many. SHOP and PLAIN stand for the two processes.
const STEPS = [
  `# A tour

A session as you would type it, from a service that is slow to the line of code that makes it so. Everything here was typed by
\`node scripts/tour.js\`, which makes this page again; the service is \`demo/service.js\`, a small web shop with a worker
thread, under the load of \`demo/load.js\`.

## Who is there
`,
  { run: 'xprofctl list', keep: (line) => /PID|SHOP/.test(line) },
  `
Memory, event loop and the rest of it, live: \`xprofctl top\`.

![xprofctl top](img/top.svg)

A few figures, a line each second:
`,
  { run: 'xprofctl watch -p SHOP -n 3 rss loop_delay_p99_ms http_in_flight' },
  `
## Where the time goes

One command starts the profiler, waits, stops it, and reads the file. On a terminal a line shows how far it is.
`,
  { run: 'xprofctl cpu -p SHOP -t 4s' },
  `
The same as a flame graph: one HTML file that needs no network. \`--open\` shows it at once where there is a desktop.
`,
  { run: 'xprofctl cpu -p SHOP -t 4s -o shop.html', first: 3 },
  `
![The flame graph of the shop](img/flamegraph.png)

The worker threads too, all at the same time:
`,
  { run: 'xprofctl cpu -p SHOP --each-thread -t 2s -o threads.cpuprofile', keep: (line) => /^CPU|^ {2}\S*\.cpuprofile$|^ {2}size|self time|^ +\d.*(countPrimes|editDistance)/.test(line) },
  `
## Who allocates, and who keeps

\`alloc\` counts what was thrown away meanwhile, \`heap\` only what is still there.
`,
  { run: 'xprofctl alloc -p SHOP -t 3s --sampling-interval-bytes 16384', first: 12 },
  { run: 'xprofctl heap -p SHOP -t 3s --sampling-interval-bytes 16384', first: 10 },
  { run: 'xprofctl snapshot -p SHOP -o shop.heapsnapshot', first: 14 },
  `
## What the garbage collector costs
`,
  { run: 'xprofctl gc -p SHOP -t 4s' },
  `
## What it does right now
`,
  { run: 'xprofctl report -p SHOP' },
  `
## Trace events, for Perfetto
`,
  { run: 'xprofctl trace -p SHOP -t 2s -o shop.trace.json' },
  `
## Before and after

Two profiles, and what has changed between them. \`diff -o\` draws it in red and blue.
`,
  { run: 'xprofctl cpu -p SHOP -t 3s -o before.cpuprofile', first: 3 },
  { run: 'xprofctl cpu -p SHOP -t 3s -o after.cpuprofile', first: 3, quiet: true },
  { run: 'xprofctl diff before.cpuprofile after.cpuprofile', first: 12 },
  { run: 'xprofctl diff before.cpuprofile after.cpuprofile -o change.html', first: 3 },
  `
## Into other tools
`,
  { run: 'xprofctl convert before.cpuprofile before.pb.gz' },
  { run: 'xprofctl cpu -p SHOP -t 1s -o - --format folded 2>/dev/null | cut -c1-110 | head -3' },
  `
## A process that never loaded xprofiler

\`cpu -p PID --attach\` does the two commands in one go ([attach](attach.md)).
`,
  { run: 'xprofctl cpu -p PLAIN', fails: true },
  { run: 'xprofctl attach -p PLAIN' },
  { run: 'xprofctl cpu -p PLAIN -t 2s', first: 12 },
  `
## In a script

Every command takes \`--json\` and has an exit status ([commands](commands.md)).
`,
  { run: `xprofctl gc -p SHOP -t 1s --json | node -p 'JSON.parse(fs.readFileSync(0)).data.summary.share_percent'` },
];

const PLAIN = `
function sumUp(end) {
  let sum = 0;
  while (Date.now() < end) sum += Math.sqrt(sum + 1);
  return sum;
}
setInterval(() => sumUp(Date.now() + 10), 25);
console.log('ready');
`;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function start(args, options) {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'], ...options });
  children.push(child);
  return child;
}

function firstLine(child) {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
      if (text.includes('\n')) resolve(text.split('\n')[0]);
    });
    child.on('exit', () => reject(new Error('the process ended')));
  });
}

/** Two processes: the shop under load, and one without xprofiler. */
async function startProcesses(logs) {
  const options = { argv0: 'node', cwd: root, env: { ...process.env, XPROFILER_LOG_DIR: logs } };
  const shop = start(['demo/service.js'], options);
  const address = (await firstLine(shop)).replace('listening ', '');
  start(['demo/load.js', address, '600'], options);
  const file = path.join(logs, '..', 'plain.js');
  fs.writeFileSync(file, PLAIN);
  const plain = start([file], { ...options, env: { PATH: process.env.PATH, XPROFILER_LOG_DIR: logs } });
  await firstLine(plain);
  await sleep(3000);
  return { SHOP: shop.pid, PLAIN: plain.pid };
}

/** What a reader would have in place of the paths of this machine. */
function clean(text, { logs, home }) {
  return text.replaceAll(logs, '/tmp/shop-logs').replaceAll(`${home}/`, '').replaceAll(`${root}/`, './').replaceAll(root, '.').trimEnd();
}

function type(step, places, pids) {
  const line = step.run.replace(/SHOP|PLAIN/g, (word) => pids[word]);
  const env = { ...process.env, LC_ALL: 'C.UTF-8', PATH: `${path.join(root, 'bin')}:${process.env.PATH}` };
  const result = spawnSync('sh', ['-c', `${line} 2>&1`], { cwd: places.home, env, encoding: 'utf8' });
  if ((result.status !== 0) !== Boolean(step.fails)) {
    throw new Error(`${line}\nended with ${result.status}\n${result.stdout}`);
  }
  const all = clean(result.stdout, places).split('\n');
  const name = (text) => text.replaceAll(String(pids.SHOP), 'SHOP');
  const kept = step.keep ? all.filter((text) => step.keep(name(text))) : all;
  const shown = step.first && kept.length > step.first ? [...kept.slice(0, step.first), '…'] : kept;
  return step.quiet ? `$ ${line}` : [`$ ${line}`, ...shown].join('\n');
}

function write(parts) {
  const text = parts.reduce((whole, { isCommand, text: part }, index) => {
    const follows = index > 0 && parts[index - 1].isCommand;
    if (!isCommand) return `${whole}${follows ? '```\n' : ''}${part}`;
    return `${whole}${follows ? '\n' : '\n```console\n'}${part}\n`;
  }, '');
  fs.writeFileSync(page, `${text}${parts.at(-1).isCommand ? '```\n' : ''}`);
}

async function main() {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-tour-'));
  const logs = path.join(home, 'logs');
  fs.mkdirSync(logs);
  try {
    const pids = await startProcesses(logs);
    const parts = STEPS.map((step) => {
      if (typeof step === 'string') return { isCommand: false, text: step };
      return { isCommand: true, text: type(step, { home, logs }, pids) };
    });
    write(parts);
  } finally {
    children.forEach((child) => child.kill('SIGKILL'));
    fs.rmSync(home, { recursive: true, force: true });
  }
}

main().catch((error) => {
  console.error(`tour: ${error.message}`);
  process.exitCode = 1;
});
