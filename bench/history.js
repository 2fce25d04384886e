'use strict';

// What the history of xprofd costs: node bench/history.js [PROCESSES SECONDS]...
// CPU time a second of the loop and of the writer's thread, memory, and bytes a second of each tier.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { FLAGS, linksOf, run } = require('../scripts/c_program');

const RUNS = [10, 7200, 200, 1800];

async function measure(program, processes, seconds) {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-history-'));
  try {
    const { ok, text } = await run(program, [String(processes), String(seconds), dir], { timeoutMs: 1_800_000 });
    if (!ok) throw new Error(text);
    return JSON.parse(text);
  } finally {
    fs.rmSync(dir, { recursive: true, force: true });
  }
}

async function main() {
  const words = process.argv.slice(2).map(Number);
  if (words.length % 2 !== 0 || words.some((word) => !(word > 0))) {
    console.error('usage: node bench/history.js [PROCESSES SECONDS]...');
    process.exitCode = 2;
    return;
  }
  const runs = words.length > 0 ? words : RUNS;
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'xpf-history-'));
  const program = path.join(folder, 'history');
  try {
    const args = [...FLAGS, '-O2', '-o', program, 'bench/history.c', ...linksOf('bench/history.c')];
    const { ok, text } = await run(process.env.CC || 'cc', args, { timeoutMs: 300_000 });
    if (!ok) throw new Error(`history.c does not compile:\n${text}`);
    for (let i = 0; i < runs.length; i += 2) {
      const result = await measure(program, runs[i], runs[i + 1]);
      console.log(`${result.processes} processes, ${result.processes * 400} values a second, ${result.seconds} s`);
      console.log(`  loop ${result.loop_ms} ms/s, writer ${result.writer_ms} ms/s, peak ${result.peak_mb} MB, lost ${result.lost}`);
      const tiers = ['1s', '10s', '1m', '10m'].map((name) => `${name} ${(result[name] / 1000).toFixed(2)}`);
      console.log(`  kB a second in each tier: ${tiers.join(', ')}; written to disk ${(result.written / result.seconds).toFixed(1)}`);
    }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

main();
