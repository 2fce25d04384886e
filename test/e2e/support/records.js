'use strict';

// The log as its readers take it apart: lines, pairs and records; and what docs/metrics.md says is in them.

const fs = require('node:fs');
const path = require('node:path');
const { until } = require('./until');
const { root } = require('./app');

const TIME = String.raw`\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}`;
// What host agents look for in a line, and the pairs that they take from it (two decimals at most).
const LINE = new RegExp(String.raw`^\[(${TIME})\] \[(.+)\] \[(.+)\] \[(\d+)\] \[(\d+)\] \[(\d{1,3}\.\d{1,3}\.\d{1,3}[\w-]*)\] (.*)$`);
const ALINODE_LINE = new RegExp(String.raw`^\[(${TIME})\.\d{6}\] \[(.+)\] \[(.+)\] \[(\d+)\] (.*)$`);
const AGENT_PAIR = /([^\s]*): (\d+(?:\.\d{0,2})?)/g;
const FIRST_WORDS = { cpu: 'cpu_usage(%) ', other: 'cpu_usage(%) ', memory: 'memory_usage(byte) ' };

/** { time, level, component, pid, tid, version, text } or null. alinode lines have no tid and version. */
function parseLine(line) {
  const full = LINE.exec(line);
  if (full) {
    const [, time, level, component, pid, tid, version, text] = full;
    return { time, level, component, pid: Number(pid), tid: Number(tid), version, text };
  }
  const short = ALINODE_LINE.exec(line);
  if (!short) return null;
  const [, time, level, component, pid, text] = short;
  return { time, level, component, pid: Number(pid), tid: 0, text };
}

/** Every pair of a metric line as [key, text]; throws when anything else is in it. */
function pairsOf({ component, text }) {
  const words = FIRST_WORDS[component] || '';
  if (!text.startsWith(words)) throw new Error(`"${component}" does not begin with "${words}": ${text}`);
  return text
    .slice(words.length)
    .split(', ')
    .filter(Boolean)
    .map((pair) => {
      const found = /^([^\s:]+): (\d+(?:\.\d+)?)$/.exec(pair);
      if (!found) throw new Error(`not a pair: "${pair}" in ${text}`);
      return [found[1], found[2]];
    });
}

/** The same as numbers: { key: number }. */
function numbersOf(line) {
  return Object.fromEntries(pairsOf(line).map(([key, value]) => [key, Number(value)]));
}

function agentPairs({ text }) {
  return [...text.matchAll(AGENT_PAIR)].map(([, key, value]) => [key, value]);
}

/** Records: lists of the lines from one `cpu` (alinode: `other`) line to the next; the last may be unfinished. */
function recordsOf(text) {
  const records = [];
  for (const line of text.split('\n').map(parseLine)) {
    if (!line || line.level !== 'info' || line.component === 'init') continue;
    if (line.component === 'cpu' || line.component === 'other') records.push([]);
    if (records.length > 0) records.at(-1).push(line);
  }
  return records;
}

/** The numbers of one component of each record so far, of one thread. */
function series(app, component, tid = 0) {
  return app
    .log()
    .split('\n')
    .map(parseLine)
    .filter((line) => line && line.level === 'info' && line.component === component && line.tid === tid)
    .map(numbersOf);
}

/** The first member of a series, from index `from` on, that passes. */
function seriesUntil(app, component, passes, { from = 0, tid = 0, limitMs = 60000 } = {}) {
  const probe = () => series(app, component, tid).slice(from).find(passes);
  return until(probe, `a ${component} line of thread ${tid} that passes ${passes}`, limitMs);
}

/** { component: [keys of its lines in order] } out of the tables of docs/metrics.md. */
function documentedKeys({ uvHandles = true } = {}) {
  const page = fs.readFileSync(path.join(root, 'docs', 'metrics.md'), 'utf8');
  const components = {};
  for (const section of page.split(/^### /m).slice(1)) {
    const name = /^`(\w+)`/.exec(section)[1];
    const rows = section.split('\n').filter((row) => /^\| `\w+` \|/.test(row) && row.split('|').length >= 8);
    components[name] = rows
      .filter((row) => !row.includes('not on log lines') && (uvHandles || !row.includes('enable_log_uv_handles')))
      .map((row) => /`(\w+)`/.exec(row)[1]);
  }
  return components;
}

module.exports = { parseLine, pairsOf, numbersOf, agentPairs, recordsOf, series, seriesUntil, documentedKeys };
