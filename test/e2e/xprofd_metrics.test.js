'use strict';

// /metrics as Prometheus and OpenMetrics readers see it: promtool, and a reading of our own that forgives nothing.

const assert = require('node:assert');
const { spawnSync } = require('node:child_process');
const zlib = require('node:zlib');
const { test, before, after } = require('node:test');

const { startXprofd } = require('./support/xprofd');
const { launch } = require('./support/launch');
const { until } = require('./support/until');

const PLAIN = 'text/plain; version=0.0.4; charset=utf-8';
const OPEN = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

let xprofd;
before(async () => {
  xprofd = await startXprofd();
  await xprofd.waitFor('/api/entities?kind=host_load', ({ entities }) => entities.length === 1);
});
after(() => xprofd && xprofd.stop());

const scrape = (accept, more = {}) => xprofd.get('/metrics', { headers: { ...(accept ? { accept } : {}), ...more } });

/** One line: name, labels as an object, value. Fails for anything the formats do not allow. */
function readSample(line) {
  const found = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/.exec(line);
  assert.ok(found, `no sample: ${line}`);
  const [, name, text, value] = found;
  const labels = {};
  let rest = text || '';
  while (rest) {
    const pair = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,(?=.)|$)/.exec(rest);
    assert.ok(pair, `labels of ${line} at ${rest}`);
    assert.ok(!(pair[1] in labels), `${pair[1]} twice in ${line}`);
    labels[pair[1]] = pair[2];
    rest = rest.slice(pair[0].length);
  }
  assert.ok(Number.isFinite(Number(value)), `value of ${line}`);
  return { name, labels, value: Number(value) };
}

/** Families by name: { type, help, samples }. Each is there once, in one piece, with its head before its samples. */
function read(text, isOpen) {
  const families = new Map();
  const seen = new Set();
  const lines = text.split('\n');
  assert.strictEqual(lines.pop(), '', 'the text ends with a line feed');
  if (isOpen) assert.strictEqual(lines.pop(), '# EOF');
  let family;
  for (const line of lines) {
    const help = /^# HELP (\S+) (.+)$/.exec(line);
    const type = /^# TYPE (\S+) (counter|gauge|untyped|unknown|info)$/.exec(line);
    if (help) {
      assert.ok(!families.has(help[1]), `${help[1]} a second time`);
      family = { name: help[1], help: help[2], type: '', samples: [] };
      families.set(family.name, family);
    } else if (type) {
      assert.strictEqual(type[1], family.name);
      assert.strictEqual(family.type, '', `two types of ${family.name}`);
      family.type = type[2];
    } else {
      assert.ok(!line.startsWith('#'), `odd line: ${line}`);
      const sample = readSample(line);
      const ending = isOpen ? { counter: '_total', info: '_info' }[family.type] || '' : '';
      assert.strictEqual(sample.name, family.name + ending, `${line} in the family ${family.name}`);
      const series = `${sample.name} ${JSON.stringify(Object.entries(sample.labels).sort())}`;
      assert.ok(!seen.has(series), `the series ${series} twice`);
      seen.add(series);
      family.samples.push(sample);
    }
  }
  return families;
}

test('promtool has nothing to say, except about names that are node_exporter\'s', async () => {
  const app = launch('workerOf("setInterval(() => {}, 100)"); say("ready");');
  await app.said('ready');
  const isOurs = ({ labels }) => labels.pid === String(app.pid);
  await xprofd.waitFor('/api/entities?kind=thread', ({ entities }) => entities.filter(isOurs).length === 2, 'both threads');
  const { text, headers } = await scrape();
  assert.match(text, new RegExp(`^xprofiler_loop_delay_quantile_seconds\\{.*pid="${app.pid}"`, 'm'));
  assert.strictEqual(headers['content-type'], PLAIN);
  const { stderr, stdout, error } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
  assert.ifError(error);
  // What node_exporter names so, promtool does not like in it either.
  const complaints = (stdout + stderr).split('\n').filter((line) => line !== '' && !/^node_\w+ /.test(line));
  assert.deepStrictEqual(complaints, []);
});

test('the text format: families in one piece, no series twice, numbers', async () => {
  const families = read((await scrape()).text, false);
  assert.ok(families.size > 50, `${families.size} families`);
  const cpu = families.get('node_cpu_seconds_total');
  assert.strictEqual(cpu.type, 'counter');
  assert.ok(cpu.samples.some(({ labels }) => labels.cpu === '0' && labels.mode === 'idle'));
  for (const { name, type } of families.values()) {
    if (type === 'counter') assert.match(name, /_total$/);
  }
});

test('OpenMetrics, when it is asked for: the same samples, other heads, an end', async () => {
  const accepts = ['application/openmetrics-text', 'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1'];
  for (const accept of accepts) {
    const { text, headers } = await scrape(accept);
    assert.strictEqual(headers['content-type'], OPEN);
    const families = read(text, true);
    assert.strictEqual(families.get('node_cpu_seconds').type, 'counter');
    assert.ok(!families.has('node_cpu_seconds_total'));
    assert.strictEqual(families.get('xprofd_build').type, 'info');
  }
  const names = (families) => [...new Set([...families.values()].flatMap(({ samples }) => samples.map(({ name }) => name)))].sort();
  const namesOf = async (accept) => names(read((await scrape(accept)).text, accept === OPEN));
  // Processes come and go between two scrapes, and with them whole families.
  const [plain, open] = await until(async () => {
    const [first, between, last] = [await namesOf('text/plain'), await namesOf(OPEN), await namesOf('text/plain')];
    return String(first) === String(last) && [first, between];
  }, 'two scrapes with the same families');
  assert.deepStrictEqual(open, plain);
});

const READER = `
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as prometheus
read = openmetrics if sys.argv[1] == 'open' else prometheus
print(json.dumps({family.name: [family.type, len(family.samples)] for family in read(sys.stdin.read())}))
`;

test('the reader of prometheus_client, which is strict with OpenMetrics, takes both', async () => {
  const readWith = (format, text) => {
    const result = spawnSync('/usr/bin/python3', ['-c', READER, format], { input: text, encoding: 'utf8' });
    assert.strictEqual(result.status, 0, result.stderr);
    return JSON.parse(result.stdout);
  };
  const { text } = await scrape(OPEN);
  const families = readWith('open', text);
  assert.strictEqual(families.node_cpu_seconds[0], 'counter');
  assert.strictEqual(families.xprofd_build[0], 'info');
  assert.deepStrictEqual(Object.keys(families).sort(), [...read(text, true).keys()].sort());
  assert.ok(Object.keys(readWith('plain', (await scrape()).text)).length > 50);
});

test('gzip when it is accepted', async () => {
  const packed = await scrape('text/plain', { 'accept-encoding': 'gzip' });
  assert.strictEqual(packed.headers['content-encoding'], 'gzip');
  const text = zlib.gunzipSync(packed.bytes).toString();
  assert.ok(read(text, false).has('node_load1'));
  assert.ok(packed.bytes.length < text.length / 3);
});

test('what it costs itself', async () => {
  const before = read((await scrape()).text, false);
  const value = (families, name) => families.get(name).samples[0].value;
  assert.ok(value(before, 'process_resident_memory_bytes') > 1e6);
  assert.ok(value(before, 'process_open_fds') > 5);
  assert.ok(Math.abs(value(before, 'process_start_time_seconds') - Date.now() / 1000) < 600);
  await until(async () => {
    const now = read((await scrape()).text, false);
    return value(now, 'xprofd_scrapes_total') > value(before, 'xprofd_scrapes_total') && value(now, 'process_cpu_seconds_total') > value(before, 'process_cpu_seconds_total') && value(now, 'xprofd_scrape_seconds_total') > 0;
  }, 'its counters grow');
  const info = before.get('xprofd_build_info').samples[0];
  assert.deepStrictEqual(info.labels, { version: require('../../package.json').version });
});

test('a process is there, and when it is gone, so are its series', async () => {
  const app = launch('setInterval(() => {}, 1000); say("ready");');
  await app.said('ready');
  const ours = async (accept) => {
    const families = read((await scrape(accept)).text, accept === OPEN);
    return [...families.values()].flatMap(({ samples }) => samples).filter(({ labels }) => labels.pid === String(app.pid));
  };
  // Seen from outside first, then by its core.
  const isInside = ({ name }) => name.startsWith('xprofiler_');
  await until(async () => (await ours('text/plain')).filter(isInside).length > 20, 'the process in /metrics', 60000);
  assert.ok((await ours(OPEN)).length > 20);
  app.child.kill('SIGKILL');
  await until(async () => (await ours('text/plain')).length === 0, 'none of its series is left', 60000);
});
