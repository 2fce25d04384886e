'use strict';

// Processes that start xprofiler and end after a moment, in five ways, while commands reach them; 4 at a time.
//   node test/stress/starts.js [--count 500]

const { startApp } = require('../e2e/support/app');
const { within, sleep } = require('../e2e/support/until');
const { random, command } = require('./mix');
const { numberOf, main } = require('./run');

const AT_ONCE = 4;
const ENDS = {
  natural: { code: '', status: 0 },
  exit: { code: 'process.exit(3)', status: 3 },
  throw: { code: 'throw new Error("meant")', status: 1 },
  SIGTERM: { code: 'process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1000)', signal: 'SIGTERM' },
  worker: { code: 'workerOf("process.exit()").on("exit", () => process.exit(4))', status: 4 },
};

async function one(number, next, counts) {
  const name = Object.keys(ENDS)[number % Object.keys(ENDS).length];
  const { code, status = null, signal = null } = ENDS[name];
  const app = startApp(`setTimeout(() => { ${code} }, ${next(60)});`, { config: { log_interval: 1 } });
  try {
    const rpc = await Promise.race([app.rpc().catch(() => null), app.ended.then(() => null)]);
    while (rpc && app.isAlive()) {
      const [method, params] = command(next, { threadIds: [0], dumps: true });
      rpc.send(method, params).reply.then(() => counts.replies++);
      await sleep(next(5));
    }
    const end = await within(app.ended, `the end by ${name}`, 60_000);
    if (end.status !== status || end.signal !== signal) {
      throw new Error(`${name} ended with ${JSON.stringify(end)}: ${app.stderr}`);
    }
    const rest = app.files().filter((file) => file.endsWith('.tmp'));
    if (rest.length > 0 && name !== 'SIGTERM') throw new Error(`${name} leaves ${rest}`);
  } finally {
    await app.stop();
  }
}

main(async () => {
  const count = numberOf('count', 500);
  const next = random(11);
  const counts = { replies: 0 };
  const since = Date.now();
  let begun = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (begun < count) await one(begun++, next, counts);
    }),
  );
  return `${count} processes started and ended in ${Object.keys(ENDS).length} ways, ${counts.replies} replies, ${((Date.now() - since) / 1000).toFixed(0)} s`;
});
