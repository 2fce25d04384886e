'use strict';

// The manual page, and completion in real shells.
// matrix: once, it is about shells.

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { after, before, describe, test } = require('node:test');

const { startApp, root } = require('./support/app');
const { Terminal } = require('./support/tmux');
const { until } = require('./support/until');
const { run } = require('../ctl/run_ctl');

const has = (name) => spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;

const APP = `
let worker;
serve({ worker() { worker = workerOf("require('node:worker_threads').parentPort.on('message', () => {})"); worker.on('online', () => say('worker')); } });
setInterval(() => {}, 1000);
say('ready');
`;

let app;
before(async () => {
  app = startApp(APP, { args: ['--title=complete-me'] });
  await app.said('ready');
  app.tell('worker');
  await app.said('worker');
});
after(() => app.stop());

/** The candidates for the last word: [[text, about], …]. */
async function candidates(...words) {
  const { status, stdout, stderr } = await run(['complete', '--', 'xprofctl', ...words]);
  assert.deepStrictEqual([status, stderr], [0, '']);
  return stdout.split('\n').filter(Boolean).map((line) => line.split('\t'));
}

const texts = async (...words) => (await candidates(...words)).map(([text]) => text);

describe('xprofctl complete', () => {
  test('commands, with what they do; hidden ones are not offered', async () => {
    const help = (await run(['help'])).stdout.split('\n\n').find((part) => part.startsWith('Commands:'));
    const names = help.split('\n').slice(1).map((line) => line.trim().split(/\s+/)[0]);
    assert.deepStrictEqual(await texts(''), names);
    assert.deepStrictEqual(await candidates('list_e'), [['list_environments', 'show the JavaScript threads: main thread and workers']]);
    assert.ok(!names.includes('complete'));
    assert.deepStrictEqual(await texts('help', 'diff'), ['diff']);
  });

  test('the options of the command, and only those', async () => {
    const help = (await run(['help', 'cpu'])).stdout;
    const options = [...help.matchAll(/^ {2}(?:-\w, | {4})(--[\w-]+)/gm)].map(([, name]) => name);
    assert.deepStrictEqual((await texts('cpu', '-')).filter((name) => name !== '--version'), options);
    assert.deepStrictEqual(await texts('cpu', '--sampling-i'), ['--sampling-interval-us']);
    assert.deepStrictEqual(await texts('get_config', '--sampling-i'), []);
    assert.deepStrictEqual(await texts('--v'), ['--version']);
  });

  test('processes, threads and metrics of those that run', async () => {
    const pid = String(app.pid);
    const found = (await candidates('heapdump', '-p', '')).find(([text]) => text === pid);
    assert.deepStrictEqual(found, [pid, 'complete-me']);
    assert.deepStrictEqual(await texts('heapdump', `--pid=${pid.slice(0, -1)}`).then((all) => all.filter((one) => one === `--pid=${pid}`)), [`--pid=${pid}`]);
    assert.ok((await texts('cpu', '')).includes(pid));
    const threads = await until(async () => {
      const all = await texts('cpu', '-p', pid, '-w', '');
      return all.length === 2 && all;
    }, 'both threads');
    assert.deepStrictEqual(threads.sort(), ['0', '1']);
    assert.ok((await texts('watch', '-p', pid, 'loop_delay_p')).includes('loop_delay_p99_ms'));
    assert.ok((await texts('watch', `-p${pid}`, 'rss', 'cpu_n')).includes('cpu_now'));
  });

  test('values: formats, configuration, columns, commands, files', async () => {
    assert.ok((await texts('cpu', '--format', '')).includes('pprof'));
    assert.deepStrictEqual(await texts('cpu', '--format=fol'), ['--format=folded']);
    assert.deepStrictEqual(await texts('set_config', '--log_level', ''), ['0', '1', '2']);
    assert.deepStrictEqual(await texts('set_config', '--disable_log'), ['--disable_log_uv_handles']);
    assert.deepStrictEqual(await texts('top', '--sort', 'la'), ['latency']);
    assert.deepStrictEqual(await texts('cancel', '--action', 'heapd'), ['heapdump']);
    assert.deepStrictEqual(await texts('completion', ''), ['bash', 'zsh', 'fish']);
    assert.deepStrictEqual(await texts('convert', ''), [':files']);
    assert.deepStrictEqual(await texts('cpu', '-o', ''), [':files']);
    assert.deepStrictEqual(await texts('attach', '--log-dir', ''), [':dirs']);
  });

  test('strange lines do no harm', async () => {
    assert.deepStrictEqual(await texts('no-such-command', '-p'), ['--json', '--help', '--version'].filter((name) => name.startsWith('-p')));
    assert.deepStrictEqual(await texts('cpu', '--no-such=', 'x', '-p', '99999999999', '-w', ''), []);
    const none = await run(['complete', '--']);
    assert.strictEqual(none.status, 2);
    const shell = await run(['completion', 'tcsh']);
    assert.deepStrictEqual([shell.status, shell.stderr.split('\n')[0]], [2, 'xprofctl: completion needs the name of a shell: bash, zsh or fish; not "tcsh"']);
  });
});

function isRemoved(folder) {
  try {
    fs.rmSync(folder, { recursive: true, force: true });
    return true;
  } catch {
    return false;
  }
}

/** Types at a shell with completion and looks. */
async function atShell(lines, body) {
  // Shells write there: it is a folder of the test's own.
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-home-'));
  // Without it, fish makes completions of all manual pages in the background, for minutes.
  fs.mkdirSync(path.join(home, '.local/share/fish/generated_completions'), { recursive: true });
  const terminal = new Terminal({ columns: 110, lines: 40, env: { PATH: `${path.join(root, 'bin')}:${process.env.PATH}`, HOME: home } });
  try {
    lines.forEach((line) => terminal.command(line));
    terminal.command('echo "be"gin');
    await terminal.shows(/^begin$/m);
    await body(terminal);
  } finally {
    terminal.close();
    // Shells still write their history while they end.
    await until(() => isRemoved(home), 'the end of the shell');
  }
}

/** The same session in each shell. C-u takes a line back; C-c would also throw away what is typed behind it. */
async function session(terminal) {
  terminal.type('xprofctl list_e');
  terminal.key('Tab');
  await terminal.shows(/xprofctl list_environments/);
  terminal.type(`-p ${String(app.pid).slice(0, -1)}`);
  terminal.key('Tab', 'Tab');
  await terminal.shows((screen) => screen.includes(String(app.pid)));
  terminal.key('C-u');
  terminal.type('xprofctl set_config --disable_log');
  terminal.key('Tab');
  await terminal.shows(/xprofctl set_config --disable_log_uv_handles/);
  terminal.key('C-u');
  terminal.type('xprofctl cpu --format=fol');
  terminal.key('Tab');
  await terminal.shows(/xprofctl cpu --format=folded/);
  terminal.key('C-u');
  terminal.type(`xprofctl convert ${root}/package-l`);
  terminal.key('Tab');
  await terminal.shows((screen) => screen.replaceAll('\n', '').includes(`xprofctl convert ${root}/package-lock.json`));
}

describe('completion in a shell', () => {
  test('bash', () => atShell([`source ${root}/completions/xprofctl.bash`], session));

  test('zsh, sourced', { skip: !has('zsh') && 'zsh is not installed' }, () =>
    atShell(['zsh -f', 'autoload -U compinit; compinit -D -u', `source ${root}/completions/_xprofctl`], session));

  test('zsh, found in fpath', { skip: !has('zsh') && 'zsh is not installed' }, () =>
    atShell(['zsh -f', `fpath=(${root}/completions $fpath)`, 'autoload -U compinit; compinit -D -u'], async (terminal) => {
      terminal.type('xprofctl list_e');
      terminal.key('Tab');
      await terminal.shows(/xprofctl list_environments/);
    }));

  test('fish', { skip: !has('fish') && 'fish is not installed' }, () =>
    atShell(['fish --no-config', `source ${root}/completions/xprofctl.fish`], session));
});

test('the manual page has every command and option, and groff has nothing to say about it', async () => {
  const page = path.join(root, 'man', 'xprofctl.1');
  const check = spawnSync('groff', ['-man', '-ww', '-z', page], { encoding: 'utf8' });
  assert.deepStrictEqual([check.error, check.status, check.stderr], [undefined, 0, '']);
  const text = spawnSync('groff', ['-man', '-Tascii', '-P-cbou', '-rLL=200n', page], { encoding: 'utf8' }).stdout;
  for (const [name] of await candidates('')) assert.match(text, new RegExp(`^ {7}${name} `, 'm'));
  assert.match(text, /^ {7}-p, --pid PID/m);
  assert.match(text, /--disable_X/);
  assert.ok(!text.includes('\\'));
  assert.strictEqual(fs.readFileSync(page, 'utf8'), (await run(['help', '--man'])).stdout);
});
