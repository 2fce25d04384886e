'use strict';

// The process that is measured: loads one profiler (bench/profilers.js), has one workload, tells how long its
// event loop stood still, does what the parent says. Started by bench/child.js.
//   argv: { profiler, workload, options } as JSON

const http = require('node:http');

const { profilers } = require('./profilers');

const { profiler: name, workload: workloadName, options } = JSON.parse(process.argv[2]);
let server;
const kept = []; // what makes the heap large

const MEGABYTE = 2 ** 20;

function makeFunctions(count) {
  const perScript = 100;
  for (let script = 0; script < count / perScript; script++) {
    const lines = Array.from(
      { length: perScript },
      (_, index) => `function f${script}_${index}(a) { return a * ${index} + ${script}; }`,
    );
    const names = Array.from({ length: perScript }, (_, index) => `f${script}_${index}`);
    const list = new Function(`${lines.join('\n')}\nreturn [${names.join(',')}];`)();
    list.forEach((fn) => fn(1));
    kept.push(list);
  }
}

function fillHeap(megabytes, make) {
  while (process.memoryUsage().heapUsed < megabytes * MEGABYTE) {
    kept.push(Array.from({ length: 10000 }, (_, index) => make(index)));
  }
}

/** A call tree as wide as anybody's: each leaf is reached by another path. */
function makeTree(depth) {
  const makers = Array.from({ length: 4 }, () => new Function('next', 'return function node(d, s) { return next(d, s) + 1; }'));
  const nodes = makers.map((make) => make((d, s) => step(d, s)));
  let seed = 1;
  function spin() {
    const end = performance.now() + 1.5;
    let sum = 0;
    while (performance.now() < end) {
      sum += Math.sqrt(sum + 2);
    }
    return sum;
  }
  function step(d, s) {
    return d === 0 ? spin() : nodes[(s >>> 13) & 3](d - 1, (Math.imul(s, 1103515245) + 12345) >>> 0);
  }
  return () => {
    seed = (seed + 7919) >>> 0;
    step(depth, seed);
  };
}

/** Garbage of short and of long life, watched by Node's own observer as well. */
const seen = { ms: 0, count: 0 };
const living = [];
function collectGarbage() {
  for (let at = 0; at < 2000; at++) {
    living[at % 20000] = { text: `text ${at}`, list: new Array(20).fill(at) };
  }
}

function observeGarbage() {
  const { PerformanceObserver } = require('node:perf_hooks');
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      seen.ms += duration;
      seen.count++;
    }
  });
  observer.observe({ entryTypes: ['gc'] });
}

function work() {
  const text = JSON.stringify(Array.from({ length: 60 }, (_, index) => ({ index, name: `n${index}` })));
  return JSON.parse(text).reduce((sum, { index }) => sum + index, 0);
}

const workloads = {
  idle: () => () => {},
  work: () => work,
  functions: () => {
    makeFunctions(50000);
    return () => {};
  },
  // Objects as applications have them, a few hundred bytes each.
  heap: ({ megabytes }) => {
    fillHeap(megabytes, (index) => ({ id: index, name: `name ${index}`, values: new Array(32).fill(index) }));
    return () => {};
  },
  // Many small objects: what a snapshot costs depends on their number.
  objects: ({ megabytes }) => {
    fillHeap(megabytes, (index) => ({ id: index, next: { value: index } }));
    return () => {};
  },
  tree: ({ depth }) => makeTree(depth),
  // The worst case for us: the server does almost nothing for a request.
  http: () => {
    const body = JSON.stringify({ hello: 'world' });
    server = http.createServer((request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(body);
    });
    server.listen(0, '127.0.0.1');
    return () => {};
  },
  garbage: () => collectGarbage,
};

/** Turns the loop without a pause; the longest turn is how long an event would have waited. */
const beat = { last: process.hrtime.bigint(), longest: 0n };
function turn(once) {
  const now = process.hrtime.bigint();
  if (now - beat.last > beat.longest) {
    beat.longest = now - beat.last;
  }
  beat.last = now;
  once();
  setImmediate(turn, once);
}

function takeLongest() {
  const ms = Number(beat.longest) / 1e6;
  beat.longest = 0n;
  return ms;
}

async function main() {
  const profiler = profilers[name];
  const once = workloads[workloadName](options);
  profiler.load?.(options);
  const actions = {
    longest: takeLongest,
    call: ({ method, argument }) => profiler.inside[method](argument),
    memory: () => process.memoryUsage(),
    cpu: () => process.cpuUsage(),
    port: () => server.address().port,
    observeGarbage,
    // Not in the middle of a turn: what the observer has not been told yet is told first.
    garbage: async () => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      const { threads } = profiler.metrics();
      return { observed: { ...seen }, ours: { ms: threads.at(-1).total_gc_duration } };
    },
  };
  process.on('message', async ({ action, ...rest }) => {
    try {
      process.send({ value: await actions[action](rest) });
    } catch (error) {
      process.send({ error: error.message });
    }
  });
  process.on('disconnect', () => process.exit(0));
  if (options.turns !== false) {
    turn(once);
  }
  process.send({ value: 'ready' });
}

main();
