'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const zlib = require('node:zlib');
const { spawnSync } = require('node:child_process');

const { root } = require('../peers');

const native = path.join(root, 'build', 'Release', 'xprofctl');
const MEGABYTES = 6;
const SAMPLES = MEGABYTES * 68000;

/** A .cpuprofile of about 6 MB in proportions of a real one: a tree of 6300 nodes, 408,000 samples. */
function input() {
  const file = path.join(os.tmpdir(), `xprofiler-bench-${process.pid}.cpuprofile`);
  const count = MEGABYTES * 1050;
  const nodes = Array.from({ length: count }, (_, index) => {
    const at = index % 3000;
    const children = [2 * index + 2, 2 * index + 3].filter((id) => id <= count);
    const callFrame = {
      functionName: index === 0 ? '(root)' : `function_${at}`,
      scriptId: String(at % 200),
      url: index === 0 ? '' : `file:///srv/app/node_modules/package-${at % 100}/lib/module_${at}.js`,
      lineNumber: at,
      columnNumber: at % 80,
    };
    return { id: index + 1, callFrame, hitCount: 65, children, positionTicks: [{ line: at + 2, ticks: 65 }] };
  });
  const samples = Array.from({ length: SAMPLES }, (_, index) => 1 + ((Math.floor(index / 5) * 7919) % count)); // a function lasts a while
  const timeDeltas = samples.map((id) => 900 + (id % 200));
  const endTime = timeDeltas.reduce((sum, delta) => sum + delta, 0);
  fs.writeFileSync(file, JSON.stringify({ nodes, startTime: 0, endTime, samples, timeDeltas }));
  process.on('exit', () => fs.rmSync(file, { force: true }));
  return { file, size: fs.statSync(file).size };
}

let made;
const profile = () => (made ||= input());

function convert(extension) {
  const output = `${profile().file}${extension}`;
  const { status, stderr } = spawnSync(native, ['convert', profile().file, output], { encoding: 'utf8' });
  fs.rmSync(output, { force: true });
  if (status !== 0) throw new Error(stderr);
}

/** The same data with pprof-format, as Node's other profilers write it: parse, build, encode, gzip. */
function encode() {
  const { Function: Fn, Line, Location, Profile, Sample, StringTable, ValueType } = require('pprof-format');
  const { nodes } = JSON.parse(fs.readFileSync(profile().file, 'utf8'));
  const stringTable = new StringTable();
  const parents = new Map(nodes.flatMap(({ id, children }) => children.map((child) => [child, id])));
  const text = (word) => stringTable.dedup(word);
  const type = (name, unit) => new ValueType({ type: text(name), unit: text(unit) });
  const fns = nodes.map(({ id, callFrame }) => new Fn({ id, name: text(callFrame.functionName), filename: text(callFrame.url), startLine: callFrame.lineNumber + 1 }));
  const location = nodes.map(({ id, callFrame }) => new Location({ id, line: [new Line({ functionId: id, line: callFrame.lineNumber + 1 })] }));
  const sample = nodes.map(({ id, hitCount }) => {
    const locationId = [];
    for (let at = id; at !== undefined; at = parents.get(at)) locationId.push(at);
    return new Sample({ locationId, value: [hitCount, hitCount * 1e6] });
  });
  const whole = new Profile({ sampleType: [type('samples', 'count'), type('wall', 'nanoseconds')], sample, location, function: fns, stringTable });
  zlib.gzipSync(whole.encode());
}

const work = {
  'xprofctl convert to pprof': () => convert('.pb.gz'),
  'xprofctl convert to folded': () => convert('.folded'),
  'xprofctl convert to speedscope': () => convert('.speedscope.json'),
  'pprof-format: parse, encode, gzip': encode,
};

module.exports = {
  id: 'convert',
  title: 'Converting a CPU profile',
  words: 'A .cpuprofile of 6 MB, from a file to a file.',
  target: 'at least 10 MB/s',
  verdict: 'Met.',
  variants: Object.keys(work),
  base: 'xprofctl convert to pprof',
  compare: 'ratio',
  rounds: 5,
  figures: [{ key: 'mb_s', name: 'MB of input a second', digits: 1, chart: true }],
  round(variant) {
    const { size } = profile();
    const begin = process.hrtime.bigint();
    work[variant]();
    const seconds = Number(process.hrtime.bigint() - begin) / 1e9;
    return { mb_s: size / 1e6 / seconds };
  },
};
