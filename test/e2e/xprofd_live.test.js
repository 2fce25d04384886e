'use strict';

// The live stream of xprofd: what it tells, and what happens to those who do not listen.

const assert = require('node:assert');
const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');
const { test, before, after } = require('node:test');

const { startXprofd } = require('./support/xprofd');
const { connectTo } = require('./support/raw_http');
const { launch } = require('./support/launch');
const { until, sleep } = require('./support/until');

let xprofd;
before(async () => {
  xprofd = await startXprofd();
});
after(() => xprofd && xprofd.stop());

/** A client of the stream: `events` is what it got, as { event, data }. */
function watch(target) {
  const client = { events: [], status: 0, headers: {} };
  const request = http.get(`${xprofd.url()}${target}`, { agent: false }, (answer) => {
    client.status = answer.statusCode;
    client.headers = answer.headers;
    let rest = '';
    answer.setEncoding('utf8').on('data', (piece) => {
      const blocks = (rest + piece).split('\n\n');
      rest = blocks.pop();
      for (const block of blocks) {
        const [, event, data] = /^event: (.*)\ndata: (.*)$/.exec(block) || [null, 'odd', JSON.stringify(block)];
        client.events.push({ event, data: JSON.parse(data) });
      }
    });
    answer.on('error', () => {});
  });
  request.on('error', () => {});
  client.close = () => request.destroy();
  client.of = (event) => client.events.filter((one) => one.event === event).map((one) => one.data);
  return client;
}

test('frames with what was updated, a second apart, of the kinds that were asked for', async () => {
  const client = watch('/api/live?kind=host_load,xprofd');
  try {
    // A value that comes too late for its frame is in the next one.
    const whole = () => client.of('frame').filter(({ entities }) => entities.length === 2);
    await until(() => whole().length >= 3, 'three frames');
    assert.strictEqual(client.headers['content-type'], 'text/event-stream; charset=utf-8');
    assert.strictEqual(client.headers['cache-control'], 'no-store');
    assert.deepStrictEqual(client.of('odd'), []);
    const [first, second] = whole().slice(-2);
    assert.ok(second.at_ms > first.at_ms);
    const kinds = second.entities.map((entity) => entity.kind).sort();
    assert.deepStrictEqual(kinds, ['host_load', 'xprofd']);
    const load = second.entities.find((entity) => entity.kind === 'host_load');
    assert.ok(load.values.load1 >= 0 && load.key === '' && typeof load.quality === 'object');
  } finally {
    client.close();
  }
  await xprofd.waitFor('/api/self', ({ values }) => values.live_clients === 0, 'the client is gone for the daemon too');
});

test('a process comes and goes', async () => {
  const client = watch('/api/live?kind=node');
  await until(() => client.status === 200, 'the stream');
  const app = launch('setInterval(() => {}, 1000); say("ready");');
  await app.said('ready');
  try {
    const isOurs = ({ key }) => key.startsWith(`${app.pid}.`);
    const came = await until(() => client.of('came').find(isOurs), 'the process comes', 60000);
    assert.strictEqual(came.labels.pid, String(app.pid));
    assert.strictEqual(came.gone, false);
    await until(() => client.of('frame').some(({ entities }) => entities.some(isOurs)), 'its values', 60000);
    app.child.kill('SIGKILL');
    await until(() => client.of('gone').find(isOurs), 'it goes', 60000);
  } finally {
    client.close();
  }
});

test('a filter of an unknown kind: 400', async () => {
  const { status, json } = await xprofd.get('/api/live?kind=toaster');
  assert.strictEqual(status, 400);
  assert.strictEqual(json.error.field, 'kind');
});

test('more clients than there may be: 503, and room when one leaves', async () => {
  await xprofd.waitFor('/api/self', ({ values }) => values.live_clients === 0, 'nobody watches');
  const clients = Array.from({ length: 32 }, () => watch('/api/live?kind=xprofd'));
  try {
    await until(() => clients.every((client) => client.status === 200), 'all streams');
    const { status, headers, json } = await xprofd.get('/api/live');
    assert.strictEqual(status, 503);
    assert.ok(headers['retry-after']);
    assert.match(json.error.message, /more than 32 clients/);
    clients[0].close();
    await xprofd.waitFor('/api/self', ({ values }) => values.live_clients === 31, 'one has left');
    const last = watch('/api/live?kind=xprofd');
    clients.push(last);
    await until(() => last.status === 200, 'its place');
  } finally {
    clients.forEach((client) => client.close());
  }
});

test('clients that never read cost no memory without end and delay nobody', async () => {
  const other = await startXprofd();
  const request = 'GET /api/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n';
  const sleepers = Array.from({ length: 8 }, () => connectTo(other.url()));
  try {
    sleepers.forEach((socket) => {
      socket.pause();
      socket.write(request);
    });
    const scrapers = Array.from({ length: 4 }, () => connectTo(other.url()));
    scrapers.forEach((socket) => {
      socket.pause();
      socket.write('GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'.repeat(50));
    });
    await other.waitFor('/api/self', ({ values }) => values.live_clients === 8, 'they are connected');
    for (let i = 0; i < 20; i++) {
      const begun = Date.now();
      const { status } = await other.get('/api/entities?kind=xprofd');
      assert.strictEqual(status, 200);
      assert.ok(Date.now() - begun < 5000, `an answer took ${Date.now() - begun} ms`);
      await sleep(200);
    }
    const { values } = (await other.get('/api/self')).json;
    assert.ok(values.rss < 400 * 1024 * 1024, `${values.rss} bytes`);
    scrapers.forEach((socket) => socket.destroy());
  } finally {
    sleepers.forEach((socket) => socket.destroy());
    await other.stop();
  }
});

/** A plugin whose frames are large: more than the kernel keeps for a client that does not read. */
function wordyPlugins() {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-wordy-'));
  const label = 'x'.repeat(240);
  const lines = Array.from({ length: 1500 }, (_each, index) => `wordy{text="${index}${label}"} ${index}\n`);
  fs.writeFileSync(path.join(home, '.lines'), lines.join(''));
  fs.writeFileSync(path.join(home, 'wordy.1s.sh'), `#!/bin/sh\ncat '${home}/.lines'\n`, { mode: 0o755 });
  return home;
}

test('what a slow client loses is counted at once, and told when it reads again', async () => {
  const home = wordyPlugins();
  const other = await startXprofd({ args: ['--plugin_dir', home] });
  const socket = connectTo(other.url());
  try {
    await other.waitFor('/api/entities?kind=plugin', ({ entities }) => entities.some(({ values }) => values.series === 1500), 'the plugin runs');
    socket.pause();
    socket.write('GET /api/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');
    await other.waitFor('/api/self', ({ values }) => values.live_clients === 1, 'it is connected');
    const { values } = await other.waitFor('/api/self', (self) => self.values.live_lost >= 2, 'it loses events', 120000);
    assert.match((await other.get('/metrics')).text, /^xprofd_live_lost_total [1-9]\d*$/m);
    socket.resume();
    const told = () => [...socket.text.matchAll(/event: lost\ndata: \{"count":(\d+)\}/g)];
    const sum = () => told().reduce((total, [, count]) => total + Number(count), 0);
    await until(() => sum() >= values.live_lost, 'it is told of all that were counted', 60000);
    const [{ index }] = told().slice(-1);
    await until(() => socket.text.indexOf('event: frame', index) > 0, 'and gets frames again', 60000);
    socket.destroy();
    const after = await other.waitFor('/api/self', (self) => self.values.live_clients === 0, 'it leaves');
    assert.ok(after.values.live_lost >= sum());
  } finally {
    socket.destroy();
    await other.stop();
    fs.rmSync(home, { recursive: true, force: true });
  }
});
