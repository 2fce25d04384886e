'use strict';

// A cluster of 8 under commands whose members are killed at random; the primary replaces them.
//   node test/stress/cluster.js [--count 200]

const fs = require('node:fs');
const path = require('node:path');
const { startApp } = require('../e2e/support/app');
const { connect } = require('../e2e/support/rpc');
const { until, sleep } = require('../e2e/support/until');
const { random, command } = require('./mix');
const { numberOf, main, REPLY_MS } = require('./run');

const MEMBERS = 8;

const PROGRAM = `
  const cluster = require('node:cluster');
  const http = require('node:http');
  if (cluster.isPrimary) {
    const fork = () => cluster.fork().once('online', function () { say('member ' + this.process.pid); }).on('error', (error) => {
      if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') throw error; // Node writes to a member that was just killed
    });
    for (let i = 0; i < ${MEMBERS}; i++) fork();
    cluster.on('exit', (worker, code, signal) => {
      say('gone ' + worker.process.pid + ' ' + code + ' ' + signal);
      fork();
    });
    setInterval(() => {}, 1000);
  } else {
    http.createServer((_request, response) => response.end('x')).listen(0);
    const some = [];
    setInterval(() => { some.push(Array(500).fill({})); if (some.length > 200) some.length = 0; }, 3);
  }`;

const pidsOf = (app, word) => [...app.stdout.matchAll(new RegExp(`^${word} (\\d+)`, 'gm'))].map(([, pid]) => Number(pid));

function members(app) {
  const gone = new Set(pidsOf(app, 'gone'));
  return pidsOf(app, 'member').filter((pid) => !gone.has(pid));
}

/** Commands to a process until it is gone or `isDone()`. */
async function fireAt(pid, seed, counts, isDone) {
  const next = random(seed);
  const rpc = await connect(pid).catch(() => null); // killed before it listened
  while (rpc && !isDone() && fs.existsSync(`/proc/${pid}`)) {
    const [method, params] = command(next, { threadIds: [0], dumps: true });
    rpc.send(method, params).reply.then(({ error }) => counts[error && error.code === 0 ? 'cut' : 'replies']++);
    await sleep(5 + next(30));
  }
  if (rpc) rpc.close();
}

async function kill(app, next, killed) {
  const all = members(app);
  if (all.length === 0) return;
  const pid = all[next(all.length)];
  killed.add(pid);
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}

function checkEnds(app) {
  const wrong = [...app.stdout.matchAll(/^gone (.*)$/gm)].map(([, text]) => text).filter((text) => !/ null SIGKILL$/.test(text));
  if (wrong.length > 0) throw new Error(`members ended by themselves: ${wrong.join('; ')} ${app.stderr}`);
}

/** Every live process of the cluster answers, and old tools find it in the registry. */
async function checkAll(app, killed) {
  // The primary may not know yet of the last that was killed.
  const isWhole = () => members(app).length === MEMBERS && !members(app).some((pid) => killed.has(pid));
  await until(isWhole, `${MEMBERS} members`, REPLY_MS);
  for (const pid of [app.pid, ...members(app)]) {
    const rpc = await connect(pid);
    if (!(await rpc.call('check_version', {}, REPLY_MS)).version) throw new Error(`${pid} has no version`);
    rpc.close();
    const registry = () => fs.readFileSync(path.join(app.home, '.xprofiler'), 'utf8');
    await until(() => registry().split('\n').some((line) => line.startsWith(`${pid}\0`)), `${pid} in the registry`);
  }
}

main(async () => {
  const count = numberOf('count', 200);
  const app = startApp(PROGRAM, { config: { log_interval: 1 } });
  const counts = { replies: 0, cut: 0 };
  const since = Date.now();
  let isDone = false;
  try {
    await until(() => members(app).length === MEMBERS, `${MEMBERS} members`, REPLY_MS);
    const seen = new Set();
    const clients = [fireAt(app.pid, 1, counts, () => isDone)];
    const next = random(5);
    const killed = new Set();
    for (let i = 0; i < count; i++) {
      for (const pid of members(app).filter((each) => !seen.has(each))) {
        seen.add(pid);
        clients.push(fireAt(pid, pid, counts, () => isDone));
      }
      await sleep(20 + next(200));
      await kill(app, next, killed);
      if (!app.isAlive()) throw new Error(`the primary has died: ${app.stderr}`);
    }
    isDone = true;
    await Promise.all(clients);
    await checkAll(app, killed);
    checkEnds(app);
    if (app.stderr !== '') throw new Error(`on stderr: ${app.stderr}`);
    return `${count} members of a cluster of ${MEMBERS} killed, ${counts.replies} replies, ${counts.cut} cut off, ${((Date.now() - since) / 1000).toFixed(0)} s`;
  } finally {
    for (const pid of members(app)) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // Gone already.
      }
    }
    await app.stop();
  }
});
