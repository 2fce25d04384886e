'use strict';

// Counting of requests, against the addon's exports as a plain object. Each test has a process-wide
// subscription of its own, so the tests look at one binding each and close their servers.

const assert = require('node:assert');
const http = require('node:http');
const { AsyncLocalStorage, createHook } = require('node:async_hooks');
const { once } = require('node:events');
const { test } = require('node:test');

const { watch, bucketOf } = require('../../lib/http');
const { makeFakeBinding, until } = require('./fake_binding');

async function withServer(handler, body) {
  const server = http.createServer(handler);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const base = `http://127.0.0.1:${server.address().port}`;
  try {
    await body(base, server);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

function request(url, { abortAfterMs = 0, ...options } = {}) {
  return new Promise((resolve) => {
    const client = http.request(url, { agent: false, ...options }, (response) => {
      response.resume();
      response.on('close', () => resolve(response.statusCode));
    });
    client.on('error', (error) => resolve(error.code));
    client.end();
    if (abortAfterMs > 0) {
      setTimeout(() => client.destroy(), abortAfterMs);
    }
  });
}

test('a bucket holds the values that its limits say', () => {
  assert.strictEqual(bucketOf(0), 0);
  assert.strictEqual(bucketOf(31), 31);
  assert.strictEqual(bucketOf(32), 32);
  assert.strictEqual(bucketOf(33), 32);
  assert.strictEqual(bucketOf(34), 33);
  assert.strictEqual(bucketOf(63), 47);
  assert.strictEqual(bucketOf(64), 48);
  assert.strictEqual(bucketOf(0xffffffff), 463);
  for (let us = 1; us < 0xffffffff; us = us * 2 + 7) {
    assert.ok(bucketOf(us) >= bucketOf(us - 1) && bucketOf(us) - bucketOf(us - 1) <= 1, `${us}`);
  }
});

test('a served request is counted once, with status and duration, however often watch is called', async () => {
  const binding = makeFakeBinding();
  for (let i = 0; i < 5; i++) {
    watch(binding, { server: true, client: true });
  }
  const handler = (req, res) => {
    res.statusCode = req.url === '/missing' ? 404 : 200;
    setTimeout(() => res.end('x'), 20);
  };
  await withServer(handler, async (base) => {
    assert.strictEqual(await request(`${base}/`), 200);
    assert.strictEqual(await request(`${base}/missing`), 404);
    await until(() => binding.server('closed') === 2 && binding.client('closed') === 2, 'closed');
  });
  for (const side of ['server', 'client']) {
    assert.strictEqual(binding[side]('started'), 2, side);
    assert.strictEqual(binding[side]('sent'), 2, side);
    assert.strictEqual(binding[side]('inFlight'), 0, side);
    assert.strictEqual(binding[side]('timeouts'), 0, side);
    assert.strictEqual(binding[side]('errors'), 0, side);
    assert.strictEqual(binding[`${side}Status`](200), 1, side);
    assert.strictEqual(binding[`${side}Status`](404), 1, side);
    const us = binding[side]('durationLow');
    assert.ok(us >= 38000 && us < 2000000, `${side}: two times 20 ms took ${us} µs`);
    const { counters, offsets } = binding.http();
    const start = offsets[side].histogram;
    const buckets = counters.subarray(start, start + 464);
    assert.strictEqual(buckets.reduce((sum, n) => sum + n), 2, side);
    assert.ok(buckets.findIndex((n) => n > 0) >= bucketOf(18000), side);
  }
});

test('a request that is aborted is closed, not sent; for the client it is an error', async () => {
  const binding = makeFakeBinding();
  watch(binding, { server: true, client: true });
  await withServer(
    () => {},
    async (base) => {
      await request(`${base}/`, { abortAfterMs: 30 });
      await until(() => binding.server('closed') === 1 && binding.client('closed') === 1, 'closed');
    },
  );
  assert.strictEqual(binding.server('sent'), 0);
  assert.strictEqual(binding.server('inFlight'), 0);
  assert.strictEqual(binding.client('sent'), 0);
  assert.strictEqual(binding.client('errors'), 1);
  assert.strictEqual(binding.client('inFlight'), 0);
});

test('a refused connection and a response cut in half are errors of the client', async () => {
  const binding = makeFakeBinding();
  watch(binding, { server: false, client: true });
  assert.strictEqual(await request('http://127.0.0.1:1/'), 'ECONNREFUSED');
  const half = (req, res) => {
    res.writeHead(200, { 'content-length': 100 });
    res.write('x');
    setTimeout(() => req.socket.destroy(), 20);
  };
  await withServer(half, async (base) => {
    await request(base);
    await until(() => binding.client('closed') === 2, 'closed');
  });
  assert.strictEqual(binding.client('errors'), 2);
  assert.strictEqual(binding.client('sent'), 0);
  assert.strictEqual(binding.server('started'), 0, 'servers are not counted when not asked for');
});

test('an upgrade counts as a response with status 101', async () => {
  const binding = makeFakeBinding();
  watch(binding, { server: true, client: true });
  await withServer(
    () => {},
    async (base, server) => {
      server.on('upgrade', (req, socket) => {
        socket.end('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
      });
      const headers = { Connection: 'Upgrade', Upgrade: 'echo' };
      const client = http.request(base, { agent: false, headers }).end();
      const [, socket] = await once(client, 'upgrade');
      socket.destroy();
      await until(() => binding.client('closed') === 1, 'closed');
    },
  );
  assert.strictEqual(binding.clientStatus(101), 1);
  assert.strictEqual(binding.client('errors'), 0);
});

test('fetch is counted: complete, failed and aborted', async () => {
  const binding = makeFakeBinding();
  watch(binding, { server: false, client: true });
  const handler = (req, res) => {
    if (req.url === '/ok') {
      res.statusCode = 201;
      res.end('x');
    } else if (req.url === '/broken') {
      req.socket.destroy();
    }
  };
  await withServer(handler, async (base) => {
    await (await fetch(`${base}/ok`)).text();
    await assert.rejects(fetch(`${base}/broken`));
    await assert.rejects(fetch(`${base}/slow`, { signal: AbortSignal.timeout(50) }));
    await until(() => binding.client('closed') === 3, 'closed');
  });
  assert.strictEqual(binding.client('started'), 3);
  assert.strictEqual(binding.client('sent'), 1);
  assert.strictEqual(binding.clientStatus(201), 1);
  assert.strictEqual(binding.client('errors'), 2);
  assert.strictEqual(binding.client('inFlight'), 0);
});

test('a response later than the limit is a timeout while it is still open, once; others are not', async () => {
  const binding = makeFakeBinding({ timeoutMs: 500 });
  watch(binding, { server: true, client: false });
  const open = [];
  const handler = (req, res) => (req.url === '/fast' ? res.end('x') : open.push(res));
  await withServer(handler, async (base) => {
    const slow = [request(`${base}/a`), request(`${base}/b`)];
    await request(`${base}/fast`);
    await until(() => binding.server('timeouts') === 2, 'two timeouts');
    assert.strictEqual(binding.server('sent'), 1);
    open.forEach((res) => res.end());
    await Promise.all(slow);
    await request(`${base}/fast`);
    await until(() => binding.server('closed') === 4, 'closed');
  });
  assert.strictEqual(binding.server('timeouts'), 2);
  assert.strictEqual(binding.server('sent'), 4);
});

test('a response that is late because the loop was blocked is a timeout too', async () => {
  const binding = makeFakeBinding({ timeoutMs: 50 });
  watch(binding, { server: true, client: false });
  const handler = (req, res) => {
    const end = Date.now() + 80;
    while (Date.now() < end);
    res.end('x');
  };
  await withServer(handler, async (base) => {
    await request(base);
    await until(() => binding.server('closed') === 1, 'closed');
  });
  assert.strictEqual(binding.server('timeouts'), 1);
});

test('details are given only while a profile wants them', async () => {
  const binding = makeFakeBinding({ timeoutMs: 500 });
  watch(binding, { server: true, client: true });
  const handler = (req, res) => {
    const isSlow = req.url.startsWith('/slow');
    req.url = '/cut-by-a-router';
    res.statusCode = 202;
    setTimeout(() => res.end('x'), isSlow ? 1500 : 0);
  };
  await withServer(handler, async (base) => {
    await request(`${base}/before`);
    binding.setProfiling(true);
    await request(`${base}/a?x=1,2`, { method: 'DELETE' });
    await request(`${base}/slow`);
    binding.setProfiling(false);
    await request(`${base}/after`);
  });
  const shown = binding.details.map(([url, method, sent, status]) => [url, method, sent, status]);
  assert.deepStrictEqual(shown, [
    ['/a?x=1,2', 'DELETE', true, 202],
    ['/slow', 'GET', false, 202],
    ['/slow', 'GET', true, 202],
  ]);
  assert.ok(binding.details.every(([, , , , ms]) => Number.isInteger(ms) && ms >= 0));
});

test('the timer keeps no async context of a request, and the process may end', async () => {
  const binding = makeFakeBinding({ timeoutMs: 60 });
  const storage = new AsyncLocalStorage();
  watch(binding, { server: true, client: false });
  const seen = [];
  const { httpDetail } = binding;
  binding.httpDetail = (...args) => {
    seen.push(storage.getStore());
    httpDetail(...args);
  };
  binding.setProfiling(true);
  const hold = (req, res) => storage.run('of the request', () => setTimeout(() => res.end(), 200));
  await withServer(hold, async (base) => {
    await storage.run('of the caller', () => request(base));
  });
  assert.strictEqual(seen[0], undefined);
  assert.ok(!process.getActiveResourcesInfo().includes('Timeout'), 'no referenced timer of ours');
});

test('jest --detectOpenHandles and its kin are told that nothing of ours is open', () => {
  const made = [];
  const hook = createHook({ init: (id, type, trigger, resource) => made.push([type, resource]) }).enable();
  watch(makeFakeBinding(), { server: true, client: true });
  hook.disable();
  const ours = made.filter(([type]) => type === 'xprofiler');
  assert.strictEqual(ours.length, 1);
  assert.ok(made.every(([, resource]) => resource.hasRef && resource.hasRef() === false), String(made.map(([type]) => type)));
});
