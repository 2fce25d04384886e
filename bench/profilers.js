'use strict';

// Every profiler that is compared, in the same words. `load` and `inside` run in the measured process
// (bench/target.js), the rest in the benchmark, with a Child (bench/child.js). start resolves when the
// profiler runs, stop when the profile is complete on disk; both resolve to a file or nothing.

const fs = require('node:fs');
const path = require('node:path');

const { peers, root } = require('./peers');

async function command(folder, child, name, options) {
  const xctl = require(path.join(folder, 'lib', 'xctl.js'));
  process.env.XPROFILER_PREFIX = child.home; // where 3.1.0 looks a process up
  const reply = await xctl(child.pid, 0, name, options);
  if (!reply.ok) {
    throw new Error(`${name}: ${reply.message}`);
  }
  return reply.data.filepath;
}

/** The old version answers at once and writes later: complete is when the file no longer grows. */
async function complete(file, limitMs = 300000) {
  const end = Date.now() + limitMs;
  let size = -1;
  while (Date.now() < end) {
    const now = fs.statSync(file, { throwIfNoEntry: false })?.size ?? -1;
    if (now > 0 && now === size) {
      return file;
    }
    size = now;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`${file} does not become complete`);
}

function bySocket(folder, config) {
  const at = (action) => (child, options) => command(folder, child, action, options);
  const finished = (action) => async (child, options) => complete(await at(action)(child, options));
  return {
    load: ({ home, config: more }) => require(folder)({ log_dir: home, ...config, ...more }),
    metrics: () => require(folder).metrics(),
    startCpu: at('start_cpu_profiling'),
    stopCpu: finished('stop_cpu_profiling'),
    heapdump: finished('heapdump'),
  };
}

/** What node --cpu-prof and v8.writeHeapSnapshot do, when one wants rather than at the end. */
function makeInspector() {
  const { Session } = require('node:inspector');
  const session = new Session();
  session.connect();
  const post = (method, params) =>
    new Promise((resolve, reject) => {
      session.post(method, params, (error, result) => (error ? reject(new Error(error.message)) : resolve(result)));
    });
  return {
    async startCpu({ intervalUs }) {
      await post('Profiler.enable');
      await post('Profiler.setSamplingInterval', { interval: intervalUs });
      await post('Profiler.start');
    },
    async stopCpu(file) {
      const { profile } = await post('Profiler.stop');
      fs.writeFileSync(file, JSON.stringify(profile));
    },
  };
}

function makeDatadog() {
  const { time, encodeSync } = require(peers.datadog);
  return {
    startCpu: ({ intervalUs }) => time.start({ intervalMicros: intervalUs, durationMillis: 60000 }),
    stopCpu: (file) => fs.writeFileSync(file, encodeSync(time.stop())),
  };
}

/** A profiler that lives in the process and is told by it. */
function inProcess(make) {
  const profiler = {
    inside: {},
    load() {
      Object.assign(profiler.inside, make());
    },
    startCpu: (child, options) => child.call('startCpu', { intervalUs: options.sampling_interval_us }),
    async stopCpu(child) {
      const file = path.join(child.home, `profile-${Date.now()}`);
      await child.call('stopCpu', file);
      return file;
    },
  };
  return profiler;
}

const nothing = { startCpu: () => {}, stopCpu: () => {}, heapdump: () => {} };
const quiet = { log_interval: 60, log_level: 0 };

const profilers = {
  nothing: { ...nothing },
  'nothing again': { ...nothing },
  'no-op addon': { ...nothing, load: () => require(peers.noop) },
  xprofiler: bySocket(root, quiet),
  'xprofiler ready': bySocket(root, { ...quiet, cpu_profiler: 'ready' }),
  'xprofiler 3.1.0': bySocket(peers.old, quiet),
  'node inspector': inProcess(makeInspector),
  '@datadog/pprof': inProcess(makeDatadog),
  monitorEventLoopDelay: {
    ...nothing,
    load() {
      this.histogram = require('node:perf_hooks').monitorEventLoopDelay(); // kept: collected, it measures no more
      this.histogram.enable();
    },
  },
  'v8.writeHeapSnapshot': {
    inside: { heapdump: (file) => require('node:v8').writeHeapSnapshot(file) && undefined },
    heapdump: async (child) => {
      const file = path.join(child.home, 'heap.heapsnapshot');
      await child.call('heapdump', file);
      return file;
    },
  },
};

// Ours says by itself when a file is complete.
for (const name of ['xprofiler', 'xprofiler ready']) {
  for (const [method, action] of [
    ['stopCpu', 'stop_cpu_profiling'],
    ['heapdump', 'heapdump'],
  ]) {
    profilers[name][method] = (child, options) => command(root, child, action, { ...options, wait: true });
  }
}

module.exports = { profilers };
