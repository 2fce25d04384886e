'use strict';

// Many processes that run xprofiler, as bench/fleet.c plays them.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawn } = require('node:child_process');

const { FLAGS, run } = require('../scripts/c_program');
const { startApp } = require('../test/e2e/support/app');
const { until, sleep } = require('../test/e2e/support/until');

/** The reply to `metrics` of a real process with so many threads, which does something. */
async function record(threads) {
  const worker = 'setInterval(() => { let s = 0; for (let i = 0; i < 1e5; i++) s += i; }, 50)';
  const app = startApp(`
    const http = require('node:http');
    for (let i = 1; i < ${threads}; i++) workerOf(${JSON.stringify(worker)});
    const server = http.createServer((request, response) => response.end('x'.repeat(1000)));
    server.listen(0, () => setInterval(() => http.get({ port: server.address().port }, (answer) => answer.resume()), 20));
  `);
  try {
    const client = await app.rpc();
    const hasAll = async () => (await client.call('metrics')).threads.length === threads;
    await until(hasAll, `${threads} threads`);
    await sleep(3000);
    return JSON.stringify({ jsonrpc: '2.0', id: 1, result: await client.call('metrics') });
  } finally {
    await app.stop();
  }
}

/** Starts `count` of them; gives { stop }. */
async function startFleet(count, threads) {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-fleet-'));
  const [program, reply] = ['fleet', 'reply.json'].map((name) => path.join(home, name));
  fs.writeFileSync(reply, `${await record(threads)}\n`);
  const { ok, text } = await run(process.env.CC || 'cc', [...FLAGS, '-O2', '-o', program, 'bench/fleet.c'], { timeoutMs: 120000 });
  if (!ok) {
    throw new Error(`fleet.c does not compile:\n${text}`);
  }
  const child = spawn(program, [String(count), reply], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.on('close', resolve));
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve);
    child.once('exit', () => reject(new Error('the fleet ended')));
  });
  return {
    async stop() {
      child.stdin.end();
      await ended;
      fs.rmSync(home, { recursive: true, force: true });
    },
  };
}

module.exports = { startFleet };
