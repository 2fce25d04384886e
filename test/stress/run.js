'use strict';

// What the long runs share: a number from the command line, a load on the program, the state that must come back.

const fs = require('node:fs');
const { until, within, sleep } = require('../e2e/support/until');
const { command, stopAll, random, EXPECTED } = require('./mix');

const REPLY_MS = 300_000; // one that is lost is looked for, not one that is late: snapshots queue up on a busy machine

/** The number behind `--name`, or what it is without. */
function numberOf(name, otherwise) {
  const at = process.argv.indexOf(`--${name}`);
  const number = at > 0 ? Number(process.argv[at + 1]) : otherwise;
  if (!(number > 0)) throw new Error(`--${name} needs a number above 0`);
  return number;
}

/** Open descriptors: sockets, and others but those of log files, which are opened when there is something for them. */
function countFds(pid) {
  const dir = `/proc/${pid}/fd`;
  const targets = fs.readdirSync(dir).map((fd) => {
    try {
      return fs.readlinkSync(`${dir}/${fd}`);
    } catch {
      return ''; // closed meanwhile
    }
  });
  const sockets = targets.filter((target) => target.startsWith('socket:')).length;
  const logs = targets.filter((target) => target.endsWith('.log')).length;
  return { sockets, fds: targets.length - sockets - logs };
}

const OTHERS = 8; // connections of whoever else looks into the process, as xprofd and xprofctl top do

/** What the kernel knows of a process and must be the same afterwards. */
function look(pid) {
  const status = fs.readFileSync(`/proc/${pid}/status`, 'utf8');
  const kb = (key) => Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(status)[1]);
  return { ...countFds(pid), threads: kb('Threads'), rssMb: kb('VmRSS') / 1024 };
}

/** Whether descriptors and threads are not more than before. */
function isLike(now, before) {
  return now.fds <= before.fds && now.sockets <= before.sockets + OTHERS && now.threads <= before.threads;
}

/** Waits until it is like that. */
async function untilCalm(pid, before) {
  let now;
  await until(() => {
    now = look(pid);
    return isLike(now, before);
  }, 'descriptors and threads as before', 30_000).catch((error) => {
    throw new Error(`${error.message}: ${JSON.stringify({ before, now })}`);
  });
  return now;
}

/**
 * Clients that send commands of all kinds until `isDone()`. Gives how many were answered. A reply that no such mix
 * explains, or none at all, throws.
 */
async function fire(app, { clients, seed = 1, dumps = true, pauseMs = 5, isDone }) {
  const counts = { results: 0, refusals: 0 };
  async function client(number) {
    const next = random(seed * 1000 + number);
    const rpc = await app.rpc();
    let threadIds = [0];
    const waiting = new Set();
    while (!isDone()) {
      if (next(5) === 0) {
        const { environments } = await rpc.call('list_environments', {}, REPLY_MS);
        threadIds = environments.map((each) => each.thread_id);
      }
      const [method, params] = command(next, { threadIds, dumps });
      const reply = within(rpc.send(method, params).reply, `the reply to ${method}`, REPLY_MS).then(({ error }) => {
        if (error && !EXPECTED.has(error.code)) throw new Error(`${method}: ${error.code} ${error.message}`);
        counts[error ? 'refusals' : 'results']++;
        waiting.delete(reply);
      });
      waiting.add(reply);
      reply.catch(() => {}); // told below
      if (waiting.size > 20) await Promise.race(waiting);
      if (pauseMs > 0) await sleep(next(2 * pauseMs));
    }
    await stopAll(rpc, REPLY_MS);
    await Promise.all(waiting);
    rpc.close();
  }
  await Promise.all(Array.from({ length: clients }, (_, number) => client(number)));
  return counts;
}

/** Runs a main function: its last word is one line, its failure the exit status. */
function main(body) {
  body().then(
    (sentence) => console.log(sentence),
    (error) => {
      console.log(error.stack || String(error));
      process.exitCode = 1;
    },
  );
}

module.exports = { numberOf, look, isLike, untilCalm, fire, main, REPLY_MS };
