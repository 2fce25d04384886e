#!/usr/bin/env node
'use strict';

// Writes docs/metrics.md from the lists in include/xpf_metrics.h.
//   node scripts/metrics_doc.js [--check]
// --check writes nothing and exits 1 when the page is not up to date.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { spawnSync } = require('node:child_process');

const root = path.join(__dirname, '..');
const page = path.join(root, 'docs', 'metrics.md');

function run(command, args) {
  const result = spawnSync(command, args, { cwd: root, encoding: 'utf8', timeout: 120_000 });
  if (result.error || result.status !== 0) {
    throw new Error(`${command} failed: ${result.error ? result.error.message : result.stderr}`);
  }
  return result.stdout;
}

function generate() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'xprofiler-doc-'));
  const program = path.join(folder, 'metrics_doc');
  // uv.h: only its types; Node's own copy when it is there.
  const node = path.join(process.execPath, '..', '..', 'include', 'node');
  const includes = ['include', 'src', ...(fs.existsSync(path.join(node, 'uv.h')) ? [node] : [])];
  try {
    run(process.env.CC || 'cc', [
      '-D_GNU_SOURCE',
      '-std=c11',
      ...includes.map((folder) => `-I${folder}`),
      'scripts/metrics_doc.c',
      'src/core/metric.c',
      '-o',
      program,
    ]);
    return run(program, []);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

function main(args) {
  const check = args.includes('--check');
  if (args.some((arg) => arg !== '--check')) {
    console.error('usage: node scripts/metrics_doc.js [--check]');
    return 2;
  }
  const text = generate();
  const present = fs.existsSync(page) ? fs.readFileSync(page, 'utf8') : '';
  if (present === text) {
    return 0;
  }
  if (check) {
    console.error('docs/metrics.md is not up to date; run: node scripts/metrics_doc.js');
    return 1;
  }
  fs.writeFileSync(page, text);
  return 0;
}

process.exitCode = main(process.argv.slice(2));
