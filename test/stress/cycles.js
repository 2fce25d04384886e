'use strict';

// Profiles of all three kinds started and stopped together, again and again, under the load of a busy HTTP server;
// each file is complete and parses.
//   node test/stress/cycles.js [--count 500]

const fs = require('node:fs');
const { startApp } = require('../e2e/support/app');
const { PROFILES } = require('../e2e/support/kinds');
const { sleep } = require('../e2e/support/until');
const { numberOf, look, untilCalm, main, REPLY_MS } = require('./run');

const PROGRAM = `
  const http = require('node:http');
  const agent = new http.Agent({ keepAlive: true, maxSockets: 20 });
  function work(n) {
    const list = [];
    for (let i = 0; i < n; i++) list.push({ i, text: 'item ' + i });
    return JSON.stringify(list);
  }
  const server = http.createServer((request, response) => response.end(work(200)));
  server.listen(0, () => {
    const ask = () => http.get({ port: server.address().port, agent, path: '/x' }, (response) => response.resume().on('end', ask));
    for (let i = 0; i < 20; i++) ask();
  });`;

const CHECKS = {
  cpuprofile: (profile) => profile.nodes.length > 0 && profile.samples.length === profile.timeDeltas.length,
  heapprofile: (profile) => profile.head !== undefined,
  gcprofile: (profile) => Array.isArray(profile.gc),
};

async function cycle(rpc, number) {
  for (const { start } of PROFILES) await rpc.call(start, {}, REPLY_MS);
  await sleep(number % 20);
  for (const { kind, stop } of PROFILES) {
    const { filepath, state } = await rpc.call(stop, { wait: true }, REPLY_MS);
    if (state !== 'written') throw new Error(`${stop}: ${state}`);
    if (!CHECKS[kind](JSON.parse(fs.readFileSync(filepath, 'utf8')))) throw new Error(`${filepath} is not complete`);
    fs.rmSync(filepath);
  }
}

main(async () => {
  const count = numberOf('count', 500);
  const app = startApp(PROGRAM, { config: { log_interval: 1, enable_http_profiling: true } });
  const since = Date.now();
  try {
    const rpc = await app.rpc();
    for (let i = 0; i < 20; i++) await cycle(rpc, i);
    const before = look(app.pid);
    for (let i = 0; i < count; i++) await cycle(rpc, i);
    const after = await untilCalm(app.pid, before);
    if (!app.isAlive() || app.stderr !== '') throw new Error(`the program: ${app.stderr}`);
    const rest = app.files();
    if (rest.length > 0) throw new Error(`left over: ${rest}`);
    const figures = `RSS ${before.rssMb.toFixed(0)} MB before, ${after.rssMb.toFixed(0)} MB after`;
    return `${count} cycles of three profiles under load, ${((Date.now() - since) / 1000).toFixed(0)} s; ${figures}`;
  } finally {
    await app.stop();
  }
});
