'use strict';

// All static checks: format and defects of C and C++, JavaScript, types, layers, generated pages. Exit 1 when one fails.

const fs = require('node:fs');
const path = require('node:path');
const { spawnSync } = require('node:child_process');

const root = path.join(__dirname, '..');

function list(folder, pattern) {
  const full = path.join(root, folder);
  if (!fs.existsSync(full)) {
    return [];
  }
  return fs.readdirSync(full, { withFileTypes: true }).flatMap((entry) => {
    const name = `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      return list(name, pattern);
    }
    return pattern.test(entry.name) ? [name] : [];
  });
}

function run(command, args) {
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (result.error) {
    console.error(`lint: ${command} cannot be run: ${result.error.message}`);
  }
  return result.status === 0;
}

function runTool(name, file, args) {
  const script = path.join(root, 'node_modules', file);
  if (!fs.existsSync(script)) {
    console.error(`lint: ${name} is not installed; run: npm install --ignore-scripts`);
    return false;
  }
  return run(process.execPath, [script, ...args]);
}

// What cppcheck 2.10 (Debian 12) reports wrongly, each with the reason. Anything else is corrected in the
// source, or suppressed there in one line with its reason.
const SUPPRESSED = [
  'missingIncludeSystem', // the system's headers are not read
  'normalCheckLevelMaxBranches', // a remark about its own effort
  'readdirCalled', // readdir on a stream of one's own is safe; readdir_r is deprecated
  'invalidFunctionArg', // its description of mmap knows no descriptor -1
  'duplicateExpression', // f() || f() is no mistake when f has effects, as strtok_r
  'ctuuninitvar', // takes a buffer that is passed to be filled for one that is read
  'resourceLeak:src/host/freeze_task_linux.c', // a descriptor that is returned
];

const CPPCHECK = [
  '--quiet',
  '--error-exitcode=1',
  '--enable=warning,performance,portability',
  '--inline-suppr',
  '--std=c11',
  '--language=c',
  '--library=posix',
  '-D__linux__',
  '-D_GNU_SOURCE',
  '-DXPF_VERSION="0"',
  ...SUPPRESSED.map((id) => `--suppress=${id}`),
  '-Iinclude',
  '-Isrc',
];

function format() {
  const folders = ['include', 'src', 'ctl', 'test', 'bench'];
  const files = folders.flatMap((folder) => list(folder, /\.(c|cc|h)$/));
  return files.length === 0 || run('clang-format', ['--dry-run', '-Werror', ...files]);
}

function cppcheck() {
  const files = ['src', 'ctl'].flatMap((folder) => list(folder, /\.c$/));
  const other = process.platform === 'darwin' ? '_linux.c' : '_darwin.c';
  const ours = files.filter((file) => !file.endsWith(other));
  return ours.length === 0 || run('cppcheck', [...CPPCHECK, ...ours]);
}

const CHECKS = {
  layers: () => run(process.execPath, ['scripts/layers.js']),
  'clang-format': format,
  cppcheck,
  eslint: () => runTool('eslint', 'eslint/bin/eslint.js', ['--max-warnings=0', '.']),
  types: () => runTool('typescript', 'typescript/lib/tsc.js', ['--noEmit', '-p', 'test/types']),
  'metrics page': () => run(process.execPath, ['scripts/metrics_doc.js', '--check']),
  'page of what xprofd collects': () => run(process.execPath, ['scripts/host_doc.js', '--check']),
  'benchmarks page': () => run(process.execPath, ['bench/page.js', '--check']),
  'manual and completions': () => run(process.execPath, ['scripts/ctl_doc.js', '--check']),
  'configuration tables': () => run(process.execPath, ['scripts/config_doc.js', '--check']),
};

/** Names of the checks that failed. `only`: names, default all. */
function lint(only = Object.keys(CHECKS)) {
  return only.filter((name) => {
    const isGood = CHECKS[name]();
    console.log(`lint: ${name} ${isGood ? 'ok' : 'FAILED'}`);
    return !isGood;
  });
}

module.exports = { lint };

if (require.main === module) {
  const words = process.argv.slice(2);
  const unknown = words.find((word) => !CHECKS[word]);
  if (unknown) {
    console.error(`lint: no check named ${unknown}; there are: ${Object.keys(CHECKS).join(', ')}`);
    process.exitCode = 2;
  } else {
    process.exitCode = lint(words.length > 0 ? words : undefined).length === 0 ? 0 : 1;
  }
}
