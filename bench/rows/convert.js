'use strict';

const fs = require('node:fs');
const http = require('node:http');
const os = require('node:os');
const path = require('node:path');
const zlib = require('node:zlib');
const { spawnSync } = require('node:child_process');

const { root } = require('../peers');

const native = path.join(root, 'build', 'Release', 'xprofctl');
const MEGABYTES = 20;
const SAMPLES = MEGABYTES * 68000;

/** A .cpuprofile of about 20 MB in proportions of a real one: a tree of 21,000 nodes, 1.4 million samples. */
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
  const samples = Array.from({ length: SAMPLES }, (_, index) => 1 + ((index * 7919) % count));
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

/** speedscope's own page in Chromium, from the request for the file to the drawn view. */
async function speedscope() {
  const { Browser } = require('../../test/e2e/support/browser');
  const release = path.join(path.dirname(require.resolve('speedscope/package.json')), 'dist/release');
  const server = http.createServer((request, response) => {
    const name = request.url.split('?')[0].slice(1);
    const file = name === 'profile' ? profile().file : path.join(release, path.basename(name));
    const type = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' }[path.extname(file)];
    response.writeHead(fs.existsSync(file) ? 200 : 404, { 'content-type': type || 'application/octet-stream' });
    response.end(fs.existsSync(file) ? fs.readFileSync(file) : '');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await Browser.launch();
  try {
    const page = await browser.open(`http://127.0.0.1:${server.address().port}/index.html`);
    const begin = process.hrtime.bigint();
    await page.goto(`http://127.0.0.1:${server.address().port}/index.html?again#profileURL=/profile&title=loaded`);
    await page.waitForFunction(() => document.title.includes('loaded'), undefined, { timeout: 120000 });
    return Number(process.hrtime.bigint() - begin) / 1e9;
  } finally {
    await browser.close();
    server.close();
  }
}

const work = {
  'xprofctl convert to pprof': () => convert('.pb.gz'),
  'xprofctl convert to folded': () => convert('.folded'),
  'xprofctl convert to speedscope': () => convert('.speedscope.json'),
  'pprof-format: parse, encode, gzip': encode,
  'speedscope: import in Chromium': speedscope,
};

module.exports = {
  id: 'convert',
  title: 'Converting a CPU profile',
  words: 'A .cpuprofile of 20 MB from a file to a file; speedscope shows it, which is its conversion.',
  target: 'at least 10 MB/s',
  variants: Object.keys(work),
  base: 'xprofctl convert to pprof',
  compare: 'ratio',
  rounds: 5,
  figures: [{ key: 'mb_s', name: 'MB of input a second', digits: 1, chart: true }],
  async round(variant) {
    const { size } = profile();
    const begin = process.hrtime.bigint();
    const own = await work[variant]();
    const seconds = own ?? Number(process.hrtime.bigint() - begin) / 1e9;
    return { mb_s: size / 1e6 / seconds };
  },
};
