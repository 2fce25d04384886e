'use strict';

// npm start -- --with-xprofd: the demo (or an application) and the daemon beside it.

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { test } = require('node:test');
const { request } = require('./support/xprofd');
const { until, within } = require('./support/until');

const root = path.resolve(__dirname, '../..');

/** Runs it until the address of the console is printed; gives what a user has then. */
async function start(t, words) {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-ws-'));
  const env = { ...process.env, XPROFILER_LOG_DIR: home, XPROFD_LISTEN: '127.0.0.1:0', XPROFD_RPC_LISTEN: 'none' };
  const child = spawn(process.execPath, ['scripts/start.js', '--with-xprofd', ...words], { cwd: root, env });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => (text += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk) => (text += chunk));
  const ended = new Promise((resolve) => child.on('close', (status, signal) => resolve({ status, signal, text })));
  t.after(async () => {
    child.kill('SIGKILL');
    await ended;
    fs.rmSync(home, { recursive: true, force: true });
  });
  const url = await until(() => /^ +console +(http:\S+)/m.exec(text)?.[1], 'the address', 60000).catch((error) => {
    throw new Error(`${error.message}; printed: ${text}`);
  });
  const pid = /process (\d+)/.exec(text)[1];
  return { url: url.replace(/\/$/, ''), pid, child, ended };
}

async function entity({ url, pid }, accept) {
  return until(async () => {
    const { json } = await request(`${url}/api/entities?kind=node`);
    return json.entities.find(({ labels, values }) => labels.pid === pid && accept(values));
  }, `process ${pid} in the daemon's answer`, 30000);
}

test('the demo is found, its figures arrive, SIGINT ends all of it', { timeout: 110000 }, async (t) => {
  const run = await start(t, []);
  const found = await entity(run, ({ rss }) => rss > 1e7);
  assert.strictEqual(found.kind, 'node');
  run.child.kill('SIGINT');
  const { status, text } = await within(run.ended, 'the end', 30000);
  assert.strictEqual(status, 0, text);
  assert.throws(() => process.kill(Number(run.pid), 0), { code: 'ESRCH' });
  await assert.rejects(request(`${run.url}/healthz`));
});

test('an application of one’s own, which ends by itself: so does the rest', { timeout: 110000 }, async (t) => {
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-wa-')), 'app.js');
  t.after(() => fs.rmSync(path.dirname(file), { recursive: true, force: true }));
  fs.writeFileSync(file, "process.on('SIGUSR2', () => process.exit(5)); setInterval(() => {}, 1000);");
  const run = await start(t, [file]);
  await entity(run, () => true);
  process.kill(Number(run.pid), 'SIGUSR2');
  const { status, text } = await within(run.ended, 'the end', 30000);
  assert.strictEqual(status, 1);
  assert.match(text, /the application has ended by itself \(exit status 5\)/);
});
