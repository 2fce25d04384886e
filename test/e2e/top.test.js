'use strict';

// xprofctl top in a real terminal: what it shows, what its keys do, what targets in trouble do to it, and that the
// terminal is given back.
// matrix: once, it is about the screen of xprofctl.

const assert = require('node:assert');
const fs = require('node:fs');
const { afterEach, describe, test } = require('node:test');

const { launch } = require('./support/launch');
const { Terminal } = require('./support/tmux');
const { until } = require('./support/until');
const { program, run, withTarget } = require('../ctl/run_ctl');

const SERVICE = `
let worker;
serve({
  worker() { worker = workerOf("require('node:worker_threads').parentPort.on('message', () => {})"); worker.on('online', () => say('worker')); },
  block() { say('blocking'); const end = Date.now() + 60000; while (Date.now() < end); },
});
setInterval(() => {}, 1000);
say('ready');
`;

let terminals = [];
afterEach(() => {
  terminals.forEach((terminal) => terminal.close());
  terminals = [];
});

function open(options) {
  const terminal = new Terminal(options);
  terminals.push(terminal);
  return terminal;
}

let lastName = 0;

/** A process with a title of its own: others on the machine are filtered out by it. */
async function service(suffix = '') {
  const title = `live-${process.pid}-${++lastName}${suffix}`;
  const app = launch(SERVICE, { args: [`--title=${title}`] });
  await app.said('ready');
  return { app, title };
}

/** The row of the table with this text; the filter stands above the table, the details begin with a rule. */
const rowOf = (screen, text) =>
  screen
    .split('\n')
    .slice(3)
    .find((line) => line.includes(text) && !line.startsWith('──')) || '';

/** The figures of a row: its words from the pid on. */
const words = (row) => row.trim().split(/\s+/);

describe('xprofctl top', () => {
  test('80 x 24: processes with their threads, figures, sparklines, keys; q gives the terminal back', async () => {
    const { app, title } = await service();
    app.tell('worker');
    await app.said('worker');
    const terminal = open();
    terminal.command(`${program} top --filter ${title}`);
    const screen = await terminal.shows(/worker 1[^]*CPU%.*▁[^]*q quit/);
    assert.ok(terminal.isAlternate());
    const lines = screen.split('\n');
    assert.match(lines[0], /^xprofctl top .*CPUs {2}load/);
    assert.match(lines[1], /^(?:1 process|(?!1 )\d+ processes), (?:1 thread|(?!1 )\d+ threads)\b/);
    assert.match(lines[2], /PID ▼CPU% +RSS +HEAP.*DELAY ELU% REQ\/s +LAT99 NAME/);
    const figures = words(rowOf(screen, title));
    assert.strictEqual(figures[0], String(app.pid));
    assert.match(figures[2], /^\d+(\.\d)?M$/);
    assert.match(screen, /├ main thread/);
    assert.ok(lines.every((line) => [...line].length <= 80));

    terminal.key('t');
    await terminal.shows((text) => !text.includes('worker 1') && text.includes(title));
    terminal.type('R');
    await terminal.shows(/CPU% +▼RSS/);
    terminal.type('?');
    await terminal.shows(/heap snapshot; asks first/);
    terminal.key('Escape');
    await terminal.shows(/▼RSS/);
    terminal.key('d');
    await terminal.shows((text) => !text.includes('▁'));
    terminal.key('q');
    await until(() => !terminal.isAlternate(), 'the first screen');
    terminal.command('stty -a | grep -c " icanon.* echo " ; echo status $?');
    await terminal.shows(/\n1\nstatus 0/);
  });

  test('the filter is typed; Esc shows all again', async () => {
    const one = await service('-one');
    const two = await service('-two');
    const terminal = open({ columns: 120, lines: 40 });
    terminal.command(`${program} top --filter live-${process.pid}`);
    await terminal.shows((screen) => screen.includes(one.title) && screen.includes(two.title));
    terminal.type('/');
    await terminal.shows(/filter \(name, pid, state\): live-/);
    terminal.type('-');
    for (const letter of two.title.slice(`live-${process.pid}-`.length)) terminal.type(letter);
    terminal.key('Enter');
    await terminal.shows((screen) => !rowOf(screen, one.title) && rowOf(screen, two.title));
    terminal.key('Escape');
    await terminal.shows((screen) => rowOf(screen, one.title) && rowOf(screen, two.title));
  });

  test('blocked, stopped and dead processes are shown as such, and hold up nobody', async () => {
    const good = await service('-good');
    const bad = await service('-bad');
    const terminal = open({ columns: 140, lines: 30 });
    terminal.command(`${program} top --filter live-${process.pid} --sort name`);
    await terminal.shows((screen) => rowOf(screen, good.title) && rowOf(screen, bad.title));
    bad.app.tell('block');
    await bad.app.said('blocking');
    await terminal.shows((screen) => /blocked \d+ s/.test(rowOf(screen, bad.title)));
    // Its CPU use is current. It gets as much as others leave it; waiting takes none.
    await terminal.shows((screen) => Number(words(rowOf(screen, bad.title))[1]) >= 1);
    bad.app.child.kill('SIGSTOP');
    await terminal.shows((screen) => /stopped [1-9]\d* s/.test(rowOf(screen, bad.title)));
    const uptime = () => words(rowOf(terminal.screen(), good.title)).at(-2);
    const before = uptime();
    await until(() => uptime() !== before, 'the other row to go on');
    bad.app.child.kill('SIGKILL');
    await terminal.shows((screen) => /gone/.test(rowOf(screen, bad.title)));
    await terminal.shows((screen) => !rowOf(screen, bad.title) && rowOf(screen, good.title));
    const late = await service('-late');
    await terminal.shows((screen) => rowOf(screen, late.title));
  });

  test('keys take a CPU profile, stopped early, and a snapshot, after a question', async () => {
    const { app, title } = await service();
    const terminal = open({ columns: 160, lines: 24 });
    terminal.command(`${program} top -p ${app.pid}`);
    await terminal.shows((screen) => words(rowOf(screen, title)).length > 10);
    terminal.type('c');
    await terminal.shows(/CPU profile of \d+: running \d+ s/);
    terminal.type('c');
    const profiled = await terminal.shows(/CPU profile of \d+: \S+\.cpuprofile \(/);
    const profile = /: (\S+\.cpuprofile)/.exec(profiled)[1];
    assert.ok(JSON.parse(fs.readFileSync(profile, 'utf8')).nodes.length > 1);
    terminal.type('s');
    await terminal.shows(/A heap snapshot pauses thread 0 of process \d+.*\[y\/N\]/);
    terminal.type('n');
    await terminal.shows((screen) => !screen.includes('[y/N]'));
    assert.ok(!app.files().some((name) => name.endsWith('.heapsnapshot')));
    terminal.type('s');
    await terminal.shows(/\[y\/N\]/);
    terminal.type('y');
    await terminal.shows(/heap snapshot of \d+: \S+\.heapsnapshot \(/, 60000);
    terminal.key('q');
    await until(() => !terminal.isAlternate(), 'the first screen');
    await terminal.shows(/CPU profile of \d+: \S+\.cpuprofile[^]*heap snapshot of \d+: \S+\.heapsnapshot/);
  });

  test('the size may change; a small terminal is no reason to fail', async () => {
    const { title } = await service();
    const terminal = open({ columns: 200, lines: 50 });
    terminal.command(`${program} top --filter ${title}`);
    await terminal.shows(/LIMIT FULL%.*THRT% UPTIME NAME/);
    terminal.resize(80, 24);
    await terminal.shows((screen) => screen.includes(title) && !screen.includes('UPTIME') && screen.includes('q quit'));
    terminal.resize(20, 5);
    await terminal.shows(/PID/);
    terminal.resize(120, 30);
    await terminal.shows(/event loop utilization[^]*q quit/);
  });

  test('an ASCII terminal without colours gets ASCII without colours', async () => {
    const { app, title } = await service();
    app.tell('worker');
    await app.said('worker');
    const terminal = open({ locale: 'C', type: 'vt100' });
    terminal.command(`${program} top --filter ${title}`);
    const screen = await terminal.shows(/\| main thread[^]*CPU%.*[.:][^]*q quit/);
    assert.match(screen, /^[\n\x20-\x7e]*$/);
    assert.ok(!/\x1b\[[\d;]*3[0-7]/.test(terminal.attributes())); // eslint-disable-line no-control-regex
    terminal.type('q');
    await terminal.shows((text) => text.includes('$ '));
  });

  for (const signal of ['INT', 'TERM', 'SEGV']) {
    test(`SIG${signal} gives the terminal back`, async () => {
      const { title } = await service();
      const terminal = open();
      terminal.command(`${program} top --filter ${title} & wait; true`);
      await terminal.shows(/^\[1\] \d+/m);
      terminal.key('C-c');
      await terminal.shows(/\n\$ *\n*$/);
      terminal.command('clear');
      terminal.command(`sh -c 'echo $$ > ${terminal.home}/pid; exec ${program} top --filter ${title}'`);
      await until(() => terminal.isAlternate(), 'the second screen'); // the command has the title in it too
      await terminal.shows((screen) => rowOf(screen, title) !== '');
      const pid = Number(fs.readFileSync(`${terminal.home}/pid`, 'utf8'));
      process.kill(pid, `SIG${signal}`);
      await until(() => !terminal.isAlternate(), 'the first screen');
      terminal.key('Enter');
      terminal.command('clear; stty -a | grep -c " icanon.* echo "; echo end');
      await terminal.shows(/\n?1\nend/);
    });
  }

  test('Ctrl-Z and fg', async () => {
    const { title } = await service();
    const terminal = open();
    terminal.command(`${program} top --filter ${title}`);
    await until(() => terminal.isAlternate(), 'the second screen');
    await terminal.shows((screen) => rowOf(screen, title) !== '');
    terminal.key('C-z');
    await until(() => !terminal.isAlternate(), 'the first screen');
    await terminal.shows(/Stopped/);
    terminal.command('fg');
    await until(() => terminal.isAlternate(), 'the second screen');
    await terminal.shows((screen) => rowOf(screen, title) !== '');
  });

  // A target does so after a minute of silence; looks may be an hour apart.
  test('a target that closes the connection between two looks is asked on a new one', async () => {
    const { app } = await service();
    const rpc = await app.rpc();
    const metrics = [{ result: await rpc.call('metrics') }, { delay: 50 }, { close: true }];
    const script = { process_info: [{ result: await rpc.call('process_info') }], metrics };
    await withTarget(script, async ({ pid }) => {
      const { status, stdout } = await run(['top', '-p', pid, '-n', 3, '-d', 2, '--json']);
      assert.strictEqual(status, 0);
      const states = stdout.trimEnd().split('\n').map((line) => JSON.parse(line).processes[0].state);
      assert.deepStrictEqual(states, ['ok', 'ok', 'ok']);
    });
  });

  test('--once and -n print plain tables, --json objects', async () => {
    const { app, title } = await service();
    const once = await run(['top', '-p', app.pid, '--once']);
    assert.deepStrictEqual([once.status, once.stderr], [0, '']);
    const lines = once.stdout.trimEnd().split('\n');
    assert.match(lines[0], /^ +PID +CPU% .*UPTIME NAME$/);
    assert.strictEqual(lines.length, 2);
    assert.strictEqual(words(lines[1])[0], String(app.pid));
    assert.ok(lines[1].endsWith(title));
    const twice = await run(['top', '-p', app.pid, '-n', 2, '-d', 0.3, '--json']);
    const objects = twice.stdout.trimEnd().split('\n').map((line) => JSON.parse(line));
    assert.strictEqual(objects.length, 2);
    const [process] = objects[1].processes;
    assert.deepStrictEqual([process.pid, process.state, process.name], [app.pid, 'ok', title]);
    assert.ok(process.rss > 1e7 && process.elu >= 0 && process.rate === 0 && process.latency === null);
    assert.ok(new Date(objects[1].time) > new Date(objects[0].time));
  });

  test('mistakes are answered with what to do', async () => {
    const plain = await run(['top']);
    assert.deepStrictEqual([plain.status, plain.stderr], [2, 'xprofctl: top needs a terminal; for scripts: xprofctl top --once\n']);
    const sort = await run(['top', '--sort', 'latenci', '--once']);
    assert.match(sort.stderr, /--sort must be one of .*; did you mean latency\?/);
    assert.strictEqual(sort.status, 2);
    const none = await run(['top', '-p', 2147483647, '--once']);
    assert.strictEqual(none.status, 3);
    const terminal = open();
    terminal.command(`TERM=no-such-terminal ${program} top; echo status $?`);
    await terminal.shows(/the terminal type "no-such-terminal" is not known here[^]*status 2/);
  });
});
