#!/usr/bin/env node
'use strict';

// Makes calls of our own code fail, one at a time: allocations, open, read, write, fsync, rename, threads, sockets, maps.
//   npm run test:inject [-- --most N] [GROUP ...]
// --most: how many of the calls of one group a command is tried with, 40 when not given (the first ones, then fewer
// and fewer). First the pure C by itself (test/inject/inject_*.c, under sanitizers), then every command in a process.

const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');

const { FLAGS, linksOf, run: runProgram, root } = require('./c_program');

const sources = 'test/inject';
const output = path.join(root, 'build-inject');
const objects = path.join(root, 'build', 'Release', 'obj.target', 'xprofiler');
const SANITIZERS = ['-fsanitize=address,undefined', '-fno-sanitize-recover=undefined', '-fno-omit-frame-pointer'];

/** Names of the calls that test/inject/inject.c stands in for, from its table. */
function wrappedNames() {
  const text = fs.readFileSync(path.join(root, sources, 'inject.c'), 'utf8');
  const rows = [...text.matchAll(/^ {2}X\(\w+, \w+, [-\w]+, [^,]+, (\w+),/gm)].map(([, name]) => name);
  return [...rows, 'open64', 'openat64', 'syscall', 'uv_accept'];
}

function wrapFlags() {
  return wrappedNames().map((name) => `-Wl,--wrap=${name}`);
}

function must(command, args) {
  const result = spawnSync(command, args, { cwd: root, encoding: 'utf8' });
  if (result.status !== 0) {
    throw new Error(`${command} failed:\n${result.stderr || result.error}`);
  }
}

function filesUnder(folder) {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    return entry.isDirectory() ? filesUnder(file) : file;
  });
}

/** Makes the package in `folder`, with an addon of the objects that the build made, linked once more. */
function linkPackage(folder) {
  const release = path.join(folder, 'build', 'Release');
  fs.mkdirSync(release, { recursive: true });
  fs.cpSync(path.join(root, 'lib'), path.join(folder, 'lib'), { recursive: true });
  fs.copyFileSync(path.join(root, 'package.json'), path.join(folder, 'package.json'));
  fs.copyFileSync(path.join(root, 'build/Release/xprofiler.json'), path.join(release, 'xprofiler.json'));
  const inject = path.join(release, 'inject.o');
  must(process.env.CC || 'cc', [...FLAGS, '-fPIC', '-O1', '-c', '-o', inject, path.join(sources, 'inject.c')]);
  const parts = filesUnder(objects).filter((file) => file.endsWith('.o'));
  const libraries = ['-lcjson', '-lprotobuf-c', '-lz'];
  const link = ['-shared', '-pthread', '-Wl,-z,nodelete', ...wrapFlags()];
  must(process.env.CXX || 'c++', [...link, '-o', path.join(release, 'xprofiler.node'), ...parts, inject, ...libraries]);
}

/** The groups in the order of their numbers, from inject.h. */
function groups() {
  const text = fs.readFileSync(path.join(root, sources, 'inject.h'), 'utf8');
  return [...text.matchAll(/^ {2}X\(\w+, "(\w+)"\)/gm)].map(([, word]) => word);
}

/** What the addon and the test share, as struct xpf_inject in inject.h has it. */
class Control {
  constructor(file) {
    this.file = file;
    this.words = groups();
    fs.writeFileSync(file, Buffer.alloc(4 * (4 + this.words.length)), { mode: 0o666 });
    this.fd = fs.openSync(file, 'r+');
  }

  set(index, value) {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    fs.writeSync(this.fd, bytes, 0, 4, 4 * index);
  }

  get(index) {
    const bytes = Buffer.alloc(4);
    fs.readSync(this.fd, bytes, 0, 4, 4 * index);
    return bytes.readUInt32LE();
  }

  /** The number-th call of the group from now on fails; without a group none does. */
  arm(group, number = 0) {
    this.set(0, 0);
    for (let i = 2; i < 4 + this.words.length; i++) this.set(i, 0);
    this.set(1, number);
    this.set(0, group ? this.words.indexOf(group) + 1 : 0);
  }

  get hits() {
    return this.get(2);
  }

  /** Calls of the group since arm(). */
  seen(group) {
    return this.get(3 + this.words.indexOf(group) + 1);
  }

  close() {
    fs.closeSync(this.fd);
  }
}

/** At most `most` numbers from 1 to count: all at the beginning, then fewer and fewer, and the last. */
function pick(count, most) {
  const numbers = [];
  const dense = Math.ceil(most / 2);
  for (let at = 1; at <= Math.min(dense, count); at++) numbers.push(at);
  const rest = most - numbers.length;
  for (let i = 1; i <= rest && count > dense; i++) numbers.push(Math.round(dense + (count - dense) * (i / rest) ** 2));
  return [...new Set(numbers)];
}

async function runPure() {
  let failed = 0;
  const names = fs.readdirSync(path.join(root, sources)).filter((name) => /^inject_\w+\.c$/.test(name));
  fs.mkdirSync(output, { recursive: true });
  for (const name of names) {
    const source = `${sources}/${name}`;
    const program = path.join(output, name.slice(0, -2));
    const links = [`${sources}/inject.c`, ...linksOf(source)];
    must(process.env.CC || 'cc', [...FLAGS, '-O1', ...SANITIZERS, ...wrapFlags(), '-o', program, source, ...links, '-lcjson']);
    const { ok, text } = await runProgram(program, [], { timeoutMs: 300_000 });
    console.log(`${ok ? 'ok    ' : 'FAILED'} ${name}: ${text.trimEnd().split('\n').pop()}`);
    if (!ok) {
      failed++;
      console.log(text.replace(/^/gm, '  | ').trimEnd());
    }
  }
  return failed;
}

function parse(words) {
  const at = words.indexOf('--most');
  const most = at >= 0 ? Number(words.splice(at, 2)[1]) : 40;
  const wrong = words.find((word) => !groups().includes(word));
  if (!(most >= 1) || wrong) {
    console.error(`usage: npm run test:inject [-- --most N] [${groups().join('|')} ...]`);
    process.exit(2);
  }
  return { most, only: words };
}

async function main() {
  const { most, only } = parse(process.argv.slice(2));
  const failed = await runPure();
  const env = { ...process.env, XPF_INJECT_MOST: String(most), XPF_INJECT_GROUPS: only.join(',') };
  const tests = spawnSync(process.execPath, ['--test', '--test-reporter=spec', 'test/e2e/inject.test.js'], { cwd: root, env, stdio: 'inherit' });
  process.exitCode = failed > 0 || tests.status !== 0 ? 1 : 0;
}

module.exports = { linkPackage, Control, groups, pick };

if (require.main === module) {
  main();
}
