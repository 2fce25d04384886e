'use strict';

// The period of the records is log_interval, also on a busy machine: no second more, no drift.
// With XPF_LONG=1 also the default of 60 s.

const assert = require('node:assert');
const { test } = require('node:test');

const { startApp } = require('./support/app');
const { sleep, until } = require('./support/until');

/** A main thread that is busy half of the time, in turns of 40 ms, and a worker that always is. */
const LOAD = `
workerOf("setImmediate(function spin() { const end = Date.now() + 20; while (Date.now() < end); setImmediate(spin); })");
setInterval(() => { const end = Date.now() + 40; while (Date.now() < end); }, 80);
say('up');`;

const LATE_MS = 350; // a record waits for busy threads (100 ms) and for a CPU

/** When the records were written, ms. */
function times(app) {
  const lines = app.log().split('\n').slice(0, -1).map((line) => JSON.parse(line));
  return lines.filter(({ component }) => component === 'cpu').map(({ time }) => Date.parse(time));
}

function middle(list) {
  return [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
}

/** Each on its second, but for a few that the machine made wait, and no creeping. */
function checkTimes(all, periodMs) {
  const begin = middle(all.map((time, i) => time - i * periodMs));
  const late = all.map((time, i) => time - i * periodMs - begin);
  const text = `ms against the ideal: ${late.join(' ')}`;
  const outliers = late.filter((ms) => Math.abs(ms) > LATE_MS);
  assert.ok(outliers.length <= Math.ceil(all.length / 10), text);
  const half = Math.floor(late.length / 2);
  const creep = middle(late.slice(-half)) - middle(late.slice(0, half));
  assert.ok(Math.abs(creep) <= Math.max(0.01 * periodMs * (all.length - 1), LATE_MS), `creeps by ${creep} ms; ${text}`);
}

test('log_interval 1 for 20 s under load: 21 records, each on its second', async () => {
  const app = startApp(LOAD, { config: { log_interval: 1, log_format: 'json' } });
  try {
    await until(() => times(app).length >= 21, '21 records');
    checkTimes(times(app).slice(0, 21), 1000);
  } finally {
    await app.stop();
  }
});

test('log_interval 3 is three seconds, and start() with another one changes the period', async () => {
  const program = `
say('up');
setInterval(() => {}, 1000);
const xprofiler = require(xprofilerRoot);
serve({ faster() { xprofiler({ ...xprofiler.getXprofilerConfig(), log_interval: 1 }); say('faster'); } });`;
  const app = startApp(program, { config: { log_interval: 3, log_format: 'json' } });
  try {
    await until(() => times(app).length >= 3, 'three records');
    checkTimes(times(app).slice(0, 3), 3000);
    app.tell('faster');
    await app.said('faster');
    const from = times(app).length;
    await until(() => times(app).length >= from + 4, 'four more records');
    checkTimes(times(app).slice(from, from + 4), 1000);
  } finally {
    await app.stop();
  }
});

test('a process that was stopped for 3 s does not write the missed records afterwards', async () => {
  const app = startApp("say('up'); setInterval(() => {}, 1000);", { config: { log_interval: 1, log_format: 'json' } });
  try {
    await until(() => times(app).length >= 2, 'two records');
    app.child.kill('SIGSTOP');
    await sleep(3200);
    const before = times(app).length;
    app.child.kill('SIGCONT');
    await until(() => times(app).length >= before + 4, 'four more records');
    const all = times(app).slice(before - 1);
    assert.ok(all[1] - all[0] > 2500, `the pause: ${all[1] - all[0]} ms`);
    // The first one is late, the others come at their seconds again: four of them take more than two seconds. With
    // the missed ones it would be less than one.
    assert.ok(all[4] - all[1] > 1500, `four records within ${all[4] - all[1]} ms`);
  } finally {
    app.child.kill('SIGCONT');
    await app.stop();
  }
});

const isLong = process.env.XPF_LONG === '1';
test('log_interval 60 under load', { skip: isLong ? false : 'takes 4 minutes; set XPF_LONG=1' }, async () => {
  const app = startApp(LOAD, { config: { log_format: 'json' } });
  try {
    await until(() => times(app).length >= 4, 'four records', 250000);
    checkTimes(times(app).slice(0, 4), 60000);
  } finally {
    await app.stop();
  }
});
