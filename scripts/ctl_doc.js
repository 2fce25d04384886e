#!/usr/bin/env node
'use strict';

// Writes the manual pages, the completion scripts of xprofctl and the sample of xprofd's settings, as the built programs
// print them.
//   node scripts/ctl_doc.js [--check]
// --check writes nothing and exits 1 when a file is not up to date.

const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');

const root = path.join(__dirname, '..');

const FILES = {
  'man/xprofctl.1': ['xprofctl', 'help', '--man'],
  'completions/xprofctl.bash': ['xprofctl', 'completion', 'bash'],
  'completions/_xprofctl': ['xprofctl', 'completion', 'zsh'],
  'completions/xprofctl.fish': ['xprofctl', 'completion', 'fish'],
};
// xprofd is for Linux.
const DAEMON_FILES = {
  'man/xprofd.8': ['xprofd', '--man'],
  'packaging/xprofd.conf': ['xprofd', '--sample-config'],
};

function print([program, ...words]) {
  const file = path.join(root, 'build', 'Release', program);
  const result = spawnSync(file, words, { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } });
  if (result.error || result.status !== 0) {
    const reason = result.error ? result.error.message : result.stderr.trim();
    throw new Error(`${program} ${words.join(' ')}: ${reason}; is it built? run: npm run build`);
  }
  return result.stdout;
}

function main(args) {
  const check = args.includes('--check');
  if (args.some((arg) => arg !== '--check')) {
    console.error('usage: node scripts/ctl_doc.js [--check]');
    return 2;
  }
  const files = { ...FILES, ...(process.platform === 'linux' ? DAEMON_FILES : {}) };
  const stale = Object.entries(files).filter(([name, words]) => {
    const file = path.join(root, name);
    const text = print(words);
    if (fs.existsSync(file) && fs.readFileSync(file, 'utf8') === text) return false;
    if (!check) {
      fs.mkdirSync(path.dirname(file), { recursive: true });
      fs.writeFileSync(file, text);
    }
    return true;
  });
  if (!check) return 0;
  stale.forEach(([name]) => console.error(`${name} is not up to date; run: node scripts/ctl_doc.js`));
  return stale.length > 0 ? 1 : 0;
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  console.error(`ctl_doc: ${error.message}`);
  process.exitCode = 1;
}
