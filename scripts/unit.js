#!/usr/bin/env node
'use strict';

// Compiles and runs test/unit/test_*.c: plain, and under AddressSanitizer and UBSan.
//   node scripts/unit.js [--fast] [filter]
// --fast leaves the sanitizers out; filter is a part of the test's name.
// What a test links stands in its comments `// links: src/wire/frame.c -lcjson`; a folder (`src/wire/`)
// stands for its .c files.

const fs = require('node:fs');
const path = require('node:path');
const { spawn } = require('node:child_process');

const root = path.join(__dirname, '..');
const tests = path.join('test', 'unit');
const output = 'build-unit';
const compilersAtOnce = 2;
const runTimeoutMs = 120_000;
const compileTimeoutMs = 300_000;

const { version } = require(path.join(root, 'package.json'));
const compiler = process.env.CC || 'cc';
const flags = [
  '-D_GNU_SOURCE',
  '-D_FILE_OFFSET_BITS=64',
  `-DXPF_VERSION="${version}"`,
  ...['-std=c11', '-Wall', '-Wextra', '-Werror', '-fvisibility=hidden', '-pthread', '-g'],
  ...['-Iinclude', '-Isrc'],
];
const variants = [
  { name: 'plain', flags: ['-O2'] },
  {
    name: 'sanitized',
    flags: ['-fsanitize=address,undefined', '-fno-sanitize-recover=undefined', '-fno-omit-frame-pointer'],
  },
];

function parseArguments(args) {
  const fast = args.includes('--fast');
  const rest = args.filter((arg) => arg !== '--fast');
  if (rest.length > 1 || rest.some((arg) => arg.startsWith('-'))) {
    console.error('usage: node scripts/unit.js [--fast] [filter]');
    process.exit(2);
  }
  return { fast, filter: rest[0] || '' };
}

function linksOf(source) {
  const links = [];
  for (const line of fs.readFileSync(path.join(root, source), 'utf8').split('\n')) {
    const match = /^\s*\/\/\s*links:\s*(.*)$/.exec(line);
    if (match) links.push(...match[1].split(/\s+/).filter(Boolean));
  }
  return links.flatMap((link) => (link.startsWith('-') ? link : sourcesOf(link)));
}

function sourcesOf(link) {
  if (!link.endsWith('/')) return link;
  const other = process.platform === 'darwin' ? '_linux.c' : '_darwin.c';
  return fs
    .readdirSync(path.join(root, link))
    .filter((name) => name.endsWith('.c') && !name.endsWith(other))
    .sort()
    .map((name) => link + name);
}

// Resolves to { ok, text }; text is everything the program wrote, and how it ended when not well.
function run(command, args, timeoutMs) {
  return new Promise((resolve) => {
    const pieces = [];
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      killGroup(child.pid);
    }, timeoutMs);
    child.stdout.on('data', (piece) => pieces.push(piece));
    child.stderr.on('data', (piece) => pieces.push(piece));
    child.on('error', (error) => {
      clearTimeout(timer);
      resolve({ ok: false, text: `${command}: ${error.message}\n` });
    });
    // Children that the test left behind hold its pipes: they end with it, and "close" comes. Those
    // that made a session of their own are not waited for.
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      killGroup(child.pid);
      const giveUp = setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, 1000);
      child.on('close', () => {
        clearTimeout(giveUp);
        let text = Buffer.concat(pieces).toString();
        if (late) text += `\nno end after ${timeoutMs / 1000} s\n`;
        else if (signal) text += `\nended by ${signal}\n`;
        resolve({ ok: code === 0, text });
      });
    });
  });
}

function killGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody is left in it.
  }
}

async function compile(job) {
  let links;
  try {
    links = linksOf(job.source);
  } catch (error) {
    return { ok: false, text: `${error.message}\n` };
  }
  const args = [...flags, ...job.variant.flags, '-o', job.program, job.source, ...links, '-lcmocka'];
  return run(compiler, args, compileTimeoutMs);
}

async function compileAll(jobs) {
  const waiting = [...jobs];
  async function worker() {
    for (let job = waiting.shift(); job; job = waiting.shift()) job.compiled = await compile(job);
  }
  await Promise.all(Array.from({ length: compilersAtOnce }, worker));
}

function planJobs({ fast, filter }) {
  const names = fs
    .readdirSync(path.join(root, tests))
    .filter((name) => /^test_.*\.c$/.test(name) && name.includes(filter))
    .map((name) => name.slice(0, -2))
    .sort();
  return names.flatMap((name) =>
    variants.slice(0, fast ? 1 : variants.length).map((variant) => ({
      title: `${name} (${variant.name})`,
      source: path.join(tests, `${name}.c`),
      program: path.join(output, `${name}-${variant.name}`),
      variant,
    })),
  );
}

async function main() {
  const jobs = planJobs(parseArguments(process.argv.slice(2)));
  fs.mkdirSync(path.join(root, output), { recursive: true });
  await compileAll(jobs);
  let failed = 0;
  // One at a time: tests measure time and share the machine's sockets and files.
  for (const job of jobs) {
    const { ok, text } = job.compiled.ok
      ? await run(path.join(root, job.program), [], runTimeoutMs)
      : job.compiled;
    console.log(`${ok ? 'ok    ' : 'FAILED'} ${job.title}`);
    if (ok) continue;
    failed++;
    console.log(text.replace(/^/gm, '  | ').trimEnd());
  }
  console.log(`unit: ${jobs.length - failed} passed, ${failed} failed`);
  // Nothing tested is nothing proven.
  process.exitCode = failed > 0 || jobs.length === 0 ? 1 : 0;
}

main();
