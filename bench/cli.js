'use strict';

// How long a cold xprofctl takes: a new process, one question, its answer, the end. The target is idle.
//   node bench/cli.js [rounds]
// "nothing" starts /bin/true in the same way: what starting any process costs here.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawn, spawnSync } = require('node:child_process');

const { rotate, report, machine, count } = require('./sample');

const root = path.join(__dirname, '..');
const FIGURES = [{ key: 'ms', name: 'wall-clock time, ms', digits: 2 }];

function measure([command, ...args]) {
  const begin = process.hrtime.bigint();
  const { status } = spawnSync(command, args, { stdio: 'ignore', timeout: 10000 });
  const ms = Number(process.hrtime.bigint() - begin) / 1e6;
  if (status !== 0) {
    throw new Error(`${command} ${args.join(' ')} ended with ${status}`);
  }
  return { ms };
}

function startTarget(home) {
  const code = `require(${JSON.stringify(root)})(); setInterval(() => {}, 1000); console.log('ready')`;
  const env = { ...process.env, XPROFILER_PREFIX: home, XPROFILER_LOG_DIR: home };
  const child = spawn(process.execPath, ['-e', code], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.stdout.once('data', () => resolve(child));
    child.once('exit', () => reject(new Error('the target has ended')));
  });
}

async function main() {
  const rounds = count(process.argv[2], 100);
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'xprofiler-bench-'));
  const target = await startTarget(home);
  const native = path.join(root, 'build', 'Release', 'xprofctl');
  const pid = String(target.pid);
  const commands = {
    nothing: ['/bin/true'],
    check_version: [native, 'check_version', '-p', pid],
    metrics: [native, 'metrics', '-p', pid],
    'check_version by bin/xprofctl': [path.join(root, 'bin', 'xprofctl'), 'check_version', '-p', pid],
  };
  const variants = Object.keys(commands);
  try {
    console.log(`${rounds} rounds; ${machine()}\n`);
    variants.forEach((variant) => measure(commands[variant]));
    const results = Array.from({ length: rounds }, (_, round) =>
      Object.fromEntries(rotate(variants, round).map((variant) => [variant, measure(commands[variant])])),
    );
    report(results, variants, FIGURES);
  } finally {
    target.kill('SIGKILL');
    fs.rmSync(home, { recursive: true, force: true });
  }
}

main().catch((error) => {
  console.error(`bench: ${error.message}`);
  process.exitCode = 1;
});
