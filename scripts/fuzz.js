#!/usr/bin/env node
'use strict';

// Compiles test/fuzz/fuzz_*.c with libFuzzer, AddressSanitizer and UBSan, and runs each for a time.
//   npm run fuzz [-- NAME...] [--seconds N] [--only-corpus]
// NAME: part of a target's name. --seconds: for each target, 10 when not given. What a target begins with is in
// test/fuzz/corpus/NAME, its words in test/fuzz/NAME.dict; what it learns stays in build-fuzz/corpus/NAME for
// the next run. An input that breaks something is left in build-fuzz/findings.
// Without clang's libFuzzer (package libclang-rt-14-dev), and with --only-corpus, only the corpus is run.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { FLAGS, linksOf, run, each, root } = require('./c_program');
const { hasFuzzer } = require('./requirements');

const sources = 'test/fuzz';
const output = 'build-fuzz';
const findings = `${output}/findings`;
const compileTimeoutMs = 300_000;
const width = Math.max(1, os.cpus().length);
const SANITIZERS = ['-fsanitize=address,undefined', '-fno-sanitize-recover=undefined', '-fno-omit-frame-pointer'];

function parseArguments(args) {
  const options = { names: [], seconds: 10, onlyCorpus: false };
  for (let i = 0; i < args.length; i++) {
    const word = args[i];
    if (word === '--only-corpus') options.onlyCorpus = true;
    else if (word === '--seconds' && Number(args[i + 1]) > 0) options.seconds = Number(args[++i]);
    else if (word.startsWith('-')) {
      console.error('usage: npm run fuzz [-- NAME...] [--seconds N] [--only-corpus]; N is a number above 0');
      process.exit(2);
    } else options.names.push(word);
  }
  return options;
}

function targetsOf(names) {
  return fs
    .readdirSync(path.join(root, sources))
    .map((file) => /^fuzz_(\w+)\.c$/.exec(file))
    .filter((match) => match && (names.length === 0 || names.some((name) => match[1].includes(name))))
    .map(([file, name]) => ({ name, source: `${sources}/${file}` }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function compile(target, withFuzzer) {
  const own = withFuzzer ? ['-fsanitize=fuzzer,address,undefined', ...SANITIZERS.slice(1)] : SANITIZERS;
  const more = withFuzzer ? [] : [`${sources}/corpus_runner.c`];
  const args = [...FLAGS, '-O1', ...own, '-o', target.program, target.source, ...more, ...linksOf(target.source)];
  return run(withFuzzer ? 'clang' : process.env.CC || 'cc', args, { timeoutMs: compileTimeoutMs });
}

function filesIn(folder) {
  const full = path.join(root, folder);
  return fs.existsSync(full) ? fs.readdirSync(full).map((name) => `${folder}/${name}`) : [];
}

/** The sentence about a run of libFuzzer, from what it printed. */
function describe(text, seconds) {
  const number = (pattern) => Number(([...text.matchAll(pattern)].pop() || [0, 0])[1]);
  const runs = number(/stat::number_of_executed_units:\s*(\d+)/g) || number(/^#(\d+)\t/gm);
  const rss = number(/stat::peak_rss_mb:\s*(\d+)/g);
  const coverage = number(/cov: (\d+)/g);
  const features = number(/ft: (\d+)/g);
  const corpus = number(/corp: (\d+)/g);
  return `${runs} runs in ${seconds} s, ${coverage} edges, ${features} features, ${corpus} inputs, ${rss} MB`;
}

async function fuzz(target, seconds) {
  const learnt = `${output}/corpus/${target.name}`;
  const seeds = `${sources}/corpus/${target.name}`;
  const dictionary = `${sources}/${target.name}.dict`;
  fs.mkdirSync(path.join(root, learnt), { recursive: true });
  const args = [
    `-max_total_time=${Math.ceil(seconds)}`,
    '-timeout=20',
    '-rss_limit_mb=1024',
    '-print_final_stats=1',
    `-artifact_prefix=${findings}/${target.name}-`,
    ...(fs.existsSync(path.join(root, dictionary)) ? [`-dict=${dictionary}`] : []),
    learnt,
    ...(fs.existsSync(path.join(root, seeds)) ? [seeds] : []),
  ];
  // A program that was asked to allocate too much gets NULL, as on a machine that has no more.
  const env = { ASAN_OPTIONS: 'allocator_may_return_null=1' };
  const { ok, text } = await run(path.join(root, target.program), args, { timeoutMs: (seconds + 120) * 1000, env });
  return { ok, text, sentence: describe(text, seconds) };
}

async function replay(target) {
  const files = filesIn(`${sources}/corpus/${target.name}`);
  const { ok, text } = await run(path.join(root, target.program), files, { timeoutMs: 60_000 });
  return { ok, text, sentence: `${files.length} inputs of the corpus` };
}

async function main() {
  const { names, seconds, onlyCorpus } = parseArguments(process.argv.slice(2));
  fs.mkdirSync(path.join(root, findings), { recursive: true });
  const targets = targetsOf(names);
  const withFuzzer = !onlyCorpus && hasFuzzer();
  if (!withFuzzer && !onlyCorpus) {
    console.log("clang's libFuzzer is not installed (package libclang-rt-14-dev): only the corpus is run");
  }
  let failed = 0;
  await each(targets, width, async (target) => {
    target.program = `${output}/${target.name}-${withFuzzer ? 'fuzzer' : 'corpus'}`;
    let result = await compile(target, withFuzzer);
    if (result.ok) result = withFuzzer ? await fuzz(target, seconds) : await replay(target);
    console.log(`${result.ok ? 'ok    ' : 'FAILED'} ${target.name}: ${result.sentence || 'does not compile'}`);
    if (result.ok) return;
    failed++;
    const lines = result.text.split('\n').filter((line) => !/^#\d+\t/.test(line)); // libFuzzer's diary
    console.log(lines.slice(-80).join('\n').replace(/^/gm, '  | ').trimEnd());
  });
  console.log(`fuzz: ${targets.length - failed} passed, ${failed} failed`);
  // Nothing tried is nothing proven.
  process.exitCode = failed > 0 || targets.length === 0 ? 1 : 0;
}

main();
