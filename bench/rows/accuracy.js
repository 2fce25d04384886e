'use strict';

const fs = require('node:fs');
const path = require('node:path');

const { withChild, sleep } = require('../child');

const INTERVAL_S = 5;
const WINDOW_S = 62;

/** Moments at which records come into the log, by looking at its size. */
async function arrivals(child) {
  const { home: folder } = child;
  const file = () => fs.readdirSync(folder).find((name) => /^xprofiler-\d{8}\.log$/.test(name));
  const moments = [];
  let size = 0;
  const end = performance.now() + WINDOW_S * 1000;
  while (performance.now() < end) {
    const name = file();
    const now = name ? fs.statSync(path.join(folder, name)).size : 0;
    const last = moments.at(-1) ?? -Infinity;
    // One record is several lines, written at once or nearly so.
    if (now > size && size > 0 && performance.now() - last > 1000) {
      moments.push(performance.now());
    }
    size = now;
    await sleep(5);
  }
  return moments;
}

const period = {
  id: 'log-interval',
  title: 'The period of the log',
  words: `log_interval is ${INTERVAL_S} s; for ${WINDOW_S} s the moments are taken at which records come into the file.`,
  target: 'at most 1 % off',
  verdict: 'Met.',
  variants: ['xprofiler', 'xprofiler 3.1.0'],
  base: 'xprofiler 3.1.0',
  compare: 'none',
  rounds: 3,
  figures: [
    { key: 'period', name: 'period, s', digits: 3 },
    { key: 'off', name: 'off, %', digits: 2, chart: true },
  ],
  round: (variant) =>
    withChild({ profiler: variant, options: { turns: false, config: { log_interval: INTERVAL_S } } }, async (child) => {
      const moments = (await arrivals(child)).slice(1); // the first line is no record
      const seconds = (moments.at(-1) - moments[0]) / 1000 / (moments.length - 1);
      return { period: seconds, off: 100 * Math.abs(seconds / INTERVAL_S - 1) };
    }),
};

const garbage = {
  id: 'gc-time',
  title: 'GC time against perf_hooks',
  words: 'Garbage for 10 s. The sum of the durations that a PerformanceObserver is told, against the growth of our total.',
  target: 'at most 1 % off',
  verdict: 'Met.',
  variants: ['xprofiler'],
  base: 'xprofiler',
  compare: 'none',
  rounds: 5,
  figures: [
    { key: 'observed', name: 'perf_hooks, ms', digits: 1 },
    { key: 'ours', name: 'xprofiler, ms', digits: 1 },
    { key: 'off', name: 'off, %', digits: 2 },
  ],
  round: (variant) =>
    withChild({ profiler: variant, workload: 'garbage' }, async (child) => {
      await child.ask('observeGarbage');
      const before = await child.ask('garbage');
      await sleep(10000);
      const after = await child.ask('garbage');
      const [observed, ours] = ['observed', 'ours'].map((side) => after[side].ms - before[side].ms);
      return { observed, ours, off: 100 * Math.abs(ours / observed - 1) };
    }),
};

module.exports = [period, garbage];
