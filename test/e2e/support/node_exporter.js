'use strict';

// node_exporter beside xprofd: figures of the same name agree.

const assert = require('node:assert');
const fs = require('node:fs');
const net = require('node:net');
const { spawn } = require('node:child_process');
const { until } = require('./until');
const { request } = require('./xprofd');

const EXPORTER = 'prometheus-node-exporter';

/** Prometheus text as { 'name{a="1",b="2"}': number }, labels in the order of the alphabet. */
function parse(text) {
  const series = {};
  for (const [, name, labels = '', value] of text.matchAll(/^([a-zA-Z_]\w*)(?:\{(.*)\})? (\S+)$/gm)) {
    const sorted = [...labels.matchAll(/(\w+)="((?:\\.|[^"\\])*)"/g)].map(([all]) => all).sort();
    series[sorted.length > 0 ? `${name}{${sorted.join(',')}}` : name] = Number(value);
  }
  return series;
}

async function freePort() {
  const server = net.createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** node_exporter on a free port of the loop; gives { series(), stop() }. */
async function startExporter() {
  const url = `http://127.0.0.1:${await freePort()}/metrics`;
  const child = spawn(EXPORTER, [`--web.listen-address=${new URL(url).host}`], { stdio: 'ignore' });
  const ended = new Promise((resolve, reject) => child.on('exit', resolve).on('error', reject));
  ended.catch(() => {});
  await until(() => request(url).catch(() => null), `${EXPORTER} answers`);
  const series = async () => parse((await request(url)).text);
  const stop = () => (child.kill(), ended);
  return { series, stop };
}

const lines = (file) => fs.readFileSync(file, 'utf8').split('\n').filter(Boolean);
const words = (line) => line.trim().split(/\s+/);

/** The kernel takes a wait for a disk back, up to the whole of it, when another CPU ends it; so it does with idle time. */
const ESTIMATE = /mode="(idle|iowait)"/;
const ESTIMATE_S = 2;

/** Counters of `ours` that both others have lie between them; gives the names that were compared. */
function assertBetween(ours, first, last, pattern, slack) {
  const names = Object.keys(ours).filter((name) => pattern.test(name) && name in first && name in last);
  for (const name of names) {
    const room = ESTIMATE.test(name) ? ESTIMATE_S : slack;
    const isBetween = ours[name] >= first[name] - room && ours[name] <= last[name] + room;
    assert.ok(isBetween, `${name} is ${ours[name]}, but was ${first[name]} before and ${last[name]} after`);
  }
  return names;
}

const familiesOf = (names) => new Set(names.map((name) => name.replace(/\{.*/, '')));

module.exports = { assertBetween, familiesOf, lines, parse, startExporter, words };
