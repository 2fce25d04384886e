#!/usr/bin/env node
'use strict';

// Builds the addon for each supported Node and runs the end-to-end tests with it. The last line is the sum.
//   node scripts/matrix.js [major version of Node …] [part of a test file's name …]
// They are the prebuilt binaries of the package that are tested, each in a copy of this checkout. What does not depend
// on the version of Node runs with the first one only.

const fs = require('node:fs');
const path = require('node:path');

const { listFiles, runFiles, sum, usesXprofd } = require('./e2e');
const { MAJORS, nodeOf } = require('./nodes');
const { prebuild, output } = require('./prebuild');
const { copyTree } = require('./tree_copy');

const root = path.join(__dirname, '..');

/** A copy of the checkout whose build/ holds the prebuilt binaries of one Node. */
function makeTree({ major, abi, dir }) {
  const tree = copyTree(path.join('build-matrix', major));
  const release = path.join(tree, 'build', 'Release');
  fs.rmSync(path.join(tree, 'build'), { recursive: true, force: true });
  fs.mkdirSync(release, { recursive: true });
  fs.copyFileSync(path.join(output, `abi${abi}.node`), path.join(release, 'xprofiler.node'));
  fs.copyFileSync(path.join(output, 'xprofctl'), path.join(release, 'xprofctl'));
  fs.writeFileSync(path.join(release, 'xprofiler.json'), JSON.stringify({ abi, nodedir: dir }));
  return tree;
}

/** Files of tests for one Node. What does not depend on its version says so in a line: `// matrix: once, …`. */
function filesFor(isFirst, names) {
  return listFiles(['test/js', 'test/e2e'], names).filter((file) => {
    const text = fs.readFileSync(path.join(root, file), 'utf8');
    // xprofd is not in the package.
    return !usesXprofd(file) && (isFirst || !/^\/\/ matrix: once, /m.test(text));
  });
}

async function runMajor(major, files) {
  const node = nodeOf(major);
  if (files.length === 0) return { passed: 0, failed: 0, skipped: 0 }; // a runner without files would run all
  console.log(`\n== Node ${major} (ABI ${node.abi})`);
  return runFiles(files, { node: node.node, dir: makeTree(node), hasConcurrency: true });
}

async function main() {
  const words = process.argv.slice(2);
  const wrong = words.find((word) => /^\d+$/.test(word) && !MAJORS.includes(word));
  const names = words.filter((word) => !MAJORS.includes(word));
  if (wrong || filesFor(true, names).length === 0) {
    const what = wrong ? `Node ${wrong} is not supported` : `no test file with ${names.join(' or ')} in its name`;
    console.error(`matrix: ${what}\nusage: npm run test:matrix -- [${MAJORS.join('|')} …] [part of a test file's name …]`);
    process.exitCode = 2;
    return;
  }
  const asked = MAJORS.filter((major) => words.includes(major));
  const majors = asked.length > 0 ? asked : MAJORS;
  prebuild(majors);
  const total = { passed: 0, failed: 0, skipped: 0 };
  const lines = [];
  for (const major of majors) {
    const counts = await runMajor(major, filesFor(major === majors[0], names));
    Object.keys(total).forEach((key) => (total[key] += counts[key]));
    lines.push(`Node ${major}: ${sum(counts)}`);
  }
  console.log(`\n${lines.join('\n')}\nmatrix: ${sum(total)}`);
  process.exitCode = total.failed > 0 ? 1 : 0;
}

module.exports = { makeTree };

if (require.main === module) {
  main().catch((error) => {
    console.error(`matrix: ${error.message}`);
    console.log('matrix: 0 passed, 1 failed');
    process.exitCode = 1;
  });
}
