'use strict';

// Commands against a main thread that never returns to its event loop but runs JavaScript.

const assert = require('node:assert');
const fs = require('node:fs');
const { describe, test, before, after } = require('node:test');
const { startApp } = require('./support/app');
const { PROFILES } = require('./support/kinds');
const { until } = require('./support/until');

const LOOP = `
  function fibonacci(n) {
    return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2);
  }
  setImmediate(() => {
    say('busy');
    while (true) fibonacci(15);
  });`;

// Takes minutes to find out that nothing matches.
const REGEXP = `
  function matchForever() {
    return /^(a+)+$/.test('a'.repeat(40) + 'b');
  }
  setImmediate(() => { say('busy'); matchForever(); });`;

/** Samples whose node or one of its callers is the function. */
function samplesUnder(profile, name) {
  const inside = new Set();
  const byId = new Map(profile.nodes.map((node) => [node.id, node]));
  const walk = (node, found) => {
    found = found || node.callFrame.functionName === name;
    if (found) inside.add(node.id);
    node.children.forEach((id) => walk(byId.get(id), found));
  };
  walk(profile.nodes[0], false);
  return profile.samples.filter((id) => inside.has(id)).length;
}

/** A CPU profile with some samples. A busy machine takes few: then a longer one. */
async function sampled(rpc, params) {
  for (let profiling_time = 400; ; profiling_time *= 2) {
    const { filepath } = await rpc.call('start_cpu_profiling', { ...params, profiling_time, wait: true });
    const profile = JSON.parse(fs.readFileSync(filepath, 'utf8'));
    if (profile.samples.length >= 20) return profile;
    assert.ok(profiling_time < 20000, `${profile.samples.length} samples in ${profiling_time} ms`);
  }
}

for (const [what, body, hot] of [
  ['while (true)', LOOP, 'fibonacci'],
  ['a catastrophic regular expression', REGEXP, 'matchForever'],
]) {
  describe(`commands, a thread busy with ${what}`, { timeout: 240000 }, () => {
    let app;
    let rpc;
    before(async () => {
      app = startApp(body);
      rpc = await app.rpc();
      await app.said('busy');
    });
    after(() => app.stop());

    const read = (file) => JSON.parse(fs.readFileSync(file, 'utf8'));

    test('what needs no thread is answered at once, and tells of the blocked loop', async () => {
      const begun = Date.now();
      await rpc.call('check_version');
      await rpc.call('get_config');
      await rpc.call('set_config', { log_level: 1 });
      await rpc.call('metrics');
      assert.ok(Date.now() - begun < 1000, `${Date.now() - begun} ms for four commands`);
      await until(async () => {
        const { environments } = await rpc.call('list_environments');
        return environments[0].loop_blocked_ms > 500;
      }, 'loop_blocked_ms grows');
    });

    test('the CPU profile begins at once and shows what keeps the thread', async () => {
      const running = await rpc.call('start_cpu_profiling');
      assert.strictEqual(running.state, 'running');
      await rpc.call('stop_cpu_profiling', { wait: true });
      const profile = await sampled(rpc, { sampling_interval_us: 1000 });
      const share = samplesUnder(profile, hot) / profile.samples.length;
      assert.ok(share > 0.4, `${hot} has ${Math.round(share * 100)} % of the samples`);
    });

    test('profiling_time ends a profile of a busy thread', async () => {
      for (const { start } of PROFILES) {
        const written = await rpc.call(start, { profiling_time: 200, wait: true });
        assert.strictEqual(written.state, 'written');
        assert.ok(written.duration_ms >= 199, `${start} lasted ${written.duration_ms} ms`);
        read(written.filepath);
      }
    });

    test('diag_report names the function that keeps the thread', async () => {
      const written = await rpc.call('diag_report', { wait: true });
      assert.strictEqual(written.js_available, true);
      const report = read(written.filepath);
      const names = report.jsStacks.map(({ functionName }) => functionName);
      assert.ok(names.includes(hot), names.join(' '));
      assert.notStrictEqual(report.vmState, 'IDLE');
    });

    test('heapdump', async () => {
      const written = await rpc.call('heapdump', { wait: true }, 120000);
      assert.strictEqual(read(written.filepath).snapshot.node_count, written.nodes);
    });

    test('the program is still at it', async () => {
      assert.ok(app.isAlive());
      const { environments } = await rpc.call('list_environments');
      assert.ok(environments[0].loop_blocked_ms > 1000);
    });
  });
}

describe('a CPU profile of one endless loop that was optimised before the profile began', { timeout: 240000 }, () => {
  const ENDLESS = `
    function endlessLoop() {
      let kept = [];
      for (let i = 0; ; i++) {
        kept.push({ i, text: 'x' + i });
        if (kept.length > 1000) kept = [];
      }
    }
    setImmediate(() => { say('busy'); endlessLoop(); });`;

  async function sharesOf(t, config) {
    const app = startApp(ENDLESS, { config });
    t.after(() => app.stop());
    const rpc = await app.rpc();
    await app.said('busy');
    await until(async () => (await rpc.call('list_environments')).environments[0].loop_blocked_ms > 700, 'the loop is hot');
    const profile = await sampled(rpc);
    return (name) => samplesUnder(profile, name) / profile.samples.length;
  }

  test('cpu_profiler ready: the loop has its samples', async (t) => {
    const shares = await sharesOf(t, { cpu_profiler: 'ready' });
    assert.ok(shares('endlessLoop') > 0.4, `${shares('endlessLoop')}`);
  });

  // V8 tells a profiler nothing of code that on-stack replacement made before it: docs/compatibility.md.
  test('cpu_profiler lazy: the time is never shown as idle', async (t) => {
    const shares = await sharesOf(t, { cpu_profiler: 'lazy' });
    assert.ok(shares('(idle)') + shares('(program)') < 0.4, `${shares('(idle)')} ${shares('(program)')}`);
  });
});
