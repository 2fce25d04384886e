'use strict';

// Drives xpf_bridge.h through the addon of this folder.
//   node-gyp rebuild -C test/bridge && node --expose-gc test/bridge/run.js [test name]
// The same file is its own child and worker: run.js child <case>.

const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const crypto = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const worker_threads = require('node:worker_threads');

const bridge = require('./build/Release/bridge_test.node');
const source = fs.readFileSync(__filename, 'utf8');
const major = Number(process.versions.node.split('.')[0]);
const { EALREADY, ECANCELED, EINVAL, ENODATA, ENOSPC } = os.constants.errno;
const ENOTSUP = os.constants.errno.EOPNOTSUPP;

function busyFunctionNamedInJs(ms) {
  const end = Date.now() + ms;
  let sum = 0;
  while (Date.now() < end) for (let i = 0; i < 1000; i++) sum += Math.sqrt(i);
  return sum;
}

function allocate(ms) {
  const end = Date.now() + ms;
  let kept = [];
  while (Date.now() < end) {
    kept.push({ a: [1, 2, 3], b: 'x'.repeat(10) });
    if (kept.length > 20000) kept = [];
    new Function('a', `return a + ${Math.random()}`)(1);
  }
}

// Of code optimised before a profile starts, V8 may give the time to the caller it was inlined into
// (so does the inspector's profiler; mostly from V8 13 on). So names are asked of new functions only.
let functions = 0;
function newBusyFunction() {
  const name = `busyNumber${++functions}`;
  return new Function(`return ${busyFunctionNamedInJs}`.replace('busyFunctionNamedInJs', name))();
}

function profile(interval, ms, work = busyFunctionNamedInJs) {
  const cpu = bridge.cpuStart(interval, 0);
  assert(cpu >= 0, `cpuStart: ${cpu}`);
  work(ms);
  assert.strictEqual(bridge.cpuStop(cpu), 0);
  return cpu;
}

// What depends on the load of the machine may be tried again.
function eventually(test) {
  for (let left = 5; ; left--) {
    try {
      return test();
    } catch (error) {
      if (left === 1) throw error;
    }
  }
}

// ---- the main thread ----------------------------------------------------------------------------

const tests = {
  'a CPU profile names the busy function and counts samples'() {
    const cpu = profile(1000, 200);
    assert.strictEqual(bridge.cpuStop(cpu), 0, 'stop is idempotent');
    const read = bridge.cpuRead(cpu);
    const busy = read.nodes.filter((node) => node.name === 'busyFunctionNamedInJs');
    assert(busy.length > 0);
    const line = source.slice(0, source.indexOf('function busyFunctionNamedInJs')).split('\n').length;
    assert(busy.every((node) => node.url === __filename && node.line === line), JSON.stringify(busy));
    const hits = busy.reduce((sum, node) => sum + node.hits, 0);
    assert(hits > 10, `hits ${hits}`);
    assert(busy.some((node) => node.ticks > 0));
    assert.strictEqual(read.nodes[0].name, '(root)');
    assert(read.samples >= hits && hits < 400, `samples ${read.samples}`); // V8 13 adds some of its own
    assert(read.duration_us > 190e3 && read.duration_us < 2e6, `duration ${read.duration_us}`);
    bridge.cpuFree(cpu);
  },

  'a profile is read only after it stopped'() {
    const cpu = bridge.cpuStart(0, 0);
    assert.strictEqual(bridge.cpuRead(cpu), -EINVAL);
    bridge.cpuFree(cpu); // stops
  },

  'the asked interval is the interval, and max_samples a limit'() {
    // V8 never samples earlier than asked; a loaded machine samples later, so it may try again
    for (const [interval, least, most] of [[200, 150, 900], [1500, 1200, 9000], [10000, 8000, 90000]]) {
      eventually(() => {
        const cpu = profile(interval, 200);
        const { gap_us } = bridge.cpuRead(cpu);
        bridge.cpuFree(cpu);
        assert(gap_us >= least && gap_us <= most, `asked ${interval} us, got ${gap_us}`);
      });
    }
    const cpu = bridge.cpuStart(1000, 10);
    busyFunctionNamedInJs(100);
    bridge.cpuStop(cpu);
    assert.strictEqual(bridge.cpuRead(cpu).samples, 10);
    bridge.cpuFree(cpu);
  },

  'two profiles run at once and end in any order'() {
    const first = bridge.cpuStart(1000, 0);
    const second = bridge.cpuStart(500, 0);
    busyFunctionNamedInJs(50);
    bridge.cpuStop(first);
    busyFunctionNamedInJs(50);
    bridge.cpuStop(second);
    assert(bridge.cpuRead(second).duration_us > bridge.cpuRead(first).duration_us);
    assert(bridge.cpuRead(first).samples > 0 && bridge.cpuRead(second).samples > 0);
    bridge.cpuFree(second);
    bridge.cpuFree(first);
  },

  'profiles are read and freed on another thread while JS allocates, 50 times'() {
    for (let i = 0; i < 50; i++) {
      const cpu = profile(500, 20, allocate);
      const { hash } = bridge.cpuRead(cpu);
      assert.notStrictEqual(hash, 0n);
      const reader = bridge.cpuReadOff(cpu, 5);
      allocate(20);
      assert.deepStrictEqual(bridge.cpuReadJoin(reader), { bad: 0, hash });
    }
  },

  'ready mode: the prepared profiler is used again and again, freed on any thread'() {
    assert.strictEqual(bridge.cpuPrepare(), 0);
    assert.strictEqual(bridge.cpuPrepare(), 0);
    let reader;
    let named = 0;
    for (let i = 0; i < 50; i++) {
      const busy = newBusyFunction();
      const cpu = profile(500, 15, busy); // the last profile may still be read
      if (reader) assert.strictEqual(bridge.cpuReadJoin(reader).bad, 0);
      reader = undefined;
      const { nodes, hash } = bridge.cpuRead(cpu);
      assert.notStrictEqual(hash, 0n);
      if (nodes.some((node) => node.name === busy.name)) named++;
      if (i % 3 === 0) {
        bridge.cpuFree(cpu);
      } else {
        reader = bridge.cpuReadOff(cpu, 5);
        allocate(5);
      }
    }
    if (reader) bridge.cpuReadJoin(reader);
    assert(named > 25, `named in ${named} of 50`); // a loaded machine may not run it in 15 ms
    eventually(() => {
      const shared = bridge.cpuStart(1000, 0);
      const own = bridge.cpuStart(1000, 0); // at the same time, so with a profiler of its own
      const busy = newBusyFunction();
      busy(50);
      bridge.cpuStop(shared);
      bridge.cpuStop(own);
      const [{ nodes }, { samples }] = [bridge.cpuRead(shared), bridge.cpuRead(own)];
      bridge.cpuReadJoin(bridge.cpuReadOff(own, 1));
      bridge.cpuReadJoin(bridge.cpuReadOff(shared, 1));
      assert(nodes.some((node) => node.name === busy.name));
      assert(samples > 0);
    });
  },

  'the inspector profiles at the same time'() {
    const inspector = require('node:inspector');
    const session = new inspector.Session();
    let samples = 0;
    session.connect();
    session.post('Profiler.enable');
    session.post('Profiler.start');
    const cpu = profile(1000, 50);
    session.post('Profiler.stop', (error, result) => {
      samples = error ? 0 : result.profile.samples.length;
    });
    session.disconnect();
    assert(samples > 0);
    assert(bridge.cpuRead(cpu).samples > 0);
    bridge.cpuFree(cpu);
  },

  'heap sampling names who allocated'() {
    assert.strictEqual(bridge.samplingRead(), -ENODATA);
    assert.strictEqual(bridge.samplingStart(1024, 16, 0, 0), 0);
    assert.strictEqual(bridge.samplingStart(1024, 16, 0, 0), -EALREADY);
    const kept = [];
    (function allocatorNamedÄ() {
      for (let i = 0; i < 20000; i++) kept.push({ i, text: `value ${i}` });
    })();
    const read = bridge.samplingRead();
    const node = read.nodes.find(({ name, bytes }) => name === 'allocatorNamedÄ' && bytes > 0);
    assert(node && node.bytes > 500e3 && node.url.endsWith('run.js'), JSON.stringify(node));
    assert(read.samples > 100);
    assert.strictEqual(read.interval_bytes, 1024);
    bridge.samplingStop();
    bridge.samplingStop();
    assert.strictEqual(bridge.samplingRead(), -ENODATA);
    assert.strictEqual(kept.length, 20000);
  },

  'heap sampling with collected objects, where V8 can'() {
    const started = bridge.samplingStart(1024, 16, 1, 1);
    if (major < 20) return assert.strictEqual(started, -ENOTSUP);
    assert.strictEqual(started, 0);
    (function garbageMaker() {
      for (let i = 0; i < 100000; i++) void { i, text: `value ${i}` };
    })();
    global.gc();
    const with_collected = bridge.samplingRead().nodes.filter((n) => n.name === 'garbageMaker');
    bridge.samplingStop();
    assert(with_collected.reduce((sum, n) => sum + n.bytes, 0) > 1e6);
  },

  'heap sampling gives way to an inspector that samples'() {
    const inspector = require('node:inspector');
    const session = new inspector.Session();
    session.connect();
    session.post('HeapProfiler.startSampling');
    assert.strictEqual(bridge.samplingStart(0, 0, 0, 0), -EALREADY);
    session.post('HeapProfiler.stopSampling');
    session.disconnect();
    assert.strictEqual(bridge.samplingStart(0, 0, 0, 0), 0);
    bridge.samplingStop();
  },

  'a snapshot is the same written here and on another thread'() {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'bridge-'));
    const md5 = (file) => crypto.createHash('md5').update(fs.readFileSync(file)).digest('hex');
    for (let i = 0; i < 3; i++) {
      const snapshot = bridge.snapshotTake(i, major < 20 ? 0 : i, 0);
      assert(snapshot >= 0, `snapshotTake: ${snapshot}`);
      assert(bridge.snapshotNodes(snapshot) > 10000);
      const here = bridge.snapshotWrite(snapshot, `${dir}/here`, 0);
      const writer = bridge.snapshotWriteOff(snapshot, `${dir}/there`, 0);
      allocate(100);
      global.gc();
      const there = bridge.snapshotWriteJoin(writer);
      assert.deepStrictEqual([here.error, there.error, there.bytes], [0, 0, here.bytes]);
      assert(here.largest <= 65536 && here.largest > 60000, `chunks of ${here.largest}`);
      assert.strictEqual(md5(`${dir}/there`), md5(`${dir}/here`));
      bridge.snapshotFree(snapshot);
    }
    const { snapshot } = JSON.parse(fs.readFileSync(`${dir}/there`, 'utf8'));
    assert(snapshot.node_count > 10000 && snapshot.meta.node_fields.includes('self_size'));
    fs.rmSync(dir, { recursive: true });
  },

  'writing a snapshot ends with the error of the sink'() {
    const snapshot = bridge.snapshotTake(0, 0, 0);
    const { error, bytes } = bridge.snapshotWrite(snapshot, '/dev/null', 300000);
    assert.strictEqual(error, -ENOSPC);
    assert(bytes <= 300000);
    bridge.snapshotFree(snapshot);
  },

  'a snapshot is given up by its progress'() {
    assert.strictEqual(bridge.snapshotTake(0, 0, 1), -ECANCELED);
    assert.strictEqual(bridge.snapshotTake(0, 0, 3), -ECANCELED);
    const snapshot = bridge.snapshotTake(0, 0, 0);
    assert(snapshot >= 0, 'and works afterwards');
    bridge.snapshotFree(snapshot);
  },

  'internals in a snapshot: from V8 11 on'() {
    const snapshot = bridge.snapshotTake(0, 1, 0);
    if (major < 20) return assert.strictEqual(snapshot, -ENOTSUP);
    bridge.snapshotFree(snapshot);
  },

  'collections are counted, with figures read inside'() {
    assert.strictEqual(bridge.gcWatch(), 0);
    assert.strictEqual(bridge.gcWatch(), -EALREADY);
    const before = bridge.gcCounts();
    for (let i = 0; i < 5; i++) global.gc();
    for (let i = 0; i < 50 && bridge.gcCounts().scavenges === before.scavenges; i++) allocate(100);
    const after = bridge.gcCounts();
    assert(after.marksweeps - before.marksweeps >= 5, JSON.stringify(after));
    assert.strictEqual(after.marksweeps, after.marksweeps_begun);
    assert(after.scavenges > before.scavenges);
    assert(after.spaces >= 8);
    bridge.gcUnwatch();
    global.gc();
    assert.deepStrictEqual(bridge.gcCounts(), after);
  },

  'heap figures agree with node:v8'() {
    const v8 = require('node:v8');
    const heap = bridge.heap();
    assert.strictEqual(heap.limit, v8.getHeapStatistics().heap_size_limit);
    assert(Math.abs(heap.used - v8.getHeapStatistics().used_heap_size) < 5e6);
    const names = v8.getHeapSpaceStatistics().map((space) => space.space_name);
    assert.deepStrictEqual(Object.keys(heap.spaces), names);
  },

  'an interrupt gets out of while (true) and names the loop'() {
    const flag = new Int32Array(1);
    (function loopingFunction() {
      bridge.interruptIn(50, flag);
      while (true) if (Atomics.load(flag, 0) === 1) break;
    })();
    const { state, frames } = bridge.interruptStack();
    assert.strictEqual(frames[0].name, 'loopingFunction');
    assert(frames[0].script.endsWith('run.js') && frames[0].line > 1 && frames[0].column > 0);
    assert(frames[0].is_user === 1 && frames.length >= 2);
    assert(state !== 'UNKNOWN');
    if (process.env.BRIDGE_VERBOSE) console.log(state, frames);
  },

  'an interrupt comes through Atomics.wait'() {
    const flag = new Int32Array(new SharedArrayBuffer(4));
    const before = bridge.pokes();
    bridge.interruptIn(50, flag);
    Atomics.wait(flag, 0, 0, 200);
    assert.strictEqual(bridge.pokes(), before + 1);
  },

  'a stack read in a call: constructors, eval, long and non-ASCII names'() {
    const name = 'x'.repeat(125) + '\u{1F600}'; // the character would end at byte 129
    const box = { [name]() { return eval('new (class Klass { constructor() { this.s = bridge.stackRead(); } })().s'); } };
    const { frames } = box[name]();
    assert.strictEqual(frames[0].name, 'Klass');
    assert.strictEqual(frames[0].is_constructor, 1);
    assert.strictEqual(frames[1].is_eval, 1);
    assert.strictEqual(frames[2].name.replace(/^Object\./, ''), 'x'.repeat(125));
    if (process.env.BRIDGE_VERBOSE) console.log(frames);
  },

  'raw frames inside a signal handler'() {
    let result;
    for (let i = 0; i < 10; i++) { // a signal may meet a collection
      bridge.signalIn();
      busyFunctionNamedInJs(300);
      result = bridge.signalResult();
      if (result.frames >= 2) break;
    }
    assert(result.frames >= 2, JSON.stringify(result));
    assert(result.state !== 'UNKNOWN');
  },

  'raw frames while a native call blocks'() {
    bridge.signalIn();
    crypto.pbkdf2Sync('a', 'b', 300000, 32, 'sha512');
    const { frames } = bridge.signalResult();
    assert(frames >= 2, `frames ${frames}`);
  },

  'out of memory: our function, then the message of Node'() {
    const { stderr, status, signal } = child('oom', ['--max-old-space-size=24']);
    assert(status !== 0 || signal, 'it dies');
    const at = stderr.indexOf('bridge fatal: [');
    assert(at >= 0, stderr);
    assert.match(stderr, /bridge fatal: \[[^\]]+\] \[Allocation failed - JavaScript heap out of memory\] spaces (?:[89]|1\d)\n/);
    assert(stderr.indexOf('FATAL ERROR:') > at, stderr);
    assert.strictEqual(stderr.split('bridge fatal').length, 2, 'told once');
  },

  'out of memory: --report-on-fatalerror still writes'() {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'bridge-'));
    child('oom', ['--max-old-space-size=24', '--report-on-fatalerror', `--report-directory=${dir}`]);
    const reports = fs.readdirSync(dir).filter((name) => name.endsWith('.json'));
    assert.strictEqual(reports.length, 1);
    const report = JSON.parse(fs.readFileSync(path.join(dir, reports[0]), 'utf8'));
    assert.match(report.header.trigger, /FatalError|OOMError/);
    fs.rmSync(dir, { recursive: true });
  },

  'a fatal error, on the main thread and in a worker'() {
    for (const name of ['fatal', 'worker-fatal']) {
      const { stderr, signal } = child(name);
      assert.match(stderr, /bridge fatal: \[v8::ToLocalChecked\] \[Empty MaybeLocal\.?\]/, name);
      assert(stderr.indexOf('FATAL ERROR: v8::ToLocalChecked') > stderr.indexOf('bridge fatal'));
      assert.strictEqual(signal, 'SIGABRT');
    }
  },

  'a fatal error after the watching worker ended is none of ours'() {
    const { stderr } = child('fatal-after-worker');
    assert.match(stderr, /FATAL ERROR: v8::ToLocalChecked/);
    assert.doesNotMatch(stderr, /bridge fatal/);
  },

  'a worker over its limit ends as before, without a fatal error'() {
    const { stderr } = child('worker-oom', ['--max-old-space-size=24']);
    assert.match(stderr, /ERR_WORKER_OUT_OF_MEMORY/);
    assert.doesNotMatch(stderr, /bridge fatal/);
  },

  'the heap limit grows as asked, and V8 restores it'() {
    const { stdout, stderr, status } = child('limit', ['--max-old-space-size=32', '--expose-gc']);
    assert.strictEqual(status, 0, stderr);
    const { raises, initial, high, restored } = JSON.parse(stdout);
    assert(raises >= 2, stdout);
    assert(high > initial, stdout);
    assert(restored <= initial + 1, stdout);
  },

  'the heap limit without a watcher'() {
    const { stderr, status } = child('limit-unwatched', ['--max-old-space-size=32', '--expose-gc']);
    assert(status !== 0);
    assert.match(stderr, /FATAL ERROR/);
  },

  'at exit: process.exit and an uncaught exception'() {
    assert.match(child('exit').stderr, /bridge at exit: spaces \d/);
    assert.match(child('throw').stderr, /bridge at exit: spaces \d/);
    const natural = child('natural');
    assert.deepStrictEqual([natural.status, natural.signal], [0, null], natural.stderr);
  },

  'a process may end with everything running'() {
    for (const end of ['everything-exit', 'everything-natural', 'everything-throw']) {
      const { status, signal, stderr } = child(end);
      assert.strictEqual(signal, null, `${end}: ${stderr}`);
      assert.strictEqual(status, end === 'everything-throw' ? 1 : 0, `${end}: ${stderr}`);
    }
  },

  async 'workers are terminated with everything running, 30 times'() {
    for (let i = 0; i < 30; i += 3) {
      const workers = [0, 1, 2].map(
        (n) => new worker_threads.Worker(__filename, { workerData: `everything-${n % 2 ? 'exit' : 'spin'}` }),
      );
      await Promise.all(
        workers.map(async (worker) => {
          await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
          await new Promise((resolve) => setTimeout(resolve, 1 + (i % 7)));
          await worker.terminate();
        }),
      );
    }
  },
};

// ---- children and workers -----------------------------------------------------------------------

function child(name, flags = []) {
  const options = { encoding: 'utf8', timeout: 60000 };
  return spawnSync(process.execPath, [...flags, __filename, 'child', name], options);
}

function fill(megabytes) {
  const kept = [];
  for (let i = 0; i < megabytes * 8; i++) kept.push(new Array(16384).fill(i));
  return kept;
}

function everything() {
  assert.strictEqual(bridge.atExit(), 0);
  assert.strictEqual(bridge.fatalWatch(), 0);
  assert.strictEqual(bridge.gcWatch(), 0);
  assert.strictEqual(bridge.samplingStart(1024, 16, 0, 0), 0);
  assert.strictEqual(bridge.cpuPrepare(), 0);
  bridge.cpuReadJoin(bridge.cpuReadOff(profile(1000, 5, allocate), 1)); // freed, not yet deleted
  profile(1000, 5, allocate); // stopped, not freed
  assert(bridge.cpuStart(1000, 0) >= 0); // on the prepared profiler
  assert(bridge.cpuStart(500, 0) >= 0); // on its own
  bridge.poke();
}

const children = {
  oom() {
    assert.strictEqual(bridge.fatalWatch(), 0);
    fill(10000);
  },
  'worker-oom'() {
    new worker_threads.Worker(__filename, { workerData: 'oom' }).on('error', console.error);
  },
  fatal() {
    assert.strictEqual(bridge.fatalWatch(), 0);
    assert.strictEqual(bridge.fatalWatch(), -EALREADY);
    bridge.abuseV8();
  },
  'worker-fatal'() {
    new worker_threads.Worker(__filename, { workerData: 'fatal' });
  },
  'fatal-after-worker'() {
    const worker = new worker_threads.Worker(__filename, { workerData: 'watch' });
    worker.once('exit', () => bridge.abuseV8());
  },
  limit() {
    const initial = bridge.heap().limit;
    assert.strictEqual(bridge.limitWatch(16 << 20), 0);
    let kept = fill(80);
    const high = bridge.heap().limit;
    const raises = bridge.limitRaises();
    assert(kept.length > 0);
    kept = undefined;
    for (let i = 0; i < 5; i++) global.gc();
    console.log(JSON.stringify({ initial, high, raises, restored: bridge.heap().limit }));
    bridge.limitUnwatch();
  },
  'limit-unwatched'() {
    assert.strictEqual(bridge.limitWatch(16 << 20), 0);
    bridge.limitUnwatch();
    fill(200);
  },
  exit() {
    bridge.atExit();
    process.exit(0);
  },
  throw() {
    bridge.atExit();
    throw new Error('on purpose');
  },
  natural() {
    bridge.atExit();
  },
  'everything-exit'() {
    everything();
    process.exit(0);
  },
  'everything-natural': everything,
  'everything-throw'() {
    everything();
    throw new Error('on purpose');
  },
};

const workers = {
  oom: children.oom,
  fatal: children.fatal,
  watch: () => bridge.fatalWatch(),
  'everything-spin'() {
    everything();
    worker_threads.parentPort.postMessage('ready');
    for (;;) allocate(5);
  },
  'everything-exit'() {
    everything();
    worker_threads.parentPort.postMessage('ready');
    setTimeout(() => process.exit(0), 3);
    setInterval(allocate, 1, 1);
  },
};

async function main() {
  let failed = 0;
  for (const [name, test] of Object.entries(tests)) {
    if (process.argv[2] && !name.includes(process.argv[2])) continue;
    try {
      await test();
      console.log(`ok    ${name}`);
    } catch (error) {
      failed++;
      console.log(`FAIL  ${name}\n${error.stack}`);
    }
  }
  console.log(`${failed} failed on Node ${process.version}, V8 ${bridge.v8}`);
  process.exitCode = failed ? 1 : 0;
}

if (!worker_threads.isMainThread) workers[worker_threads.workerData]();
else if (process.argv[2] === 'child') children[process.argv[3]]();
else main();
