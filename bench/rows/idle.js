'use strict';

// What a process that does nothing pays for being watched, and whether its memory grows.

const fs = require('node:fs');

const { withChild, sleep } = require('../child');

const variants = ['nothing', 'xprofiler', 'xprofiler 3.1.0', 'monitorEventLoopDelay'];

function cpuOf(pid) {
  return fs
    .readdirSync(`/proc/${pid}/task`)
    .reduce((sum, tid) => sum + Number(fs.readFileSync(`/proc/${pid}/task/${tid}/schedstat`, 'utf8').split(' ')[0]), 0) / 1e6;
}

module.exports = {
  id: 'idle',
  title: 'An idle process',
  words: `Every process stands beside the others all the time, with its default configuration. CPU is that of the whole process from the
first minute on, in parts of one core; memory is compared with that after the first minute.`,
  target: 'at most 0.1 % of a core, memory flat over ten minutes',
  verdict: 'Met.',
  variants,
  base: 'nothing',
  compare: 'difference',
  rounds: 1,
  figures: [
    { key: 'cpu', name: 'CPU, % of a core', digits: 4, chart: true },
    { key: 'rss', name: 'resident memory at the end, MiB', digits: 1 },
    { key: 'growth', name: 'its growth after the first minute, MiB', digits: 2 },
  ],
  async together({ minutes = 10 }) {
    const one = (profiler) =>
      withChild({ profiler, options: { turns: false } }, async (child) => {
        await sleep(60000);
        const [cpu, rss, at] = [cpuOf(child.pid), child.rss().now, performance.now()];
        await sleep((minutes - 1) * 60000);
        const elapsed = performance.now() - at;
        return {
          cpu: (100 * (cpuOf(child.pid) - cpu)) / elapsed,
          rss: child.rss().now,
          growth: child.rss().now - rss,
        };
      });
    const results = await Promise.all(variants.map(one));
    return [Object.fromEntries(variants.map((name, index) => [name, results[index]]))];
  },
};
