'use strict';

// Storms: many clients send random commands to the main thread and to workers that come and go. Every request
// gets one answer; afterwards the process is as it was before.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { describe, test, before, after } = require('node:test');
const { startApp } = require('./support/app');
const { PROFILES } = require('./support/kinds');
const { until, within, sleep } = require('./support/until');
const { look: lookAt, isLike } = require('../stress/run');

const CLIENTS = 10;
const REQUESTS = 30; // of each client
const REPLY_MS = 30000;
// Refusals that a storm explains; an internal error or a failed write is a defect.
const REFUSED = -32000;
const THREAD = -32001;
const ENDED = -32002;
const CANCELLED = -32004;

const PROGRAM = `
const live = new Set();
let isStormy = false;
// Ends by terminate(), by process.exit(), by an exception, or because nothing is left to do.
const ENDS = [null, 'process.exit(0)', 'throw new Error("meant")', 'clearInterval(timer)'];
let count = 0;
function spawn() {
  if (!isStormy) return;
  const end = ENDS[count++ % ENDS.length];
  const life = 100 + (count * 37) % 300;
  const worker = workerOf(
    'let kept = []; const timer = setInterval(() => { kept = kept.concat(Array(100).fill({})).slice(-5000); }, 2);' +
      (end ? 'setTimeout(() => { ' + end + ' }, ' + life + ');' : ''),
  );
  live.add(worker);
  if (!end) setTimeout(() => worker.terminate(), life);
  worker.on('error', () => {});
  worker.on('exit', () => {
    live.delete(worker);
    spawn();
    if (live.size === 0) say('calm');
  });
}
setInterval(() => {}, 1000);
require(xprofilerRoot).error('storm', 'the error log is open from now on');
serve({
  storm() {
    isStormy = true;
    for (let i = 0; i < 3; i++) spawn();
    say('storm');
  },
  calm() {
    isStormy = false;
  },

  busy() {
    const end = Date.now() + 1500;
    while (Date.now() < end);
  },
});`;

function random(seed) {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

/** What the kernel knows of the process and must be the same after a storm. */
function look(pid) {
  const status = fs.readFileSync(`/proc/${pid}/status`, 'utf8');
  return {
    ...lookAt(pid),
    caughtSignals: /SigCgt:\s*(\w+)/.exec(status)[1], // ours for SIGTERM is there only while a profile runs
  };
}

describe('storms', { timeout: 240000, skip: process.platform !== 'linux' }, () => {
  let app;
  let rpc;
  let calm; // look() before the storms

  before(async () => {
    app = startApp(PROGRAM);
    rpc = await app.rpc();
    // Everything once, so that what is made at first use exists.
    app.tell('storm');
    await app.said('storm');
    await until(async () => (await rpc.call('list_environments')).environments.length > 1, 'a worker');
    for (const { start, stop } of PROFILES) {
      await rpc.call(start);
      await rpc.call(stop, { wait: true });
    }
    await rpc.call('heapdump', { wait: true });
    await rpc.call('diag_report', { wait: true });
    app.tell('calm');
    await app.said('calm');
    await until(async () => (await rpc.call('list_environments')).environments.length === 1, 'no worker');
    await sleep(300); // threads that are just ending
    calm = look(app.pid);
  });
  after(() => app.stop());

  /** One client: `count` random requests, some awaited, most not. Gives the replies. */
  async function client(seed, threadIds, count = REQUESTS) {
    const next = random(seed);
    const own = await app.rpc();
    const calls = [];
    for (let i = 0; i < count; i++) {
      const thread_id = threadIds[next(threadIds.length)] + next(2);
      const { start, stop } = PROFILES[next(3)];
      const [method, params] = [
        [start, { thread_id, wait: next(3) === 0, profiling_time: next(2) ? 1 + next(200) : 0 }],
        [start, { thread_id }],
        [stop, { thread_id, wait: next(2) === 0 }],
        [stop, { thread_id }],
        ['cancel', { thread_id, action: next(8) ? start : 'heapdump' }],
        ['cancel', { id: 1 + next(i + 1) }],
        [next(4) ? 'diag_report' : 'heapdump', { thread_id, wait: next(2) === 0 }],
        ['list_environments', {}],
      ][next(8)];
      calls.push({ method, ...own.send(method, params) });
      if (next(3) === 0) await sleep(next(30));
    }
    await own.call('check_version', undefined, REPLY_MS); // all have been read, so that stopAll() ends what they began
    return { own, calls };
  }

  /** Ends what still runs, so that who waits for it is answered. */
  async function stopAll() {
    const { environments } = await rpc.call('list_environments');
    for (const { thread_id } of environments) {
      for (const { stop } of PROFILES) await rpc.send(stop, { thread_id }).reply;
    }
  }

  async function checkReplies(clients) {
    const seen = { results: 0, errors: 0 };
    for (const { own, calls } of clients) {
      for (const { method, reply } of calls) {
        const { result, error } = await within(reply, `the reply to ${method}`, REPLY_MS);
        if (result) seen.results++;
        else {
          seen.errors++;
          assert.ok([REFUSED, THREAD, ENDED, CANCELLED].includes(error.code), `${method}: ${error.code} ${error.message}`);
          assert.ok(error.message.length > 0);
        }
      }
      own.close();
    }
    return seen;
  }

  async function checkCalm() {
    assert.ok(app.isAlive(), app.stderr);
    for (const { stop } of PROFILES) {
      // The stop before it may still be running: its reply came when it began.
      const isStopped = async () => {
        const { code, message } = await rpc.refused(stop);
        assert.strictEqual(code, REFUSED, message);
        return message.endsWith('is not running.');
      };
      await until(isStopped, `${stop} to be refused because nothing runs`);
    }
    let now;
    const isCalm = () => {
      now = look(app.pid);
      return isLike(now, calm) && now.caughtSignals === calm.caughtSignals;
    };
    await until(isCalm, 'descriptors, threads and signal handlers to be as before').catch((error) => {
      throw new Error(`${error.message}: ${JSON.stringify({ calm, now })}`);
    });
    for (const file of app.files()) {
      assert.ok(!file.startsWith('.'), `a temp file is left: ${file}`);
      JSON.parse(fs.readFileSync(path.join(app.logDir, file), 'utf8'));
    }
    for (const { start, stop } of PROFILES) {
      await rpc.call(start);
      assert.strictEqual((await rpc.call(stop, { wait: true })).state, 'written');
    }
  }

  test('10 clients, 300 random commands, one thread that is busy at times', async () => {
    app.tell('busy');
    const clients = await Promise.all(Array.from({ length: CLIENTS }, (_, i) => client(1000 + i, [0])));
    app.tell('busy');
    await sleep(300);
    await stopAll();
    const seen = await checkReplies(clients);
    assert.strictEqual(seen.results + seen.errors, CLIENTS * REQUESTS);
    assert.ok(seen.results > 20 && seen.errors > 20, JSON.stringify(seen));
    await checkCalm();
  });

  test('10 clients, 300 random commands, workers that come and go in four ways', async () => {
    app.tell('storm');
    await app.said('storm', 2);
    const clients = [];
    for (let wave = 0; wave < 3; wave++) {
      const { environments } = await rpc.call('list_environments');
      const ids = environments.map(({ thread_id }) => thread_id);
      const some = Array.from({ length: CLIENTS }, (_, i) => client(2000 + wave * 100 + i, ids, REQUESTS / 3));
      clients.push(...(await Promise.all(some)));
    }
    app.tell('calm');
    await app.said('calm', 2);
    await stopAll();
    const seen = await checkReplies(clients);
    assert.strictEqual(seen.results + seen.errors, CLIENTS * REQUESTS);
    await checkCalm();
  });

  test('150 starts and stops without a pause, each in its order', async () => {
    for (const { start, stop } of PROFILES) {
      const calls = [];
      for (let i = 0; i < 25; i++) calls.push([start, rpc.send(start).reply], [stop, rpc.send(stop, { wait: true }).reply]);
      for (const [method, reply] of calls) {
        const { result, error } = await within(reply, `the reply to ${method}`, REPLY_MS);
        assert.ok(result, `${method}: ${error && error.message}`);
        if (method === stop) assert.strictEqual(result.state, 'written');
      }
    }
    await checkCalm();
  });

  test('starts and cancels: nothing is written, nothing is left', async () => {
    const files = app.files().length;
    for (let i = 0; i < 60; i++) {
      const { start, kind } = PROFILES[i % 3];
      const { reply } = rpc.send(start, { wait: true, name: `never-${i}` });
      const { cancelled } = await rpc.call('cancel', { action: start });
      assert.strictEqual(cancelled, 1);
      const { error } = await within(reply, `the reply to ${start}`, REPLY_MS);
      assert.strictEqual(error && error.code, CANCELLED, JSON.stringify(error));
      assert.ok(!fs.existsSync(path.join(app.logDir, `never-${i}.${kind}`)));
    }
    assert.strictEqual(app.files().length, files);
    await checkCalm();
  });

  test('after all storms SIGTERM ends the program as if xprofiler were not there', async () => {
    app.child.kill('SIGTERM');
    const { status, signal } = await within(app.ended, 'the end of the program');
    assert.deepStrictEqual([status, signal], [null, 'SIGTERM']);
    assert.strictEqual(app.stderr, '');
  });
});

test('clients that never pause leave the loop its turns', { timeout: 240000, skip: process.platform !== 'linux' }, async () => {
  const app = startApp("setInterval(() => say('tick'), 10);");
  const ticks = () => app.stdout.split('\n').filter((line) => line === 'tick').length;
  try {
    let isOver = false;
    const fire = async ({ start, stop }) => {
      const rpc = await app.rpc();
      while (!isOver) {
        while (rpc.waiting.size < 60) rpc.send(rpc.lastId % 2 ? stop : start);
        await sleep(1);
      }
    };
    const clients = [...PROFILES, ...PROFILES].map(fire);
    await sleep(1000);
    const before = ticks();
    await until(() => ticks() >= before + 20, `20 ticks of a timer of 10 ms after ${before}`, 30000).finally(() => (isOver = true));
    await Promise.all(clients);
    assert.ok(app.isAlive());
  } finally {
    await app.stop();
  }
});
