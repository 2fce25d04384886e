'use strict';

// The numbers: all of them in every record, in the order that old tools know, and true when the application
// itself counts along.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { execFile } = require('node:child_process');
const { promisify } = require('node:util');

const { startApp, root } = require('./support/app');
const { ANSWER, ask } = require('./support/answer');
const { XPROFILER, ALINODE } = require('./support/known_keys');
const records = require('./support/records');
const { until, sleep } = require('./support/until');

const { pairsOf, numbersOf, agentPairs, recordsOf, series, seriesUntil, documentedKeys } = records;
const run = promisify(execFile);
const xprofctl = path.join(root, 'build', 'Release', 'xprofctl');
const PROCESS_COMPONENTS = ['cpu', 'process', 'cgroup', 'host'];
const THREAD_COMPONENTS = ['memory', 'gc', 'uv', 'http', 'loop'];
const MB = 1024 * 1024;

/** Two workers, one of which also calls start(), and something to count. */
const SERVICE = `${ANSWER}
const http = require('node:http');
const wait = "setInterval(() => {}, 1000);";
workerOf(wait);
workerOf("require(" + JSON.stringify(xprofilerRoot) + ")();" + wait);
const server = http.createServer((request, response) => {
  response.statusCode = request.url === '/lost' ? 404 : 200;
  response.end();
});
server.listen(0, '127.0.0.1', () => say('up'));
setInterval(() => http.get({ port: server.address().port, path: Math.random() < 0.5 ? '/' : '/lost' }), 100);`;

/** Runs the program and gives it to the body, with its log interval 1 s where not said otherwise. */
async function withApp(program, config, body) {
  const app = startApp(program, { config: { log_interval: 1, ...config } });
  try {
    await app.said('up');
    await body(app);
    assert.ok(app.isAlive(), app.stderr);
    assert.strictEqual(app.stderr, '');
  } finally {
    await app.stop();
  }
}

function keysOf(line) {
  return pairsOf(line).map(([key]) => key);
}

/** Complete records: all but the last, which may be in the making. */
async function completeRecords(count, read) {
  return until(() => {
    const found = recordsOf(read());
    return found.length > count && found.slice(0, -1);
  }, `${count} records`);
}

function checkLine(line, keys) {
  const { component } = line;
  const shown = keysOf(line);
  if (component === 'spaces') {
    assert.ok(shown.length > 0 && shown.every((key) => /^\w+_(size|used|available|committed)$/.test(key)));
    return;
  }
  const statuses = shown.filter((key) => key.startsWith('res__'));
  assert.deepStrictEqual(shown.slice(0, statuses.length), [...statuses].sort(), 'statuses first, ascending');
  assert.ok(component === 'http' || statuses.length === 0);
  assert.deepStrictEqual(shown.slice(statuses.length), keys[component], `keys of ${component}`);
  // What an agent's regular expressions find is the same list with the same numbers, to two decimals.
  const taken = pairsOf(line).map(([key, text]) => [key, text.replace(/(\.\d\d)\d+$/, '$1')]);
  assert.deepStrictEqual(agentPairs(line), taken, component);
  if (component === 'memory') assert.match(line.text, /^memory_usage\(byte\) .*, $/);
}

test('every record has all its keys in order, process first, then the workers, then the main thread', async () => {
  await withApp(SERVICE, {}, async (app) => {
    await until(() => [1, 2].every((tid) => series(app, 'memory', tid).length > 0), 'lines of both workers');
    const already = recordsOf(app.log()).length;
    const all = (await completeRecords(already + 2, () => app.log())).slice(already);
    const keys = documentedKeys();
    for (const record of all) {
      for (const line of record) {
        assert.strictEqual(line.pid, app.pid);
        assert.strictEqual(line.version, require(path.join(root, 'package.json')).version);
        checkLine(line, keys);
      }
      const places = record.filter(({ component }) => component !== 'spaces');
      assert.deepStrictEqual(
        places.map(({ component, tid }) => `${component} ${tid}`),
        [
          ...PROCESS_COMPONENTS.map((component) => `${component} 0`),
          ...[1, 2, 0].flatMap((tid) => THREAD_COMPONENTS.map((component) => `${component} ${tid}`)),
        ],
      );
    }
    const statuses = all.flat().filter((line) => line.tid === 0 && line.component === 'http').flatMap(keysOf);
    assert.ok(statuses.includes('res__200') && statuses.includes('res__404'));
  });
});

test('the keys known from xprofiler 3.1.0 come first, in their order', () => {
  const keys = documentedKeys();
  for (const [component, known] of Object.entries(XPROFILER)) {
    assert.deepStrictEqual(keys[component].slice(0, known.length), known);
  }
});

test('enable_log_uv_handles false: the uv line without the handles by type', async () => {
  await withApp(SERVICE, { enable_log_uv_handles: false }, async (app) => {
    const [record] = await completeRecords(1, () => app.log());
    for (const line of record.filter(({ component }) => component === 'uv')) {
      assert.deepStrictEqual(keysOf(line), documentedKeys({ uvHandles: false }).uv);
      assert.strictEqual(keysOf(line)[0], 'active_handles');
      assert.ok(!line.text.includes('tcp'));
    }
  });
});

test('the alinode format: its names, the main thread only, all in its own file', async () => {
  await withApp(SERVICE, { log_format: 'alinode' }, async (app) => {
    const read = () => {
      const names = fs.readdirSync(app.logDir).filter((file) => /^node-\d{8}\.log$/.test(file)); // two at midnight
      return names.sort().map((name) => fs.readFileSync(path.join(app.logDir, name), 'utf8')).join('');
    };
    const all = await completeRecords(2, read);
    for (const record of all) {
      assert.deepStrictEqual(record.map(({ component }) => component), Object.keys(ALINODE));
      for (const line of record) {
        assert.deepStrictEqual(keysOf(line).slice(0, ALINODE[line.component].length), ALINODE[line.component]);
        assert.strictEqual(line.version, undefined);
      }
    }
    assert.strictEqual(app.log(), '');
    assert.ok(numbersOf(all[0][1]).heap_used > MB);
  });
});

test('the json format: one object a line, the same keys in the same order', async () => {
  await withApp(SERVICE, { log_format: 'json' }, async (app) => {
    const complete = () => app.log().split('\n').slice(0, -1).map((line) => JSON.parse(line));
    const threadsOf = (wanted) => complete().filter(({ component }) => component === wanted).map((object) => object.thread_id);
    await until(() => threadsOf('cpu').length > 2 && [0, 1, 2].every((tid) => threadsOf('loop').includes(tid)),
      () => `three records, and lines of three threads; so far ${threadsOf('loop')}`);
    const keys = documentedKeys();
    const head = ['time', 'level', 'component', 'pid', 'thread_id', 'version'];
    for (const object of complete().filter(({ component }) => keys[component] && component !== 'spaces')) {
      const names = Object.keys(object).filter((name) => !name.startsWith('res__'));
      assert.deepStrictEqual(names, [...head, ...keys[object.component]]);
      assert.match(object.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d$/);
      assert.ok(Math.abs(Date.parse(object.time) - Date.now()) < 60000);
      const figures = Object.entries(object).filter(([name]) => !head.includes(name));
      for (const [name, value] of figures) assert.ok(value === null || value >= 0, `${name}: ${value}`);
    }
  });
});

/* ---- true? ---- */

test('memory, handles and CPU are what the application sees itself', async () => {
  const program = `${ANSWER}
const net = require('node:net');
const server = net.createServer();
server.listen(0, '127.0.0.1', () => say('up'));
setInterval(() => {}, 1000);
const look = () => ({ metrics: xprofiler.metrics(), memory: process.memoryUsage(), cpu: process.cpuUsage(),
  heap: require('node:v8').getHeapStatistics(), spaces: require('node:v8').getHeapSpaceStatistics() });
serve({
  look() { answer('look', look()); },
  burn() {
    const before = look();
    const end = process.cpuUsage().user + process.cpuUsage().system + 1.3e6;
    while (process.cpuUsage().user + process.cpuUsage().system < end);
    answer('burn', [before, look()]);
  },
});`;
  await withApp(program, { log_interval: 60 }, async (app) => {
    await sleep(1100); // figures of the process are at most a second old: so those of start() are not used
    const near = (value, wanted, tolerance, name) =>
      assert.ok(Math.abs(value - wanted) <= tolerance, `${name}: ${value}, expected ${wanted} ± ${tolerance}`);
    const { metrics, memory, heap, spaces } = await ask(app, 'look');
    const [main] = metrics.threads;
    assert.strictEqual(main.sample_age_ms, 0);
    near(metrics.process.rss, memory.rss, 4 * MB, 'rss');
    assert.strictEqual(main.rss, metrics.process.rss);
    near(main.heap_used, memory.heapUsed, MB, 'heap_used');
    near(main.heap_total, memory.heapTotal, MB, 'heap_total');
    near(main.amount_of_external_allocated_memory, memory.external, MB, 'external');
    near(main.array_buffers, memory.arrayBuffers, MB, 'array_buffers');
    assert.strictEqual(main.heap_limit, heap.heap_size_limit);
    assert.strictEqual(main.number_of_native_contexts, heap.number_of_native_contexts);
    assert.deepStrictEqual(main.spaces.map(({ name }) => name), spaces.map(({ space_name: name }) => name));
    const old = spaces.find(({ space_name: name }) => name === 'old_space');
    near(main.old_space_used, old.space_used_size, MB, 'old_space_used');
    assert.strictEqual(main.active_tcp_handles, 1);
    assert.strictEqual(main.tid, app.pid);
    assert.strictEqual(metrics.process.open_fds > 10, true);
    assert.strictEqual(metrics.process.js_threads, 1);

    const [before, after] = await ask(app, 'burn');
    const spent = (look) => (look.cpu.user + look.cpu.system) / 1000;
    const told = (look) => look.metrics.process.cpu_user_ms + look.metrics.process.cpu_system_ms;
    near(told(after) - told(before), spent(after) - spent(before), 40, 'CPU time, ms');
    const mainMs = after.metrics.process.cpu_js_main_ms - before.metrics.process.cpu_js_main_ms;
    near(mainMs, spent(after) - spent(before), 60, 'CPU time of the main thread, ms');
    const sum = ['js_main', 'js_workers', 'libuv', 'v8', 'xprofiler', 'other']
      .map((name) => after.metrics.process[`cpu_${name}_ms`])
      .reduce((total, ms) => total + ms, 0);
    near(sum, told(after), 40, 'CPU time of all classes, ms');
  });
});

test('cpu_now and the means over a load of known size', async () => {
  const program = `say('up');
(function spin() { const end = Date.now() + 20; while (Date.now() < end); setImmediate(spin); })();`;
  await withApp(program, {}, async (app) => {
    await until(() => series(app, 'cpu').length >= 5, 'five records', 30000);
    const cpu = series(app, 'cpu');
    // A busy machine may give much less than one core, never more than one for one thread and V8's helpers.
    const mean = cpu.slice(-3).reduce((sum, { cpu_now: now }) => sum + now, 0) / 3;
    const last = series(app, 'process').at(-1);
    assert.ok(mean > 0 && mean <= 130, `cpu_now ${mean}`);
    // CPU time and clock are read one after the other, and the thread may run on between the two.
    assert.ok(last.cpu_js_main_percent <= 120 && last.cpu_js_main_percent > 0, JSON.stringify(last));
    assert.ok(cpu.some(({ cpu_now: now }) => now % 1 !== 0), 'CPU has a fraction');
    const all = cpu.map(({ cpu_now: now }) => now);
    const expected = all.reduce((sum, now) => sum + now, 0) / all.length;
    assert.ok(Math.abs(cpu.at(-1).cpu_600 - expected) < 0.01 * expected + 0.01, `${cpu.at(-1).cpu_600} ${expected}`);
  });
});

test('GC time and count are those of a PerformanceObserver', async () => {
  const program = `${ANSWER}
const { PerformanceObserver, performance, constants } = require('node:perf_hooks');
say('up');
setInterval(() => {}, 1000);
serve({
  churn() {
    const entries = [];
    const observer = new PerformanceObserver((list) => entries.push(...list.getEntries()));
    const main = () => xprofiler.metrics().threads.at(-1);
    // The figures and a moment between which there is no collection.
    const look = () => {
      for (;;) {
        const [figures, at, later] = [main(), performance.now(), main()];
        if (later.total_gc_times === figures.total_gc_times) return [figures, at];
      }
    };
    observer.observe({ entryTypes: ['gc'] });
    const [before, from] = look();
    const end = performance.now() + 2000;
    let hold = [];
    (function churn() {
      for (const stop = performance.now() + 50; performance.now() < stop;) {
        hold.push(Array.from({ length: 5000 }, (_, i) => ({ i })));
        if (hold.length > 150) hold = [];
      }
      if (performance.now() < end) return setImmediate(churn);
      const [after, until] = look();
      setTimeout(() => {
        const own = entries.filter((entry) => entry.startTime > from && entry.startTime < until);
        const ms = (kind) => own.filter((e) => !kind || (e.detail || e).kind === kind).reduce((sum, e) => sum + e.duration, 0);
        answer('churn', { before, after, count: own.length, ms: ms(),
          scavenge: ms(constants.NODE_PERFORMANCE_GC_MINOR), marksweep: ms(constants.NODE_PERFORMANCE_GC_MAJOR) });
      }, 300);
    })();
  },
});`;
  await withApp(program, { log_interval: 60 }, async (app) => {
    const { before, after, ...observed } = await ask(app, 'churn');
    const since = (key) => after[key] - before[key];
    assert.ok(observed.ms > 100, `little GC: ${observed.ms} ms`);
    const near = (key, ms) =>
      assert.ok(Math.abs(since(key) - ms) <= Math.max(0.01 * ms, 1.5), `${key}: ${since(key)}, observed ${ms}`);
    near('total_gc_duration', observed.ms);
    near('total_scavange_duration', observed.scavenge);
    near('total_marksweep_duration', observed.marksweep);
    assert.strictEqual(since('total_gc_times'), observed.count);
    assert.ok(after.scavenge_longest_last_record <= after.total_scavange_duration + 1);
    assert.ok(after.gc_time_during_last_record >= since('total_gc_duration'));
  });
});

test('a block of the loop of 300 ms is the longest turn of its record, and of no later one', async () => {
  const program = `${ANSWER}
say('up');
setInterval(() => {}, 20);
serve({
  block() {
    const begin = process.hrtime.bigint();
    while (process.hrtime.bigint() - begin < 300000000n);
    answer('block', Number(process.hrtime.bigint() - begin) / 1e6);
  },
});`;
  await withApp(program, {}, async (app) => {
    await until(() => series(app, 'loop').length > 0, 'the first record');
    const from = series(app, 'loop').length;
    const actual = await ask(app, 'block');
    const line = await seriesUntil(app, 'loop', ({ loop_delay_max_ms: max }) => max >= 300, { from });
    assert.ok(line.loop_delay_max_ms >= actual - 0.01, `${line.loop_delay_max_ms} of ${actual}`);
    assert.ok(line.loop_delay_max_ms <= actual + 500, `${line.loop_delay_max_ms} of ${actual}`);
    assert.ok(line.loop_delay_p50_ms < 150, 'one long turn is not the median');
    assert.ok(line.loop_delay_mean_ms > line.loop_delay_p50_ms);
    await seriesUntil(app, 'loop', ({ loop_delay_max_ms: max }) => max < 250, { from: from + 1 });
  });
});

test('loop utilisation is that of performance.eventLoopUtilization()', async () => {
  const program = `${ANSWER}
const { performance } = require('node:perf_hooks');
const began = performance.now();
say('up');
setInterval(() => { const end = Date.now() + 20; while (Date.now() < end); }, 50);
const look = () => ({ began, at: performance.now(), elu: performance.eventLoopUtilization(), main: xprofiler.metrics().threads.at(-1) });
serve({ look() { answer('look', look()); } });`;
  await withApp(program, { log_interval: 60 }, async (app) => {
    const first = await ask(app, 'look');
    await sleep(3000);
    const last = await ask(app, 'look');
    const busyMs = last.main.loop_busy_total_ms - first.main.loop_busy_total_ms;
    const activeMs = last.elu.active - first.elu.active;
    assert.ok(activeMs > 500, `${activeMs} ms`);
    // A histogram knows each turn to 6 %.
    assert.ok(Math.abs(busyMs - activeMs) <= 0.07 * activeMs + 25, `${busyMs} ms, Node says ${activeMs}`);
    // Counted from when xprofiler was loaded: after Node began, before the program did.
    const percent = (elapsedMs) => 100 * (1 - last.elu.idle / elapsedMs);
    const { loop_utilization: told } = last.main;
    const text = `${told} %, Node: ${percent(last.at - last.began)} to ${percent(last.at)}`;
    assert.ok(told >= percent(last.at - last.began) - 0.5 && told <= percent(last.at) + 0.5, text);
  });
});

test('ArrayBuffers show, on the line and at once in metrics()', async () => {
  const program = `${ANSWER}
const kept = [];
say('up');
setInterval(() => {}, 1000);
serve({ fill() {
  const before = xprofiler.metrics().threads[0];
  kept.push(new ArrayBuffer(64 * 1024 * 1024), Buffer.alloc(32 * 1024 * 1024, 1));
  answer('fill', [before, xprofiler.metrics().threads[0]]);
} });`;
  await withApp(program, {}, async (app) => {
    const [before, after] = await ask(app, 'fill');
    for (const key of ['array_buffers', 'amount_of_external_allocated_memory']) {
      const grown = (after[key] - before[key]) / MB;
      assert.ok(grown >= 95.9 && grown < 100, `${key} grew by ${grown} MB`);
    }
    const line = await seriesUntil(app, 'memory', (memory) => memory.array_buffers > 96 * MB);
    assert.ok(line.rss > 32 * MB);
  });
});

/* ---- at once ---- */

test('the command metrics is fresh from the first moment, for many askers at once', async () => {
  const program = `${ANSWER}
const kept = [];
say('up');
workerOf("setInterval(() => {}, 1000)").on('online', () => say('worker'));
setInterval(() => {}, 1000);
serve({ fill() { kept.push(Buffer.alloc(64 * 1024 * 1024)); say('full'); } });`;
  await withApp(program, { log_interval: 60 }, async (app) => {
    const rpc = await app.rpc();
    const first = (await rpc.call('metrics')).threads.at(-1);
    assert.ok(first.heap_used > MB && first.sample_age_ms < 5000, `${first.heap_used} ${first.sample_age_ms}`);
    app.tell('fill');
    await app.said('full');
    // A thread is not waited for longer than 100 ms: on a busy machine it is asked again.
    const { threads } = await until(async () => {
      const figures = await rpc.call('metrics');
      return figures.threads.at(-1).array_buffers > 64 * MB && figures;
    }, 'the buffer in the figures', 20000);
    assert.ok(threads.at(-1).sample_age_ms < 5000 && threads.at(-1).active_handles > 0);
    const clients = await Promise.all([app.rpc(), app.rpc(), app.rpc()]);
    const replies = await Promise.all(clients.flatMap((each) => [each.call('metrics'), each.call('metrics')]));
    for (const { threads: all } of replies) assert.ok(all.at(-1).array_buffers > 64 * MB);
    await app.said('worker');
    const worker = await until(
      async () => (await rpc.call('metrics')).threads.find((thread) => thread.thread_id === 1 && thread.heap_used > 0),
      'the figures of the worker',
    );
    assert.strictEqual(worker.is_main, false);
    assert.strictEqual((await rpc.refused('metrics', { format: 'xml' })).data.field, 'format');
  });
});

/** The types of lib/index.d.ts: figures are numbers, texts, flags, null, or objects and lists of such. */
function checkFigures(figures, at) {
  for (const [name, value] of Object.entries(figures)) {
    const isGroup = typeof value === 'object' && value !== null;
    if (isGroup && Array.isArray(value)) value.forEach((item, i) => checkFigures(item, `${at}.${name}[${i}]`));
    else if (isGroup) checkFigures(value, `${at}.${name}`);
    else assert.ok(value === null || ['number', 'string', 'boolean'].includes(typeof value), `${at}.${name}`);
  }
}

test('metrics(): every documented key, typed as declared, also in a worker', async () => {
  const program = `${ANSWER}
say('up');
const worker = new Worker("const x = require(" + JSON.stringify(xprofilerRoot) + "); x(); require('node:worker_threads').parentPort.postMessage(x.metrics()); setInterval(() => {}, 1000)", { eval: true });
const fromWorker = new Promise((resolve) => worker.on('message', resolve));
serve({ async look() { answer('look', [xprofiler.metrics(), await fromWorker]); } });`;
  await withApp(program, { log_interval: 60 }, async (app) => {
    const keys = documentedKeys();
    for (const metrics of await ask(app, 'look')) {
      assert.deepStrictEqual(Object.keys(metrics), ['process', 'threads']);
      checkFigures(metrics.process, 'process');
      for (const key of PROCESS_COMPONENTS.flatMap((name) => keys[name])) assert.ok(key in metrics.process, key);
      assert.ok(metrics.threads.length >= 1 && metrics.threads.at(-1).is_main);
      for (const thread of metrics.threads) {
        checkFigures(thread, 'threads');
        for (const key of THREAD_COMPONENTS.flatMap((name) => keys[name])) assert.ok(key in thread, key);
        assert.ok(thread.spaces.length >= 8 || thread.heap_used === null);
      }
    }
  });
});

/** Throws when the text is not in the Prometheus text format; gives { 'name{labels}': number }. */
function parsePrometheus(text) {
  const types = new Map();
  const samples = {};
  let family = '';
  assert.ok(text.endsWith('\n'));
  for (const line of text.split('\n').slice(0, -1)) {
    const type = /^# TYPE (xprofiler_[a-z0-9_]+) (counter|gauge)$/.exec(line);
    if (type) {
      assert.ok(!types.has(type[1]), `two families ${type[1]}`);
      types.set(type[1], type[2]);
      family = type[1];
    } else if (!/^# HELP xprofiler_[a-z0-9_]+ \S.*$/.test(line)) {
      const sample = /^([a-z0-9_]+)(\{(?:[a-z_]+="[^"\\\n]*",?)+\})? (\d+(?:\.\d+)?(?:e[+-]\d+)?)$/.exec(line);
      assert.ok(sample, line);
      assert.strictEqual(sample[1], family, `${line} stands in the family ${family}`);
      const name = sample[1] + (sample[2] || '');
      assert.ok(!(name in samples), `twice: ${name}`);
      samples[name] = Number(sample[3]);
    }
  }
  return samples;
}

test('prometheus(): the text format, in base units, equal to the figures', async () => {
  const program = `${ANSWER}
say('up');
setInterval(() => {}, 1000);
/** Both of one reading of the system: the reading before them is the one after them. */
serve({ look() {
  for (let i = 0; i < 1000; i++) {
    const { process: before } = xprofiler.metrics();
    const text = xprofiler.prometheus();
    const metrics = xprofiler.metrics();
    const isSame = before.rss === metrics.process.rss && before.cpu_user_ms === metrics.process.cpu_user_ms;
    if (isSame) return answer('look', { text, metrics });
  }
  answer('look', { text: '', metrics: xprofiler.metrics() });
} });`;
  await withApp(program, { log_interval: 60 }, async (app) => {
    const { text, metrics } = await ask(app, 'look');
    const samples = parsePrometheus(text);
    const { process: figures, threads } = metrics;
    assert.strictEqual(samples.xprofiler_resident_memory_bytes, figures.rss);
    assert.strictEqual(samples.xprofiler_max_fds, figures.fd_limit);
    const user = samples['xprofiler_cpu_seconds_total{mode="user"}'];
    assert.ok(Math.abs(user - figures.cpu_user_ms / 1000) < 0.005, `${user} s`);
    assert.strictEqual(samples['xprofiler_heap_limit_bytes{thread_id="0"}'], threads[0].heap_limit);
    assert.ok(samples['xprofiler_heap_space_used_bytes{thread_id="0",space="old_space"}'] > MB);
    const page = fs.readFileSync(path.join(root, 'docs', 'metrics.md'), 'utf8');
    const documented = new Set([...page.matchAll(/`(xprofiler_[a-z0-9_]+)/g)].map(([, name]) => name));
    for (const name of Object.keys(samples)) {
      const family = name.replace(/\{.*/, '').replace(/_space_(size|used|available|committed)_bytes$/, '_space_');
      assert.ok(documented.has(family), `${name} is not in docs/metrics.md`);
    }
    const rpc = await app.rpc();
    const reply = await rpc.call('metrics', { format: 'prometheus' });
    assert.deepStrictEqual(Object.keys(reply), ['text']);
    assert.deepStrictEqual(Object.keys(parsePrometheus(reply.text)).sort(), Object.keys(samples).sort());
  });
});

test('xprofctl metrics: a table, JSON, Prometheus text', async () => {
  await withApp(SERVICE, {}, async (app) => {
    const environment = { env: { ...process.env, LC_ALL: 'C' } };
    const say = (...words) => run(xprofctl, ['metrics', '-p', String(app.pid), ...words], environment);
    const table = await until(async () => {
      const { stdout } = await say();
      return stdout.includes('of thread 1') && stdout.includes('of thread 2') && stdout;
    }, 'both workers in the table');
    assert.match(table, new RegExp(`metrics of the process \\(pid ${app.pid}\\)`));
    assert.match(table, /of thread 1 [^]*of thread 2 [^]*of thread 0 /);
    for (const key of Object.values(documentedKeys()).flat()) assert.ok(table.includes(` ${key}`), key);
    const json = JSON.parse((await say('--json')).stdout);
    const figures = json.process ? json : json.data || json.result;
    assert.strictEqual(figures.threads.at(-1).tid, app.pid);
    assert.ok(parsePrometheus((await say('--prometheus')).stdout).xprofiler_resident_memory_bytes > MB);
  });
});
