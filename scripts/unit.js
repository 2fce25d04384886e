#!/usr/bin/env node
'use strict';

// Compiles and runs test/unit/test_*.c: plain, under AddressSanitizer and UBSan, and those with threads under
// ThreadSanitizer.
//   node scripts/unit.js [--fast | --thorough] [filter...]
// --fast leaves the sanitizers out; --thorough runs all of them under ThreadSanitizer; filter is a part of the
// test's name. What a test links stands in its comments (scripts/c_program.js), and why ThreadSanitizer cannot
// look at it: `// threads: not …`.

const fs = require('node:fs');
const path = require('node:path');
const { FLAGS, linksOf, run, each, root } = require('./c_program');

const tests = path.join('test', 'unit');
const output = 'build-unit';
const compilersAtOnce = 2;
const runsAtOnce = 2;
const runTimeoutMs = 300_000; // ThreadSanitizer on a busy machine takes a minute for the longest
const compileTimeoutMs = 300_000;

const compiler = process.env.CC || 'cc';
const variants = [
  { name: 'plain', flags: ['-O2'] },
  {
    name: 'sanitized',
    flags: ['-fsanitize=address,undefined', '-fno-sanitize-recover=undefined', '-fno-omit-frame-pointer'],
  },
  { name: 'threads', flags: ['-fsanitize=thread', '-fno-omit-frame-pointer', '-O1', '-Wno-tsan'] },
];

function parseArguments(args) {
  const flags = args.filter((arg) => arg.startsWith('-'));
  if (flags.some((flag) => !['--fast', '--thorough'].includes(flag))) {
    console.error('usage: node scripts/unit.js [--fast | --thorough] [filter...]');
    process.exit(2);
  }
  const filters = args.filter((arg) => !arg.startsWith('-'));
  return { fast: flags.includes('--fast'), thorough: flags.includes('--thorough'), filters };
}

/** Why a test cannot do its work under ThreadSanitizer, or ''. */
function whyNotThreads(source) {
  const match = /^\/\/ threads: (not .*)$/m.exec(fs.readFileSync(path.join(root, source), 'utf8'));
  return match ? match[1] : '';
}

/** Has the test, or what it links, threads? */
function hasThreads(source) {
  const files = [source, ...linksOf(source).filter((link) => link.endsWith('.c'))];
  return files.some((file) => /\b(pthread_create|uv_thread_create)\(/.test(fs.readFileSync(path.join(root, file), 'utf8')));
}

/** The objects and libraries of a test, each object with what it is made of. */
function planObjects(job) {
  const folder = path.join(output, job.variant.name);
  const links = [job.source, ...linksOf(job.source)];
  return links.map((link) =>
    link.startsWith('-') ? link : { source: link, variant: job.variant, file: path.join(folder, `${link.replaceAll('/', '-')}.o`) },
  );
}

function compile({ source, variant, file }) {
  const args = [...FLAGS, ...variant.flags, '-c', '-o', file, source];
  return run(compiler, args, { timeoutMs: compileTimeoutMs });
}

async function link(job, results) {
  if (job.fault) return { ok: false, text: `${job.fault}\n` };
  const objects = job.parts.filter((part) => part.file);
  const broken = objects.map(({ file }) => results.get(file)).filter(({ ok }) => !ok);
  if (broken.length > 0) return { ok: false, text: broken.map(({ text }) => text).join('') };
  const args = [...FLAGS, ...job.variant.flags, '-o', job.program, ...job.parts.map((part) => part.file || part), '-lcmocka'];
  return run(compiler, args, { timeoutMs: compileTimeoutMs });
}

/** Most sources are linked to several tests: each is compiled once for each variant, then every test linked. */
async function build(jobs) {
  const objects = new Map();
  for (const job of jobs) {
    try {
      job.parts = planObjects(job);
    } catch (error) {
      job.fault = error.message;
      continue;
    }
    for (const part of job.parts.filter(({ file }) => file)) objects.set(part.file, part);
  }
  for (const { name } of variants) fs.mkdirSync(path.join(root, output, name), { recursive: true });
  const results = new Map();
  await each([...objects.values()], compilersAtOnce, async (object) => results.set(object.file, await compile(object)));
  await each(jobs, compilersAtOnce, async (job) => {
    job.compiled = await link(job, results);
  });
}

function variantsFor(source, { fast, thorough }) {
  if (fast) return variants.slice(0, 1);
  const withThreads = !whyNotThreads(source) && (thorough || hasThreads(source));
  return variants.filter(({ name }) => name !== 'threads' || withThreads);
}

function planJobs(options) {
  const { filters } = options;
  const names = fs
    .readdirSync(path.join(root, tests))
    .filter((name) => /^test_.*\.c$/.test(name))
    .filter((name) => filters.length === 0 || filters.some((filter) => name.includes(filter)))
    .map((name) => name.slice(0, -2))
    .sort();
  const jobs = names.flatMap((name) => {
    const source = path.join(tests, `${name}.c`);
    return variantsFor(source, options).map((variant) => ({
      title: `${name} (${variant.name})`,
      source,
      program: path.join(output, `${name}-${variant.name}`),
      variant,
    }));
  });
  // By variant: those of one test do not run side by side. The slowest first: the end has no long tail.
  return jobs.sort((a, b) => variants.indexOf(b.variant) - variants.indexOf(a.variant));
}

async function runCompiled({ compiled, program }) {
  return compiled.ok ? run(path.join(root, program), [], { timeoutMs: runTimeoutMs }) : compiled;
}

/** A busy machine may break what measures time; what a sanitizer has reported stays a failure. */
async function passesAlone(job) {
  const isReport = /Sanitizer|runtime error/.test(job.result.text);
  return job.compiled.ok && !isReport && (await runCompiled(job)).ok;
}

async function main() {
  const jobs = planJobs(parseArguments(process.argv.slice(2)));
  await build(jobs);
  let failed = 0;
  // After the compilers, two at a time: they measure time, but most of it they wait.
  await each(jobs, runsAtOnce, async (job) => {
    job.result = await runCompiled(job);
    if (job.result.ok) console.log(`ok     ${job.title}`);
  });
  for (const job of jobs.filter(({ result }) => !result.ok)) {
    if (await passesAlone(job)) {
      console.log(`ok     ${job.title}: failed at first, passed alone`);
      continue;
    }
    failed++;
    console.log(`FAILED ${job.title}`);
    console.log(job.result.text.replace(/^/gm, '  | ').trimEnd());
  }
  console.log(`unit: ${jobs.length - failed} passed, ${failed} failed`);
  // Nothing tested is nothing proven.
  process.exitCode = failed > 0 || jobs.length === 0 ? 1 : 0;
}

main();
