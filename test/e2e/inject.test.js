'use strict';

// Every command while one call of ours fails: an allocation, open, read, write, fsync, rename, thread, socket, map. The
// process lives, the client learns of it, and the same command works afterwards. `npm run test:inject` does more of it.

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { after, before, describe, test } = require('node:test');

const { Control, groups, linkPackage, pick } = require('../../scripts/inject');
const { root } = require('./support/app');
const { connect } = require('./support/rpc');
const { until, within, sleep } = require('./support/until');

const MOST = Number(process.env.XPF_INJECT_MOST || 3);
const GROUPS = (process.env.XPF_INJECT_GROUPS || '').split(',').filter(Boolean);
const chosen = GROUPS.length > 0 ? GROUPS : groups();
const LIMIT_MS = 30000;
const LOGGED = ['memory', 'open', 'read', 'write', 'rename'];
const canLink = fs.existsSync(path.join(root, 'build/Release/obj.target/xprofiler')) && process.platform === 'linux';

/** [name, calls in their order]; each is one command as a client uses it. */
const COMMANDS = [
  ['check_version', [['check_version']]],
  ['list_environments', [['list_environments']]],
  ['process_info', [['process_info']]],
  ['metrics', [['metrics']]],
  ['prometheus', [['metrics', { format: 'prometheus' }]]],
  ['set_config', [['set_config', { log_level: 1 }]]],
  ['cpu profile', [['start_cpu_profiling'], ['stop_cpu_profiling', { wait: true }]]],
  ['timed cpu profile', [['start_cpu_profiling', { profiling_time: 30, wait: true }]]],
  ['heap profile', [['start_heap_profiling'], ['stop_heap_profiling', { wait: true }]]],
  ['gc profile', [['start_gc_profiling'], ['stop_gc_profiling', { wait: true }]]],
  ['heapdump', [['heapdump', { wait: true }]]],
  ['diag_report', [['diag_report', { wait: true }]]],
];

const PROGRAM = `
  const assert = require('node:assert');
  let xprofiler;
  try {
    xprofiler = require(process.argv[2]);
    xprofiler({ log_dir: process.argv[3], log_interval: 1, check_throw: true });
    console.log('started');
  } catch (error) {
    assert.ok(error instanceof Error && error.message !== '');
    console.log('refused: ' + error.message.split('\\n')[0]);
  }
  setInterval(() => { JSON.parse(JSON.stringify({ some: ['garbage'] })); }, 5);`;

let folder;
let addon;

before(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-inject-'));
  addon = path.join(folder, 'package');
  if (canLink) linkPackage(addon);
});
after(() => fs.rmSync(folder, { recursive: true, force: true }));

/** A process with the test build. */
class Target {
  constructor(control) {
    this.logDir = fs.mkdtempSync(path.join(folder, 'logs-'));
    const env = { ...process.env, XPF_INJECT_FILE: control.file, XPROFILER_PREFIX: folder };
    this.child = spawn(process.execPath, ['-e', PROGRAM, 'app', addon, this.logDir], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.output = '';
    for (const stream of [this.child.stdout, this.child.stderr]) stream.on('data', (data) => (this.output += data));
    this.ended = new Promise((resolve) => this.child.on('close', (status, signal) => resolve(signal || status)));
  }

  get isAlive() {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  said() {
    return until(() => /^(started|refused)/m.test(this.output) || !this.isAlive, 'the program to start');
  }

  count(kind) {
    return fs.readdirSync(`/proc/${this.child.pid}/${kind}`).length;
  }

  async stop() {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}

/** Runs the calls one after the other; gives what came: 'done', the message of an error, or that it was cut off. */
async function runCalls(target, calls) {
  const rpc = await within(connect(target.child.pid), 'a connection', LIMIT_MS);
  try {
    for (const [method, params] of calls) {
      const { result, error } = await within(rpc.send(method, { ...params }).reply, `a reply to ${method}`, LIMIT_MS);
      if (error) {
        assert.ok(typeof error.message === 'string' && error.message !== '', `${method}: an error without words`);
        return error.message;
      }
      if (result.state === 'written') assert.ok(fs.statSync(result.filepath).size > 0, `${result.filepath} is empty`);
    }
    return 'done';
  } finally {
    rpc.close();
  }
}

/** What a lost reply may have left running. */
async function calmDown(target, calls) {
  const [start, stop] = calls;
  if (stop) await runCalls(target, [stop]);
  if (stop) await runCalls(target, [['cancel', { action: start[0] }]]);
}

/** Whose connection was cut off does not see the end of what it began, and what cannot be stopped may be running still. */
async function runAgain(target, calls) {
  let outcome = '';
  const isFree = async () => !(outcome = await runCalls(target, calls)).endsWith(' is running.');
  await until(isFree, () => outcome, LIMIT_MS);
  return outcome;
}

async function tryEach(target, control, [name, calls], group) {
  control.arm('');
  assert.strictEqual(await runCalls(target, calls), 'done', name);
  let trials = 0;
  for (const number of pick(control.seen(group), MOST)) {
    const where = `${name}, call ${number} of ${group}`;
    control.arm(group, number);
    const outcome = await runCalls(target, calls).catch((error) => assert.fail(`${where}: ${error.message}\n${target.output}`));
    control.arm('');
    assert.ok(target.isAlive, `${where}: the process died (${target.child.signalCode}) after: ${outcome}\n${target.output}`);
    await calmDown(target, calls);
    assert.strictEqual(await runAgain(target, calls), 'done', `${where}, once more, after: ${outcome}`);
    trials++;
  }
  return trials;
}

describe('faults', { timeout: 60000 + 1200000 * (MOST > 5 ? 5 : 1), skip: !canLink && 'the objects of the build are not here' }, () => {
  for (const group of chosen) {
    test(`${group}: every command survives it and works again`, async (context) => {
      const control = new Control(path.join(folder, `control-${group}`));
      const target = new Target(control);
      try {
        await target.said();
        assert.match(target.output, /^started/m);
        for (const command of COMMANDS) await runCalls(target, command[1]);
        const [fds, threads] = ['fd', 'task'].map((kind) => target.count(kind));
        let trials = 0;
        for (const command of COMMANDS) trials += await tryEach(target, control, command, group);
        context.diagnostic(`${trials} faults`);
        await until(() => target.count('fd') <= fds + 2 && target.count('task') <= threads + 1, () => `descriptors and threads to be given back: ${fds}, ${threads}; ${target.count('fd')}, ${target.count('task')}`);
        await until(() => !fs.readdirSync(target.logDir).some((name) => /^\..*\.tmp$/.test(name)), () => `no temporary file in ${fs.readdirSync(target.logDir)}`);
      } finally {
        control.close();
        await target.stop();
      }
    });

    test(`${group}: start() succeeds or throws, the application goes on`, async (context) => {
      const control = new Control(path.join(folder, `start-${group}`));
      const first = new Target(control);
      await first.said();
      const count = control.seen(group);
      await first.stop();
      let refused = 0;
      for (const number of pick(count, MOST)) {
        control.arm(group, number);
        const target = new Target(control);
        await target.said();
        await sleep(50);
        const where = `start, call ${number} of ${group}`;
        assert.ok(target.isAlive, `${where}: the process died\n${target.output}`);
        refused += /^refused/m.test(target.output);
        await target.stop();
      }
      context.diagnostic(`${count} calls, ${refused} times refused`);
      control.close();
    });

    test(`${group}: the log goes on`, { skip: !LOGGED.includes(group) && 'a record needs none of them' }, async () => {
      const control = new Control(path.join(folder, `log-${group}`));
      const target = new Target(control);
      try {
        await target.said();
        for (const number of pick(6, Math.min(MOST, MOST > 5 ? 6 : 2))) {
          control.arm(group, number);
          await sleep(1200);
          assert.ok(target.isAlive, `a record, call ${number} of ${group}\n${target.output}`);
        }
        control.arm('');
        const size = () => fs.statSync(path.join(target.logDir, 'xprofiler.log'), { throwIfNoEntry: false })?.size || 0;
        const before = size();
        await until(() => size() > before, 'more lines in the log');
      } finally {
        control.close();
        await target.stop();
      }
    });
  }
});
