'use strict';

// HTTP, served and outgoing: every request is counted once, and the durations are those the application measures.

const assert = require('node:assert');
const http = require('node:http');
const { after, before, test } = require('node:test');

const { startApp } = require('./support/app');
const { ANSWER, ask } = require('./support/answer');
const { series, seriesUntil } = require('./support/records');
const { until, sleep } = require('./support/until');

/** GET /<any>?status=404&ms=100 answers so, /hold when told to release; look gives figures and own durations. */
const SERVER = `${ANSWER}
const http = require('node:http');
const { performance } = require('node:perf_hooks');
const durations = [];
const held = [];
const server = http.createServer((request, response) => {
  const begin = performance.now();
  const { pathname, searchParams } = new URL(request.url, 'http://x');
  response.on('finish', () => durations.push(performance.now() - begin));
  response.statusCode = Number(searchParams.get('status') || 200);
  if (pathname === '/hold') return held.push(response);
  setTimeout(() => response.end('x'), Number(searchParams.get('ms') || 0));
});
server.listen(0, '127.0.0.1', () => say('up'));
serve({
  port() { answer('port', server.address().port); },
  look() { answer('look', { main: xprofiler.metrics().threads.at(-1), durations }); },
  release() { held.splice(0).forEach((response) => response.end()); },
});`;

async function withServer(config, body) {
  const app = startApp(SERVER, { config: { log_interval: 60, ...config } });
  const agent = new http.Agent({ keepAlive: true, maxSockets: 10 });
  try {
    await app.said('up');
    const port = await ask(app, 'port');
    await body(app, (path) => get(port, path, agent));
  } finally {
    agent.destroy();
    await app.stop();
  }
}

function get(port, path, agent) {
  let request;
  const done = new Promise((resolve, reject) => {
    request = http.get({ port, path, agent, host: '127.0.0.1' }, (response) => {
      response.on('end', () => resolve(response.statusCode)).on('error', reject);
      response.resume();
    });
    request.on('error', reject);
  });
  return Object.assign(done, { request });
}

/** The figures of the main thread once they pass. */
function figures(app, passes, what = String(passes)) {
  return until(async () => {
    const { main } = await ask(app, 'look');
    return passes(main) && main;
  }, what);
}

const MIX = [...Array(40).fill(200), ...Array(15).fill(404), ...Array(5).fill(500)];

test('every request is counted exactly once, by status: in metrics() and over the lines', async () => {
  await withServer({ log_interval: 1 }, async (app, fetchPath) => {
    await Promise.all(MIX.map((status, i) => fetchPath(`/?status=${status}&ms=${i % 7}`)));
    const main = await figures(app, ({ http_closed_total: closed }) => closed >= MIX.length);
    assert.deepStrictEqual(main.http_status_total, { 200: 40, 404: 15, 500: 5 });
    for (const key of ['http_requests_total', 'http_responses_total', 'http_closed_total']) {
      assert.strictEqual(main[key], MIX.length, key);
    }
    assert.strictEqual(main.http_in_flight, 0);
    assert.strictEqual(main.http_timeouts_total, 0);
    assert.strictEqual(main.client_requests_total, 0);

    const now = series(app, 'http').length;
    await until(() => series(app, 'http').length > now + 1, 'two more records');
    const sum = (key) => series(app, 'http').reduce((total, line) => total + (line[key] || 0), 0);
    assert.deepStrictEqual([sum('res__200'), sum('res__404'), sum('res__500')], [40, 15, 5]);
    for (const key of ['live_http_request', 'http_response_close', 'http_response_sent']) {
      assert.strictEqual(sum(key), MIX.length, key);
    }
    const last = series(app, 'http').at(-1);
    assert.ok(!('res__200' in last), 'intervals begin anew');
    assert.strictEqual(last.http_response_sent + last.http_rt + last.http_p99_ms, 0);
  });
});

test('in-flight requests: held open, released, given up by the client', async () => {
  await withServer({}, async (app, fetchPath) => {
    const held = [1, 2, 3].map(() => fetchPath('/hold'));
    const lost = fetchPath('/hold');
    lost.catch(() => {});
    let main = await figures(app, ({ http_in_flight: count }) => count === 4);
    assert.strictEqual(main.http_responses_total, 0);
    lost.request.destroy();
    main = await figures(app, ({ http_in_flight: count }) => count === 3);
    assert.strictEqual(main.http_closed_total, 1);
    assert.strictEqual(main.http_responses_total, 0, 'nothing was sent to it');
    app.tell('release');
    await Promise.all(held);
    main = await figures(app, ({ http_in_flight: count }) => count === 0);
    assert.deepStrictEqual([main.http_requests_total, main.http_responses_total, main.http_closed_total], [4, 3, 4]);
    assert.deepStrictEqual(main.http_status_total, { 200: 3 });
  });
});

test('mean and percentiles are those of the durations that the application measures', async () => {
  await withServer({}, async (app, fetchPath) => {
    const delays = [...Array(88).fill(20), ...Array(8).fill(100), ...Array(4).fill(300)];
    await Promise.all(delays.map((ms) => fetchPath(`/?ms=${ms}`)));
    await figures(app, ({ http_responses_total: sent }) => sent >= delays.length);
    const { main, durations } = await ask(app, 'look');
    durations.sort((a, b) => a - b);
    assert.strictEqual(durations.length, delays.length);
    for (const percent of [50, 95, 99]) {
      const exact = durations[Math.ceil((percent / 100) * durations.length) - 1];
      const told = main[`http_p${percent}_ms`];
      // The two look at the clock one after the other; a busy machine may stop the thread in between.
      assert.ok(told >= exact - 5 && told <= exact * 1.0625 + 5, `p${percent}: ${told}, own ${exact}`);
    }
    assert.ok(main.http_p50_ms >= 19 && main.http_p95_ms >= 99 && main.http_p99_ms >= 299);
    const mean = durations.reduce((sum, ms) => sum + ms, 0) / durations.length;
    assert.ok(Math.abs(main.http_rt - mean) < 5, `${main.http_rt}, own ${mean}`);
  });
});

test('patch_http_timeout 0.5: a late response counts, while it is late and once', async () => {
  await withServer({ patch_http_timeout: 0.5, log_interval: 1 }, async (app, fetchPath) => {
    const held = fetchPath('/hold');
    await fetchPath('/?ms=1');
    const late = await figures(app, ({ http_timeouts_total: count }) => count === 1);
    assert.strictEqual(late.http_in_flight, 1, 'counted while it waits');
    app.tell('release');
    await held;
    await figures(app, ({ http_responses_total: sent }) => sent === 2);
    const line = await seriesUntil(app, 'http', (each) => each.http_request_timeout > 0);
    assert.strictEqual(line.http_patch_timeout, 0.5);
    assert.match(app.log(), /http_patch_timeout: 0\.5,/);
    const now = series(app, 'http').length;
    await until(() => series(app, 'http').length > now + 1, 'two more records');
    assert.strictEqual(series(app, 'http').reduce((sum, each) => sum + each.http_request_timeout, 0), 1);
  });
});

test('four hundred different statuses: ascending, cut to what a line may carry, all other keys stay', async () => {
  await withServer({ log_interval: 2 }, async (app, fetchPath) => {
    const from = series(app, 'http').length;
    await Promise.all(Array.from({ length: 400 }, (_, i) => fetchPath(`/?status=${200 + i}`)));
    const isCut = (line) => Object.keys(line).filter((key) => key.startsWith('res__')).length > 80;
    const line = await seriesUntil(app, 'http', isCut, { from });
    const statuses = Object.keys(line).filter((key) => key.startsWith('res__'));
    assert.deepStrictEqual(statuses, [...statuses].sort());
    assert.ok(statuses.length < 200, `${statuses.length}`);
    assert.ok('http_rt' in line && 'client_p99_ms' in line);
    const { main } = await ask(app, 'look');
    const total = Object.values(main.http_status_total).reduce((sum, count) => sum + count, 0);
    assert.strictEqual(total, main.http_responses_total);
  });
});

/* ---- outgoing ---- */

let target;
let refusing; // a port that nobody listens on; fetch refuses small ones itself

before(async () => {
  const nobody = http.createServer();
  await new Promise((resolve) => nobody.listen(0, '127.0.0.1', resolve));
  refusing = nobody.address().port;
  await new Promise((resolve) => nobody.close(resolve));
  target = http.createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://x');
    response.statusCode = Number(searchParams.get('status') || 200);
    if (pathname === '/cut') {
      response.writeHead(200, { 'content-length': 100 });
      response.write('some');
      setTimeout(() => response.destroy(), 50);
      return;
    }
    setTimeout(() => response.end('x'), Number(searchParams.get('ms') || 0));
  });
  await new Promise((resolve) => target.listen(0, '127.0.0.1', resolve));
});
after(() => {
  target.closeAllConnections();
  target.close();
});

/** Orders: `by_http` and `by_fetch` do the same requests in the two ways, `late` one that takes 900 ms. */
const CLIENT = (port) => `${ANSWER}
const http = require('node:http');
const { performance } = require('node:perf_hooks');
const base = 'http://127.0.0.1:${port}';
const durations = [];
const paths = ['/', '/?ms=20', '/?status=404', '/?status=500&ms=40', '/?ms=60'];
const byHttp = (url) => new Promise((resolve) => {
  http.get(url, (r) => r.on('error', resolve).on('close', resolve).resume()).on('error', resolve);
});
const byFetch = (url) => fetch(url).then((r) => r.arrayBuffer()).catch(() => {});
async function all(get) {
  for (const path of paths) {
    const begin = performance.now();
    await get(base + path);
    durations.push(performance.now() - begin);
  }
  await get(base + '/cut');
  await get('http://127.0.0.1:${refusing}/');
}
const main = () => xprofiler.metrics().threads.at(-1);
say('up');
setInterval(() => {}, 1000);
serve({
  async by_http() { await all(byHttp); answer('by_http', {}); },
  async by_fetch() { await all(byFetch); answer('by_fetch', {}); },
  late() { byHttp(base + '/?ms=900'); byFetch(base + '/?ms=900'); answer('late', {}); },
  look() { answer('look', { main: main(), durations }); },
});`;

async function withClient(config, body) {
  const app = startApp(CLIENT(target.address().port), { config: { log_interval: 60, ...config } });
  try {
    await app.said('up');
    await body(app);
  } finally {
    await app.stop();
  }
}

for (const order of ['by_http', 'by_fetch']) {
  test(`outgoing requests ${order}: begun, answered, failed`, async () => {
    await withClient({}, async (app) => {
      await ask(app, order);
      await figures(app, (main) => main.client_requests_total >= 7 && main.client_in_flight === 0);
      const { main, durations } = await ask(app, 'look');
      assert.deepStrictEqual(
        [main.client_requests_total, main.client_responses_total, main.client_errors_total, main.client_timeouts_total],
        [7, 5, 2, 0],
      );
      assert.strictEqual(main.http_requests_total, 0, 'served requests are others');
      const mean = durations.reduce((sum, ms) => sum + ms, 0) / durations.length;
      assert.ok(main.client_rt <= mean + 5 && main.client_rt > 20, `${main.client_rt}, own ${mean}`);
      assert.ok(main.client_p50_ms > 15 && main.client_p99_ms >= 59 && main.client_p99_ms < 10000);
    });
  });
}

test('outgoing requests on the lines, and those that are late', async () => {
  await withClient({ patch_http_timeout: 0.5, log_interval: 1 }, async (app) => {
    await ask(app, 'late');
    const waiting = await figures(app, ({ client_timeouts_total: count }) => count === 2);
    assert.strictEqual(waiting.client_in_flight, 2);
    await figures(app, ({ client_in_flight: count }) => count === 0);
    await sleep(1100);
    const sum = (key) => series(app, 'http').reduce((total, line) => total + line[key], 0);
    await until(() => sum('client_response_received') >= 2, 'both answers on the lines');
    assert.deepStrictEqual(
      ['client_request_started', 'client_response_received', 'client_request_error', 'client_request_timeout'].map(sum),
      [2, 2, 0, 2],
    );
  });
});

test('patch_http_client NO: nothing outgoing is counted', async () => {
  await withClient({ patch_http_client: false }, async (app) => {
    await ask(app, 'by_http');
    await ask(app, 'by_fetch');
    const { main } = await ask(app, 'look');
    assert.strictEqual(main.client_requests_total + main.client_in_flight + main.client_errors_total, 0);
  });
});
