'use strict';

// The parameters of the commands: what each changes, in the reply and in the file.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { describe, test, before, after } = require('node:test');
const { startApp } = require('./support/app');
const { PROFILES } = require('./support/kinds');
const { until, within, sleep } = require('./support/until');

// Work in functions of their own, a deep call, allocations that are thrown away at once, a large heap.
const BODY = `
  const kept = (globalThis.kept = Array.from({ length: 60000 }, (_, i) => ({ i, text: 'kept' + i })));
  function throwAway() {
    let last;
    for (let i = 0; i < 20000; i++) last = { i, list: [i, i, i, i, i, i, i, i] };
    return last;
  }
  function deep(n) {
    return n === 0 ? [throwAway()] : [...deep(n - 1), n];
  }
  setInterval(() => deep(40), 15);
  say('ready ' + kept.length);`;

const read = (file) => JSON.parse(fs.readFileSync(file, 'utf8'));
const quantile = (numbers, q) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length * q)];

describe('commands, their parameters', { timeout: 240000 }, () => {
  let app;
  let rpc;
  before(async () => {
    app = startApp(BODY);
    rpc = await app.rpc();
    await app.said('ready 60000');
  });
  after(() => app.stop());

  const temps = () => app.files().filter((name) => name.startsWith('.'));

  for (const { start } of PROFILES) {
    test(`${start}: profiling_time is kept, not rounded to seconds`, async () => {
      const lasted = [];
      for (let i = 0; i < 3; i++) {
        lasted.push((await rpc.call(start, { profiling_time: 100, wait: true })).duration_ms);
      }
      lasted.forEach((ms) => assert.ok(ms >= 99, `ended after ${ms} ms, before its time`));
      assert.ok(Math.min(...lasted) < 900, `${lasted} ms instead of 100`);
    });
  }

  test('profiling_time -1 and 0: until stopped', async () => {
    for (const profiling_time of [-1, 0]) {
      await rpc.call('start_gc_profiling', { profiling_time });
      await sleep(300);
      assert.ok((await rpc.call('stop_gc_profiling', { wait: true })).duration_ms >= 299);
    }
  });

  test('a manual stop cancels the timer: it does not end the next profile', async () => {
    for (const { start, stop } of PROFILES) {
      await rpc.call(start, { profiling_time: 2500 });
      const first = await rpc.call(stop, { wait: true });
      assert.ok(first.duration_ms < 2500, `${first.duration_ms} ms`);
      await rpc.call(start);
    }
    await sleep(2800);
    for (const { stop } of PROFILES) {
      const second = await rpc.call(stop, { wait: true });
      assert.ok(second.duration_ms >= 999, `${second.duration_ms} ms`);
    }
  });

  test('wait: progress every second, then the result', async () => {
    const call = rpc.send('start_cpu_profiling', { profiling_time: 3500, wait: true });
    const { result } = await within(call.reply, 'the result');
    assert.ok(result.duration_ms >= 3499);
    assert.ok(call.progress.length >= 2, `${call.progress.length} notifications`);
    call.progress.forEach((progress, i) => {
      assert.strictEqual(progress.id, call.id);
      assert.strictEqual(progress.state, 'running');
      assert.strictEqual(progress.thread_id, 0);
      assert.strictEqual(progress.filepath, result.filepath);
      assert.ok(progress.elapsed_ms >= 950 * (i + 1), `${i}: ${progress.elapsed_ms}`);
    });
  });

  test('wait: a snapshot that takes V8 long is being written, its thread is not busy', async () => {
    const large = startApp(`
      globalThis.kept = [];
      serve({ grow() {
        for (let i = 0; i < 150000; i++) kept.push({ i, text: 'item ' + i });
        say('grown');
      } });`);
    try {
      const own = await large.rpc();
      const states = [];
      for (let times = 1; states.length === 0; times++) {
        assert.ok(times <= 10, 'not even a million objects take a second');
        large.tell('grow');
        await large.said('grown', times);
        const call = own.send('heapdump', { wait: true });
        const { result } = await within(call.reply, 'the result', 120000);
        assert.strictEqual(result.state, 'written');
        fs.rmSync(result.filepath);
        states.push(...call.progress.map(({ state }) => state));
      }
      // At last it is written, and V8's memory is given back.
      for (const state of states) assert.ok(['writing', 'written'].includes(state), state);
    } finally {
      await large.stop();
    }
    rpc.close(); // who is silent for a minute is closed, and a busy machine may take one for this
    rpc = await app.rpc();
  });

  test('wait: whoever waits for a start is answered when somebody else stops it', async () => {
    const waiting = rpc.send('start_heap_profiling', { wait: true });
    await rpc.call('check_version');
    const other = await app.rpc();
    await other.call('stop_heap_profiling');
    const { result } = await within(waiting.reply, 'the result');
    assert.strictEqual(result.state, 'written');
  });

  test('a client that leaves takes nothing with it', async () => {
    const leaving = await app.rpc();
    leaving.send('start_cpu_profiling', { name: 'left', wait: true });
    await leaving.call('check_version');
    leaving.close();
    const stopped = await rpc.call('stop_cpu_profiling', { wait: true });
    assert.strictEqual(path.basename(stopped.filepath), 'left.cpuprofile');
  });

  test('sampling_interval_us: fewer or more samples, and told', async () => {
    const deltas = {};
    for (const sampling_interval_us of [1000, 20000]) {
      const written = await rpc.call('start_cpu_profiling', { sampling_interval_us, profiling_time: 600, wait: true });
      assert.strictEqual(written.sampling_interval_us, sampling_interval_us);
      const profile = read(written.filepath);
      assert.strictEqual(written.samples, profile.samples.length);
      assert.strictEqual(written.nodes, profile.nodes.length);
      assert.ok(written.effective_interval_us > 0);
      deltas[sampling_interval_us] = profile.timeDeltas.slice(1);
    }
    // A busy machine delays most samples, but not all.
    assert.ok(quantile(deltas[1000], 0.1) < 5000, `${deltas[1000]} us`);
    assert.ok(quantile(deltas[20000], 0.5) > 10000, `${deltas[20000]} us`);
  });

  test('sampling_interval_bytes and include_collected: what is thrown away shows only when asked for', async (t) => {
    const total = (node) => node.selfSize + node.children.reduce((sum, child) => sum + total(child), 0);
    const options = { sampling_interval_bytes: 16384, profiling_time: 600, wait: true };
    const pairs = [];
    // Only what is still alive is told without it: all of the last few MB, when the last collection was long ago.
    while (pairs.length < 5 && !pairs.some(([live, all]) => all > 3 * live)) {
      const live = await rpc.call('start_heap_profiling', options);
      assert.strictEqual(live.sampling_interval_bytes, 16384);
      const { result: all, error } = await within(
        rpc.send('start_heap_profiling', { ...options, include_collected: true }).reply,
        'a profile with what was collected',
      );
      if (error) {
        assert.strictEqual(error.code, -32006, error.message);
        assert.ok(Number(process.versions.node.split('.')[0]) < 20, error.message);
        return t.skip(error.message);
      }
      pairs.push([live, all].map(({ filepath }) => total(read(filepath).head)));
    }
    assert.ok(pairs.some(([live, all]) => all > 3 * live), `${pairs.join('; ')}`);
  });

  test('stack_depth', async () => {
    const depth = (node) => 1 + Math.max(0, ...node.children.map(depth));
    const measure = async (stack_depth) => {
      const written = await rpc.call('start_heap_profiling', {
        ...{ stack_depth, sampling_interval_bytes: 1024, profiling_time: 200, wait: true },
      });
      return depth(read(written.filepath).head);
    };
    assert.ok((await measure(4)) <= 5); // and the root
    // Only what is still alive is told: a collection just before the end may leave nothing deep.
    const depths = [];
    while (depths.length < 10 && !(depths.at(-1) > 20)) depths.push(await measure(64));
    assert.ok(depths.at(-1) > 20, `${depths}`);
  });

  test('name: as given, with its extension', async () => {
    const given = { mine: 'mine.gcprofile', 'with.gcprofile': 'with.gcprofile', 'größe 1': 'größe 1.gcprofile', '-rf': '-rf.gcprofile' };
    given['n'.repeat(200)] = `${'n'.repeat(200)}.gcprofile`;
    for (const [name, file] of Object.entries(given)) {
      const written = await rpc.call('start_gc_profiling', { name, profiling_time: 20, wait: true });
      assert.strictEqual(written.filepath, path.join(app.logDir, file));
      read(written.filepath);
    }
  });

  test('name: refused when it exists, or is not one plain name', async () => {
    const before_ = fs.readFileSync(path.join(app.logDir, 'mine.gcprofile'));
    fs.symlinkSync('/nowhere/at/all', path.join(app.logDir, 'link.gcprofile'));
    const wrong = ['mine', 'mine.gcprofile', 'link', 'a/b', '/tmp/a', '../a', '.hidden', '..', '', 'n'.repeat(201), 'a\nb', 'a\u007f'];
    for (const name of wrong) {
      const error = await rpc.refused('start_gc_profiling', { name });
      assert.deepStrictEqual([error.code, error.data.field], [-32602, 'name'], `${name}: ${error.message}`);
    }
    assert.match((await rpc.refused('start_gc_profiling', { name: 'mine' })).message, /exists already/);
    assert.deepStrictEqual(fs.readFileSync(path.join(app.logDir, 'mine.gcprofile')), before_);
    assert.ok(!fs.existsSync(path.join(app.home, 'a')) && !fs.existsSync('/nowhere'));
    assert.strictEqual((await rpc.refused('stop_gc_profiling')).code, -32000, 'nothing runs');
  });

  test('a file of the name that appears while the profile runs is not overwritten', async () => {
    const { filepath } = await rpc.call('start_gc_profiling', { name: 'raced' });
    fs.writeFileSync(filepath, 'of somebody else');
    const error = await rpc.refused('stop_gc_profiling', { wait: true });
    assert.strictEqual(error.code, -32003, error.message);
    assert.strictEqual(fs.readFileSync(filepath, 'utf8'), 'of somebody else');
    assert.deepStrictEqual(temps(), []);
  });

  test('cancel, by the action and by the id: the waiters are told, nothing is written', async () => {
    for (const { start } of PROFILES) {
      for (const by of ['action', 'id']) {
        const before_ = app.files();
        const running = rpc.send(start, { wait: true });
        await rpc.call('diag_report', { wait: true, name: `before ${start} ${by}` }); // it runs by then
        const params = by === 'id' ? { id: running.id } : { action: start };
        assert.deepStrictEqual(await rpc.call('cancel', params), { cancelled: 1 });
        const { error } = await within(running.reply, 'the reply of the cancelled command');
        assert.strictEqual(error && error.code, -32004);
        assert.deepStrictEqual(app.files().filter((name) => !name.endsWith('.diag')), before_.filter((name) => !name.endsWith('.diag')));
      }
    }
    assert.deepStrictEqual(await rpc.call('cancel', { action: 'heapdump' }), { cancelled: 0 });
    assert.deepStrictEqual(await rpc.call('cancel', { id: 123456 }), { cancelled: 0 });
    assert.strictEqual((await rpc.refused('cancel', {})).data.field, 'id');
  });

  test('cancel: what is cancelled already is not counted again, although it has not ended yet', async () => {
    const running = rpc.send('start_cpu_profiling', { wait: true });
    await rpc.call('diag_report', { wait: true, name: 'before both' }); // it runs by then
    const both = [1, 2].map(() => rpc.send('cancel', { action: 'start_cpu_profiling' }));
    for (const [i, cancelled] of [1, 0].entries()) {
      assert.deepStrictEqual(await within(both[i].reply, 'a reply to cancel'), { result: { cancelled } });
    }
    assert.strictEqual((await within(running.reply, 'its reply')).error.code, -32004);
  });

  test('cancel: the id is of this connection only', async () => {
    const running = rpc.send('start_gc_profiling', { wait: true });
    const other = await app.rpc();
    assert.deepStrictEqual(await other.call('cancel', { id: running.id }), { cancelled: 0 });
    assert.deepStrictEqual(await rpc.call('cancel', { id: running.id }), { cancelled: 1 });
    assert.strictEqual((await within(running.reply, 'its reply')).error.code, -32004);
  });

  test('cancel: a heapdump in the middle', async () => {
    const dump = rpc.send('heapdump', { wait: true, name: 'cancelled dump' });
    await until(async () => (await rpc.call('cancel', { id: dump.id })).cancelled === 1, 'it is found');
    const { error } = await within(dump.reply, 'its reply', 30000);
    assert.strictEqual(error && error.code, -32004);
    assert.ok(!app.files().some((name) => name.includes('cancelled dump')), `${app.files()}`);
    await rpc.call('heapdump', { wait: true, name: 'the next dump' }, 120000);
  });

  test('heapdump max_rss_mb: given up beyond it, with the figures; the program lives', async () => {
    const before_ = app.files();
    const error = await rpc.refused('heapdump', { max_rss_mb: 20, wait: true }, 120000);
    assert.strictEqual(error.code, -32007, error.message);
    assert.match(error.message, /given up at \d+ MB RSS \(budget 20 MB\)/);
    assert.strictEqual(error.data.field, 'max_rss_mb');
    assert.deepStrictEqual(app.files(), before_);
    assert.ok(app.isAlive());
    const written = await rpc.call('heapdump', { max_rss_mb: 100000, wait: true }, 120000);
    assert.ok(written.nodes > 60000);
  });
});
