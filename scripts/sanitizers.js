#!/usr/bin/env node
'use strict';

// The addon under sanitizers in a stock Node, whose runtimes are preloaded, with the end-to-end tests as load.
//   npm run test:sanitizers [-- address|thread|leaks...] [--short]
// address: AddressSanitizer and UBSan; thread: ThreadSanitizer; leaks: LeakSanitizer over 1,000 commands; without
// a word all three, and the C unit tests under all sanitizers. --short: fewer test files, no unit tests, for npm test.
// A report is a failure when it is about our code: see verdict().

const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { run } = require('./c_program');
const { copyTree } = require('./tree_copy');

const folder = 'build-sanitize';
const TEST_FILE_MS = 400_000;

const KINDS = {
  address: {
    sanitize: 'address,undefined',
    runtimes: ['libasan.so', 'libubsan.so'],
    options: (log) => ({
      ASAN_OPTIONS: `detect_leaks=0:log_path=${log}`,
      UBSAN_OPTIONS: `print_stacktrace=1:log_path=${log}`,
    }),
    files: ['commands', 'storm', 'wire', 'logs', 'metrics', 'heap_limit', 'fatal_error', 'blocked_stack', 'safety_files', 'processes'],
    short: ['commands_idle', 'commands_worker', 'storm', 'wire'],
  },
  thread: {
    sanitize: 'thread',
    runtimes: ['libtsan.so'],
    // Tests fork; Node does not join its threads.
    options: (log) => ({
      TSAN_OPTIONS: `log_path=${log}:exitcode=0:report_thread_leaks=0:die_after_fork=0:history_size=4`,
    }),
    files: ['commands_idle', 'commands_config', 'commands_options', 'commands_disk', 'storm', 'wire', 'metrics_http', 'heap_limit'],
    short: ['storm', 'wire'],
  },
};

const counts = { passed: 0, failed: 0, skipped: 0 };

function tell(outcome, title, text = '') {
  counts[outcome]++;
  console.log(`${{ passed: 'ok    ', failed: 'FAILED', skipped: 'skip  ' }[outcome]} ${title}`);
  if (text) console.log(text.replace(/^/gm, '  | ').trimEnd());
}

/** The runtime libraries of the compiler that builds the addon, as LD_PRELOAD wants them; '' when one is missing. */
function preload(names) {
  const files = names.map((name) => {
    const { stdout = '' } = spawnSync(process.env.CC || 'cc', [`-print-file-name=${name}`], { encoding: 'utf8' });
    return path.isAbsolute(stdout.trim()) ? fs.realpathSync(stdout.trim()) : '';
  });
  return files.every(Boolean) ? files.join(' ') : '';
}

/** The addon, built with a sanitizer in a copy of the checkout; '' when that failed. */
function buildCopy(kind) {
  const copy = copyTree(`${folder}/${kind}`);
  const script = `
    const { build, reasonToBuild } = require('./scripts/build');
    const fault = reasonToBuild() && build({ argv: ['--sanitize=${KINDS[kind].sanitize}'], isQuiet: true });
    if (fault) { console.error(fault); process.exit(1); }`;
  const { status, stderr } = spawnSync(process.execPath, ['-e', script], { cwd: copy, encoding: 'utf8' });
  if (status === 0) return copy;
  tell('failed', `${kind}: build`, stderr);
  return '';
}

/** Frames of one stack of a report that say whose code it is: not those of the runtime and of libc. */
function frames(stack) {
  return stack.split('\n').filter((line) => /^ *#\d+ /.test(line) && !/libsanitizer|lib[atu]b?san\.so|libc\.so|sysdeps|string\//.test(line));
}

const isOurFrame = (line = '') => line.includes('xprofiler.node') || /\bxpf_/.test(line);

/** Calls about a descriptor, as ThreadSanitizer names them in the innermost frame. */
const DESCRIPTOR_CALL = /^(open|close|p?read|p?write|pipe|dup|fcntl|fsync|fstat|epoll|poll|eventfd|socket|accept|connect|bind|listen|send|recv)/;

/** Reports between Node's code and ours that are no race. One within our code is never among them. */
const NO_RACES = [
  {
    why: 'libuv closes descriptors with a bare system call that is not seen, so who gets the number next seems to share it',
    // A stack that is no longer known has no frame.
    is: (sides, report) =>
      /Location is file descriptor/.test(report) ||
      (sides.every(({ call, frame }) => frame === undefined || DESCRIPTOR_CALL.test(call)) && !/Location is (heap|global|stack|TLS)/.test(report)),
  },
];

/** Of both sides of a race: the function of the runtime, if any, and the frame that says whose code it is. */
function sidesOf(report) {
  return report
    .trim()
    .split(/\n\n/)
    .filter((part) => /^ *(WARNING: .*\n *)?(Previous )?(atomic )?(read|write) of size/i.test(part))
    .map((part) => {
      const [first = ''] = part.split('\n').filter((line) => /^ *#0 /.test(line));
      const [, call = ''] = /^ *#0 (\w+) .*lib(tsan|sanitizer)/.exec(first) || [];
      return { call, frame: frames(part)[0] };
    });
}

/** A race is ours with one side in our code: 'ours', 'foreign', or 'known' when the list above has it. */
function verdictOfRace(report) {
  const sides = sidesOf(report);
  const own = sides.filter(({ frame }) => isOurFrame(frame)).length;
  if (own === 0) return 'foreign';
  return own < sides.length && NO_RACES.some(({ is }) => is(sides, report)) ? 'known' : 'ours';
}

/** Whether a report is about our code. */
function verdict(report) {
  if (/ThreadSanitizer: data race/.test(report)) return verdictOfRace(report);
  return frames(report).some(isOurFrame) || /runtime error/.test(report) ? 'ours' : 'foreign';
}

function readReports(dir) {
  return fs.readdirSync(dir).flatMap((name) => {
    const text = fs.readFileSync(path.join(dir, name), 'utf8');
    return text.split(/^=+$/m).filter((part) => /Sanitizer|runtime error/.test(part));
  });
}

function testFiles(copy, words) {
  return fs
    .readdirSync(path.join(copy, 'test/e2e'))
    .filter((name) => name.endsWith('.test.js') && words.some((word) => name.startsWith(word)))
    .map((name) => `test/e2e/${name}`);
}

async function runFile(kind, copy, file, env) {
  const reports = path.join(copy, 'reports');
  fs.rmSync(reports, { recursive: true, force: true });
  fs.mkdirSync(reports);
  const { options } = KINDS[kind];
  const all = { ...env, ...options(path.join(reports, 'report')), XPF_SANITIZER: kind };
  const args = ['--test', '--test-reporter=spec', path.join(copy, file)];
  const result = await run(process.execPath, args, { timeoutMs: TEST_FILE_MS, env: all });
  const found = readReports(reports).map((report) => ({ report, of: verdict(report) }));
  const count = (word) => found.filter(({ of }) => of === word).length;
  const ours = found.filter(({ of }) => of === 'ours').map(({ report }) => report);
  return { ...result, foreign: count('foreign'), known: count('known'), ours };
}

/** Tests have deadlines, and sanitizers are slow: what fails without a report gets one more run. */
async function testUnder(kind, isShort) {
  const libraries = preload(KINDS[kind].runtimes);
  if (!libraries) {
    tell('skipped', `${kind}: the compiler has no ${KINDS[kind].runtimes.join(', ')}`);
    return;
  }
  const copy = buildCopy(kind);
  if (!copy) return;
  for (const file of testFiles(copy, KINDS[kind][isShort ? 'short' : 'files'])) {
    let result = await runFile(kind, copy, file, { LD_PRELOAD: libraries });
    if (!result.ok && result.ours.length === 0) result = await runFile(kind, copy, file, { LD_PRELOAD: libraries });
    const tests = /^ℹ pass (\d+)$/m.exec(result.text);
    const title = `${kind}: ${path.basename(file)}: ${tests ? tests[1] : 'no'} tests, ${result.ours.length} reports`;
    const others = [result.foreign && `${result.foreign} about Node alone`, result.known && `${result.known} about descriptors`];
    const isGood = result.ok && result.ours.length === 0;
    const tail = result.text.slice(result.text.indexOf('failing tests')).slice(0, 6000);
    const inBrackets = others.some(Boolean) ? ` (${others.filter(Boolean).join(', ')})` : '';
    tell(isGood ? 'passed' : 'failed', title + inBrackets, isGood ? '' : result.ours.slice(0, 5).join('\n') || tail);
  }
}

async function unit() {
  const { text, ok } = await run(process.execPath, ['scripts/unit.js', '--thorough'], { timeoutMs: 1_800_000 });
  const sum = /^unit: .*$/m.exec(text);
  tell(ok ? 'passed' : 'failed', sum ? sum[0] : 'unit: did not end', ok ? '' : text);
}

async function leaks() {
  const libraries = preload(KINDS.address.runtimes);
  if (!libraries) {
    tell('skipped', 'leaks: the compiler has no libasan.so');
    return;
  }
  const copy = buildCopy('address');
  if (!copy) return;
  const env = { LD_PRELOAD: libraries, XPF_SANITIZER: 'leaks' };
  const args = ['test/stress/leaks.js'];
  const { text, ok } = await run(process.execPath, args.map((file) => path.join(copy, file)), { timeoutMs: TEST_FILE_MS, env });
  const isSkipped = /^skip/m.test(text);
  tell(isSkipped ? 'skipped' : ok ? 'passed' : 'failed', `leaks: ${text.trim().split('\n').pop()}`, ok ? '' : text);
}

async function main() {
  const words = process.argv.slice(2);
  const isShort = words.includes('--short');
  const steps = words.filter((word) => word !== '--short');
  const unknown = steps.find((word) => !['address', 'thread', 'leaks', 'unit'].includes(word));
  if (unknown) {
    console.error('usage: npm run test:sanitizers [-- unit|address|thread|leaks...] [--short]');
    process.exit(2);
  }
  const wants = (step) => steps.length === 0 || steps.includes(step);
  if (wants('unit') && !isShort) await unit();
  if (wants('address')) await testUnder('address', isShort);
  if (wants('thread')) await testUnder('thread', isShort);
  if (wants('leaks')) await leaks();
  console.log(`sanitizers: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  process.exitCode = counts.failed > 0 ? 1 : 0;
}

module.exports = { verdict };

if (require.main === module) {
  main();
}
