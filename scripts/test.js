'use strict';

// npm test: set-up, build, static checks, C unit tests, fuzzers, end-to-end tests, sanitizers, stress, soak, the
// package, the oldest and the newest Node. The last line is the sum.
//   node scripts/test.js [--no-lint] [--no-unit] [--no-fuzz] [--no-e2e] [--no-sanitizers] [--no-stress]
//                        [--no-soak] [--no-package] [--no-matrix]
//                        [part of a test file's name | sanitizers | stress | soak]

const fs = require('node:fs');
const path = require('node:path');

const { setUp } = require('./setup');
const { lint } = require('./lint');
const { run, listFiles, sum } = require('./e2e');
const { ABIS, MAJORS } = require('./nodes');

const root = path.join(__dirname, '..');
const FUZZ_SECONDS = '3'; // of each target
const PART_SILENCE_MS = 30 * 60 * 1000; // longer than what a part allows its own programs
// Parts without files to choose from, in their short forms: the long ones are commands of their own
// (docs/testing.md). They run when nothing is chosen, or by their own name.
const LONG_PARTS = {
  sanitizers: ['scripts/sanitizers.js', '--short'],
  stress: ['scripts/stress.js', '--short'],
  soak: ['test/stress/soak.js', '--minutes', '2'],
};
const FAILURE_LINES = 200; // of a part, shown again
const total = { passed: 0, failed: 0, skipped: 0 };
const failures = []; // lines, shown again before the sum: they are far above it

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

/** The lines of a part's output that say what failed: the lists of node --test, and what the others mark. */
function linesOfFailures(text) {
  let isInList = false;
  return text.split('\n').filter((line) => {
    const isVerdict = /^failed (?:again|at first, passed alone)/.test(line);
    if (/^(?:\S+ failing tests:$|FAILED )/.test(line)) isInList = true;
    else if (isVerdict || /^(?:==|▶|✔|ok |skip |\w+: \d+ passed)/.test(line)) isInList = false;
    return isInList || isVerdict;
  });
}

/** Runs a script that ends with `…: N passed, N failed[, N skipped]`, and adds that. */
async function runPart(title, words) {
  console.log(`\n== ${title}`);
  const begin = Date.now();
  const { text, status } = await run(process.execPath, words, { silenceMs: PART_SILENCE_MS });
  console.log(`== ${title}: ${Math.round((Date.now() - begin) / 1000)} s`);
  const sums = [...text.matchAll(/^(?:\w+: )?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?/gm)];
  const [, ...numbers] = sums.pop() || [];
  const [passed = 0, failed = 0, skipped = 0] = numbers.map((word) => Number(word) || 0);
  add(words[0], { passed, failed, skipped }, status);
  const lines = linesOfFailures(text);
  if (lines.length > 0) failures.push(`\n== failed in ${title}`, ...lines.slice(-FAILURE_LINES));
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

async function e2e(names) {
  if (listFiles(['test/js', 'test/e2e'], names).length > 0) {
    await runPart('JavaScript and end-to-end tests', ['scripts/e2e.js', ...names]);
  }
}

async function longParts(names, wants) {
  for (const part of Object.keys(LONG_PARTS).filter(wants)) {
    if (names.length === 0 || names.includes(part)) {
      await runPart(part, LONG_PARTS[part]);
    }
  }
}

async function packageTests(names) {
  if (listFiles(['test/package'], names).length > 0) {
    await runPart('the package', ['scripts/e2e.js', '--package', ...names]);
  }
}

async function matrix(names) {
  if (names.length > 0) {
    return; // one asks for a quick answer
  }
  const others = [MAJORS[0], MAJORS[MAJORS.length - 1]].filter((major) => ABIS[major] !== process.versions.modules);
  await runPart(`Node ${others.join(' and ')}`, ['scripts/matrix.js', ...others]);
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
  await longParts(names, wants);
  if (wants('package')) {
    await packageTests(names);
  }
  if (wants('matrix')) {
    await matrix(names);
  }
  if (failures.length > 0) console.log(failures.join('\n'));
  if (faults.length > 0) {
    console.log(`\nstatic checks failed: ${faults.join(', ')}`);
  }
  console.log(`\n${sum(total)}`);
  process.exitCode = total.failed > 0 || faults.length > 0 ? 1 : 0;
}

main().catch((error) => {
  console.error(`xprofiler: ${error.message}`);
  console.log('\n0 passed, 1 failed');
  process.exitCode = 1;
});
