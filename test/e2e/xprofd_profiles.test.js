'use strict';

// Profiles through xprofd: taken, stopped early, refused, shown in other formats, kept over a restart, removed.

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const zlib = require('node:zlib');
const { after, before, describe, test } = require('node:test');
const { startApp } = require('./support/app');
const { startXprofd } = require('./support/xprofd');
const { Browser, browserOptions } = require('./support/browser');
const { until } = require('./support/until');

// Recursive: a loop that V8 optimised in place may be shown under its caller, which is then the same function.
const CODE = `
const kept = [];
function spin(depth) {
  if (depth > 0) return spin(depth - 1) + 1;
  const end = Date.now() + 5;
  while (Date.now() < end) Math.sqrt(end);
  kept.push(new Array(2000).fill(end));
  if (kept.length > 200) kept.length = 0;
  return 0;
}
setInterval(() => spin(5), 10);
say('up');
`;

describe('profiles through xprofd', { timeout: 110000 }, () => {
  let app, daemon, home;

  before(async () => {
    home = fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-dp-'));
    app = startApp(CODE);
    await app.said('up');
    daemon = await startXprofd({ home });
    await daemon.waitFor('/api/entities?kind=node', ({ entities }) => entities.some(({ labels }) => labels.pid === `${app.pid}`));
  });

  after(async () => {
    if (daemon) await daemon.stop();
    if (app) await app.stop();
    fs.rmSync(home, { recursive: true, force: true });
  });

  const begin = async (body) => {
    const { status, json } = await daemon.post('/api/profiles', { pid: app.pid, ...body });
    assert.strictEqual(status, 202, JSON.stringify(json));
    assert.strictEqual(json.state, 'running');
    return json;
  };
  const end = (id) => daemon.waitFor(`/api/profiles/${id}`, ({ state }) => state === 'complete' || state === 'failed', `end of ${id}`, 60000);
  const take = async (body) => {
    const profile = await end((await begin(body)).id);
    assert.strictEqual(profile.state, 'complete', JSON.stringify(profile));
    return profile;
  };
  const file = (id, query = '') => daemon.get(`/api/files/${id}${query}`);

  test('a CPU profile: its file, what it says, and every other format', async () => {
    const profile = await take({ kind: 'cpu', seconds: 1 });
    assert.match(profile.name, /app\.js$/);
    assert.ok(profile.paused_ms >= 0 && profile.size > 500, JSON.stringify(profile));
    assert.ok(profile.summary.by_self.some((row) => row.function === 'spin'), JSON.stringify(profile.summary));
    const original = await file(profile.id);
    assert.strictEqual(original.bytes.length, profile.size);
    assert.match(original.headers['content-disposition'], new RegExp(`filename="?${profile.id}\\.cpuprofile`));
    assert.ok(original.json.nodes.some(({ callFrame }) => callFrame.functionName === 'spin'));
    const [html, pprof, folded, speedscope, trace] = await Promise.all(
      ['html', 'pprof', 'folded', 'speedscope', 'trace'].map((format) => file(profile.id, `?format=${format}`)),
    );
    assert.match(html.headers['content-type'], /^text\/html/);
    assert.strictEqual(html.headers['content-disposition'], undefined, 'it is shown');
    assert.ok(zlib.gunzipSync(pprof.bytes).includes('spin'));
    assert.match(folded.text, /spin.* \d+$/m);
    assert.ok(speedscope.json.shared.frames.some(({ name }) => name.includes('spin')));
    assert.ok(JSON.stringify(trace.json).includes('spin'));
    assert.match((await file(profile.id, '?format=html&download=1')).headers['content-disposition'], /attachment/);
    const logged = fs.readdirSync(app.logDir).filter((name) => name.endsWith('.cpuprofile'));
    assert.deepStrictEqual(logged, [], 'the file has left the log_dir of the application');
  });

  test('its flame graph works in a browser, on a page that may load nothing', browserOptions(), async (t) => {
    const profile = await take({ kind: 'cpu', seconds: 1 });
    const browser = await Browser.launch();
    t.after(() => browser.close());
    const page = await browser.open(`${daemon.url()}/api/files/${profile.id}?format=html`);
    await page.locator('canvas').first().waitFor();
    await page.getByText('Table', { exact: true }).first().click();
    await page.getByText('spin', { exact: true }).first().waitFor();
    assert.deepStrictEqual(page.faults, []);
    assert.deepStrictEqual(page.requests, []);
  });

  test('heap, alloc, gc, snapshot, report', async () => {
    const taken = await Promise.all(
      [{ kind: 'heap', seconds: 1 }, { kind: 'gc', seconds: 1 }, { kind: 'report' }].map(take),
    );
    taken.push(await take({ kind: 'alloc', seconds: 0.5 }), await take({ kind: 'snapshot' }));
    const contents = await Promise.all(taken.map(({ id }) => file(id)));
    assert.ok(contents.every(({ json }) => json), 'each is JSON');
    assert.ok(contents[0].json.head && contents[1].json && contents[2].json.pid === app.pid && contents[4].json.snapshot);
    assert.strictEqual((await file(taken[0].id, '?format=html')).status, 200);
    const listed = (await daemon.get('/api/profiles')).json.profiles.map(({ id }) => id);
    for (const { id } of taken) assert.ok(listed.includes(id));
  });

  test('stopped early there is a file of the time until then', async () => {
    const { id } = await begin({ kind: 'cpu', seconds: 600 });
    const notYet = await file(id);
    assert.strictEqual(notYet.status, 409);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    assert.strictEqual((await daemon.get(`/api/profiles/${id}`, { method: 'DELETE' })).status, 202);
    const profile = await end(id);
    assert.strictEqual(profile.state, 'complete', JSON.stringify(profile));
    assert.ok((await file(id)).json.samples.length > 0);
  });

  test('refusals name the field and what would be right', async () => {
    const refused = async (body, status, field, words) => {
      const { status: got, json } = await daemon.post('/api/profiles', body);
      assert.deepStrictEqual([got, json.error.field], [status, field], JSON.stringify(json));
      assert.match(json.error.message, words);
    };
    await refused('nonsense', 400, 'body', /give a JSON object/);
    await refused({ kind: 'cpu' }, 400, 'pid', /whole number/);
    await refused({ pid: '12', kind: 'cpu' }, 400, 'pid', /whole number/);
    await refused({ pid: app.pid }, 400, 'kind', /cpu, heap/);
    await refused({ pid: app.pid, kind: 'cpu; rm -rf /' }, 400, 'kind', /cpu, heap/);
    await refused({ pid: app.pid, kind: 'cpu', seconds: 0 }, 400, 'seconds', /0\.1 to 3600/);
    await refused({ pid: app.pid, kind: 'cpu', seconds: 'long' }, 400, 'seconds', /0\.1 to 3600/);
    await refused({ pid: app.pid, kind: 'cpu', thread_id: -1 }, 400, 'thread_id', /whole number/);
    await refused({ pid: 4194303, kind: 'cpu' }, 404, 'pid', /no Node\.js process 4194303/);
    assert.strictEqual((await daemon.get('/api/profiles/../../etc/passwd')).status, 404);
    assert.strictEqual((await file('nothing')).json.error.field, 'id');
  });

  test('a thread that does not exist: the profile fails with the words of the core', async () => {
    const profile = await end((await begin({ kind: 'cpu', seconds: 1, thread_id: 77 })).id);
    assert.strictEqual(profile.state, 'failed');
    assert.match(profile.error, /77/);
    assert.strictEqual((await file(profile.id)).status, 409);
  });

  test('a format that the kind does not have', async () => {
    const { id } = await take({ kind: 'report' });
    const { status, json } = await file(id, '?format=html');
    assert.deepStrictEqual([status, json.error.message], [400, 'format: give one of: diag']);
  });

  test('they are there after a restart; a removed one leaves nothing', async () => {
    const profile = await take({ kind: 'cpu', seconds: 0.5 });
    await file(profile.id, '?format=folded');
    await daemon.stop('SIGKILL');
    daemon = await startXprofd({ home });
    const again = (await daemon.get(`/api/profiles/${profile.id}`)).json;
    assert.deepStrictEqual({ ...again, ends_ms: 0 }, { ...profile, ends_ms: 0 });
    assert.strictEqual((await file(profile.id)).bytes.length, profile.size);
    assert.strictEqual((await daemon.get(`/api/profiles/${profile.id}`, { method: 'DELETE' })).json.done, 'removed');
    assert.strictEqual((await daemon.get(`/api/profiles/${profile.id}`)).status, 404);
    const left = () => fs.readdirSync(path.join(home, 'data', 'profiles')).filter((name) => name.startsWith(profile.id));
    await until(() => left().length === 0, 'the files are gone');
  });

  test('SIGTERM while one is taken: xprofd ends soon, and the target is not left profiling', async () => {
    await daemon.waitFor('/api/entities?kind=node', ({ entities }) => entities.some(({ labels }) => labels.pid === `${app.pid}`));
    await begin({ kind: 'cpu', seconds: 600 });
    await new Promise((resolve) => setTimeout(resolve, 500));
    const { status } = await daemon.stop();
    assert.strictEqual(status, 0);
    const rpc = await app.rpc();
    const fault = await rpc.refused('stop_cpu_profiling', { thread_id: 0 });
    assert.match(fault.message, /not running/);
    daemon = undefined;
  });
});
