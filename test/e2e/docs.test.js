'use strict';

// The documentation is true: the commands it shows run and print what it shows, its links lead somewhere, its lists are
// complete.
// matrix: once, most of it is about xprofctl, and Node is told apart elsewhere.

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawn, spawnSync } = require('node:child_process');
const { describe, test } = require('node:test');

const { until } = require('./support/until');

const root = path.resolve(__dirname, '../..');
const read = (file) => fs.readFileSync(path.join(root, file), 'utf8');
const pages = [
  ...fs.readdirSync(root).filter((name) => name.endsWith('.md')),
  ...fs.readdirSync(path.join(root, 'docs')).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`),
];

/** The commands of a page: [{ line, status, shown }]; shown are the lines of the output as the page has them. */
function commandsOf(page) {
  const blocks = /^```sh\n([^]*?)^```\n(?:\n```text\n([^]*?)^```\n)?/gm;
  return [...read(page).matchAll(blocks)].flatMap(([, code, output = '']) => {
    const lines = code.split('\n').filter((line) => /^(?:[A-Z_]+=\S+ )?xprofctl /.test(line));
    return lines.map((line) => ({
      line,
      status: Number((/# exit status (\d)$/.exec(line) || [0, 0])[1]),
      shown: lines.length === 1 ? output.split('\n').filter((text) => text !== '' && text !== '…') : [],
    }));
  });
}

/** What a line is like on any day and machine: no numbers, sizes, amounts of space, directories of the test. */
function shapeOf(text, home) {
  return text
    .replaceAll(home, '/tmp/shop-logs')
    .replaceAll(`${root}/`, './')
    .replaceAll(root, '.')
    .replaceAll(process.execPath, '/usr/bin/node')
    .replace(/\d+(?:\.\d+)*(?:e[+-]?\d+)?(?: (?:B|[KMG]iB)\b)?|\bnull\b|(?<=\s)-(?=\s)/g, 'N')
    .replace(/\s+/g, ' ')
    .trim();
}

/** Each shown line is printed, in this order; other lines may stand between. */
function assertShown(output, shown, { line, home }) {
  const rest = output.split('\n').map((text) => shapeOf(text, home));
  for (const text of shown) {
    const at = rest.indexOf(shapeOf(text, home));
    assert.ok(at >= 0, `${line}\nshould print\n  ${text}\nbut printed\n${output}`);
    rest.splice(0, at + 1);
  }
}

/** The service that the pages look into, with a worker, in the directory that they were written in. */
async function startService(home) {
  const env = { ...process.env, XPROFILER_PREFIX: home, XPROFILER_LOG_DIR: home };
  const options = { argv0: 'node', cwd: root, env, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] };
  const child = spawn(process.execPath, ['demo/service.js'], options);
  let text = '';
  child.stdout.on('data', (chunk) => (text += chunk));
  await until(() => text.includes('listening'), 'the demo service to listen');
  const tells = (command, text) => run(`xprofctl ${command} -p ${child.pid}`, 'C').stdout.includes(text);
  await until(() => tells('list_environments', 'worker thread'), 'the worker of the demo service');
  await until(() => !tells('metrics', 'cpu_now: null'), 'the first figures of CPU use');
  return child;
}

function run(line, locale) {
  const env = { ...process.env, LC_ALL: locale, PATH: `${path.join(root, 'bin')}:${process.env.PATH}` };
  return spawnSync('sh', ['-c', line], { cwd: root, env, encoding: 'utf8', timeout: 60000 });
}

/** What this Node cannot do it refuses in these words; docs/compatibility.md lists it. */
function isBeyond(output) {
  const [, needed] = /needs Node\.js (\d+) or newer/.exec(output) || [];
  return Number(process.versions.node.split('.')[0]) < Number(needed);
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

describe('the commands of the documentation', () => {
  for (const page of pages.filter((name) => commandsOf(name).length > 0)) {
    test(page, async () => {
      const home = fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-docs-'));
      const service = await startService(home);
      try {
        for (const { line, status, shown } of commandsOf(page)) {
          const command = line
            .replace(/-p \d+|(?<= )5768\b/, (word) => word.replace(/\d+/, service.pid))
            .replaceAll('/tmp/shop-logs', home);
          const result = run(command, page.includes('zh-CN') ? 'zh_CN.UTF-8' : 'C');
          const output = result.stdout + result.stderr;
          if (isBeyond(output)) continue;
          assert.strictEqual(result.status, status, `${line}\n${output}`);
          assertShown(output, shown, { line, home });
          const time = /-t (\d+)/.exec(line);
          if (time && !line.includes('--wait')) await sleep(Number(time[1]) + 1000);
        }
      } finally {
        service.kill('SIGKILL');
        fs.rmSync(home, { recursive: true, force: true });
      }
    });
  }
});

function slugOf(heading) {
  return heading.toLowerCase().replace(/`/g, '').replace(/[^\p{L}\p{N}_\- ]/gu, '').replace(/ /g, '-');
}

function slugs(file) {
  const text = read(file).replace(/^```[^]*?^```/gm, '');
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => slugOf(heading));
}

test('relative links lead to files and headings that exist', () => {
  let count = 0;
  for (const page of pages) {
    for (const [, target] of read(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [file, heading] = target.split('#');
      const where = file ? path.posix.join(path.posix.dirname(page), file) : page;
      assert.ok(fs.existsSync(path.join(root, where)), `${page}: ${target} leads nowhere`);
      assert.ok(!heading || slugs(where).includes(heading), `${page}: ${target} has no such heading`);
      count++;
    }
  }
  assert.ok(count > 20);
});

test('both readmes have the same sections', () => {
  const depths = (file) => read(file).replace(/^```[^]*?^```/gm, '').match(/^#+(?= )/gm);
  assert.deepStrictEqual(depths('README.zh-CN.md'), depths('README.md'));
});

test('commands.md explains every command', () => {
  const help = run('xprofctl help', 'C').stdout;
  const names = help.split('\n\n').find((part) => part.startsWith('Commands:')).match(/^ {2}\w+/gm);
  const headings = read('docs/commands.md').match(/^## .*$/gm).join(' ');
  names.forEach((name) => assert.ok(headings.includes(name.trim()), `no section for ${name}`));
  assert.ok(names.length > 15);
});

test('protocol.md has every method and every error code', () => {
  const page = read('docs/protocol.md');
  const methods = [...read('src/core/command_list.c').matchAll(/\{"(\w+)",/g)].map(([, name]) => name);
  const codes = [...read('include/xpf_protocol.h').matchAll(/X\(\w+, (-\d+),/g)].map(([, code]) => code);
  methods.forEach((name) => assert.ok(page.includes(`| \`${name}\` |`), `no row for ${name}`));
  codes.forEach((code) => assert.ok(page.includes(`| ${code} |`), `no row for ${code}`));
  assert.ok(methods.length > 15 && codes.length > 10);
});
