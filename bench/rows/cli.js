'use strict';

const path = require('node:path');
const { spawnSync } = require('node:child_process');

const { peers, root } = require('../peers');
const { withChild } = require('../child');

const native = path.join(root, 'build', 'Release', 'xprofctl');
const commands = {
  'starting /bin/true': ['true', () => ['/bin/true']],
  'xprofctl check_version': ['xprofiler', (pid) => [native, 'check_version', '-p', pid]],
  'xprofctl metrics': ['xprofiler', (pid) => [native, 'metrics', '-p', pid]],
  'through bin/xprofctl': ['xprofiler', (pid) => [path.join(root, 'bin', 'xprofctl'), 'check_version', '-p', pid]],
  '3.1.0: xprofctl check_version': [
    'xprofiler 3.1.0',
    (pid) => [process.execPath, path.join(peers.old, 'bin', 'xprofctl'), 'check_version', '-p', pid],
  ],
};

function time([file, ...args], home) {
  const env = { ...process.env, XPROFILER_PREFIX: home };
  const begin = process.hrtime.bigint();
  const { status, stderr } = spawnSync(file, args, { stdio: ['ignore', 'ignore', 'pipe'], timeout: 10000, env });
  const ms = Number(process.hrtime.bigint() - begin) / 1e6;
  if (status !== 0) {
    throw new Error(`${file} ${args.join(' ')} ended with ${status}: ${stderr}`);
  }
  return { ms };
}

module.exports = {
  id: 'cli',
  title: 'A cold round trip of the command line',
  words: 'A new process, connecting, one question, its answer, the end. The target is idle.',
  target: 'at most 5 ms',
  verdict: 'Met.',
  variants: Object.keys(commands),
  base: 'starting /bin/true',
  compare: 'difference',
  rounds: 15,
  figures: [{ key: 'ms', name: 'wall-clock time, ms', digits: 2, chart: true }],
  round(variant) {
    const [profiler, words] = commands[variant];
    const options = { turns: false };
    return withChild({ profiler: profiler === 'true' ? 'nothing' : profiler, options }, (child) => {
      const run = () => time(words(String(child.pid)), child.home);
      run(); // the page cache is warm from here on
      const times = Array.from({ length: 5 }, () => run().ms).sort((a, b) => a - b);
      return { ms: times[2] };
    });
  },
};
