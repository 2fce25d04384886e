'use strict';

// 1,000 commands of all kinds to a program under LeakSanitizer; at its end no block may be left that our code has
// taken. Run by scripts/sanitizers.js, in a copy that is built with AddressSanitizer.

const fs = require('node:fs');
const path = require('node:path');
const { startApp } = require('../e2e/support/app');
const { within, until } = require('../e2e/support/until');
const { random, command, stopAll, EXPECTED } = require('./mix');

const COMMANDS = 1000;
const REPLY_MS = 60_000;

const PROGRAM = `
  const http = require('node:http');
  let kept = [];
  setInterval(() => { kept = kept.concat(Array(100).fill({})).slice(-5000); }, 5);
  const server = http.createServer((_request, response) => response.end('x')).listen(0);
  server.unref();
  setInterval(() => http.get({ port: server.address().port }, (response) => response.resume()).on('error', () => {}), 50);
  const live = [];
  serve({
    worker() {
      const worker = workerOf('setInterval(() => {}, 100);');
      live.push(worker);
      worker.once('online', () => say('worker'));
    },
    end() {
      const worker = live.shift();
      worker.once('exit', () => say('ended'));
      worker.terminate();
    },
    exit: () => process.exit(0),
  });`;

async function send(rpc, method, params) {
  const { error } = await within(rpc.send(method, params).reply, `the reply to ${method}`, REPLY_MS);
  if (error && !EXPECTED.has(error.code)) throw new Error(`${method}: ${error.code} ${error.message}`);
}

async function fire(app, rpc) {
  const next = random(7);
  let workers = 0;
  for (let i = 0; i < COMMANDS; i++) {
    if (i % 100 === 0) {
      app.tell('worker');
      await app.said('worker', ++workers);
    }
    if (i % 100 === 50) {
      app.tell('end');
      await app.said('ended', workers);
    }
    const { environments } = await rpc.call('list_environments', {}, REPLY_MS);
    const [method, params] = command(next, { threadIds: environments.map((each) => each.thread_id), dumps: i % 10 === 0 });
    // Nobody waits for a profile that nobody stops.
    await send(rpc, method, method.startsWith('start') ? { ...params, wait: false } : params);
  }
  await stopAll(rpc, REPLY_MS);
}

/** Leaks whose innermost frame outside of the C library and cJSON is in our code. */
function leaksOfOurs(text) {
  return text
    .split(/\n\n/)
    .filter((part) => /^(Direct|Indirect) leak of/m.test(part))
    .filter((part) => {
      const frames = part.split('\n').filter((line) => /^ *#\d+ /.test(line));
      const own = frames.find((line) => !/libsanitizer|libasan|libc\.so|libcjson|string\/|sysdeps/.test(line));
      return own !== undefined && /xprofiler\.node|\bxpf_/.test(own);
    });
}

async function main() {
  const logs = fs.mkdtempSync(path.join(require('node:os').tmpdir(), 'xpf-leaks-'));
  const env = {
    ASAN_OPTIONS: `detect_leaks=1:log_path=${logs}/report:exitcode=0`,
    LSAN_OPTIONS: 'report_objects=0:max_leaks=0:print_suppressions=0',
  };
  const app = startApp(PROGRAM, { config: { log_interval: 1 }, env });
  try {
    const rpc = await app.rpc();
    await fire(app, rpc);
    await until(async () => (await rpc.call('list_environments')).environments.length === 1, 'the end of the workers', REPLY_MS);
    app.tell('exit');
    await within(app.ended, 'the end of the program', 120_000);
    const text = fs.readdirSync(logs).map((name) => fs.readFileSync(path.join(logs, name), 'utf8')).join('\n') + app.stderr;
    if (/LeakSanitizer has encountered a fatal error|ptrace/.test(text)) {
      console.log('skip: LeakSanitizer may not look at processes here (ptrace)');
      return;
    }
    const ours = leaksOfOurs(text);
    const all = (text.match(/^(Direct|Indirect) leak of/gm) || []).length;
    ours.forEach((leak) => console.log(leak));
    console.log(`${COMMANDS} commands, ${ours.length} leaks of ours, ${all} of Node itself at its end`);
    process.exitCode = ours.length > 0 ? 1 : 0;
  } finally {
    await app.stop();
    fs.rmSync(logs, { recursive: true, force: true });
  }
}

main().catch((error) => {
  console.log(error.stack);
  process.exitCode = 1;
});
