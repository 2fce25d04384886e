'use strict';

// The memory that a heap snapshot takes goes back to the system, also when another profile runs meanwhile.

const assert = require('node:assert');
const fs = require('node:fs');
const { test } = require('node:test');
const { startApp } = require('./support/app');

const LIMIT_MS = 60000;
const MOST_MB = 10; // the snapshot of this program is about 27 MB, of which V8 keeps 16 while it samples the heap

const notHere =
  (process.platform !== 'linux' && 'only Linux tells the anonymous memory of a process') ||
  (process.env.XPF_SANITIZER && 'the sanitizer has a malloc of its own');

function anonymousMb(pid) {
  return Number(/^RssAnon:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
}

test('a heapdump while the heap is sampled: its memory is given back', { timeout: 150000, skip: notHere }, async () => {
  const app = startApp('setInterval(() => {}, 100);');
  try {
    const rpc = await app.rpc();
    const dump = async () => {
      const { filepath, peak_rss_bytes } = await rpc.call('heapdump', { wait: true }, LIMIT_MS);
      fs.rmSync(filepath);
      return peak_rss_bytes / (1 << 20);
    };
    await dump(); // the first one: V8 keeps an id for each object from now on
    const before = anonymousMb(app.pid);
    const rssMb = Number(/^VmRSS:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${app.pid}/status`, 'utf8'))[1]) / 1024;
    await rpc.call('start_heap_profiling', {});
    const peakMb = await dump();
    await rpc.call('stop_heap_profiling', { wait: true }, LIMIT_MS);
    assert.ok(peakMb > rssMb + MOST_MB, `the snapshot took so little that this shows nothing: ${rssMb} -> ${peakMb} MB`);
    const after = anonymousMb(app.pid);
    assert.ok(after < before + MOST_MB, `${before} MB before, ${after} MB after`);
  } finally {
    await app.stop();
  }
});
