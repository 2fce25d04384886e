'use strict';

// Checks the rules that keep the layers apart (README, Architecture). Prints what is wrong, exit 1.

const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..');
const FOLDERS = ['include', 'src', 'ctl'];
const LOW = /^src\/(format|wire|host|target)\//;
const HIGH = /^(src\/core|src\/daemon|ctl)\//;

function list(folder) {
  const full = path.join(root, folder);
  if (!fs.existsSync(full)) {
    return [];
  }
  return fs.readdirSync(full, { withFileTypes: true }).flatMap((entry) => {
    const name = `${folder}/${entry.name}`;
    return entry.isDirectory() ? list(name) : [name];
  });
}

/** The code without comments and without what stands in literals; includes and lines are kept. */
function strip(text) {
  const pattern = /\/\*[^]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g;
  return text.replace(pattern, (match) => {
    if (match[0] === '"' || match[0] === "'") {
      return match[0] + match[0];
    }
    return match.replace(/[^\n]/g, ' ');
  });
}

function includesOf(text, file, known) {
  const found = [];
  const withoutComments = text.replace(/\/\*[^]*?\*\//g, (match) => match.replace(/[^\n]/g, ' '));
  for (const match of withoutComments.matchAll(/^[ \t]*#[ \t]*include[ \t]*"([^"]+)"/gm)) {
    const target = ['include', 'src', path.posix.dirname(file), '.']
      .map((folder) => path.posix.join(folder, match[1]))
      .find((place) => known.has(place));
    if (target) {
      found.push(target);
    }
  }
  return found;
}

function lineOf(text, index) {
  return text.slice(0, index).split('\n').length;
}

function checkWords(file, code, problems) {
  const isBridge = file.startsWith('src/bridge/');
  const report = (pattern, what) => {
    for (const match of code.matchAll(pattern)) {
      problems.push(`${file}:${lineOf(code, match.index)}: ${match[0].trim()} ${what}`);
    }
  };
  if (!isBridge) {
    report(/\b(?:v8|node)::/g, 'outside src/bridge');
    if (/\.(cc|cpp|cxx|hh|hpp)$/.test(file)) {
      problems.push(`${file}: C++ outside src/bridge`);
    }
  }
  if (file.startsWith('src/core/')) {
    const fatal = /(?<![\w.>])(?:exit|abort|_exit|_Exit|quick_exit|assert)\s*\(/g;
    report(fatal, 'in src/core, which must not end the process');
  }
}

function checkIncludes(file, includes, problems) {
  if (!LOW.test(file)) {
    return;
  }
  includes
    .filter((target) => HIGH.test(target))
    .forEach((target) => problems.push(`${file}: includes ${target}, a higher layer`));
}

function findCycles(graph, problems) {
  const state = new Map(); // 1 = on the path, 2 = done
  const trail = [];
  const visit = (file) => {
    if (state.get(file) === 1) {
      problems.push(`include cycle: ${[...trail.slice(trail.indexOf(file)), file].join(' -> ')}`);
      return;
    }
    if (state.get(file) === 2) {
      return;
    }
    state.set(file, 1);
    trail.push(file);
    (graph.get(file) || []).forEach(visit);
    trail.pop();
    state.set(file, 2);
  };
  [...graph.keys()].forEach(visit);
}

function check() {
  const files = FOLDERS.flatMap(list).filter((file) => /\.(c|cc|cpp|cxx|h|hh|hpp)$/.test(file));
  const known = new Set(files);
  const graph = new Map();
  const problems = [];
  for (const file of files) {
    const text = fs.readFileSync(path.join(root, file), 'utf8');
    const includes = includesOf(text, file, known);
    graph.set(file, includes);
    checkWords(file, strip(text), problems);
    checkIncludes(file, includes, problems);
  }
  findCycles(graph, problems);
  return { files: files.length, problems };
}

module.exports = { check };

if (require.main === module) {
  const { files, problems } = check();
  problems.forEach((problem) => console.error(problem));
  const verdict = problems.length === 0 ? 'clean' : `${problems.length} problems`;
  console.log(`layers: ${files} files, ${verdict}`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
