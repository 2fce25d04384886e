'use strict';

// What npm start prints at the end: the last record of the log and where the time of a CPU profile went.

const fs = require('node:fs');
const path = require('node:path');
const { fileURLToPath } = require('node:url');

const BAR = 24;
const META = new Set(['(root)', '(program)', '(idle)', '(garbage collector)']);

function bytes(count) {
  const units = ['B', 'KB', 'MB', 'GB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log(Math.max(1, count)) / Math.log(1024)));
  return `${(count / 1024 ** power).toFixed(power > 1 ? 1 : 0)} ${units[power]}`;
}

/** The figures of the main thread's last record: { component: { key: number } }. */
function lastRecord(logDir, pid) {
  const record = {};
  let text;
  try {
    text = fs.readFileSync(path.join(logDir, 'xprofiler.log'), 'utf8');
  } catch {
    return record;
  }
  const line = /^\[[^\]]+\] \[info\] \[(\w+)\] \[(\d+)\] \[(\d+)\] \[[^\]]+\] (.*)$/gm;
  for (const [, component, linePid, thread, detail] of text.matchAll(line)) {
    if (linePid === String(pid) && thread === '0') {
      const pairs = [...detail.matchAll(/(\S+): (\d+(?:\.\d+)?)/g)];
      record[component] = Object.fromEntries(pairs.map(([, key, number]) => [key, Number(number)]));
    }
  }
  return record;
}

const has = (figures, ...keys) => figures && keys.every((key) => figures[key] !== undefined);

/** Lines of text for the last record; only what the record has. */
function describeRecord({ cpu, memory, gc, uv, http }, intervalSeconds) {
  const lines = [];
  const add = (name, text) => lines.push(`  ${name.padEnd(8)} ${text}`);
  if (has(cpu, 'cpu_now', 'cpu_15')) {
    const { cpu_now: present, cpu_15: recent } = cpu;
    add('cpu', `${present.toFixed(1)} % of one core now, ${recent.toFixed(1)} % over the last 15 s`);
  }
  if (has(memory, 'rss', 'heap_used', 'heap_total')) {
    const { rss, heap_used: used, heap_total: all } = memory;
    add('memory', `${bytes(rss)} resident; JS heap ${bytes(used)} used of ${bytes(all)}`);
  }
  if (has(gc, 'gc_time_during_last_record', 'total_gc_times')) {
    const { gc_time_during_last_record: ms, total_gc_times: count } = gc;
    add('gc', `${ms} ms in this interval; ${count} collections since start`);
  }
  if (has(uv, 'active_handles')) {
    add('handles', `${uv.active_handles} active in the event loop`);
  }
  if (has(http, 'http_response_sent', 'http_rt')) {
    const statuses = Object.entries(http)
      .filter(([key]) => key.startsWith('res__'))
      .map(([key, count]) => `${count} × ${key.slice(5)}`);
    const rate = Math.round(http.http_response_sent / intervalSeconds);
    const text = `${rate} responses a second, ${http.http_rt.toFixed(1)} ms on average`;
    add('http', statuses.length > 0 ? `${text} (${statuses.join(', ')})` : 'no request was answered');
  }
  return lines;
}

function place({ url, lineNumber }) {
  if (!url) {
    return 'native';
  }
  let file = url;
  if (url.startsWith('file:')) {
    try {
      file = fileURLToPath(url);
    } catch {
      file = url;
    }
  }
  const relative = path.isAbsolute(file) ? path.relative(process.cwd(), file) : file;
  const shown = relative.startsWith('..') ? file : relative;
  return `${shown.length > 42 ? `…${shown.slice(-41)}` : shown}:${lineNumber + 1}`;
}

/** Self time by function, µs: { total, functions: [{ name, place, us }], meta: Map }. */
function selfTimes({ nodes, samples = [], timeDeltas = [] }) {
  const frames = new Map(nodes.map((node) => [node.id, node.callFrame]));
  const functions = new Map();
  const meta = new Map();
  let total = 0;
  samples.forEach((id, index) => {
    const frame = frames.get(id);
    // A sample stands for the time until the next one.
    const us = Math.max(0, timeDeltas[index + 1] || 0);
    if (!frame) {
      return;
    }
    total += us;
    if (META.has(frame.functionName)) {
      meta.set(frame.functionName, (meta.get(frame.functionName) || 0) + us);
      return;
    }
    const name = frame.functionName || '(anonymous)';
    const key = `${name} ${frame.url}:${frame.lineNumber}:${frame.columnNumber}`;
    const entry = functions.get(key) || { name, place: place(frame), us: 0 };
    entry.us += us;
    functions.set(key, entry);
  });
  return { total, functions: [...functions.values()].sort((a, b) => b.us - a.us), meta };
}

/** Lines of text: the functions with most self time of a .cpuprofile file, in % of the busy time. */
function describeProfile(file, count = 10) {
  const { total, functions, meta } = selfTimes(JSON.parse(fs.readFileSync(file, 'utf8')));
  const idle = meta.get('(idle)') || 0;
  const busy = total - idle;
  if (busy <= 0) {
    return ['  the thread was idle all the time'];
  }
  const percent = (us) => `${((us / busy) * 100).toFixed(1)} %`;
  const top = functions.slice(0, count);
  const longest = top.length > 0 ? top[0].us : 1;
  const lines = top.map(({ name, place: where, us }) => {
    const bar = '█'.repeat(Math.max(1, Math.round((us / longest) * BAR))).padEnd(BAR);
    return `  ${percent(us).padStart(7)} ${bar} ${name.slice(0, 32)}  ${where}`;
  });
  const rest = [...meta]
    .filter(([name]) => name !== '(root)' && name !== '(idle)')
    .map(([name, us]) => `, ${name.slice(1, -1)} ${percent(us)}`);
  const seconds = (us) => `${(us / 1e6).toFixed(1)} s`;
  lines.push(`  busy for ${seconds(busy)} of ${seconds(total)}${rest.join('')}`);
  return lines;
}

/** Files in logDir changed since a time: [{ file, bytes }]. Links count as what they point to, once. */
function filesSince(logDir, sinceMs) {
  return fs
    .readdirSync(logDir)
    .filter((name) => !name.startsWith('.'))
    .map((name) => path.join(logDir, name))
    .filter((file) => fs.lstatSync(file).isFile())
    .map((file) => ({ file, stat: fs.statSync(file) }))
    .filter(({ stat }) => stat.mtimeMs >= sinceMs)
    .map(({ file, stat }) => ({ file, bytes: stat.size }));
}

module.exports = { lastRecord, describeRecord, describeProfile, filesSince, bytes };
