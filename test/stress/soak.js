#!/usr/bin/env node
'use strict';

// A program that is asked and measured for minutes: 1,000 commands of all kinds a minute, workers that come and go, a
// record each second, old logs that must go by age and by size, midnight in the middle, a disk that fills and is
// emptied. Memory, descriptors and threads must stay; every file that was promised must be there and complete, or its
// failure told; every second must have its record, or the log must have said that lines were lost.
//   npm run soak [-- --minutes 10]

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { startApp } = require('../e2e/support/app');
const disk = require('../e2e/support/tiny_disk');
const { recordsOf } = require('../e2e/support/records');
const { until, within, sleep } = require('../e2e/support/until');
const { random, command, stopAll, EXPECTED } = require('./mix');
const { numberOf, look, REPLY_MS } = require('./run');
const { HeldMemory } = require('./held_memory');

const A_MINUTE = 1000; // commands
const CLIENTS = 4;
const SAMPLE_MS = 3700; // never in step with the program's workers: for a moment after each 5 s there are two
const FULL_MS = 5000;
const REFILL_MS = 100;
const WRITTEN_WITHIN_MS = 5_000; // after the promise, also on a busy machine
const SILENT_MS = 70_000;
const IO = -32003; // a failed write: expected while the disk is full
// What may be gained between the second quarter of the samples and the last, which in a run of 10 minutes are 5 minutes
// apart: a leak of 1.5 MB a minute gains 7.5 MB. RSS also has what malloc keeps in its arenas, which comes and goes in
// steps of tens of MB. The heap of V8 grows for some minutes until it is as large as the work wants.
const HELD_MB = 6;
const RSS_MB = 40;
const WARM_UP_MINUTES = 4;
const WARMING_UP_MB = 25;
const MORE = 6; // descriptors and threads, as one worker more has

const PROGRAM = `
  const http = require('node:http');
  const agent = new http.Agent({ keepAlive: true });
  const server = http.createServer((_request, response) => response.end(JSON.stringify(Array(50).fill({ text: 'x' }))));
  server.listen(0, () => setInterval(() => {
    http.get({ port: server.address().port, agent }, (response) => response.resume()).on('error', () => {});
  }, 20));
  let worker;
  function renew() {
    if (worker) worker.terminate();
    worker = workerOf('let some = []; setInterval(() => { some = some.concat(Array(50).fill({})).slice(-5000); }, 5);');
    worker.on('error', () => {});
  }
  renew();
  setInterval(renew, 5000);`;

/** A zone in which it will be midnight in so many seconds. */
function zoneBeforeMidnight(seconds) {
  let west = (Math.floor(Date.now() / 1000) + seconds) % 86400; // seconds that its clock is behind UTC
  if (west > 43200) west -= 86400;
  const two = (number) => String(Math.floor(number)).padStart(2, '0');
  const clock = Math.abs(west);
  return `XPF${west < 0 ? '-' : '+'}${two(clock / 3600)}:${two((clock / 60) % 60)}:${two(clock % 60)}`;
}

class Promises {
  constructor() {
    this.open = new Map(); // file: when it was promised
    this.taken = new Set();
    this.counts = { results: 0, refusals: 0, files: 0, failed: 0 };
    this.told = ''; // names of files in error replies
  }

  take(file) {
    JSON.parse(fs.readFileSync(file, 'utf8'));
    fs.rmSync(file);
    this.open.delete(file);
    this.taken.add(file);
    this.counts.files++;
  }

  /** What is there need not wait for the end: the disk is small. */
  collect() {
    for (const file of [...this.open.keys()]) if (fs.existsSync(file)) this.take(file);
  }

  note(method, { result, error }, isFull) {
    if (error) {
      if (!EXPECTED.has(error.code) && !(error.code === IO && isFull)) throw new Error(`${method}: ${error.code} ${error.message}`);
      this.counts.refusals++;
      this.told += `${error.message}\n`;
      return;
    }
    this.counts.results++;
    if (!result.filepath || this.taken.has(result.filepath)) return;
    this.open.set(result.filepath, Date.now());
    if (result.state === 'written') this.take(result.filepath);
  }

  /**
   * At the end: what was promised is there, or why not has been said: in a reply, in the error log, or, while the disk
   * was so full that the log could not say it, on stderr.
   */
  async settle(errors, gaps) {
    for (const [file, at] of [...this.open]) {
      const name = path.basename(file);
      const wasFull = gaps.some(([begin, end]) => at > begin - WRITTEN_WITHIN_MS && at < end);
      const isTold = () => wasFull || this.told.includes(name) || errors().includes(name);
      await until(() => fs.existsSync(file) || isTold(), `${name}, which was promised`, 30_000);
      if (fs.existsSync(file)) this.take(file);
      else this.counts.failed++;
      this.open.delete(file);
    }
  }
}

async function client(number, app, state) {
  const next = random(100 + number);
  const rpc = await app.rpc();
  let threadIds = [0];
  while (Date.now() < state.end) {
    const turn = Date.now();
    if (next(5) === 0) threadIds = (await rpc.call('list_environments', {}, REPLY_MS)).environments.map((each) => each.thread_id);
    const [method, params] = command(next, { threadIds, dumps: next(4) === 0 });
    const isStart = method.startsWith('start_');
    if (params.log_level === 0) params.log_level = 1; // 0 keeps errors out of the log, which have to tell what failed
    const options = isStart ? { ...params, profiling_time: 50 + next(300) } : { ...params, wait: undefined };
    if (method !== 'cancel') {
      const begun = state.isFull;
      const reply = await within(rpc.send(method, options).reply, `the reply to ${method}`, REPLY_MS);
      state.promises.note(method, reply, begun || state.isFull || Date.now() < state.fullUntil);
      state.promises.collect();
      state.commands++;
    }
    await sleep(Math.max(0, (60_000 * CLIENTS) / A_MINUTE - (Date.now() - turn)));
  }
  await stopAll(rpc, REPLY_MS);
}

function dated(days) {
  return new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10).replaceAll('-', '');
}

/** The logs of the run itself, MB. */
function logsMb(app) {
  const logs = fs.readdirSync(app.logDir).filter((name) => /^xprofiler-.*\.log$/.test(name));
  return logs.reduce((sum, name) => sum + fs.statSync(path.join(app.logDir, name)).size, 0) / (1 << 20);
}

/** Old logs appear; the one beyond the age and the oldest beyond the size go, and those of the run stay. */
async function rotate(app) {
  const rpc = await app.rpc(); // one that was open since the last time would be closed as silent
  const file = (days) => path.join(app.logDir, `xprofiler-${dated(days)}.log`);
  const ownMb = Math.ceil(logsMb(app));
  fs.writeFileSync(file(40), 'old\n');
  for (const days of [9, 8, 7]) fs.writeFileSync(file(days), Buffer.alloc(1 << 20, 'x'));
  await rpc.call('set_config', { log_max_age_days: 30, log_max_total_mb: ownMb + 20 }, REPLY_MS);
  await until(() => !fs.existsSync(file(40)) && fs.existsSync(file(9)), 'the log of 40 days ago to go', 10_000);
  await rpc.call('set_config', { log_max_total_mb: ownMb + 1 }, REPLY_MS);
  await until(() => !fs.existsSync(file(9)) && !fs.existsSync(file(8)), 'the oldest logs beyond the size to go', 10_000);
  await rpc.call('set_config', { log_max_total_mb: 1024 }, REPLY_MS);
  fs.rmSync(file(7), { force: true });
  rpc.close();
}

async function fillAndEmpty(app, state) {
  state.isFull = true;
  state.gaps.push([Date.now(), 0]);
  let filler;
  for (const end = Date.now() + FULL_MS; Date.now() < end; await sleep(REFILL_MS)) {
    filler = disk.fill(app.logDir); // clients remove the files they have read
  }
  fs.rmSync(filler);
  state.isFull = false;
  state.fullUntil = Date.now() + 5000; // who began while it was full may say so now
  state.gaps.at(-1)[1] = state.fullUntil;
  const isTold = () => /can be written again, \d+ log lines were lost/.test(app.stderr);
  await until(isTold, 'the end of the full disk to be told', 20_000).catch((error) => {
    throw new Error(`${error.message}; the log ends with ${app.log().slice(-500)}, in ${app.logDir} are ${app.files()}`);
  });
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

function sparkline(numbers) {
  const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
  return numbers.map((number) => '▁▂▃▄▅▆▇█'[Math.round(((number - low) / (high - low || 1)) * 7)]).join('');
}

function checkFlat(samples, minutes) {
  const most = { rssMb: RSS_MB, heldMb: minutes < WARM_UP_MINUTES ? WARMING_UP_MB : HELD_MB, keptMb: Infinity };
  const quarter = Math.floor(samples.length / 4);
  const faults = [];
  for (const key of Object.keys(samples[0]).filter((each) => each !== 'at')) {
    const numbers = samples.map((sample) => sample[key]);
    const [early, late] = [median(numbers.slice(quarter, 2 * quarter)), median(numbers.slice(-quarter))];
    const slope = (late - early) / ((samples.at(-1).at - samples[0].at) / 2 / 60_000);
    console.log(`${key.padEnd(8)} ${sparkline(numbers)}  ${early.toFixed(0)} → ${late.toFixed(0)}, ${slope.toFixed(2)} a minute`);
    if (late - early > (most[key] ?? MORE)) faults.push(key);
  }
  if (faults.length > 0) throw new Error(`not flat: ${faults}`);
}

/** A record each second; more than three seconds without one only while the disk was full. */
function checkRecords(app, state) {
  const times = recordsOf(app.log()).map(([first]) => Date.parse(`${first.time.replace(' ', 'T')}Z`));
  const shift = Math.round((times[0] - state.begun) / 1000) * 1000; // the zone
  const holes = [];
  for (let i = 1; i < times.length; i++) {
    const [from, to] = [times[i - 1] - shift, times[i] - shift];
    const isExplained = state.gaps.some(([begin, end]) => from <= end && to >= begin - 2000);
    if (to - from > 3000 && !isExplained) holes.push(`${to - from} ms before ${new Date(to).toISOString()}`);
  }
  if (holes.length > 0) throw new Error(`records are missing: ${holes}`);
  return times.length;
}

/** Who has said nothing for a minute (XPF_IDLE_MS) is closed. */
async function checkSilence(silent, length) {
  const { error } = await within(silent.send('check_version').reply, 'the end of a silent connection', REPLY_MS);
  if (length > SILENT_MS && !error) throw new Error('a connection was silent for more than a minute and is still open');
}

/** The first snapshot of a thread costs 4 MB for good: V8 remembers an id for each of its objects. */
async function firstSnapshot(app) {
  const rpc = await app.rpc();
  const { filepath } = await rpc.call('heapdump', { wait: true }, REPLY_MS);
  fs.rmSync(filepath);
  rpc.close();
}

async function soak(app, minutes, { canFill, memory }) {
  const length = minutes * 60_000;
  await firstSnapshot(app);
  const state = { begun: Date.now(), end: Date.now() + length, promises: new Promises(), commands: 0, isFull: false, fullUntil: 0, gaps: [] };
  const silent = await app.rpc();
  const samples = [];
  const sample = () => samples.push({ at: Date.now(), ...look(app.pid), ...memory?.look(app.pid) });
  const sampler = setInterval(() => app.isAlive() && sample(), SAMPLE_MS);
  const events = (async () => {
    await sleep(length * 0.2);
    await rotate(app);
    await sleep(length * 0.2);
    if (canFill) await fillAndEmpty(app, state);
    await sleep(length * 0.2);
    await rotate(app);
  })();
  const clients = Array.from({ length: CLIENTS }, (_, number) => client(number, app, state));
  await Promise.all([events, ...clients]).finally(() => clearInterval(sampler));
  await state.promises.settle(() => app.log('error-'), state.gaps);
  if (!app.isAlive()) throw new Error(`the program has died: ${app.stderr}`);
  await checkSilence(silent, length);
  const records = checkRecords(app, state);
  const days = fs.readdirSync(app.logDir).filter((name) => /^xprofiler-\d{8}\.log$/.test(name));
  if (days.length !== 2) throw new Error(`not the logs of two days: ${days}`);
  const rest = app.files().filter((name) => name !== 'filler');
  if (rest.length > 0) throw new Error(`left over: ${rest}`);
  checkFlat(samples, minutes);
  const { results, refusals, files, failed } = state.promises.counts;
  return `${minutes} min, ${state.commands} commands: ${results} results, ${refusals} refusals, ${files} files complete, ${failed} failures told; ${records} records, 2 days${canFill ? ', disk full once' : ''}`;
}

async function main() {
  const minutes = numberOf('minutes', 10);
  let dir;
  let why = '';
  const logDir = (home) => {
    dir = path.join(home, 'logs');
    fs.mkdirSync(dir);
    why = disk.whyNot(dir) || disk.mount(dir, '64m');
    return dir;
  };
  const probeDir = fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-soak-'));
  const whyNotHeld = HeldMemory.build(probeDir);
  const memory = whyNotHeld ? undefined : new HeldMemory(probeDir);
  const env = { TZ: zoneBeforeMidnight(minutes * 30), ...memory?.env };
  const app = startApp(PROGRAM, { config: { log_interval: 1, log_level: 1 }, env, logDir });
  if (why) console.log(`without a full disk: ${why}`);
  if (whyNotHeld) console.log(`without what malloc keeps told apart: ${whyNotHeld}`);
  try {
    console.log(await soak(app, minutes, { canFill: !why, memory }));
    console.log('soak: 1 passed, 0 failed');
  } catch (error) {
    console.log(error.stack);
    console.log(app.stderr);
    console.log('soak: 0 passed, 1 failed');
    process.exitCode = 1;
  } finally {
    app.child.kill('SIGKILL');
    await app.ended;
    if (!why) disk.unmount(dir);
    await app.stop();
    fs.rmSync(probeDir, { recursive: true, force: true });
  }
}

main();
