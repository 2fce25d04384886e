#!/usr/bin/env node
'use strict';

// Keeps the tables of docs/xprofd-host.md in step with the kinds in src/daemon (xprofd --list-fields).
//   node scripts/host_doc.js [--check]
// They stand between <!-- fields --> and <!-- /fields -->. --check writes nothing and exits 1 when the page is not up to
// date. Needs a build (node scripts/build.js).

const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');

const root = path.join(__dirname, '..');
const program = path.join(root, 'build', 'Release', 'xprofd');
const page = path.join(root, 'docs', 'xprofd-host.md');
const BETWEEN = /(<!-- fields -->\n)[^]*?(<!-- \/fields -->)/;

function listFields() {
  const result = spawnSync(program, ['--list-fields'], { encoding: 'utf8', timeout: 60_000 });
  if (result.error || result.status !== 0) {
    throw new Error(`${program} --list-fields: ${result.error ? result.error.message : result.stderr}`);
  }
  return result.stdout;
}

function main(args) {
  const check = args.includes('--check');
  if (args.some((arg) => arg !== '--check')) {
    console.error('usage: node scripts/host_doc.js [--check]');
    return 2;
  }
  if (process.platform !== 'linux') return 0; // xprofd is for Linux
  const present = fs.readFileSync(page, 'utf8');
  if (!BETWEEN.test(present)) {
    console.error('docs/xprofd-host.md has no <!-- fields --> … <!-- /fields -->');
    return 1;
  }
  const text = present.replace(BETWEEN, (all, begin, end) => `${begin}${listFields()}\n${end}`);
  if (present === text) return 0;
  if (check) {
    console.error('docs/xprofd-host.md is not up to date; run: node scripts/build.js --quiet && node scripts/host_doc.js');
    return 1;
  }
  fs.writeFileSync(page, text);
  return 0;
}

process.exitCode = main(process.argv.slice(2));
