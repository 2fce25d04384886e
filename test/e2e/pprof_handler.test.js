'use strict';

// /debug/pprof as scrapers ask for it, mounted with http, express and fastify.

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const zlib = require('node:zlib');
const { spawnSync } = require('node:child_process');
const { after, before, describe, test } = require('node:test');

const { Profile } = require('pprof-format');

const { busy } = require('./support/busy');
const { launch } = require('./support/launch');
const { until } = require('./support/until');

const LIMIT = { timeout: 240000 };
const MAJOR = Number(process.versions.node.split('.')[0]);

const WORK = `${busy('busy')}\nsetInterval(busy, 6, 4);`;
const HTTP = `require('node:http').createServer(xprofiler.pprofHandler(options))`;

/** The program with a server, and a way to ask it. */
async function serveWith(server, { options = '{}', ...rest } = {}) {
  const app = launch(
    `const xprofiler = require(xprofilerRoot);\nconst options = ${options};\n${WORK}
    const server = ${server};
    server.listen(0, '127.0.0.1', () => say('port ' + server.address().port + ' end'));`,
    rest,
  );
  const rpc = await app.rpc();
  const match = await until(() => /^port (\d+) end$/m.exec(app.stdout), `a port; stderr ${app.stderr}`);
  const base = `http://127.0.0.1:${match[1]}/debug/pprof`;
  return { app, rpc, ask: (what, init) => fetch(base + what, { redirect: 'manual', ...init }) };
}

async function assertProfile(response, words) {
  assert.strictEqual(response.status, 200);
  assert.strictEqual(response.headers.get('content-type'), 'application/octet-stream');
  assert.strictEqual(response.headers.get('x-content-type-options'), 'nosniff');
  const bytes = zlib.gunzipSync(Buffer.from(await response.arrayBuffer()));
  for (const word of words) assert.ok(bytes.includes(word), word);
  const { timeNanos, durationNanos } = Profile.decode(bytes);
  const ageMs = Date.now() - Number(timeNanos) / 1e6;
  const lastedMs = Number(durationNanos) / 1e6;
  assert.ok(ageMs >= lastedMs && ageMs < lastedMs + 10000, `began ${ageMs} ms ago, lasted ${lastedMs} ms`);
  assert.ok(lastedMs >= 190, `lasted ${lastedMs} ms`);
}

describe('with http', LIMIT, () => {
  test('profile, heap, allocs in the time asked for; no file is left', async () => {
    const { app, ask } = await serveWith(HTTP);
    const began = Date.now();
    await assertProfile(await ask('/profile?seconds=0.5'), ['processTimers', 'nanoseconds', 'samples']);
    assert.ok(Date.now() - began >= 500);
    await assertProfile(await ask('/heap?seconds=0.2&gc=1&debug=0'), ['inuse_space', 'inuse_objects']);
    if (MAJOR >= 20) await assertProfile(await ask('/allocs?seconds=0.2'), ['alloc_space']);
    else assert.strictEqual((await ask('/allocs?seconds=0.2')).status, 501);
    assert.deepStrictEqual(app.files(), []);
  });

  test('the pages a person and a scraper look at', async () => {
    const { app, ask } = await serveWith(HTTP);
    const index = await ask('/');
    assert.match(index.headers.get('content-type'), /text\/html/);
    const page = await index.text();
    for (const [, link] of page.matchAll(/href="(\w+)\?seconds/g)) assert.ok(['profile', 'heap', 'allocs'].includes(link));
    assert.ok(page.includes('href="allocs?seconds=5"'));
    const moved = await ask('');
    assert.deepStrictEqual([moved.status, moved.headers.get('location')], [301, 'pprof/']);
    const words = (await (await ask('/cmdline')).text()).split('\0');
    assert.strictEqual(words.at(-1), path.join(app.home, 'app.js'));
    const flame = await ask('/profile?seconds=0.1&format=flamegraph');
    assert.match(flame.headers.get('content-type'), /text\/html/);
    assert.match(await flame.text(), /<!doctype html>/i);
    const folded = await ask('/profile?seconds=0.3&format=folded');
    assert.match(await folded.text(), /processTimers/);
  });

  test('what cannot be: each with its status and a sentence', async () => {
    const { ask } = await serveWith(HTTP, { options: '{ maxSeconds: 10 }' });
    const cases = [
      ['/goroutine', 404, /Node\.js has no goroutine profile/],
      ['/nothing', 404, /unknown profile: nothing/],
      ['/profile/more', 404, /unknown profile/],
      ['/profile?seconds=11', 400, /seconds must be .* at most 10/],
      ['/profile?seconds=x', 400, /seconds must be/],
      ['/heap?seconds=-1', 400, /seconds must be/],
      ['/heap?debug=1', 400, /debug is not supported/],
      ['/profile?seconds=1&thread=99', 404, /Thread not found/],
      ['/profile?seconds=1&format=xml', 400, /format must be one of/],
    ];
    for (const [what, status, words] of cases) {
      const response = await ask(what);
      assert.strictEqual(response.status, status, what);
      assert.match(response.headers.get('content-type'), /^text\/plain/);
      assert.match(await response.text(), words);
    }
    const post = await ask('/profile', { method: 'POST', body: 'x' });
    assert.deepStrictEqual([post.status, post.headers.get('allow')], [405, 'GET']);
  });

  test('one at a time: 409, also when the command line runs it; a client that leaves ends its own', async () => {
    const { rpc, ask } = await serveWith(HTTP);
    await rpc.call('start_cpu_profiling');
    const busy = await ask('/profile?seconds=1');
    assert.deepStrictEqual([busy.status, await busy.text()], [409, 'start_cpu_profiling is running.\n']);
    await rpc.call('cancel', { action: 'start_cpu_profiling' });
    const abort = new AbortController();
    const left = ask('/profile?seconds=60', { signal: abort.signal }).catch(() => {});
    for (let i = 0; i < 100 && (await ask('/profile?seconds=0.01')).status !== 409; i++);
    abort.abort();
    await left;
    let status = 409;
    for (let i = 0; i < 100 && status === 409; i++) status = (await ask('/profile?seconds=0.05')).status;
    assert.strictEqual(status, 200);
  });

  test('authorize: false, a promise, an exception', async () => {
    const options = `{ authorize: async (req) => {
      if (req.headers.key === 'broken') throw new Error('secret reason');
      return req.headers.key === 'good';
    } }`;
    const { ask } = await serveWith(HTTP, { options });
    assert.strictEqual((await ask('/cmdline')).status, 403);
    assert.strictEqual((await ask('/cmdline', { headers: { key: 'good' } })).status, 200);
    const broken = await ask('/cmdline', { headers: { key: 'broken' } });
    assert.strictEqual(broken.status, 500);
    assert.ok(!(await broken.text()).includes('secret'));
  });
});

describe('with frameworks', { timeout: 600000 }, () => {
  let home;
  let problem = '';
  before(() => {
    home = fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-frameworks-'));
    const words = ['install', '--silent', '--no-audit', '--no-fund', '--prefix', home, 'express@4', 'fastify@4'];
    const { status, stderr } = spawnSync('npm', words, { encoding: 'utf8', timeout: 300000, shell: false });
    if (status !== 0) problem = `npm install failed: ${stderr}`;
  });
  after(() => fs.rmSync(home, { recursive: true, force: true }));

  test('express', async () => {
    assert.strictEqual(problem, '');
    const server = `(() => { const express = require(${JSON.stringify(home)} + '/node_modules/express'); const app = express();
      app.use('/debug/pprof', xprofiler.pprofHandler()); return require('node:http').createServer(app); })()`;
    const { ask } = await serveWith(server);
    await assertProfile(await ask('/profile?seconds=0.3'), ['processTimers']);
    assert.match(await (await ask('/')).text(), /allocs\?seconds/);
    assert.strictEqual((await ask('')).headers.get('location'), 'pprof/');
    assert.strictEqual((await ask('/goroutine')).status, 404);
  });

  test('fastify', async () => {
    assert.strictEqual(problem, '');
    const server = `(() => { const app = require(${JSON.stringify(home)} + '/node_modules/fastify')();
      app.get('/debug/pprof/*', xprofiler.pprofHandler());
      return { listen: (port, host, done) => app.listen({ port, host }).then(done), address: () => app.server.address() }; })()`;
    const { ask } = await serveWith(server);
    await assertProfile(await ask('/profile?seconds=0.3'), ['processTimers']);
    assert.strictEqual((await ask('/nothing')).status, 404);
  });
});
