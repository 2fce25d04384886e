'use strict';

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { test, beforeEach, afterEach } = require('node:test');

const binding = require('../../lib/binding').load();

const root = path.resolve(__dirname, '../..');
const DEAD = 4194304 + 7; // above every pid_max
let home;
const file = () => path.join(home, '.xprofiler');
const lines = () => fs.readFileSync(file(), 'utf8').split('\n').slice(0, -1).map((line) => line.split('\0'));
const write = (logDir) => binding.register(file(), 50000, logDir, process.execPath, process.argv[1], root);
const line = (pid, note) => `${[pid, '/logs', '/cwd', '/node', note, '/root'].join('\0')}\n`;

beforeEach(() => {
  home = fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-home-'));
  process.env.XPROFILER_PREFIX = home;
});
afterEach(() => {
  delete process.env.XPROFILER_PREFIX;
  delete process.env.XPROFILER_UNIT_TEST_TMP_HOMEDIR;
  delete process.env.UNIT_TEST_CHECK_TIME;
  fs.rmSync(home, { recursive: true, force: true });
});

test('a line has the six fields that agents read', () => {
  assert.strictEqual(write('/var/logs'), 'written');
  const expected = [String(process.pid), '/var/logs', process.cwd(), process.execPath, process.argv[1], root];
  assert.deepStrictEqual(lines(), [expected]);
  assert.strictEqual(fs.statSync(file()).mode & 0o077, 0);
  assert.deepStrictEqual(fs.readdirSync(home), ['.xprofiler'], 'no lock and no temporary file is left');
});

test('what would end a field or the line becomes a space; a missing text is a TypeError', () => {
  assert.strictEqual(binding.register(file(), 50000, '/a\0b\nc', '', '', ''), 'written');
  assert.deepStrictEqual(lines(), [[String(process.pid), '/a b c', process.cwd(), '', '', '']]);
  assert.throws(() => binding.register(file(), 50000, '/a', '/node', '/script'), TypeError);
  assert.throws(() => binding.register(file(), 50000, '/a', '/node', '/script', undefined), TypeError);
});

test('other live processes stay, dead ones, duplicates and rubbish go, our stale line is replaced', () => {
  const text = [
    line(process.pid, 'stale'),
    line(process.ppid, 'parent'),
    line(DEAD, 'dead'),
    'rubbish\n',
    line(process.ppid, 'parent again'),
  ];
  fs.writeFileSync(file(), text.join(''), { mode: 0o644 });
  write('/now');
  assert.deepStrictEqual(
    lines().map((fields) => [Number(fields[0]), fields[1], fields[4]]),
    [
      [process.ppid, '/logs', 'parent'],
      [process.pid, '/now', process.argv[1]],
    ],
  );
  assert.strictEqual(fs.statSync(file()).mode & 0o777, 0o644, 'its mode stays');
  write('/now');
  assert.strictEqual(lines().length, 2, 'writing again changes nothing');
});

test('a lock left by a dead process is broken, one of a live process is respected', () => {
  fs.writeFileSync(file(), line(DEAD, 'dead'));
  fs.writeFileSync(`${file()}.lock`, String(DEAD));
  assert.strictEqual(write('/a'), 'written');
  assert.strictEqual(fs.existsSync(`${file()}.lock`), false);
  fs.writeFileSync(`${file()}.lock`, String(process.ppid));
  const begin = Date.now();
  assert.strictEqual(write('/b'), 'appended');
  assert.ok(Date.now() - begin < 2000, 'an application is not kept waiting');
  assert.strictEqual(fs.existsSync(`${file()}.lock`), true);
  assert.strictEqual(lines().pop()[1], '/b');
});

test('a missing or read-only home and a trap in its place cost nothing but the line', () => {
  const place = home;
  for (home of [path.join(place, 'missing'), '/proc']) {
    assert.strictEqual(write('/a'), 'failed');
  }
  home = place;
  const victim = path.join(home, 'victim');
  fs.writeFileSync(victim, 'precious');
  fs.symlinkSync(victim, file());
  assert.strictEqual(write('/a'), 'written');
  assert.strictEqual(fs.readFileSync(victim, 'utf8'), 'precious');
  assert.strictEqual(fs.lstatSync(file()).isSymbolicLink(), false);
});

test('twelve processes at once: every line is there and whole', async () => {
  const code = `const b = require(${JSON.stringify(path.join(root, 'lib/binding'))}).load();
    const file = ${JSON.stringify(file())};
    process.stdin.once('data', () => { b.register(file, 50000, '/logs', '/node', '', '/root'); process.send('done'); });
    process.send('ready'); process.on('disconnect', () => process.exit());`;
  const children = Array.from({ length: 12 }, () =>
    spawn(process.execPath, ['-e', code], { stdio: ['pipe', 'ignore', 'inherit', 'ipc'] }),
  );
  await Promise.all(children.map((child) => once(child, 'message')));
  const done = children.map((child) => once(child, 'message'));
  children.forEach((child) => child.stdin.write('x'));
  await Promise.all(done);
  const pids = lines().map((fields) => {
    assert.strictEqual(fields.length, 6);
    return Number(fields[0]);
  });
  const exits = children.map((child) => once(child, 'exit'));
  children.forEach((child) => child.disconnect());
  await Promise.all(exits);
  // On a very slow disk a line may be there twice for a second; readers take the first.
  assert.deepStrictEqual([...new Set(pids)].sort(), children.map((child) => child.pid).sort());
});

test('a while later the dead are dropped and a lost line is written again', async () => {
  const code = `require(${JSON.stringify(root)})({ log_dir: ${JSON.stringify(home)} });
    process.send('started'); process.on('disconnect', () => process.exit());`;
  const env = { ...process.env, UNIT_TEST_CHECK_TIME: '0.5' };
  const child = spawn(process.execPath, ['-e', code], { env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  await once(child, 'message');
  assert.deepStrictEqual(lines().map(([pid]) => Number(pid)), [child.pid]);
  fs.writeFileSync(file(), line(DEAD, 'dead'));
  const end = Date.now() + 5000;
  while (lines()[0]?.[0] !== String(child.pid) && Date.now() < end) {
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
  }
  assert.deepStrictEqual(lines().map(([pid]) => Number(pid)), [child.pid]);
  child.disconnect();
  await once(child, 'exit');
});

test('sockets of dead processes of older versions are removed, nothing else', () => {
  const names = [`xprofiler-uds-path-${DEAD}.sock`, `xprofiler-uds-path-${process.pid}.sock`, 'other.sock'];
  names.forEach((name) => fs.writeFileSync(path.join(home, name), ''));
  binding.cleanSockets(home);
  assert.deepStrictEqual(fs.readdirSync(home).sort(), names.slice(1).sort());
  binding.cleanSockets('/nonexistent');
});
