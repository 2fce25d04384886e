'use strict';

// The history of xprofd: what the API answers from it, that it survives kill -9 at any moment, and who may have it.

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawn, spawnSync } = require('node:child_process');
const { describe, it, before, after } = require('node:test');
const { startXprofd } = require('./support/xprofd');

const KILLS = 12;
// The second of the newest frame, also when its minute is a chunk already.
const LAST = 'SELECT max(ifnull((SELECT max(at_s) FROM frame), 0), (SELECT done_until_s - 1 FROM tier WHERE id = 0))';

function sql(file, text) {
  const run = spawnSync('sqlite3', ['-cmd', '.timeout 5000', file, text], { encoding: 'utf8' });
  assert.strictEqual(run.status, 0, run.stderr);
  return run.stdout.trim();
}

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const numbers = ({ values }) => values.filter((value) => value !== null);

describe('the history of xprofd', () => {
  let xprofd;
  before(async () => {
    xprofd = await startXprofd();
  });
  after(() => xprofd.stop());

  it('answers series of what is and of what was', async () => {
    const target = '/api/series?kind=host_load&fields=load1,tasks&from=-60000&step=1000';
    const { series, step_ms, steps } = await xprofd.waitFor(target, (answer) => numbers(answer.series[1]).length >= 3);
    assert.deepStrictEqual(
      series.map(({ key, field }) => [key, field]),
      [
        ['', 'load1'],
        ['', 'tasks'],
      ],
    );
    assert.strictEqual(step_ms, 1000);
    for (const { values, max } of series) {
      assert.strictEqual(values.length, steps);
      assert.strictEqual(max.length, steps);
      assert.strictEqual(values[0], null, 'before the start there was nothing');
    }
    assert.ok(numbers(series[1]).every((tasks) => tasks >= 1 && Number.isInteger(tasks)));
  });

  it('answers from the first to the last of all days', async () => {
    await xprofd.waitFor('/api/series?kind=host_load&fields=tasks&from=-60000&step=1000', (answer) => numbers(answer.series[0]).length >= 2);
    for (const range of ['from=1&to=253402300799999&points=3', 'from=1&to=253402300799999&step=31622400000', 'from=1&points=2', 'from=-1000&to=253402300799999&points=7']) {
      const { status, json } = await xprofd.get(`/api/series?kind=host_load&fields=tasks&${range}`);
      assert.strictEqual(status, 200, `${range}: ${JSON.stringify(json)}`);
      assert.ok(numbers(json.series[0]).some((tasks) => tasks >= 1), `${range}: ${JSON.stringify(json)}`);
    }
  });

  it('gives counters as rates, or as they are', async () => {
    const target = '/api/series?kind=xprofd&fields=store_frames&from=-60000&step=1000';
    const rates = await xprofd.waitFor(target, (answer) => numbers(answer.series[0]).length >= 3);
    assert.ok(numbers(rates.series[0]).every((rate) => rate >= 0 && rate < 20));
    assert.strictEqual(rates.series[0].max, undefined);
    const raw = numbers((await xprofd.get(`${target}&raw=1`)).json.series[0]);
    assert.deepStrictEqual(
      raw,
      [...raw].sort((a, b) => a - b),
      'it only grows',
    );
  });

  it('knows a process that is gone, and its events', async () => {
    const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 1e6)']);
    const isIt = ({ labels }) => labels.pid === String(child.pid);
    const from = Date.now() - 1000;
    let found;
    try {
      const { entities } = await xprofd.waitFor('/api/entities?kind=process', (list) => list.entities.some(isIt));
      found = entities.find(isIt);
      const target = `/api/series?kind=process&fields=rss&key=${found.key}&from=-30000&step=1000`;
      await xprofd.waitFor(target, (answer) => numbers(answer.series[0]).length >= 2);
    } finally {
      child.kill('SIGKILL');
    }
    const isGone = (entity) => isIt(entity) && entity.gone;
    const past = `/api/entities?kind=process&key=${found.key}&from=${from}&to=${Date.now() + 60000}`;
    const gone = (await xprofd.waitFor(past, (list) => list.entities.some(isGone))).entities.find(isGone);
    assert.deepStrictEqual(gone.labels, found.labels);
    assert.deepStrictEqual(gone.values, {});
    assert.ok(gone.updated_ms >= from && gone.updated_ms <= Date.now());
    const before = `/api/entities?kind=process&key=${found.key}&from=${from - 100000}&to=${from - 50000}`;
    assert.deepStrictEqual((await xprofd.get(before)).json.entities, []);
    const told = `/api/events?kind=process&key=${found.key}`;
    const { events } = await xprofd.waitFor(told, (list) => list.events.length >= 2);
    assert.deepStrictEqual(
      events.map(({ name }) => name),
      ['process_gone', 'process_came'],
    );
    const series = await xprofd.get(`/api/series?kind=process&fields=rss&key=${found.key}&from=-60000`);
    assert.ok(numbers(series.json.series[0]).length >= 1, 'its values are still there');
  });

  it('names what is wrong with a question', async () => {
    const cases = {
      '/api/series?kind=nothing&fields=a': 'kind',
      '/api/series?fields=a': 'kind',
      '/api/series?kind=host_load': 'fields',
      '/api/series?kind=host_load&fields=load1,nothing': 'fields',
      '/api/series?kind=process&fields=rss': 'key',
      '/api/series?kind=host_load&fields=load1&from=yesterday': 'from',
      '/api/series?kind=host_load&fields=load1&from=-1000&to=-2000': 'from',
      '/api/series?kind=host_load&fields=load1&to=1e3': 'to',
      '/api/series?kind=host_load&fields=load1&step=1s': 'step',
      '/api/series?kind=host_load&fields=load1&from=-86400000&step=1000': 'step',
      '/api/series?kind=host_load&fields=load1&points=0': 'points',
      [`/api/series?kind=process&fields=rss&key=${'k,'.repeat(65)}`]: 'key',
      '/api/events?limit=0': 'limit',
      '/api/events?from=99999999999999999999': 'from',
      '/api/events?kind=proces': 'kind',
      '/api/events?kind=process,node': 'kind',
      [`/api/events?kind=${'k'.repeat(4000)}`]: 'kind',
      '/api/entities?from=x': 'from',
      '/api/entities?kind=host_load&fields=load1,load2': 'fields',
      '/api/entities?fields=load2': 'fields',
      '/api/entities?kind=process&fields=load1': 'fields',
      '/api/entities?kind=host_load&fields=load2&from=-1000': 'fields',
      '/api/entities?kind=nothing&fields=load2&from=-1000': 'kind',
      '/api/live?kind=host_load&fields=load2': 'fields',
      '/api/entities?kind=nothing&from=-1000': 'kind',
      '/api/entities?knid=host_load': 'knid',
      '/api/entities?kind=host_load&kind=host_cpu': 'kind',
      '/api/kinds?from=x': 'from',
      '/api/series?kind=host_load&fields=load1&raw=yes': 'raw',
      '/api/series?kind=host_load&fields=load1&form=-1000': 'form',
      '/api/self?all': 'all',
    };
    for (const [target, field] of Object.entries(cases)) {
      const { status, json } = await xprofd.get(target);
      assert.strictEqual(status, 400, target);
      assert.strictEqual(json.error.field, field, target);
      assert.ok(json.error.message.startsWith(`${field}: `), json.error.message);
    }
    const { message } = (await xprofd.get('/api/events?kind=proces')).json.error;
    assert.match(message, /^kind: there is no kind `proces`; \/api\/kinds lists them: host_\w+, .*\bprocess\b/);
    const answered = ['/api/events?kind=', '/api/events?kind=process', '/api/entities?kind=process,host_load&fields=load1,rss', '/api/entities?fields=load1&from=-1000'];
    for (const target of answered) assert.strictEqual((await xprofd.get(target)).status, 200, target);
  });

  it('is read by the commands that its page shows', () => {
    const page = fs.readFileSync(path.resolve(__dirname, '../../docs/xprofd-history.md'), 'utf8');
    const commands = page.split('\n').filter((line) => line.startsWith('sqlite3 '));
    assert.ok(commands.length >= 4);
    for (const command of commands) {
      const line = command.replace('/var/lib/xprofd', path.join(xprofd.home, 'data')).replace('/tmp/history-backup.db', path.join(xprofd.home, 'backup.db'));
      const { status, stdout, stderr } = spawnSync('sh', ['-c', line], { encoding: 'utf8' });
      assert.strictEqual(status, 0, `${line}\n${stderr}`);
      if (/FROM (event|entity)/.test(line)) assert.notStrictEqual(stdout, '', line);
    }
    assert.strictEqual(sql(path.join(xprofd.home, 'backup.db'), 'PRAGMA integrity_check'), 'ok');
  });

  it('is of one xprofd at a time', async () => {
    const second = await startXprofd({ args: ['--data_dir', path.join(xprofd.home, 'data')], isBroken: true });
    const { status } = await second.ended;
    await second.stop();
    assert.notStrictEqual(status, 0);
    assert.match(second.stderr, new RegExp(`data_dir: .* is used by another xprofd \\(pid ${xprofd.pid}\\)`));
    assert.strictEqual((await xprofd.get('/healthz')).status, 200);
  });
});

describe('xprofd without a history', () => {
  it('says so', async () => {
    const xprofd = await startXprofd({ args: ['--store', 'none'] });
    try {
      for (const target of ['/api/series?kind=host_load&fields=load1', '/api/events', '/api/entities?from=-1000']) {
        const { status, json } = await xprofd.get(target);
        assert.strictEqual(status, 404, target);
        assert.match(json.error.message, /no history is kept/);
      }
    } finally {
      await xprofd.stop();
    }
  });
});

describe('kill -9 at any moment', () => {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-kill-'));
  const file = path.join(home, 'data', 'history.db');
  after(() => fs.rmSync(home, { recursive: true, force: true }));

  it(`loses at most the last second, ${KILLS} times`, async (t) => {
    let oldest = 0;
    let worstMs = 0;
    for (let i = 0; i < KILLS; i++) {
      const xprofd = await startXprofd({ home });
      const first = await xprofd.waitFor('/api/self', ({ values }) => values.store_frames >= 1);
      oldest = oldest || first.started_ms;
      await wait(Math.random() * 2500);
      const seenS = Number(sql(file, LAST));
      const killedMs = Date.now();
      await xprofd.stop('SIGKILL');
      const lastS = Number(sql(file, LAST));
      assert.ok(lastS >= seenS, `second ${seenS} was written before the kill; the last one is ${lastS}`);
      worstMs = Math.max(worstMs, killedMs - lastS * 1000);
      assert.strictEqual(sql(file, 'PRAGMA integrity_check'), 'ok');
    }
    t.diagnostic(`the last frame was at most ${worstMs} ms old`);
    // A frame is a second apart from the next, and a busy machine may be late with several.
    assert.ok(worstMs < 8000, `${worstMs} ms`);
    const xprofd = await startXprofd({ home });
    try {
      const target = `/api/series?kind=host_load&fields=tasks&from=${oldest}&step=1000`;
      const { series } = await xprofd.waitFor(target, (answer) => numbers(answer.series[0]).length >= KILLS);
      assert.ok(numbers(series[0]).every((tasks) => Number.isInteger(tasks)));
      assert.deepStrictEqual((await xprofd.get('/healthz')).json.problems, []);
    } finally {
      await xprofd.stop();
    }
    assert.strictEqual(sql(file, 'PRAGMA integrity_check'), 'ok');
    assert.strictEqual(sql(file, 'SELECT count(*) FROM kind GROUP BY name HAVING count(*) > 1'), '');
    assert.deepStrictEqual(
      fs.readdirSync(path.dirname(file)).filter((name) => name.includes('broken')),
      [],
    );
  });

  it('a damaged file is set aside, and told', async () => {
    const fd = fs.openSync(file, 'r+');
    fs.writeSync(fd, Buffer.alloc(8192, 'no database '), 0, 8192, 0);
    fs.closeSync(fd);
    const xprofd = await startXprofd({ home });
    try {
      const { events } = await xprofd.waitFor('/api/events?limit=10000', (list) => list.events.some(({ name }) => name === 'history_damaged'));
      const { text } = events.find(({ name }) => name === 'history_damaged');
      assert.match(text, /it is now .*history\.db\.broken-\d{8}-\d{6}, and a new one was begun/);
      assert.ok(fs.existsSync(/it is now (\S+),/.exec(text)[1]));
    } finally {
      await xprofd.stop();
    }
  });
});
