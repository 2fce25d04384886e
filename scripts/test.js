'use strict';

// npm test: set-up, build, static checks, C unit tests, end-to-end tests. The last line is the sum.
//   node scripts/test.js [--no-lint] [--no-unit] [--no-fuzz] [--no-e2e] [part of a test file's name]

const fs = require('node:fs');
const path = require('node:path');
const { spawn } = require('node:child_process');

const { setUp } = require('./setup');
const { lint } = require('./lint');

const root = path.join(__dirname, '..');
const LIMIT_MS = 20 * 60 * 1000; // a hanging test ends the run, not the day
const FUZZ_SECONDS = '5'; // of each target
const total = { passed: 0, failed: 0, skipped: 0 };

/** Runs a command, shows its output as it comes, gives it back with the exit status. */
function run(command, args) {
  return new Promise((resolve) => {
    const options = { cwd: root, stdio: ['ignore', 'pipe', 'inherit'], timeout: LIMIT_MS };
    const child = spawn(command, args, options);
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
      process.stdout.write(chunk);
    });
    child.on('error', (error) => resolve({ text: String(error), status: 127 }));
    child.on('close', (status) => resolve({ text, status }));
  });
}

function add(name, counts, status) {
  for (const key of Object.keys(total)) {
    total[key] += counts[key];
  }
  // A runner that dies without a failed test must not look like success.
  if (status !== 0 && counts.failed === 0) {
    console.error(`${name} ended with status ${status}`);
    total.failed += 1;
  }
}

/** Runs a script that ends with `…: N passed, N failed[, N skipped]`, and adds that. */
async function runPart(title, words) {
  console.log(`\n== ${title}`);
  const { text, status } = await run(process.execPath, words);
  const sums = [...text.matchAll(/^(?:\w+: )?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?/gm)];
  const [, ...numbers] = sums.pop() || [];
  const [passed = 0, failed = 0, skipped = 0] = numbers.map((word) => Number(word) || 0);
  add(words[0], { passed, failed, skipped }, status);
}

/** Is there a C source in the folder with one of these words in its name? No words: all. */
function hasSource(folder, names) {
  const files = fs.readdirSync(path.join(root, folder)).filter((file) => file.endsWith('.c'));
  return files.some((file) => names.length === 0 || names.some((name) => file.includes(name)));
}

async function unit(names) {
  if (hasSource('test/unit', names)) {
    await runPart('unit tests', ['scripts/unit.js', ...names]);
  }
}

async function fuzz(names) {
  if (hasSource('test/fuzz', names)) {
    await runPart('fuzzers', ['scripts/fuzz.js', '--seconds', FUZZ_SECONDS, ...names]);
  }
}

function e2eFiles(names) {
  const files = ['test/js', 'test/e2e']
    .filter((folder) => fs.existsSync(path.join(root, folder)))
    .flatMap((folder) => fs.readdirSync(path.join(root, folder)).map((name) => `${folder}/${name}`))
    .filter((file) => /\.test\.m?js$/.test(file));
  return names.length === 0 ? files : files.filter((file) => names.some((name) => file.includes(name)));
}

function lastNumber(text, word) {
  const found = [...text.matchAll(new RegExp(`^\\S+ ${word} (\\d+)$`, 'gm'))].pop();
  return found ? Number(found[1]) : 0;
}

async function runTests(files, concurrency) {
  const options = ['--test', '--test-reporter=spec', `--test-concurrency=${concurrency}`];
  const { text, status } = await run(process.execPath, [...options, ...files]);
  const count = (...words) => words.reduce((sum, word) => sum + lastNumber(text, word), 0);
  const counts = {
    passed: count('pass'),
    failed: count('fail', 'cancelled'),
    skipped: count('skipped', 'todo'),
  };
  const places = [...text.matchAll(/^test at (\S+?):\d+/gm)].map(([, file]) => path.relative(root, path.resolve(root, file)));
  const isKnown = places.length >= counts.failed && places.every((place) => files.includes(place));
  return { counts, status, failedFiles: isKnown ? files.filter((file) => places.includes(file)) : [] };
}

/**
 * Tests with deadlines may fail when the machine is busy: such a file gets one more run, alone. Only when
 * every failure names its file; else the first result stands.
 */
async function e2e(names) {
  const files = e2eFiles(names);
  if (files.length === 0) {
    return;
  }
  console.log('\n== JavaScript and end-to-end tests');
  const first = await runTests(files, 2);
  const { counts, failedFiles } = first;
  let { status } = first;
  if (failedFiles.length > 0) {
    console.log(`\n== once more, one after the other: ${failedFiles.join(', ')}`);
    const again = await runTests(failedFiles, 1);
    const recovered = again.status === 0 ? counts.failed : 0;
    console.log(again.status === 0 ? `failed at first, passed alone: ${recovered}` : 'failed again');
    counts.passed += recovered;
    counts.failed -= recovered;
    status = again.status;
  }
  add('node --test', counts, status);
}

async function main() {
  const words = process.argv.slice(2);
  const names = words.filter((word) => !word.startsWith('--'));
  const wants = (part) => !words.includes(`--no-${part}`);
  setUp({ forTests: true });
  const faults = wants('lint') ? lint() : [];
  if (wants('unit')) {
    await unit(names);
  }
  if (wants('fuzz')) {
    await fuzz(names);
  }
  if (wants('e2e')) {
    await e2e(names);
  }
  if (faults.length > 0) {
    console.log(`\nstatic checks failed: ${faults.join(', ')}`);
  }
  const { passed, failed, skipped } = total;
  console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  process.exitCode = failed > 0 || faults.length > 0 ? 1 : 0;
}

main().catch((error) => {
  console.error(`xprofiler: ${error.message}`);
  console.log('\n0 passed, 1 failed');
  process.exitCode = 1;
});
