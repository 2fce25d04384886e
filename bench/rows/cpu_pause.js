'use strict';

// How long the event loop stands still when a CPU profile starts, and when it stops.

const { withChild, sleep } = require('../child');

const INTERVAL_US = 1000;

/** The longest turn of the loop while `act` runs and shortly after. */
async function pauseOf(child, act) {
  await child.ask('longest');
  await act();
  await sleep(300);
  return child.ask('longest');
}

const profilersOfStart = ['nothing', 'xprofiler', 'xprofiler ready', 'xprofiler 3.1.0', 'node inspector', '@datadog/pprof'];
const profilersOfStop = ['nothing', 'xprofiler', 'xprofiler ready', 'xprofiler 3.1.0', 'node inspector', '@datadog/pprof'];
const { profilers } = require('../profilers');

function startRow({ id, title, words, target, verdict, workload, options = {}, nodeOptions = [], rounds }) {
  return {
    id,
    title,
    words,
    target,
    verdict,
    variants: profilersOfStart,
    base: 'xprofiler 3.1.0',
    compare: 'ratio',
    rounds,
    figures: [{ key: 'ms', name: 'longest turn of the loop, ms', digits: 2, chart: true }],
    round: (variant) =>
      withChild({ profiler: variant, workload, options, nodeOptions }, async (child) => {
        await sleep(1000);
        const start = () => profilers[variant].startCpu(child, { sampling_interval_us: INTERVAL_US });
        return { ms: await pauseOf(child, start) };
      }),
  };
}

function stopRow({ id, title, words, verdict, seconds, workload, options = {}, rounds, variants = profilersOfStop }) {
  return {
    id,
    title,
    words,
    target: 'at most a twentieth of 3.1.0',
    verdict,
    variants,
    base: 'xprofiler 3.1.0',
    compare: 'ratio',
    rounds,
    figures: [
      { key: 'ms', name: 'longest turn of the loop at the stop, ms', digits: 2, chart: true },
      { key: 'file', name: 'from the stop to the complete file, ms', digits: 0 },
    ],
    round: (variant) =>
      withChild({ profiler: variant, workload, options }, async (child) => {
        await profilers[variant].startCpu(child, { sampling_interval_us: INTERVAL_US });
        await sleep(seconds * 1000);
        let file = 0;
        const ms = await pauseOf(child, async () => {
          const begin = performance.now();
          await profilers[variant].stopCpu(child, {});
          file = performance.now() - begin;
        });
        return { ms, file };
      }),
  };
}

const atStart = 'at most a twentieth of 3.1.0 when prepared (`cpu_profiler: "ready"`), never worse than it otherwise';

module.exports = [
  startRow({
    id: 'cpu-start-empty',
    title: 'The pause when a CPU profile starts: an empty application',
    words: 'The loop turns all the time; its longest turn around the start of the profile, 1 ms sampling interval.',
    target: atStart,
    verdict: 'Met, as far as can be seen: when prepared, the turn is hardly longer than without a profiler.',
    workload: 'idle',
    rounds: 15,
  }),
  startRow({
    id: 'cpu-start-functions',
    title: 'The pause when a CPU profile starts: 50,000 functions',
    words: '50,000 functions in 500 scripts, each called once.',
    target: atStart,
    verdict: 'Met when prepared. Otherwise all four do the same walk of V8; the difference to 3.1.0 is no more than that between the others.',
    workload: 'functions',
    rounds: 7,
  }),
  startRow({
    id: 'cpu-start-heap',
    title: 'The pause when a CPU profile starts: a heap of 600 MB',
    words: 'Objects of a few hundred bytes, 600 MB in all.',
    target: atStart,
    verdict: 'Met: a sixtieth when prepared, the same as the others otherwise.',
    workload: 'heap',
    options: { megabytes: 600 },
    nodeOptions: ['--max-old-space-size=4096'],
    rounds: 5,
  }),
  stopRow({
    id: 'cpu-stop-10s',
    title: 'The pause when a CPU profile stops: after 10 s',
    words: 'JSON work all the time, 10 s at a 1 ms interval.',
    verdict: 'The tree of this work is small: the turn is within 0.3 ms of that without a profiler, and 3.1.0 needs but 3 ms. A twentieth of that would be less than the loop itself.',
    seconds: 10,
    workload: 'work',
    rounds: 5,
  }),
  stopRow({
    id: 'cpu-stop-60s',
    title: 'The pause when a CPU profile stops: after 60 s',
    words: 'JSON work all the time, 60 s at a 1 ms interval.',
    verdict: 'As measured it cannot be met, for the turn without a profiler is more than a twentieth already. What the stop adds to it is 0.15 ms, with 3.1.0 7.6 ms: a fiftieth.',
    seconds: 60,
    workload: 'work',
    rounds: 2,
    variants: profilersOfStop.filter((name) => name !== 'xprofiler ready'),
  }),
  stopRow({
    id: 'cpu-stop-tree',
    title: 'The pause when a CPU profile stops: a tree of about 350,000 nodes',
    words: 'Every leaf of the call tree is reached by another path of 60 calls, 12 s at a 1 ms interval. One call takes 1.5 ms of its own, which the figures contain.',
    seconds: 12,
    verdict: 'Met: the profile is read and written on other threads.',
    workload: 'tree',
    options: { depth: 60 },
    rounds: 3,
  }),
];
