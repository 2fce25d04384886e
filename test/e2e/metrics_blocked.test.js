'use strict';

// While a JS thread is blocked: the lines go on, and what cannot be read meanwhile is marked by its age.

const assert = require('node:assert');
const { test } = require('node:test');

const { startApp } = require('./support/app');
const { ANSWER } = require('./support/answer');
const { series, seriesUntil } = require('./support/records');
const { until } = require('./support/until');

async function withApp(program, body) {
  const app = startApp(program, { config: { log_interval: 1 } });
  try {
    await app.said('up');
    await body(app);
    assert.strictEqual(app.stderr, '');
  } finally {
    await app.stop();
  }
}

const BLOCKED = `${ANSWER}
say('up');
setInterval(() => {}, 50);
serve({
  native() { say('blocking'); execSync('sleep 5'); say('free'); },
  javascript() { say('blocking'); for (const end = Date.now() + 4500; Date.now() < end;); say('free'); },
});`;

test('a natively blocked thread: lines go on, and say how old its figures are', async () => {
  await withApp(BLOCKED, async (app) => {
    const rpc = await app.rpc();
    await until(() => series(app, 'loop').length > 0, 'the first record');
    app.tell('native');
    await app.said('blocking');
    const from = series(app, 'memory').length;
    await until(() => series(app, 'memory').length >= from + 4, 'four more records', 10000);
    const { threads } = await rpc.call('metrics');
    const lines = series(app, 'memory').slice(from + 1, from + 4);
    const { loop_blocked_ms: blocked, sample_age_ms: age } = threads[0];
    assert.ok(blocked > 2000 && age > 2000, `blocked ${blocked} ms, figures ${age} ms old`);
    for (let i = 1; i < lines.length; i++) {
      for (const key of ['loop_blocked_ms', 'sample_age_ms']) {
        const grown = lines[i][key] - lines[i - 1][key];
        assert.ok(grown > 700 && grown < 1700, `${key}: ${lines.map((line) => line[key])}`);
      }
      assert.strictEqual(lines[i].heap_used, lines[0].heap_used, 'nothing newer is known');
    }
    const loop = series(app, 'loop').at(-1);
    assert.ok(loop.loop_delay_max_ms >= 2000, 'the present turn counts');
    await app.said('free');
    await seriesUntil(app, 'memory', (line) => line.sample_age_ms < 700 && line.loop_blocked_ms < 700, { from: from + 4 });
  });
});

test('a busy loop in JavaScript: its figures stay fresh, the blocking shows', async () => {
  await withApp(BLOCKED, async (app) => {
    await until(() => series(app, 'loop').length > 0, 'the first record');
    app.tell('javascript');
    await app.said('blocking');
    const line = await seriesUntil(app, 'memory', ({ loop_blocked_ms: ms }) => ms > 2500);
    assert.ok(line.sample_age_ms < 500, `${line.sample_age_ms} ms old`);
    await app.said('free');
  });
});
