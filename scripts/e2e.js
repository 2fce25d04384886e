#!/usr/bin/env node
'use strict';

// Runs the tests that are written in JavaScript. The last line is the sum.
//   node scripts/e2e.js [--package] [part of a test file's name …]
// --package: those of test/package, one after the other, in place of test/js and test/e2e. Those of xprofd come last.

const fs = require('node:fs');
const path = require('node:path');
const { spawn } = require('node:child_process');

const root = path.join(__dirname, '..');
const SILENCE_LIMIT_MS = 20 * 60 * 1000; // a hanging test ends the run, not the day; a slow machine ends nothing

/** Runs a command, shows its output as it comes, gives it back with the exit status. Ends it after a long silence. */
function run(command, args, { silenceMs = SILENCE_LIMIT_MS, env = process.env, ...options } = {}) {
  return new Promise((resolve) => {
    const plain = { ...env, FORCE_COLOR: undefined }; // colours in sums and in what programs print would not be understood
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'], env: plain, ...options });
    let text = '';
    const silence = setTimeout(() => {
      console.error(`${[command, ...args].join(' ').slice(0, 200)}: ended, for it has said nothing for ${silenceMs / 1000} s`);
      child.kill();
    }, silenceMs);
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
      process.stdout.write(chunk);
      silence.refresh();
    });
    const end = (result) => {
      clearTimeout(silence);
      resolve(result);
    };
    child.on('error', (error) => end({ text: String(error), status: 127 }));
    child.on('close', (status) => end({ text, status }));
  });
}

function listFiles(folders, names) {
  const files = folders
    .filter((folder) => fs.existsSync(path.join(root, folder)))
    .flatMap((folder) => fs.readdirSync(path.join(root, folder)).map((name) => `${folder}/${name}`))
    .filter((file) => /\.test\.m?js$/.test(file));
  return names.length === 0 ? files : files.filter((file) => names.some((name) => file.includes(name)));
}

function lastNumber(text, word) {
  const found = [...text.matchAll(new RegExp(`^\\S+ ${word} (\\d+)$`, 'gm'))].pop();
  return found ? Number(found[1]) : 0;
}

/** xprofd asks every process of the machine, also those in which other tests count what is asked. */
function usesXprofd(file) {
  return fs.readFileSync(path.join(root, file), 'utf8').includes("'./support/xprofd'");
}

/** target: { node, dir, hasConcurrency }: which Node runs them, and where. */
async function runOnce(files, { node, dir, hasConcurrency }, concurrency) {
  const options = ['--test', '--test-reporter=spec'];
  if (hasConcurrency) {
    options.push(`--test-concurrency=${concurrency}`);
  }
  // The tests start programs called node too.
  const env = { ...process.env, PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH}` };
  const { text, status } = await run(node, [...options, ...files], { cwd: dir, env });
  const count = (...words) => words.reduce((sum, word) => sum + lastNumber(text, word), 0);
  const counts = {
    passed: count('pass'),
    failed: count('fail', 'cancelled'),
    skipped: count('skipped', 'todo'),
  };
  const places = [...text.matchAll(/^test at (\S+?):\d+/gm)].map(([, file]) => path.relative(dir, path.resolve(dir, file)));
  const isKnown = places.length >= counts.failed && places.every((place) => files.includes(place));
  return { counts, status, failedFiles: isKnown ? files.filter((file) => places.includes(file)) : [] };
}

/**
 * Tests with deadlines may fail when the machine is busy: such a file gets one more run, alone. Only when
 * every failure names its file; else the first result stands. Returns { passed, failed, skipped }.
 */
async function runFiles(files, target, concurrency = 2) {
  const first = await runOnce(files, target, concurrency);
  const { counts, failedFiles } = first;
  let { status } = first;
  if (failedFiles.length > 0) {
    console.log(`\n== once more, one after the other: ${failedFiles.join(', ')}`);
    const again = await runOnce(failedFiles, target, 1);
    const recovered = again.status === 0 ? counts.failed : 0;
    console.log(again.status === 0 ? `failed at first, passed alone: ${recovered}` : 'failed again');
    counts.passed += recovered;
    counts.failed -= recovered;
    status = again.status;
  }
  if (status !== 0 && counts.failed === 0) {
    console.error(`node --test ended with status ${status}`);
    counts.failed = 1;
  }
  return counts;
}

function sum({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

async function main() {
  const words = process.argv.slice(2);
  const isPackage = words.includes('--package');
  const names = words.filter((word) => word !== '--package');
  const files = listFiles(isPackage ? ['test/package'] : ['test/js', 'test/e2e'], names);
  if (files.length === 0) {
    console.error(`e2e: no test file with ${names.join(' or ')} in its name`);
    process.exitCode = 2;
    return;
  }
  const [major, minor] = process.versions.node.split('.').map(Number);
  const hasConcurrency = major > 20 || (major === 20 && minor >= 10);
  const target = { node: process.execPath, dir: root, hasConcurrency };
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const some of [files.filter((file) => !usesXprofd(file)), files.filter(usesXprofd)]) {
    if (some.length === 0) continue; // a runner without files would run all
    const counts = await runFiles(some, target, isPackage ? 1 : 2);
    Object.keys(total).forEach((key) => (total[key] += counts[key]));
  }
  console.log(`\ne2e: ${sum(total)}`);
  process.exitCode = total.failed > 0 ? 1 : 0;
}

module.exports = { run, listFiles, usesXprofd, runFiles, sum };

if (require.main === module) {
  main();
}
