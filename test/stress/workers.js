'use strict';

// Workers that come and go in four ways, 8 at a time, while clients send commands to all of them, metrics are logged
// each second, and CPU, heap and GC profiles run on the main thread.
//   node test/stress/workers.js [--count 1000]

const { startApp } = require('../e2e/support/app');
const { PROFILES } = require('../e2e/support/kinds');
const { until, within } = require('../e2e/support/until');
const { numberOf, look, untilCalm, fire, main, REPLY_MS } = require('./run');

const AT_ONCE = 8;

const PROGRAM = `
  const ENDS = [null, 'process.exit(0)', 'throw new Error("meant")', 'clearInterval(timer)'];
  const counts = { begun: 0, ended: 0 };
  let wanted = 0;
  const kept = [];
  setInterval(() => { kept.push(Array(200).fill({})); if (kept.length > 500) kept.length = 0; }, 2);
  function spawn() {
    if (counts.begun >= wanted) return;
    const number = counts.begun++;
    const end = ENDS[number % ENDS.length];
    const life = 10 + (number * 37) % 250;
    const worker = workerOf(
      'let some = []; const timer = setInterval(() => { some = some.concat(Array(100).fill({})).slice(-5000); }, 2);' +
        (end ? 'setTimeout(() => { ' + end + ' }, ' + life + ');' : ''),
    );
    if (!end) setTimeout(() => worker.terminate(), life);
    worker.on('error', (error) => {
      if (error.message !== 'meant') say('unexpected: ' + error.stack);
    });
    worker.on('exit', () => {
      counts.ended++;
      if (counts.ended % 50 === 0) say('ended ' + counts.ended);
      spawn();
    });
  }
  function begin(count) {
    wanted = counts.begun + count;
    for (let i = 0; i < ${AT_ONCE}; i++) spawn();
  }
  serve({
    few: () => begin(50),
    many: () => begin(Number(process.env.STRESS_WORKERS)),
  });`;

async function profile(rpc) {
  for (const { start } of PROFILES) {
    const { error } = await rpc.send(start, { profiling_time: 0 }).reply;
    // Somebody else of the storm may have started it.
    if (error && !/is running/.test(error.message)) throw new Error(`${start}: ${error.message}`);
  }
}

main(async () => {
  const count = Math.ceil(numberOf('count', 1000) / 50) * 50;
  const app = startApp(PROGRAM, { config: { log_interval: 1 }, env: { STRESS_WORKERS: String(count) } });
  const since = Date.now();
  try {
    const rpc = await app.rpc();
    app.tell('few'); // so that what is made at first use exists
    await until(() => app.stdout.includes('ended 50\n'), '50 workers', 120_000);
    await until(async () => (await rpc.call('list_environments', {}, REPLY_MS)).environments.length === 1, 'no worker', REPLY_MS);
    for (const { start, stop } of PROFILES) {
      await rpc.call(start, {}, REPLY_MS);
      await rpc.call(stop, { wait: true }, REPLY_MS);
    }
    await rpc.call('heapdump', { wait: true }, REPLY_MS);
    await rpc.call('diag_report', { wait: true }, REPLY_MS);
    const before = look(app.pid);
    app.tell('many');
    const isDone = () => !app.isAlive() || app.stdout.includes(`ended ${count + 50}\n`);
    await profile(rpc);
    const again = setInterval(() => profile(rpc).catch(() => {}), 500);
    const counts = await fire(app, { clients: 6, isDone, dumps: true }).finally(() => clearInterval(again));
    if (!app.isAlive()) throw new Error(`the program has died: ${JSON.stringify(await app.ended)} ${app.stderr}`);
    if (app.stdout.includes('unexpected')) throw new Error(app.stdout);
    await rpc.call('check_version', {}, REPLY_MS);
    for (const { stop } of PROFILES) await within(rpc.send(stop, { wait: true }).reply, stop, REPLY_MS);
    const after = await untilCalm(app.pid, before);
    if (app.stderr !== '') throw new Error(`on stderr: ${app.stderr}`);
    const figures = `RSS ${before.rssMb.toFixed(0)} MB before, ${after.rssMb.toFixed(0)} MB after`;
    return `${count} workers, ${counts.results} results and ${counts.refusals} refusals, ${((Date.now() - since) / 1000).toFixed(0)} s; ${figures}`;
  } finally {
    await app.stop();
  }
});
