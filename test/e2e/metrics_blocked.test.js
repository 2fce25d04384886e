'use strict';

// While a JS thread is blocked: the lines go on, and what cannot be read meanwhile is marked by its age.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
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

// Blocked until the test makes the file `free` in the directory of the program.
const BLOCKED = `${ANSWER}
say('up');
setInterval(() => {}, 50);
serve({
  native() { say('blocking'); execSync('while [ ! -e free ]; do sleep 0.1; done'); say('free'); },
  javascript() { say('blocking'); while (!fs.existsSync('free')); say('free'); },
});`;

function block(app, how) {
  app.tell(how);
  return app.said('blocking');
}

function free(app) {
  fs.writeFileSync(path.join(app.home, 'free'), '');
  return app.said('free');
}

test('a natively blocked thread: lines go on, and say how old its figures are', async () => {
  await withApp(BLOCKED, async (app) => {
    const rpc = await app.rpc();
    await until(() => series(app, 'loop').length > 0, 'the first record');
    const begun = Date.now();
    await block(app, 'native');
    const from = series(app, 'memory').length;
    await until(() => series(app, 'memory').length >= from + 4, 'four more records');
    const { threads } = await rpc.call('metrics');
    const { loop_blocked_ms: blocked, sample_age_ms: age } = threads[0];
    const lasts = Date.now() - begun;
    // From the first of the four records to the last there are three seconds.
    for (const ms of [blocked, age]) assert.ok(ms > 2500 && ms < lasts + 1000, `blocked ${blocked} ms of ${lasts}, figures ${age} ms old`);
    const lines = series(app, 'memory').slice(from + 1, from + 4);
    for (const key of ['loop_blocked_ms', 'sample_age_ms']) {
      const values = lines.map((line) => line[key]);
      assert.ok(values[0] < values[1] && values[1] < values[2] && values[2] - values[0] > 1000, `${key}: ${values}`);
    }
    for (const line of lines) assert.strictEqual(line.heap_used, lines[0].heap_used, 'nothing newer is known');
    const { loop_delay_max_ms: longest } = series(app, 'loop').at(-1);
    assert.ok(longest >= 2000, `the present turn counts: ${longest} ms`);
    await free(app);
    await seriesUntil(app, 'memory', (line) => line.sample_age_ms < 700 && line.loop_blocked_ms < 700, { from: from + 4 });
  });
});

test('a busy loop in JavaScript: its figures stay fresh, the blocking shows', async () => {
  await withApp(BLOCKED, async (app) => {
    await until(() => series(app, 'loop').length > 0, 'the first record');
    await block(app, 'javascript');
    // Fresh as a rule: the machine may make one record wait.
    await seriesUntil(app, 'memory', ({ loop_blocked_ms: blocked, sample_age_ms: age }) => blocked > 2500 && age < 500);
    await free(app);
  });
});
